"""Reading the shop again and again: what changed, what is in stock, now and then all of it.

A change below the shop's own application (an import by SQL, a save over REST) is as good as
one that was announced: `changes` finds it by the time of change, `full` whatever the time
says, because contents are compared with what the topics hold. What is equal is not told.

* Pages go by id, not by page number: what is changed, added or deleted while they are read
  moves nothing else across the edge of a page, and equal times of change do not matter.
* The next reading begins where this one began, on the shop's clock, less an overlap: the
  shop's times have whole seconds, and a transaction may be seen long after its time.
* Stock has no time of change: all units of all sources are read each time.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Protocol
from uuid import UUID

import msgspec
import structlog

from producers.catalog import sealing
from producers.catalog.ending import Publisher
from producers.catalog.entity import Units
from producers.catalog.family import Family
from producers.catalog.reader import Kept, Reader, units_of
from producers.catalog.refusal import Refusal
from producers.catalog.rest import Document, Rest
from producers.catalog.sealing import Sealing
from producers.catalog.sessions import Progress
from producers.catalog.shop import Whole
from producers.catalog.snapshot import Snapshot, Verdict, fingerprint
from producers.catalog.sweep import sweep
from producers.catalog.told import PRODUCT, STOCK, TOPIC, Marks, Topics, content_of, overtaken
from schemas import codec, keys
from schemas.catalog import Price, Product, Stock
from schemas.settings import Settings

BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)

LISTED = 1_000
"""Ids that one page of the shop's whole list holds."""

_log = structlog.get_logger(__name__)


class Ledger(Kept, Protocol):
    """How far the shop was read, and what is kept of it."""

    def progress(self) -> Progress:
        """Give how far it was read."""

    def move(self, **to: datetime) -> None:
        """Note how far it was read."""


class Manners(msgspec.Struct, frozen=True, kw_only=True):
    """How one shop is read: its name in events, the overlap, the size of a page."""

    shop: str
    overlap: timedelta = timedelta(seconds=120)
    size: int = 100

    @property
    def source(self) -> str:
        """The source of what is told."""
        return f"//{self.shop}/pull"


class Tally(msgspec.Struct, kw_only=True):
    """What one reading found."""

    read: int = 0
    told: dict[str, int] = {}
    unchanged: int = 0
    overtaken: int = 0
    refused: int = 0
    refusals: list[Refusal] = []
    snapshot: str | None = None
    verdict: Verdict | None = None
    ended: int = 0


KEPT_REFUSALS = 100
"""Refusals that a tally keeps; all are counted and logged."""


class Edge(msgspec.Struct, frozen=True, kw_only=True):
    """What a reading is handed from outside."""

    now: Callable[[], datetime]
    new_id: Callable[[], UUID]
    settings: Callable[[], Settings]
    stopped: Callable[[], bool] = lambda: False


class Moment(msgspec.Struct, frozen=True):
    """When some of the shop was asked for: our clock, and the ends of the topics then.

    What is read is as old as that: its version is the time, and a live event that came at or
    behind the ends is newer.
    """

    at: datetime
    marks: Marks


class Stopped(Exception):
    """Somebody wants the process to end: the reading goes on at the next start."""


