"""`up`, `work`, `sandbox`, `demo`, `doctor`, `config show`, `version`."""

import importlib.metadata
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from deploy.commands.session import Session, session
from deploy.errors import Failure
from deploy.running import DOORS, ROLES, Pipeline, doors
from deploy.settings import data_folder

Data = Annotated[Path | None, typer.Option("--data", help="Folder that keeps the data.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


KNOWN = (*ROLES, *DOORS)


def register(app: typer.Typer) -> None:
    """Add these commands to *app*."""
    app.command()(up)
    app.command()(work)
    app.command()(sandbox)
    app.command()(demo)
    app.command()(doctor)
    app.command()(version)
    config = typer.Typer(no_args_is_help=True, help="The deployment in force.")
    config.command("show")(config_show)
    app.add_typer(config, name="config")


def version() -> None:
    """Print the version."""
    typer.echo(f"listwire {importlib.metadata.version('listwire')}")


def config_show(
    context: typer.Context,
    origin: Annotated[bool, typer.Option(help="Show where each value came from.")] = False,
    json: Json = False,
) -> None:
    """Show the deployment in force, secrets masked."""
    shown = session(context)
    if json:
        shown.json([o.model_dump() for o in shown.origins])
        return
    columns = ("name", "value", "from") if origin else ("name", "value")
    rows = [(o.name, o.value, o.source)[: len(columns)] for o in shown.origins]
    shown.table(columns, rows)


def up(context: typer.Context, data: Data = None) -> None:
    """Run the whole pipeline here: broker, database and workers; keep its data."""
    here = session(context)
    folder = data or data_folder(here.environ)
    kafka, postgres = named(here)
    pipeline = Pipeline(
        folder,
        environ=stated(here),
        roles=dict.fromkeys((*ROLES, *doors(here.deployment)), 1),
        kafka=kafka,
        postgres=postgres,
        replication=here.deployment.kafka.replication if kafka else 1,
        say=here.talk.print,
    )
    with pipeline, announced(here, pipeline):
        tend(here, pipeline)


def stated(here: Session) -> dict[str, str]:
    """Give the environment of workers; an archive that a file names counts before our own."""
    folder = here.deployment.archive.folder
    return {**here.environ} | ({"LISTWIRE_ARCHIVE__FOLDER": folder} if folder else {})


def named(here: Session) -> tuple[str | None, str | None]:
    """Give the broker and the database that a person named, to be used instead of our own.

    What an earlier `up` left behind when it was killed is nobody's choice.
    """
    left = f"file {running_file(data_folder(here.environ))}"
    theirs = {o.name for o in here.origins if o.source not in (left, "default")}
    kafka = here.deployment.kafka.bootstrap_servers
    postgres = here.deployment.postgres.url.get_secret_value()
    return (
        kafka if "kafka.bootstrap_servers" in theirs else None,
        postgres if "postgres.url" in theirs else None,
    )


def running_file(folder: Path) -> Path:
    """Give the file in which a running stack says where it is."""
    return folder / "running.toml"


@contextmanager
def announced(here: Session, pipeline: Pipeline) -> Iterator[None]:
    """Say where *pipeline* is, in a file that every other command finds."""
    file = running_file(data_folder(here.environ))
    file.parent.mkdir(parents=True, exist_ok=True)
    file.touch(mode=0o600)
    file.write_text(
        f'[kafka]\nbootstrap_servers = "{pipeline.bootstrap}"\n[postgres]\nurl = "{pipeline.url}"\n'
    )
    here.talk.print(f"Apache Kafka at {pipeline.bootstrap}, data in {pipeline.folder}")
    here.talk.print("next: listwire settings apply FILE.yaml; listwire catalog import FILE.csv")
    here.talk.print("Ctrl-C stops it; started again, it goes on where it was")
    try:
        yield
    finally:
        file.unlink(missing_ok=True)


def tend(here: Session, pipeline: Pipeline) -> None:
    """Look after *pipeline* until Ctrl-C."""
    try:
        while True:
            for place in pipeline.tend():
                here.talk.print(f"{place.post} ended, starting it again; see {place.log}")
            time.sleep(0.3)
    except KeyboardInterrupt:
        here.talk.print("stopping")


def work(
    context: typer.Context,
    roles: Annotated[list[str], typer.Argument(help=f"One or more of {', '.join(KNOWN)}.")],
) -> None:
    """Run workers; several roles are several processes."""
    from deploy import roles as running  # noqa: PLC0415 - loads the rooms

    if unknown := [r for r in roles if r not in KNOWN]:
        raise Failure(
            "LW-0107",
            where=f"listwire work {' '.join(unknown)}",
            why="no such role",
            do=f"one of {', '.join(KNOWN)}",
        )
    here = session(context)
    if len(roles) == 1:
        running.run(roles[0], here.deployment, here.environ)
        return
    pipeline = Pipeline(
        Path(),
        environ=stated(here),
        roles=dict.fromkeys(roles, 1),
        kafka=here.bootstrap,
        postgres=here.postgres,
        replication=here.deployment.kafka.replication,
    )
    with pipeline:
        tend(here, pipeline)


def sandbox(
    seed: Annotated[Path | None, typer.Option(help="Seed document to start with.")] = None,
    journal: Annotated[Path | None, typer.Option(help="Folder for requests.jsonl.")] = None,
    api_port: Annotated[int, typer.Option(help="Port of the API; 0 = any.")] = 0,
    control_port: Annotated[int, typer.Option(help="Port of the control plane; 0 = any.")] = 0,
) -> None:
    """Run Amazon's stand-in on this machine; prints its addresses as one JSON line."""
    from deploy.sandbox.server import Settings, serve  # noqa: PLC0415 - its command only

    serve(Settings(seed=seed, journal=journal, api_port=api_port, control_port=control_port))


def demo(
    context: typer.Context,
    catalog: Annotated[Path | None, typer.Option(help="Your own catalogue file.")] = None,
    report: Annotated[Path | None, typer.Option(help="Your own listing report.")] = None,
    settings: Annotated[Path | None, typer.Option(help="Your own settings file.")] = None,
    serve: Annotated[bool, typer.Option("--serve", help="Keep it running.")] = False,
    json: Json = False,
) -> None:
    """Show the whole pipeline on a sample shop, from nothing, in under a minute."""
    from deploy.demo.show import Own, show  # noqa: PLC0415 - on demand

    own = Own(catalog=catalog, report=report, settings=settings)
    show(session(context), own, serve=serve, json=json)


def doctor(context: typer.Context, json: Json = False) -> None:
    """Check broker, topics, database and Amazon; one line each."""
    from deploy.watch.doctor import checks  # noqa: PLC0415 - opens connections

    here = session(context)
    found = checks(here.deployment, here.environ, now=here.now())
    if json:
        here.json({"checks": found})
    else:
        rows = [(c.name, c.state, c.what, c.do) for c in found]
        here.table(("check", "state", "what", "do"), rows)
    if any(c.state == "failed" for c in found):
        raise typer.Exit(max(c.exit for c in found))
