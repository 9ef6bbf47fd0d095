"""Telling what was read of the shop, where it differs from what the topics hold."""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from uuid import UUID

import msgspec
import structlog

from producers.catalog.ending import Publisher
from producers.catalog.refusal import Refusal
from producers.catalog.shop import Whole
from producers.catalog.snapshot import Verdict
from producers.catalog.told import TOPIC, Marks, Topics, content_of, overtaken
from schemas import codec, keys
from schemas.catalog import Price, Product, Stock
from schemas.settings import Settings

_log = structlog.get_logger(__name__)


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


class Telling:
    """Compares, and sends what differs; counts what became of everything."""

    def __init__(self, topics: Topics, publisher: Publisher, edge: Edge, source: str) -> None:
        self._topics, self._publisher, self._edge = topics, publisher, edge
        self._source = source
        self.tally = Tally()

    def moment(self) -> Moment:
        """Give the moment before something is asked for. Raises `Stopped`."""
        if self._edge.stopped():
            raise Stopped
        at = self._edge.now()
        return Moment(at, self._topics.catch_up())

    def products(self, wholes: Iterable[Whole | Refusal], moment: Moment) -> None:
        """Tell what differs of whole products that were asked for at *moment*."""
        read = list(wholes)
        self._topics.catch_up()
        for whole in read:
            self.tally.read += 1
            if isinstance(whole, Refusal):
                self._refuse(whole)
            else:
                for event in _events(whole):
                    self._one(event, moment)
        self._publisher.flush()

    def stocks(self, stocks: Iterable[Stock | Refusal], moment: Moment) -> None:
        """Tell what differs of stocks that were asked for at *moment*."""
        read = list(stocks)
        self._topics.catch_up()
        for stock in read:
            if isinstance(stock, Refusal):
                self._refuse(stock)
            else:
                self._one(stock, moment)
        self._publisher.flush()

    def _one(self, event: Product | Stock | Price, moment: Moment) -> None:
        topic, source = TOPIC[type(event)], self._source
        known = self._topics.told.of(topic, event.sku)
        content = content_of(event)
        if overtaken(known, moment.marks, topic, source):
            self.tally.overtaken += 1
            return
        if known is not None and known.content == content:
            self.tally.unchanged += 1
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
        self.tally.told[topic] = self.tally.told.get(topic, 0) + 1

    def _refuse(self, refusal: Refusal) -> None:
        self.tally.refused += 1
        if len(self.tally.refusals) < KEPT_REFUSALS:
            self.tally.refusals.append(refusal)
        _log.warning("refused", sku=refusal.sku, field=refusal.field, rule=refusal.rule)


def _events(whole: Whole) -> Iterator[Product | Stock | Price]:
    yield whole.product
    if whole.stock is not None:
        yield whole.stock
    if whole.price is not None:
        yield whole.price