class Pull:
    """Reads one shop; one of it at a time."""

    def __init__(
        self,
        rest: Rest,
        topics: Topics,
        publisher: Publisher,
        ledger: Ledger,
        sessions: sealing.Sessions,
        edge: Edge,
        manners: Manners,
    ) -> None:
        self._rest, self._topics, self._publisher = rest, topics, publisher
        self._ledger, self._sessions, self._edge = ledger, sessions, edge
        self._manners = manners
        self._family = Family(topics)
        self.reader = Reader(rest, edge.settings, ledger, self._family.parent)
        self._swept: dict[str, bytes] = {}
        self._tally = Tally()

    def changes(self) -> Tally:
        """Read what changed since the last time, and all stock; tell what differs."""
        began = self._begin()
        since = (self._ledger.progress().read_to or BEGINNING) - self._manners.overlap
        for moment, page in self._changed(max(since, BEGINNING)):
            self._family.note(page)
            self._tell(page, moment)
        self._read_moved()
        self._read_stock()
        self._settle()
        self._move(read_to=began)
        return self._tally

    def full(self) -> Tally:
        """Read everything, tell what differs, and end what is no longer there, if it may."""
        began = self._begin()
        session, listed = self._open()
        gone: list[str] = []
        for ids in _pieces(list(listed), self._manners.size):
            moment = self._moment()
            page = list(self.reader.by_ids(ids))
            self._tell(page, moment)
            present = {str(d["sku"]): True for d in page}
            there = {str(d["id"]) for d in page}
            gone += [listed[id_] for id_ in ids if id_ not in there]
            self._sessions.add(session.id, present)
        self._sessions.add(session.id, {sku: self._is_there(sku) for sku in gone})
        self._read_stock()
        self._settle()
        self._seal(session)
        if self._tally.verdict is not None and self._tally.verdict.state == "refused":
            self._move(read_to=began)
        else:
            self._move(read_to=began, full_at=began)
        return self._tally

    def _begin(self) -> datetime | None:
        self._tally = Tally()
        self._family.forget()
        self._topics.catch_up()
        self.reader.refresh()
        return self._rest.date

    def _moment(self) -> Moment:
        at = self._edge.now()
        return Moment(at, self._topics.catch_up())

    def _move(self, **to: datetime | None) -> None:
        known = {name: moment for name, moment in to.items() if moment is not None}
        if len(known) < len(to):
            _log.warning("the shop tells no time: the next reading begins where this one did")
            return
        self._ledger.move(**known)

    # --- pages ---

    def _changed(self, since: datetime) -> Iterator[tuple[Moment, list[Document]]]:
        where = ("updated_at", "gteq", since.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S"))
        last = "0"
        while True:
            moment = self._moment()
            page, _ = self._rest.search(
                "products",
                where=[where, ("entity_id", "gt", last)],
                sort="entity_id",
                size=self._manners.size,
            )
            if page:
                yield moment, page
            if len(page) < self._manners.size:
                return
            last = str(page[-1]["id"])

    def _listed(self) -> Iterator[Document]:
        last = "0"
        while True:
            page, _ = self._rest.search(
                "products",
                where=[("entity_id", "gt", last)],
                sort="entity_id",
                size=LISTED,
                members="id,sku,type_id,extension_attributes[configurable_product_links]",
            )
            yield from page
            if len(page) < LISTED:
                return
            last = str(page[-1]["id"])

    # --- reading and telling ---

    def _read_moved(self) -> None:
        """Read the products again that came to a parent or left one: they did not change."""
        for ids in _pieces(self._family.moved(), self._manners.size):
            moment = self._moment()
            self._tell(list(self.reader.by_ids(ids)), moment)

    def _tell(self, documents: Sequence[Document], moment: Moment) -> None:
        if self._edge.stopped():
            raise Stopped
        wholes = list(self.reader.wholes(documents))
        self._topics.catch_up()
        for whole in wholes:
            self._tally.read += 1
            if isinstance(whole, Refusal):
                self._refuse(whole)
            else:
                for event in _events(whole):
                    self._tell_one(event, moment)
        self._publisher.flush()

    def _tell_one(self, event: Product | Stock | Price, moment: Moment) -> None:
        topic, source = TOPIC[type(event)], self._manners.source
        known = self._topics.told.of(topic, event.sku)
        content = content_of(event)
        if overtaken(known, moment.marks, topic, source):
            self._tally.overtaken += 1
            return
        if known is not None and known.content == content:
            self._tally.unchanged += 1
            return
        before = known.sequence if known else 0
        record = codec.encode(
            event,
            topic=topic,
            key=keys.join(event.sku),
            id=codec.derived_id(topic, event.sku, before, content),
            source=source,
            subject=event.sku,
            time=moment.at,
            sequence=max(int(moment.at.timestamp() * 1_000_000), before + 1),
            op="S",
        )
        self._publisher.send(record)
        self._tally.told[topic] = self._tally.told.get(topic, 0) + 1

    def _refuse(self, refusal: Refusal) -> None:
        self._tally.refused += 1
        if len(self._tally.refusals) < KEPT_REFUSALS:
            self._tally.refusals.append(refusal)
        _log.warning("refused", sku=refusal.sku, field=refusal.field, rule=refusal.rule)

    def _settle(self) -> None:
        self._publisher.flush()
        self._topics.catch_up()

    # --- stock ---

    def _read_stock(self) -> None:
        """Read the units of all sources, and tell the stock of products that changed in them."""
        moment = self._moment()
        laid = repr(sorted((w, sorted(s)) for w, s in self.reader.layout.sources.items()))
        found = {
            sku: [units_of(row) for row in rows]
            for sku, rows in sweep(self._rest)
            if self._lives(sku)
        }
        if not found and self._emptied(found):
            _log.warning("the shop tells no units of any product: nothing is concluded from it")
            return
        prints = {sku: repr((laid, sorted(units))).encode() for sku, units in found.items()}
        changed = [sku for sku, seen in prints.items() if self._swept.get(sku) != seen]
        for skus in _pieces([*changed, *self._emptied(found)], self._manners.size):
            self._tell_stock({sku: sorted(found.get(sku, ())) for sku in skus}, moment)
        self._swept = prints

    def _emptied(self, found: Mapping[str, object]) -> list[str]:
        """Give the products that had units and have none in any source now."""
        return [
            sku
            for sku in self._topics.told.live(self._manners.shop)
            if sku not in found
            and self._topics.told.of(STOCK, sku)
            and (sku in self._swept or not self._swept)
        ]

    def _lives(self, sku: str) -> bool:
        known = self._topics.told.of(PRODUCT, sku)
        return known is not None and known.content is not None

    def _tell_stock(self, units: Mapping[str, Sequence[Units]], moment: Moment) -> None:
        told = list(self.reader.stocks(units))
        self._topics.catch_up()
        for stock in told:
            if isinstance(stock, Refusal):
                self._refuse(stock)
            else:
                self._tell_one(stock, moment)
        self._publisher.flush()

    # --- the whole ---

    def _open(self) -> tuple[Snapshot, dict[str, str]]:
        marks = self._topics.catch_up()
        listed: dict[str, str] = {}
        for document in self._listed():
            listed[str(document["id"])] = str(document["sku"])
            self._family.note([document])
        _, total = self._rest.search("products", size=1, members="id")
        session = Snapshot(
            id=str(self._edge.new_id()),
            shop=self._manners.shop,
            by="pull",
            opened_at=self._edge.now(),
            count=total,
            hash=fingerprint(listed.values()),
            marks={str(p): offset for (t, p), offset in marks.items() if t == PRODUCT},
        )
        self._sessions.open(session)
        self._tally.snapshot = session.id
        return session, listed

    def _is_there(self, sku: str) -> bool:
        return self._rest.product(sku) is not None

    def _seal(self, session: Snapshot) -> None:
        sealed = Sealing(
            self._sessions,
            self._topics,
            self._publisher,
            now=self._edge.now,
            settings=self._edge.settings,
        ).seal(session.id, source=self._manners.source)
        self._tally.verdict, self._tally.ended = sealed.verdict, sealed.ended


def _events(whole: Whole) -> Iterator[Product | Stock | Price]:
    yield whole.product
    if whole.stock is not None:
        yield whole.stock
    if whole.price is not None:
        yield whole.price


def _pieces(things: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    for start in range(0, len(things), size):
        yield things[start : start + size]
