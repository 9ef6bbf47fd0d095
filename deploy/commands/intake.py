"""What brings files in: `catalog import`, `report import`."""

import hashlib
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any
from uuid import uuid4

import typer
from msgspec.structs import replace
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from deploy.codes import PARTIAL
from deploy.commands import reports
from deploy.commands import shop as shop_commands
from deploy.commands.known import known_settings, state_folder, unknown_store
from deploy.commands.session import Session, session
from deploy.errors import Failure
from producers.catalog import load as catalogue

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


def register(app: typer.Typer) -> None:
    """Add these commands to *app*."""
    catalog = typer.Typer(no_args_is_help=True, help="The shop's catalogue.")
    catalog.command("import")(catalog_import)
    shop_commands.register(catalog)
    report = typer.Typer(no_args_is_help=True, help="Amazon's listing reports.")
    report.command("import")(report_import)
    reports.register(report)
    app.add_typer(catalog, name="catalog")
    app.add_typer(report, name="report")


# --- the catalogue ------------------------------------------------------------------------


def catalog_import(  # noqa: PLR0913, PLR0917 - the options of one command
    context: typer.Context,
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False)],
    start: Annotated[int | None, typer.Option("--from", help="Go on at this line.")] = None,
    skip_bad: Annotated[bool, typer.Option(help="Go on behind a bad row.")] = False,
    encoding: Annotated[str, typer.Option(help="Character set of a CSV file.")] = "utf-8",
    dates: Annotated[str | None, typer.Option(help="day-first or month-first.")] = None,
    blank: Annotated[str, typer.Option(help="empty, or keep for update files.")] = "empty",
    shop: Annotated[str, typer.Option(help="Name of the shop in the events' source.")] = "shop",
    rate: Annotated[float | None, typer.Option(help="Events per second at the most.")] = None,
    whole: Annotated[
        str | None,
        typer.Option(
            metavar="COUNT:HASH",
            help="The file has all products, so many as its sender says: those it lacks end.",
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Send a catalogue file (export CSV, sample CSV or JSON lines) as events."""
    here = session(context)
    options = catalogue.Options(
        shop=shop,
        encoding=encoding,
        dates=_order(dates),
        blank=_blank(blank),
        on_bad="skip" if skip_bad else "stop",
        start=start,
    )
    if whole is None:
        finish_import(here, file, import_catalogue(here, file, options, rate=rate), json=json)
        return
    count, hash_ = _declared(whole)
    if blank == "keep" or start is not None:
        raise typer.BadParameter("not with --from or --blank keep", param_hint="--whole")
    every = replace(options, start=1)
    tally, sealed = shop_commands.import_whole(
        here,
        shop,
        count,
        hash_,
        lambda seen: import_catalogue(here, file, every, rate=rate, whole=seen),
    )
    try:
        finish_import(here, file, tally, json=json)
    finally:
        if sealed is not None:
            shop_commands.sealed(here, *sealed)


def _declared(whole: str) -> tuple[int, str]:
    count, _, hash_ = whole.partition(":")
    if not re.fullmatch("[0-9]{1,9}", count) or not re.fullmatch("[0-9a-fA-F]{64}", hash_):
        why = "COUNT:HASH, the hash of the SKUs by LC_ALL=C sort -u | sha256sum"
        raise typer.BadParameter(why, param_hint="--whole")
    return int(count), hash_


def finish_import(here: Session, file: Path, tally: catalogue.Tally, *, json: bool) -> None:
    """Say what became of *file*. Raises `Failure` where it stopped, `Exit` where rows did."""
    if json:
        here.json({"run": str(tally.run.id), "rows": tally.rows, "events": tally.events,
                   "by_topic": tally.by_topic, "refused": tally.refused, "first": tally.first,
                   "last": tally.last, "complete": tally.complete})  # fmt: skip
    else:
        _tell(here, tally)
    if tally.stopped is not None:
        raise _stopped(file, tally)
    if tally.refused:
        raise typer.Exit(PARTIAL)


def import_catalogue(
    here: Session,
    file: Path,
    options: catalogue.Options,
    *,
    rate: float | None = None,
    whole: shop_commands.Seen | None = None,
) -> catalogue.Tally:
    """Send *file*; a refused row is told at once. Raises `Failure`.

    *whole*: it belongs to a whole reading, which takes down what it has.
    """
    from deploy.connect.kafka import open_producer  # noqa: PLC0415 - opens the broker
    from producers.catalog.refusal import UnknownFile  # noqa: PLC0415 - on demand
    from producers.catalog.runs import Runs  # noqa: PLC0415 - on demand
    from producers.publish import Publisher, Unpublished  # noqa: PLC0415 - on demand

    settings = known_settings(here)
    with open_producer(here.bootstrap) as producer, _bar(here) as moved:
        edge = catalogue.Edge(
            now=here.now,
            monotonic=time.monotonic,
            new_id=uuid4,
            pace=_pace(rate),
            progress=moved,
            refused=lambda refusal: here.talk.print(f"refused {refusal}", style="yellow"),
        )
        if whole is not None:
            edge = replace(edge, seen=whole.seen, overtaken=whole.overtaken)
        try:
            tally = catalogue.load(
                file, Publisher(producer), Runs(state_folder(here) / "imports"), edge,
                settings=settings, options=options,
            )  # fmt: skip
        except UnknownFile as error:
            raise Failure(
                "LW-0501", where=str(file), why=str(error), do="see README, files"
            ) from None
        except Unpublished as error:
            raise Failure(
                "LW-0207",
                where=str(file),
                why=str(error),
                do="run the same command again: it goes on behind line"
                f" {error.acknowledged or 0}, with the same ids",
            ) from None
    if whole is not None:
        whole.flush()
    return tally


def _order(dates: str | None) -> Any:
    if dates not in (None, "day-first", "month-first"):
        raise typer.BadParameter("day-first or month-first", param_hint="--dates")
    return dates


def _blank(blank: str) -> Any:
    if blank not in ("empty", "keep"):
        raise typer.BadParameter("empty or keep", param_hint="--blank")
    return blank


def _pace(rate: float | None) -> Callable[[int], None]:
    if rate is None:
        return lambda _: None
    start, sent = time.monotonic(), 0

    def pace(events: int) -> None:
        nonlocal sent
        sent += events
        ahead = sent / rate - (time.monotonic() - start)
        if ahead > 0.005:
            time.sleep(ahead)

    return pace


@contextmanager
def _bar(here: Session) -> Iterator[Callable[[catalogue.Progress], None]]:
    if not here.talk.is_terminal:
        yield lambda _: None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
    with Progress(*columns, console=here.talk) as progress:
        task = progress.add_task("importing", total=None)

        def moved(seen: catalogue.Progress) -> None:
            told = f"{seen.rows:,} rows, {seen.events:,} events, {seen.refused:,} refused"
            progress.update(task, completed=seen.done, total=seen.total, description=told)

        yield moved


def _tell(here: Session, tally: catalogue.Tally) -> None:
    went_on = f", gone on at line {tally.first}" if tally.first > 1 else ""
    counts = ", ".join(f"{n:,} {topic}" for topic, n in sorted(tally.by_topic.items()))
    here.talk.print(f"{tally.rows:,} rows{went_on}: {counts or 'no events'};"
                    f" {tally.refused:,} refused; run {tally.run.id}")  # fmt: skip


def _stopped(file: Path, tally: catalogue.Tally) -> Failure:
    line = tally.stopped.line if tally.stopped else 0
    return Failure(
        "LW-0512",
        where=f"{file}:{line}",
        why=str(tally.stopped),
        do=f"mend the row, then go on with --from {line}, or skip bad rows with --skip-bad;"
        f" {tally.events:,} events sent",
    )


# --- reports ------------------------------------------------------------------------------


def report_import(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False)],
    store: Annotated[str, typer.Option(help="Whose report it is.")],
    type: Annotated[str, typer.Option(help="Amazon's report type.")],  # noqa: A002
    as_of: Annotated[
        datetime,
        typer.Option(help="When it was asked for, RFC 3339.", formats=["%Y-%m-%dT%H:%M:%S%z"]),
    ],
    encoding: Annotated[str | None, typer.Option(help="Its declared character set.")] = None,
    json: Json = False,
) -> None:
    """Read a listing report file into observations and its complete marker."""
    here = session(context)
    collected = import_report(here, file, store, type_=type, as_of=as_of, encoding=encoding)
    report = collected.report
    if json:
        here.json(report)
    else:
        for note in collected.notes:
            here.talk.print(f"note {file}: {note}", style="yellow")
        for row in collected.refused[:50]:
            here.talk.print(f"refused {file}:{row.line}  {row.why}", style="yellow")
        here.talk.print(f"{report.state}: {report.rows:,} rows, {report.rows_refused:,} refused")
    if report.state == "refused":
        raise Failure(
            "LW-0520",
            where=str(file),
            why=report.why or "",
            do="ask Amazon for the report again; what was known of the store is unchanged",
        )
    if report.rows_refused:
        raise typer.Exit(PARTIAL)


def import_report(
    here: Session, file: Path, store: str, *, type_: str, as_of: datetime, encoding: str | None
) -> Any:
    """Send the rows of *file*, then its marker. Raises `Failure` for an unknown store."""
    from deploy.apart.reader import apart  # noqa: PLC0415 - on demand
    from producers.amazon.report import REPORT_TYPES  # noqa: PLC0415 - on demand
    from schemas.errors import Refused  # noqa: PLC0415 - on demand

    known = known_settings(here)
    if known.store(store) is None:
        raise unknown_store(store, known)
    if type_ not in REPORT_TYPES:
        raise reports.unread_type(type_)
    try:
        with apart(lambda: file.open("rb"), encoding) as reading:
            return _collected(here, reading, known, store, type_=type_, as_of=as_of)
    except Refused as refused:
        raise Failure("LW-0520", where=str(file), why=str(refused), do="ask for it again") from None


def _collected(
    here: Session, reading: Any, known: Any, store: str, *, type_: str, as_of: datetime
) -> Any:
    from deploy.connect.kafka import ends, open_consumer, open_producer  # noqa: PLC0415 - broker
    from producers.amazon import band, collect, report  # noqa: PLC0415 - on demand
    from producers.publish import Publisher  # noqa: PLC0415 - on demand

    found = known.store(store)
    account = known.of("account").get(found.account)
    name = hashlib.sha256((reading.hash + as_of.isoformat()).encode()).hexdigest()[:16]
    origin = report.Origin(
        report=f"file:{name}",
        account=found.account,
        store=store,
        currency=found.place.currency,
        as_of=as_of,
        seller=account and account.merchant_token,
    )
    with open_producer(here.bootstrap) as producer, open_consumer(here.bootstrap) as consumer:
        return collect.collect(
            reading,
            origin,
            type=type_,
            requested_at=as_of,
            last_rows=known.rows_before(store, type_),
            within=band.band(known, found.account, store),
            publisher=Publisher(producer),
            ends=lambda: ends(consumer, "amazon.listing.v1"),
        )
