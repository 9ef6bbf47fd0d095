"""The one command, `listwire`: its groups, its global options, and how it fails.

Nothing is built or read on import; `main` builds it. Failures become the form of
`operations.md` 8.2, and the exit codes of 8.1.
"""

import sys
from pathlib import Path
from typing import Annotated

import click
import typer
from rich.markup import escape

from deploy.codes import INTERRUPTED, USAGE
from deploy.errors import Failure

HELP = {"help_option_names": ["-h", "--help"]}


def build() -> typer.Typer:
    """Give the command with all its groups."""
    from deploy.commands import intake, look, operate, start  # noqa: PLC0415 - on demand

    app = typer.Typer(
        name="listwire",
        help="Keep a shop's catalogue and its Amazon listings in step.",
        no_args_is_help=True,
        context_settings=HELP,
        pretty_exceptions_enable=False,
    )
    app.callback()(_globals)
    for module in (start, intake, look, operate):
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
        code = build()(args=arguments, standalone_mode=False)
    except Failure as failure:
        if "--debug" in arguments:
            raise
        _say(failure, as_json="--json" in arguments)
        return failure.exit
    except click.exceptions.Abort:
        return INTERRUPTED
    except KeyboardInterrupt:
        return INTERRUPTED
    except click.ClickException as error:
        error.show()
        return USAGE
    return code if isinstance(code, int) else 0


def _say(failure: Failure, *, as_json: bool) -> None:
    if as_json:
        import msgspec  # noqa: PLC0415 - on demand

        sys.stderr.write(msgspec.json.encode(failure.as_object()).decode() + "\n")
        return
    from rich.console import Console  # noqa: PLC0415 - on demand

    Console(stderr=True, highlight=False, soft_wrap=True).print(escape(failure.as_text()))
