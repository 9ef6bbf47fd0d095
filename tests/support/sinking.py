"""What a sink is handed in tests: records, a feed made of lists, a look at whole tables."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Engine, Text, cast, func, select

from consumers.feed import Bounds, Left, Log, Place
from consumers.postgres import tables
from schemas import codec, keys
from schemas.events import Event
from schemas.listings import ListingStatus, ListingStatusChanged, Observed, Wish
from schemas.money import Money, number
from schemas.record import Record
from schemas.tabs import Status, Tab

NOW = datetime(2026, 11, 25, 10, 0, tzinfo=UTC)
STATUS, CHANGED = "listing.status.v1", "listing.status-changed.v1"
OFFER, SUBMISSION, REPORT = "listing.offer.v1", "amazon.submission.v1", "amazon.report.v1"
DE = "A1PA6795UKMFR9"
LOG = Log("cluster", "topic")


def status(seller_sku: str = "LAMP-12", sequence: int = 1, **more: Any) -> ListingStatus:
    """Give the status of one listing, Active at 44.90 unless told otherwise."""
    price = Money(number("44.90"), "EUR")
    known = {
        "account": "acme-eu",
        "store": "acme-de",
        "marketplace": DE,
        "tab": Tab.ACTIVE,
        "status": Status.ACTIVE,
        "desired": Wish(quantity=5, price=price, condition="new_new"),
        "observed": Observed(quantity=5, price=price, as_of=NOW),
        "product": seller_sku,
    }
    return ListingStatus(seller_sku=seller_sku, sequence=sequence, **(known | more))


def changed(seller_sku: str = "LAMP-12", sequence: int = 1, **more: Any) -> ListingStatusChanged:
    """Give one transition of one listing."""
    known = {
        "account": "acme-eu",
        "store": "acme-de",
        "marketplace": DE,
        "tab": Tab.ACTIVE,
        "status": Status.ACTIVE,
        "previous": "ready_to_list/list_in_progress",
        "at": NOW,
    }
    return ListingStatusChanged(seller_sku=seller_sku, sequence=sequence, **(known | more))


def record(
    topic: str,
    event: Event | None,
    key: bytes,
    *,
    sequence: int | None = None,
    offset: int = 0,
    partition: int = 0,
    id: str | None = None,  # noqa: A002 - CloudEvents' word
) -> Record:
    """Give *event* as it stands on *topic*."""
    made = codec.encode(
        event,
        topic=topic,
        key=key,
        id=id or f"{topic}-{key.decode()}-{sequence}",
        source="/listwire/processors/listings",
        subject=key.decode(),
        time=NOW,
        sequence=sequence,
    )
    return at(made, offset, partition)


def at(made: Record, offset: int, partition: int = 0) -> Record:
    """Give *made* with a coordinate."""
    return Record(
        topic=made.topic,
        key=made.key,
        value=made.value,
        headers=made.headers,
        partition=partition,
        offset=offset,
        timestamp_ms=1_795_615_819_886 + offset,
    )


def of(event: ListingStatus | ListingStatusChanged, **more: Any) -> Record:
    """Give the record of a listing's status or transition."""
    topic = STATUS if isinstance(event, ListingStatus) else CHANGED
    key = keys.listing(event.account, event.marketplace, event.seller_sku)
    return record(topic, event, key, sequence=event.sequence, **more)


def gone(seller_sku: str = "LAMP-12", sequence: int = 9, **more: Any) -> Record:
    """Give the tombstone of one listing."""
    return record(STATUS, None, keys.listing("acme-eu", DE, seller_sku), sequence=sequence, **more)


class ListFeed:
    """A feed over a list of records per place; offsets are what the records say."""

    def __init__(self, logs: Mapping[Place, Sequence[Record]], log: Log = LOG) -> None:
        self.logs = {p: list(records) for p, records in logs.items()}
        self.which = log
        self.positions: dict[Place, int] = {}
        self.fresh: set[Place] = set(self.logs)
        self.mine: set[Place] = set(self.logs)
        self.paused: set[Place] = set(self.logs)
        self.committed: dict[Place, int] = {}
        self.starts: dict[Place, int] = {}
        self.evicted = False

    def poll(self, timeout: float, limit: int) -> dict[Place, list[Record]]:
        found = {p: self._next(p, limit) for p in self.mine - self.paused}
        for place, records in found.items():
            if records:
                self.positions[place] = records[-1].offset + 1
        return {p: r for p, r in found.items() if r}

    def _next(self, place: Place, limit: int) -> list[Record]:
        return [r for r in self.logs[place] if r.offset >= self.positions[place]][:limit]

    def held(self) -> frozenset[Place]:
        return frozenset(self.mine)

    def gained(self) -> frozenset[Place]:
        return frozenset(self.fresh & self.mine)

    def start(self, place: Place, offset: int) -> None:
        self.positions[place] = offset
        self.paused.discard(place)
        self.fresh.discard(place)

    def pause(self, places: Iterable[Place]) -> None:
        self.paused |= set(places)

    def bounds(self, places: Iterable[Place]) -> dict[Place, Bounds]:
        return {p: Bounds(self.starts.get(p, 0), self.end(p)) for p in places}

    def end(self, place: Place) -> int:
        """Give the offset after the last record of *place*."""
        return max((r.offset + 1 for r in self.logs[place]), default=0)

    def log(self, topic: str) -> Log:
        return self.which

    def commit(self, offsets: Mapping[Place, int]) -> None:
        if self.evicted:
            raise Left("the group has gone on")
        self.committed |= offsets


def logs(records: Iterable[Record]) -> dict[Place, list[Record]]:
    """Lay *records* out as logs of one partition a topic, numbering their offsets."""
    found: dict[Place, list[Record]] = {}
    for one in records:
        log = found.setdefault(Place(one.topic, 0), [])
        log.append(at(one, len(log)))
    return found


def whole(engine: Engine, *names: str) -> dict[str, str]:
    """Give one hash per table over all its rows and columns."""
    with engine.connect() as connection:
        return {n: _hash(connection, n) for n in names or CONTENT}


CONTENT = ("listing", "listing_change", "offer", "submission", "report")


def _hash(connection: Connection, name: str) -> str:
    table = tables.METADATA.tables[name]
    line = func.concat_ws("|", *(func.coalesce(cast(c, Text), "NULL") for c in table.c))
    lines = select(line.label("line")).order_by(*table.primary_key).subquery()
    return str(connection.scalar(select(func.md5(func.string_agg(lines.c.line, "\n")))))
