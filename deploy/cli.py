"""The one command, `listwire`: its groups, its global options, and how it fails.

Nothing is built or read on import; `main` builds it. Failures become the form of
`operations.md` 8.2, and the exit codes of 8.1.
"""

import sys
import traceback
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from deploy.codes import FAILED, INTERRUPTED, USAGE
from deploy.errors import Failure

HELP = {"help_option_names": ["-h", "--help"]}


def build() -> typer.Typer:
    """Give the command with all its groups."""
    from deploy.commands import (  # noqa: PLC0415 - on demand
        accounts,
        attributes,
        events,
        intake,
        look,
        matches,
        notifications,
        operate,
        start,
        steer,
    )

    app = typer.Typer(
        name="listwire",
        help="Keep a shop's catalogue and its Amazon listings in step.",
        no_args_is_help=True,
        context_settings=HELP,
        pretty_exceptions_enable=False,
    )
    app.callback()(_globals)
    for module in (
        start,
        intake,
        events,
        notifications,
        steer,
        look,
        matches,
        operate,
        attributes,
        accounts,
    ):
        module.register(app)
    return app


def _globals(
    context: typer.Context,
    config: Annotated[Path | None, typer.Option(help="Read settings from this file.")] = None,
    kafka: Annotated[str | None, typer.Option(help="Broker, HOST:PORT.")] = None,
    postgres: Annotated[str | None, typer.Option(help="Database URL.")] = None,
    debug: Annotated[bool, typer.Option(help="Show the traceback of a failure.")] = False,  # noqa: ARG001
) -> None:
    from deploy.commands.session import Session  # noqa: PLC0415 - on demand
    from deploy.settings import process_environment  # noqa: PLC0415 - on demand

    flags = {"kafka.bootstrap_servers": kafka, "postgres.url": postgres}
    given = {name: value for name, value in flags.items() if value is not None}
    context.obj = Session(process_environment(), given, config)


def main() -> None:
    """Run the command and leave with its exit code."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run the command with *arguments* and give its exit code."""
    try:
        code = build()(args=arguments, standalone_mode=False, prog_name="listwire")
    except Failure as failure:
        if "--debug" in arguments:
            raise
        _say(failure, as_json="--json" in arguments)
        return failure.exit
    except (typer.Abort, KeyboardInterrupt):
        return INTERRUPTED
    except typer.TyperException as error:
        if told := error.format_message():  # empty where the help was printed instead
            _say(_misunderstood(error, told), as_json="--json" in arguments)
        return USAGE
    except Exception as error:
        if "--debug" in arguments:
            raise
        _say(_fault(error), as_json="--json" in arguments)
        return FAILED
    return code if isinstance(code, int) else 0


def _misunderstood(error: typer.TyperException, told: str) -> Failure:
    context = getattr(error, "ctx", None)
    command = context.command_path if context else "listwire"
    return Failure("LW-0109", where=command, why=told, do=f"{command} --help")


def _fault(error: Exception) -> Failure:
    *_, last = traceback.extract_tb(error.__traceback__)
    return Failure(
        "LW-0001",
        where=f"{last.filename}:{last.lineno} {last.name}",
        why=f"{type(error).__name__}: {error}",
        do="run it again with --debug before the command, and report what it shows",
    )


def _say(failure: Failure, *, as_json: bool) -> None:
    if as_json:
        import msgspec  # noqa: PLC0415 - on demand

        sys.stderr.write(msgspec.json.encode(failure.as_object()).decode() + "\n")
        return
    from rich.console import Console  # noqa: PLC0415 - on demand

    Console(stderr=True, highlight=False, soft_wrap=True).print(escape(failure.as_text()))
