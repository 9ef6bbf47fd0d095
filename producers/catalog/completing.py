"""What was saved of a product in the shop → the whole product, on its three topics.

Two ways, by what the deployment has. `Rereading`: the shop is asked for the product once
more, and what it says counts; the event is only the reason to ask, so a late, doubled or
overtaken one does no harm. `Laying`: the shop cannot be asked; what was saved is laid over
what was last told (`laying`).

| completing a product raises | its records                               | the offset |
|-----------------------------|-------------------------------------------|------------|
| nothing                     | are done once the broker has the product  | moves on   |
| `Refused`                   | the one at fault is set aside, and why    | moves on   |
| `TryAgain`                  | wait, ever longer; other products go on   | stays      |
| anything else               | a fault of ours: the process ends, loudly | stays      |

One product is one key, so one partition, so one member of the group: nobody else completes it
meanwhile. The version is taken before the product is read: who read earlier never wins.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol
from uuid import uuid5

import msgspec
import structlog

from producers.catalog.laying import laid_over
from producers.catalog.shop import Shop, Whole
from producers.catalog.stamps import Stamps
from schemas import codec, keys
from schemas.catalog import Price, Product, Saved, Stock
from schemas.errors import NotAllowed, Refused, TryAgain
from schemas.event import Event
from schemas.pipeline import Handled
from schemas.reasons import Reason
from schemas.record import Record
from schemas.settings import Settings

GROUP = "listwire-webhook"
TOPIC = "catalog.saved.v1"
TOPICS: dict[str, type[Event]] = {
    "catalog.product.v1": Product,
    "catalog.stock.v1": Stock,
    "catalog.price.v1": Price,
}

IDLE, BUSY = 0.2, 0.05
"""Seconds that one turn waits for new records while none is open, and while some are."""

LONGEST = 60.0
"""Seconds that a product is waited for at most before the shop is asked again."""

_log = structlog.get_logger()


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be told of one SKU: parts that changed, or that it is gone."""

    sku: str
    product: Product | None = None
    stock: Stock | None = None
    price: Price | None = None
    gone: bool = False


Bad = list[tuple[Record, Reason]]


class Way(Protocol):
    """How a product is completed."""

    def begin(self, saves: Sequence[Saved]) -> None:
        """Get ready for *saves*, all of one turn. Raises `TryAgain`."""

    def complete(self, saves: Sequence[tuple[Record, Saved]], bad: Bad) -> Told | None:
        """Give what is to be told after *saves* of one product, in their order.

        What does not fit goes to *bad*. Raises `TryAgain`.
        """


class Rereading:
    """By asking the shop, once for all saves that wait; *refresh* is called before."""

    def __init__(self, shop: Shop, refresh: Callable[[], object] = lambda: None) -> None:
        self._shop = shop
        self._refresh = refresh

    def begin(self, saves: Sequence[Saved]) -> None:  # noqa: ARG002 - all of them are asked for
        """Read what was told since, which tells children their parents."""
        self._refresh()

    def complete(self, saves: Sequence[tuple[Record, Saved]], bad: Bad) -> Told | None:
        """Give the product as the shop has it now; gone, if a save says so and it is."""
        record, last = saves[-1]
        try:
            whole = self._whole(last)
        except Refused as refused:
            bad.append((record, refused.reason))
            return None
        except NotAllowed as error:  # a person mends that; what was saved waits
            _log.exception("the shop shuts us out")
            raise TryAgain(str(error), after=LONGEST) from error
        if whole is not None:
            return _all_of(whole)
        gone = next((s for _, s in reversed(saves) if s.what == "deleted" and s.sku), None)
        return Told(sku=gone.sku or "", gone=True) if gone else None

    def _whole(self, saved: Saved) -> Whole | None:
        found = self._shop.whole(shop_id=saved.shop_id, sku=saved.sku)
        if found is None and saved.shop_id and saved.sku:
            return self._shop.whole(sku=saved.sku)  # deleted, and made again under its SKU
        return found


Look = Callable[[Sequence[Saved]], Shop]
"""Gives what was last told of the products that some saves speak of. Raises `TryAgain`."""


class Laying:
    """By laying it over what was last told."""

    def __init__(self, look: Look, settings: Callable[[], Settings]) -> None:
        self._look = look
        self._settings = settings
        self._known: Shop = look(())

    def begin(self, saves: Sequence[Saved]) -> None:
        """Look at what was last told of them."""
        self._known = self._look(saves)

    def complete(self, saves: Sequence[tuple[Record, Saved]], bad: Bad) -> Told | None:
        """Give what the saves change of what is known, one after the other."""
        before = now = self._whole(saves[0][1])
        for record, saved in saves:
            if saved.what == "deleted":
                now = None
                continue
            try:
                now = laid_over(now, saved, self._settings())
            except Refused as refused:
                bad.append((record, refused.reason))
        if now is not None:
            return _changed(before, now)
        gone = next((s.sku for _, s in saves if s.what == "deleted"), None)
        return Told(sku=gone, gone=True) if gone else None

    def _whole(self, saved: Saved) -> Whole | None:
        by_id = self._known.whole(shop_id=saved.shop_id) if saved.shop_id else None
        if by_id is None and saved.sku:
            return self._known.whole(sku=saved.sku)
        return by_id


def _saved(record: Record) -> Saved:
    saved = codec.decode(record, Saved)
    if saved is None:
        raise Refused(Reason("TOMBSTONE_FORBIDDEN", {"topic": record.topic}))
    return saved


