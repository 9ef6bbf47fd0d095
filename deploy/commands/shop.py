"""The shop, read whole or in part: `catalog pull`, `catalog snapshot`, `import --whole`."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any
from uuid import uuid4

import msgspec
import typer

from deploy.commands.known import known_settings
from deploy.commands.look import engine_of
from deploy.commands.session import Session, session
from deploy.errors import Failure
from producers.catalog.snapshot import Snapshot, as_stated, marks_of

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
Shop = Annotated[str, typer.Option(help="Name of the shop in the events' source.")]
Id = Annotated[str, typer.Argument(help="The session.")]
By = Annotated[str, typer.Option(help="Who decides.", envvar="USER")]
Why = Annotated[str, typer.Option(help="Why; it is kept.")]
Count = Annotated[int, typer.Option(min=1, help="Products that the sender says there are.")]
Hash = Annotated[str, typer.Option(help="Of their SKUs: LC_ALL=C sort -u | sha256sum.")]

SHOWN = 20
"""Missing products that a message names."""


def register(catalog: typer.Typer) -> None:
    """Add these commands to the group *catalog*."""
    snapshot = typer.Typer(no_args_is_help=True, help="Whole readings: only they end products.")
    for command in (open_, add, seal, list_, show, release, drop):
        snapshot.command(command.__name__.rstrip("_"))(command)
    catalog.command("pull")(pull)
    catalog.add_typer(snapshot, name="snapshot")


def pull(
    context: typer.Context,
    full: Annotated[
        bool, typer.Option("--full", help="Read everything, not what changed.")
    ] = False,
    json: Json = False,
) -> None:
    """Read the shop once over its REST interface, and send what differs."""
    from deploy.connect.pull import opened, told  # noqa: PLC0415 - opens it

    here = session(context)
    known = known_settings(here)
    place = here.deployment.commerce
    with (
        engine_of(here) as engine,
        told(),
        opened(place, here.bootstrap, engine, lambda: known) as (reading, _),
    ):
        tally = reading.full() if full else reading.changes()
    for refusal in tally.refusals:
        here.talk.print(f"refused {refusal.sku}  {refusal.field}  {refusal.rule}", style="yellow")
    if json:
        here.json(tally)
    else:
        counts = ", ".join(f"{n:,} {topic}" for topic, n in sorted(tally.told.items()))
        here.talk.print(
            f"{tally.read:,} products: {counts or 'nothing new'}; {tally.unchanged:,} unchanged,"
            f" {tally.overtaken:,} overtaken, {tally.refused:,} refused, {tally.ended:,} ended"
        )
    if tally.verdict is not None:
        _judged(tally.snapshot or "", tally.verdict)


def open_(context: typer.Context, count: Count, hash: Hash, shop: Shop = "shop") -> None:  # noqa: A002
    """Begin a whole reading; print its id."""
    here = session(context)
    with _parts(here) as parts:
        here.out.print(
            opened_session(here, parts, shop=shop, count=count, hash_=hash, by="command")
        )


def add(
    context: typer.Context,
    id: Id,  # noqa: A002 - the word people use
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False)],
    skip_bad: Annotated[bool, typer.Option(help="Go on behind a bad row.")] = False,
    encoding: Annotated[str, typer.Option(help="Character set of a CSV file.")] = "utf-8",
) -> None:
    """Import one file of a whole reading."""
    from deploy.commands.intake import finish_import, import_catalogue  # noqa: PLC0415 - a circle
    from producers.catalog.load import Options  # noqa: PLC0415 - on demand

    here = session(context)
    with _parts(here) as parts:
        found = _found(parts, id)
        if found.state != "open":
            raise _not_waiting(f"session {id} is {found.state}, not open")
        options = Options(
            shop=found.shop,
            encoding=encoding,
            on_bad="skip" if skip_bad else "stop",
            start=1,  # a killed import begins again: each session has to see every product
        )
        tally = import_catalogue(here, file, options, whole=Seen(parts, found))
    finish_import(here, file, tally, json=False)


def seal(context: typer.Context, id: Id, json: Json = False) -> None:  # noqa: A002
    """End a whole reading: what is missing ends with it, if the guards let it."""
    here = session(context)
    with _parts(here) as parts, _waiting():
        became = parts.sealing.seal(id, source=_source(_found(parts, id)))
    if json:
        here.json(became)
    sealed(here, id, became)


def sealed(here: Session, id_: str, became: Any) -> None:
    """Say what became of a whole reading. Raises `Failure` where it ended nothing."""
    here.talk.print(f"{became.verdict.state}: {became.ended:,} products ended")
    _judged(id_, became.verdict)


def list_(context: typer.Context, json: Json = False) -> None:
    """List the newest whole readings."""
    here = session(context)
    with engine_of(here) as engine:
        found = _sessions(engine).list()
    if json:
        here.json(found)
        return
    here.table(
        ("id", "shop", "by", "opened", "state", "guard", "products", "missing", "why"),
        [
            (s.id, s.shop, s.by, s.opened_at, s.state, s.guard, s.present, len(s.missing), s.why)
            for s in found
        ],
    )


def show(context: typer.Context, id: Id) -> None:  # noqa: A002
    """Print everything of one whole reading, the products it lacks included."""
    here = session(context)
    with engine_of(here) as engine:
        found = _sessions(engine).get(id)
    if found is None:
        raise _not_waiting(f"there is no session {id}")
    here.json(found)


def release(context: typer.Context, id: Id, why: Why, by: By = "operator") -> None:  # noqa: A002
    """End what a held whole reading lacks, on your word."""
    here = session(context)
    with _parts(here) as parts, _waiting():
        became = parts.sealing.release(id, by=by, why=why, source=_source(_found(parts, id)))
    here.talk.print(f"{became.ended:,} products ended")


def drop(context: typer.Context, id: Id, why: Why, by: By = "operator") -> None:  # noqa: A002
    """Let a whole reading end nothing."""
    here = session(context)
    with _parts(here) as parts, _waiting():
        parts.sealing.drop(id, by=by, why=why)
    here.talk.print("dropped: it ends nothing")


# --- parts ------------------------------------------------------------------------------------


class Parts(msgspec.Struct, frozen=True):
    """What a command about whole readings works with."""

    sessions: Any
    topics: Any
    sealing: Any


@contextmanager
def _parts(here: Session) -> Iterator[Parts]:
    from deploy.connect.kafka import open_producer  # noqa: PLC0415 - opens the broker
    from deploy.connect.told import CatalogueTopics  # noqa: PLC0415 - opens the broker
    from producers.catalog.sealing import Sealing  # noqa: PLC0415 - on demand
    from producers.publish import Publisher  # noqa: PLC0415 - on demand

    known = known_settings(here)
    with (
        engine_of(here) as engine,
        open_producer(here.bootstrap) as producer,
        CatalogueTopics(here.bootstrap) as topics,
    ):
        sessions = _sessions(engine)
        sealing = Sealing(
            sessions, topics, Publisher(producer), now=here.now, settings=lambda: known
        )
        yield Parts(sessions, topics, sealing)


def _sessions(engine: Any) -> Any:
    from producers.catalog.sessions import Sessions  # noqa: PLC0415 - on demand

    return Sessions(engine)


def opened_session(
    here: Session, parts: Parts, *, shop: str, count: int, hash_: str, by: str
) -> str:
    """Begin a whole reading; give its id."""
    marks = parts.topics.catch_up()
    begun = Snapshot(
        id=str(uuid4()),
        shop=shop,
        by=by,
        opened_at=here.now(),
        count=count,
        hash=hash_.strip().lower(),
        marks=as_stated(marks),
    )
    parts.sessions.open(begun)
    return begun.id


KEPT = 5_000
"""SKUs that are taken down together."""


class Seen:
    """Takes down which products a file has, and knows what was told live meanwhile."""

    def __init__(self, parts: Parts, begun: Snapshot) -> None:
        self._parts, self._begun = parts, begun
        self._marks = marks_of(begun)
        self._skus: dict[str, bool] = {}

    def seen(self, sku: str) -> None:
        """Take down that there is this product."""
        self._skus[sku] = True
        if len(self._skus) >= KEPT:
            self.flush()

    def flush(self) -> None:
        """Write down what was taken down."""
        self._parts.sessions.add(self._begun.id, self._skus)
        self._skus = {}
        self._parts.topics.catch_up()

    def overtaken(self, topic: str, sku: str) -> bool:
        """Tell whether somebody else told of this SKU since the reading began."""
        from producers.catalog.told import overtaken  # noqa: PLC0415 - on demand

        known = self._parts.topics.told.of(topic, sku)
        return overtaken(known, self._marks, topic, f"//{self._begun.shop}/catalog")


def import_whole(
    here: Session, shop: str, count: int, hash_: str, load: Callable[[Seen], Any]
) -> tuple[Any, Any]:
    """Import one file as a whole reading; give its tally, and what became of the reading."""
    with _parts(here) as parts, _waiting():
        id_ = opened_session(here, parts, shop=shop, count=count, hash_=hash_, by="import")
        begun = _found(parts, id_)
        tally = load(Seen(parts, begun))
        if not tally.complete:
            parts.sealing.drop(id_, by="import", why="the file was not read to its end")
            return tally, None
        return tally, (id_, parts.sealing.seal(id_, source=_source(begun)))


def _source(found: Snapshot) -> str:
    return f"//{found.shop}/{'pull' if found.by == 'pull' else 'catalog'}"


def _found(parts: Parts, id_: str) -> Snapshot:
    found: Snapshot | None = parts.sessions.get(id_)
    if found is None:
        raise _not_waiting(f"there is no session {id_}")
    return found


@contextmanager
def _waiting() -> Iterator[None]:
    from producers.catalog.sealing import NotWaiting  # noqa: PLC0415 - on demand

    try:
        yield
    except NotWaiting as error:
        raise _not_waiting(str(error)) from None


def _not_waiting(why: str) -> Failure:
    return Failure(
        "LW-0542", where="whole readings", why=why, do="listwire catalog snapshot list shows them"
    )


def _judged(id_: str, verdict: Any) -> None:
    """Say loudly where a whole reading ended nothing. Raises `Failure`."""
    if verdict.state == "refused":
        raise Failure(
            "LW-0540",
            where=f"session {id_}",
            why=verdict.why or "",
            do="read it again; what it told of products stands, nothing was ended",
        )
    if verdict.state == "held":
        named = ", ".join(verdict.missing[:SHOWN])
        more = f" and {len(verdict.missing) - SHOWN:,} more" if len(verdict.missing) > SHOWN else ""
        raise Failure(
            "LW-0541",
            where=f"session {id_}, guard {verdict.guard}",
            why=f"{verdict.why}: {named}{more}",
            do=f"listwire catalog snapshot release {id_} --why …, or drop {id_} --why …",
        )
