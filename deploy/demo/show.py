"""The demo: a shop and a seller from nothing to a table of tabs, then two changes followed."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from uuid import uuid4

import msgspec

from deploy.commands import intake, look, steer
from deploy.commands.known import known_settings
from deploy.commands.session import Session
from deploy.demo import own as own_files
from deploy.demo import shop
from deploy.demo.follow import Followed, Truth, follow, same
from deploy.demo.own import Own
from deploy.errors import Failure
from deploy.running import BY_FILE, Pipeline, Sandbox
from producers.catalog import load as catalogue
from schemas import codec, keys
from schemas.catalog import Price, Stock, WebsiteStock
from schemas.money import Number, number
from schemas.record import Record

__all__ = ["Own", "show"]

SETTLED = 1.5
"""Seconds without any change in the table after which it is said to stand."""

PATIENCE = 240.0
"""Seconds after which the demo gives up: what takes 20 may take 100 on a busy machine."""

SUPPRESSED = next(item.sku for item in shop.items() if item.story == "suppressed")
FOLLOWED = next(item for item in shop.items() if item.number == 41)
PASSING = ("in_process", "list_in_progress", "ending_in_progress")
"""Tabs and statuses that pass by themselves."""


def show(here: Session, own: Own, *, serve: bool, json: bool) -> None:
    """Run the demo. Raises `Failure` where it does not come to an end."""
    began = time.monotonic()
    tell = here.talk.print
    with _running(here, own, tell) as (inside, pipeline, truth):
        _bring_in(inside, own, truth, pipeline.folder, tell)
        counts = _settle(inside, pipeline)
        if own.catalog is None:
            _end_some(inside, tell)
            counts = _settle(inside, pipeline)
        seconds = time.monotonic() - began
        if not json:
            look.print_counts(here, counts, json=False)
        followed = [] if own.catalog else _follow_two(inside, truth, here if not json else None)
        _close(here, counts, followed, seconds, json=json)
        if serve:
            _serve(here, pipeline)


@contextmanager
def _running(
    here: Session, own: Own, tell: Callable[[str], None]
) -> Iterator[tuple[Session, Pipeline, Truth]]:
    secrets = own_files.secrets(own)
    roles = dict.fromkeys(BY_FILE, 1)
    pipeline = Pipeline(None, environ=dict(here.environ) | secrets, roles=roles, say=tell)
    seed = pipeline.folder / "seed.json"
    seed.write_bytes(msgspec.json.encode(own_files.seed(own), enc_hook=str))
    tell("starting Amazon's stand-in")
    sandbox = Sandbox(pipeline.folder / "sandbox", seed=seed)
    try:
        pipeline.add({**sandbox.environ(), "LISTWIRE_DATA": str(pipeline.folder)})
        with pipeline:
            yield Session(pipeline.environ, {}, None), pipeline, Truth(sandbox.control)
    finally:
        sandbox.stop()


def _bring_in(
    inside: Session, own: Own, truth: Truth, folder: Path, tell: Callable[[str], None]
) -> None:
    files = own_files.write(own, folder)
    changes = steer.apply_settings(inside, files.settings, by="demo")
    tell(f"{len(changes)} settings applied from {files.settings.name}")
    options = catalogue.Options(shop="demo", on_bad="skip")
    tally = intake.import_catalogue(inside, files.catalog, options)
    tell(f"{tally.rows} catalogue rows imported: {tally.events} events, {tally.refused} refused")
    known = known_settings(inside)
    asked = inside.now() - timedelta(seconds=1)
    for store, its in known.of("store").items():
        report = folder / f"{store}.txt"
        report.write_bytes(own.report.read_bytes() if own.report and store == files.first else
                           truth.report(its.account, its.place.id))  # fmt: skip
        if report.stat().st_size == 0:
            continue
        collected = intake.import_report(
            inside, report, store, type_="GET_MERCHANT_LISTINGS_ALL_DATA", as_of=asked,
            encoding=None,
        )  # fmt: skip
        tell(f"{store}: {collected.report.rows} listings reported, {collected.report.state}")


# --- waiting ------------------------------------------------------------------------------


def _settle(inside: Session, pipeline: Pipeline) -> dict[str, dict[str, int]]:
    deadline = time.monotonic() + PATIENCE
    seen: object = None
    since = time.monotonic()
    while time.monotonic() < deadline:
        pipeline.tend()
        now = _statuses(inside)
        if now != seen:
            seen, since = now, time.monotonic()
        still = now and time.monotonic() - since > SETTLED
        if still and not _passing(now) and not _waiting(inside):
            return _counts(inside)
        time.sleep(0.2)
    raise Failure(
        "LW-0911",
        where=str(pipeline.folder / "workers"),
        why=f"the table still moves, or stands with work open, after {PATIENCE:.0f} s",
        do="look at the workers' logs there; listwire demo --serve keeps everything running",
    )


def _passing(statuses: Mapping[tuple[str, str, str], int]) -> bool:
    return any(tab in PASSING or status in PASSING for _, tab, status in statuses)


def _waiting(inside: Session) -> bool:
    """Tell whether an input is still to be handled: that nothing moves is no proof of rest."""
    from deploy.connect.postgres import open_engine  # noqa: PLC0415 - opens it
    from deploy.watch.audited import unaccounted  # noqa: PLC0415 - opens the broker

    engine = open_engine(inside.postgres, name="listwire-demo")
    try:
        return bool(unaccounted(inside.bootstrap, engine))
    finally:
        engine.dispose()


def _statuses(inside: Session) -> dict[tuple[str, str, str], int]:
    from consumers.postgres import read  # noqa: PLC0415 - on demand

    with look.reading(inside) as connection:
        return read.statuses(connection)


def _counts(inside: Session) -> dict[str, dict[str, int]]:
    from consumers.postgres import read  # noqa: PLC0415 - on demand

    with look.reading(inside) as connection:
        return read.counts(connection)


def _end_some(inside: Session, tell: Callable[[str], None]) -> None:
    skus = shop.ENDED_BY_PERSON
    known = known_settings(inside)
    steer.send_intents(inside, "end", "acme-de", skus, known, by="demo", why="discontinued")
    tell(f"a person ends {', '.join(skus)} in acme-de")


# --- following ----------------------------------------------------------------------------


def _follow_two(inside: Session, truth: Truth, here: Session | None) -> list[Followed]:
    item = FOLLOWED
    price = number(str(item.price - Decimal("1.00")))
    changes = (
        ("price", _price(item.sku, price), lambda seen: same(seen.get("price"), price)),
        ("stock to zero", _sold_out(item.sku), lambda seen: seen.get("quantity") == 0),
    )
    followed = []
    for name, event, arrived in changes:
        one = _follow(inside, truth, item.sku, (name, event, arrived))
        followed.append(one)
        if here:
            here.out.print(_told(item.sku, one))
    return followed


def _follow(inside: Session, truth: Truth, sku: str, change: tuple) -> Followed:  # type: ignore[type-arg]
    name, event, arrived = change
    place = shop.MARKETPLACES["acme-de"]
    acked = _send(inside, event)

    def request() -> float | None:
        writes = truth.writes("acme-eu", sku, acked - 50)
        return float(writes[0]["received_ms"]) if writes else None

    return follow(name, acked, request, lambda: arrived(truth.listing("acme-eu", place, sku)))


def _send(inside: Session, record: Record) -> float:
    from deploy.connect.kafka import open_producer  # noqa: PLC0415 - opens the broker

    with open_producer(inside.bootstrap, linger_ms=0) as producer:
        headers = [(name, value or b"") for name, value in record.headers]
        future = producer.send(record.topic, value=record.value, key=record.key, headers=headers)
        future.get(timeout=10)
        return time.time() * 1000


def _price(sku: str, amount: Number) -> Record:
    return _record(Price(sku=sku, prices={"price": {"global": amount}}), "catalog.price.v1", sku)


def _sold_out(sku: str) -> Record:
    none = WebsiteStock(managed=True, salable=False, quantity=number("0"))
    return _record(Stock(sku=sku, websites={"*": none}), "catalog.stock.v1", sku)


def _record(event: Price | Stock, topic: str, sku: str) -> Record:
    now = time.time()
    return codec.encode(
        event,
        topic=topic,
        key=keys.join(sku),
        id=str(uuid4()),
        source="//demo/catalog",
        subject=sku,
        time=datetime.fromtimestamp(now, UTC),
        sequence=int(now * 1_000_000),
    )


def _told(sku: str, one: Followed) -> str:
    return (
        f"{sku}: {one.change}: asked of Amazon after {one.event_to_request_ms} ms,"
        f" shown by Amazon after {one.event_to_confirmed_ms} ms"
    )


# --- the end --------------------------------------------------------------------------------


def _close(
    here: Session,
    counts: dict[str, dict[str, int]],
    followed: list[Followed],
    seconds: float,
    *,
    json: bool,
) -> None:
    if json:
        here.json({"stores": counts, "followed": followed, "seconds": round(seconds, 1)})
        return
    here.talk.print(f"from nothing to this table in {seconds:.0f} s")
    here.talk.print(
        "next: listwire demo --serve keeps it running; then, in another terminal,\n"
        "  listwire listings --tab incomplete      what is missing, and where\n"
        f"  listwire why acme-de {SUPPRESSED}            why one listing is where it is\n"
        "  listwire up                             the same with your own data, kept"
    )


def _serve(here: Session, pipeline: Pipeline) -> None:
    from deploy.commands.start import announced, tend  # noqa: PLC0415 - on demand

    with announced(here, pipeline):
        tend(here, pipeline)