def _all_of(whole: Whole) -> Told:
    sku = whole.product.sku
    return Told(sku=sku, product=whole.product, stock=whole.stock, price=whole.price)


def _changed(before: Whole | None, now: Whole) -> Told | None:
    if before is None:
        return _all_of(now)
    told = Told(
        sku=now.product.sku,
        product=now.product if now.product != before.product else None,
        stock=now.stock if now.stock != before.stock else None,
        price=now.price if now.price != before.price else None,
    )
    return told if told.product or told.stock or told.price else None


class Requests(Protocol):
    """Where saves come from."""

    def poll(self, timeout: float) -> Sequence[Record]:
        """Give new records, of each partition in order."""

    def done(self, record: Record, outcome: Handled) -> None:
        """Note what became of a record; those of a partition may be done in any order."""

    def lost(self) -> Sequence[tuple[str, int]]:
        """Give the partitions that went to someone else since this was last asked."""


class _Waiting(msgspec.Struct, kw_only=True):
    """The saves of one product that are not completed yet."""

    saves: list[tuple[Record, Saved]] = []
    rests: float = 0.0
    tries: int = 0


class Completing:
    """Takes saves, completes products, publishes them."""

    def __init__(
        self,
        requests: Requests,
        way: Way,
        publish: Callable[[Sequence[Record]], None],
        set_aside: Callable[[Record, Reason], None],
        *,
        stamps: Stamps,
        clock: Callable[[], float],
        shop: str,
    ) -> None:
        self._requests = requests
        self._way = way
        self._publish = publish
        self._set_aside = set_aside
        self._stamps = stamps
        self._clock = clock
        self._source = f"//{shop}/webhook"
        self._waiting: dict[bytes, _Waiting] = {}
        self._bad: Bad = []
        self._unsent: list[tuple[list[Record], list[Record]]] = []

    def turn(self) -> None:
        """Take what is new, complete what is ready, publish what is complete."""
        busy = bool(self._waiting or self._bad or self._unsent)
        records = self._requests.poll(BUSY if busy else IDLE)
        self._drop(self._requests.lost())
        for record in records:
            self._take(record)
        if not self._unsent:
            self._complete()
        self._tell()

    def _take(self, record: Record) -> None:
        try:
            saved = _saved(record)
        except Refused as refused:
            self._bad.append((record, refused.reason))
            return
        waiting = self._waiting.setdefault(record.key or b"", _Waiting())
        waiting.saves.append((record, saved))

    def _drop(self, lost: Sequence[tuple[str, int]]) -> None:
        gone = set(lost)
        if not gone:
            return
        for key, waiting in list(self._waiting.items()):
            if (waiting.saves[0][0].topic, waiting.saves[0][0].partition) in gone:
                del self._waiting[key]

    def _complete(self) -> None:
        now = self._clock()
        ready = [key for key, waiting in self._waiting.items() if waiting.rests <= now]
        if not ready:
            return
        try:
            self._way.begin([saved for key in ready for _, saved in self._waiting[key].saves])
        except TryAgain as busy:
            self._later(ready, busy)
            return
        for key in ready:
            self._one(key)

    def _one(self, key: bytes) -> None:
        waiting = self._waiting[key]
        stamp = self._stamps.next()
        bad: Bad = []
        try:
            told = self._way.complete(waiting.saves, bad)
        except TryAgain as busy:
            self._later([key], busy)
            return
        del self._waiting[key]
        self._bad += bad
        failed = {id(record) for record, _ in bad}
        good = [record for record, _ in waiting.saves if id(record) not in failed]
        cause = waiting.saves[-1][0]
        self._unsent.append((good, [] if told is None else self._records(told, cause, stamp)))

    def _later(self, ready: Sequence[bytes], busy: TryAgain) -> None:
        _log.info("waiting", why=str(busy)[:300], products=len(ready))
        for key in ready:
            waiting = self._waiting[key]
            pause = min(LONGEST, max(busy.after, 0.5) * 2.0 ** min(waiting.tries, 10))
            waiting.tries += 1
            waiting.rests = self._clock() + pause

    def _records(self, told: Told, cause: Record, stamp: int) -> list[Record]:
        parts = {"product": told.product, "stock": told.stock, "price": told.price}
        return [
            self._record(f"catalog.{name}.v1", told.sku, event, cause, stamp)
            for name, event in parts.items()
            if told.gone or event is not None
        ]

    def _record(
        self, topic: str, sku: str, event: Event | None, cause: Record, stamp: int
    ) -> Record:
        id_ = codec.header(cause, "ce_id") or f"{cause.partition}:{cause.offset}"
        moment: datetime = codec.time_of(cause)
        return codec.encode(
            event,
            topic=topic,
            key=keys.join(sku),
            id=str(uuid5(codec.NAMESPACE, f"{id_}\n{topic}\n{stamp}")),
            source=self._source,
            subject=sku,
            time=moment,
            sequence=stamp,
            op="D" if event is None else "U",
            more=[("ce_causationid", id_)],
        )

    def _tell(self) -> None:
        try:
            while self._bad:
                self._set_aside(*self._bad[0])
                self._requests.done(self._bad.pop(0)[0], "quarantined")
            self._publish([made for _, records in self._unsent for made in records])
        except TryAgain as busy:  # the broker is away: all of it is said later
            _log.info("waiting", why=str(busy)[:300], products=len(self._unsent))
            return
        told, self._unsent = self._unsent, []
        for causes, records in told:
            for cause in causes:
                self._requests.done(cause, "emitted" if records else "unchanged")
