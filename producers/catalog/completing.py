"""What was saved of a product in the shop → the whole product, on its three topics.

Which of the two `ways` is taken is the deployment's.

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

from producers.catalog.stamps import Stamps
from producers.catalog.ways import LONGEST, Bad, Told, Way
from schemas import codec, keys
from schemas.catalog import Saved
from schemas.errors import Refused, TryAgain
from schemas.event import Event
from schemas.pipeline import Handled
from schemas.reasons import Reason
from schemas.record import Record

GROUP = "listwire-webhook"
TOPIC = "catalog.saved.v1"
IDLE, BUSY = 0.2, 0.05
"""Seconds that one turn waits for new records while none is open, and while some are."""

_log = structlog.get_logger()


class Requests(Protocol):
    """Where saves come from."""

    def poll(self, timeout: float) -> Sequence[Record]:
        """Give new records, of each partition in order."""

    def done(self, record: Record, outcome: Handled) -> None:
        """Note what became of a record; those of a partition may be done in any order."""

    def lost(self) -> Sequence[tuple[str, int]]:
        """Give the partitions that went to someone else since this was last asked."""


def _saved(record: Record) -> Saved:
    saved = codec.decode(record, Saved)
    if saved is None:
        raise Refused(Reason("TOMBSTONE_FORBIDDEN", {"topic": record.topic}))
    return saved


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
