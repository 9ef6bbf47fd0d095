"""`topics` and `schema`: the contract, and the broker held against it."""

from pathlib import Path
from typing import Annotated

import typer

from deploy.commands.session import Session, session
from deploy.errors import Failure
from deploy.topics import Plan, apply, plan, rows, wanted
from schemas import contract
from schemas.settings import KINDS
from schemas.topics import TOPICS

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
Execute = Annotated[bool, typer.Option("--execute", help="Do it; without, only say what.")]


def register(app: typer.Typer) -> None:
    """Add these commands to *app*."""
    topics = typer.Typer(no_args_is_help=True, help="The topic table, and a broker's topics.")
    topics.command("show")(topics_show)
    topics.command("plan")(topics_plan)
    topics.command("apply")(topics_apply)
    app.add_typer(topics, name="topics")
    schemas = typer.Typer(no_args_is_help=True, help="The JSON Schemas of the topics.")
    schemas.command("show")(schema_show)
    schemas.command("write")(schema_write)
    app.add_typer(schemas, name="schema")


# --- topics -------------------------------------------------------------------------------


def topics_show(context: typer.Context, json: Json = False) -> None:
    """Show the topic table: key, retention, writer and readers of each."""
    here = session(context)
    table = rows()
    if json:
        here.json({"topics": table})
        return
    columns = ("topic", "key", "kept", "partitions", "writer", "readers")
    here.table(columns, [_topic_row(one) for one in table])


def _topic_row(one: dict[str, object]) -> tuple[object, ...]:
    readers = one["readers"]
    named = ", ".join(readers) if isinstance(readers, list) else readers
    told = (one[name] for name in ("topic", "key", "kept", "partitions", "writer"))
    return (*told, named)


def topics_plan(context: typer.Context, json: Json = False) -> None:
    """Compare the broker with the table and say what differs; exit 5 if that is for life."""
    here = session(context)
    found = _planned(here)
    _tell(here, found, json=json, done=False)
    found.refuse()


def topics_apply(context: typer.Context, execute: Execute = False, json: Json = False) -> None:
    """Create and alter topics as the table says; a number of partitions is never changed."""
    here = session(context)
    found = _planned(here)
    found.refuse()
    if execute:
        _apply(here, found)
    _tell(here, found, json=json, done=execute)


def _planned(here: Session) -> Plan:
    from deploy.connect.kafka import open_admin  # noqa: PLC0415 - opens the broker

    replication = here.deployment.kafka.replication
    with open_admin(here.bootstrap) as admin:
        return plan(admin, wanted(replication=replication))


def _apply(here: Session, found: Plan) -> None:
    from deploy.connect.kafka import open_admin  # noqa: PLC0415 - opens the broker

    with open_admin(here.bootstrap) as admin:
        apply(admin, found, replication=here.deployment.kafka.replication)


def _tell(here: Session, found: Plan, *, json: bool, done: bool) -> None:
    if json:
        here.json({"plan": found, "applied": done})
        return
    for line in found.lines():
        here.out.print(line, markup=False)
    if found.empty:
        here.talk.print("the broker has every topic as wanted")
    elif done:
        here.talk.print(f"done: {_counted(found)}")
    elif not found.partitions:
        here.talk.print(f"{_counted(found)}; do it with: listwire topics apply --execute")


def _counted(found: Plan) -> str:
    return f"{len(found.create)} topics to create, {len(found.configs)} settings to change"


# --- schemas ------------------------------------------------------------------------------


def schema_show(
    context: typer.Context,
    topic: Annotated[str, typer.Argument(help="Topic, or settings.v1.KIND.")],
) -> None:
    """Print the JSON Schema of a topic's values."""
    documents = contract.documents()
    name = f"{topic}.schema.json"
    if name not in documents:
        kinds = [f"settings.v1.{kind}" for kind in KINDS]
        names = [t.name for t in TOPICS if t.name != "settings.v1"] + kinds
        raise Failure(
            "LW-0515",
            where=topic,
            why="the contract has no such topic",
            do=f"one of {', '.join(names)}",
        )
    session(context).out.print(contract.text(documents[name]), end="", markup=False)


def schema_write(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(metavar="DIR", file_okay=False)],
) -> None:
    """Write every document of the contract into DIR, as `schemas/json/` has them."""
    documents = contract.documents()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, document in documents.items():
            (folder / name).write_text(contract.text(document), encoding="utf-8")
    except OSError as error:
        raise Failure(
            "LW-0516", where=str(folder), why=str(error), do="name a folder you may write to"
        ) from error
    session(context).talk.print(f"{len(documents)} files written to {folder}")
