"""Offers off Kafka into the ledger: rows and offset in one transaction (`reliability.md` C).

Each turn polls, whatever happens: while Postgres is away the partitions are paused, nothing
is kept in memory, and what was stored is read again afterwards. A refused record becomes a
dead letter before the offset moves. Kafka's own offsets are for show.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime

import msgspec
import structlog
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from consumers.amazon import ledger, outbox
from consumers.amazon.bells import Bells, notify
from consumers.amazon.desired import accept, withdraw
from consumers.amazon.ledger import Sku
from consumers.amazon.row import Change, Rows
from consumers.coverage import extended
from consumers.drain import SetAside
from consumers.feed import Feed, Left, Place
from consumers.postgres import offsets
from consumers.postgres.failures import Failed, failure
from consumers.postgres.offsets import Mark, Zombie
from schemas import codec, keys
from schemas.amazon import Submission
from schemas.errors import Refused, TryAgain
from schemas.offers import Offer
from schemas.pipeline import Coverage, Handled
from schemas.reasons import Reason
from schemas.record import Record

GROUP = "listwire-amazon"
MOST = 500
"""Offers of one transaction."""
LONGEST = 1.0
"""Seconds between two tries while Postgres is away."""

Wanted = list[tuple[Sku, Offer | None]]
Outcomes = list[tuple[int, Handled]]

log = structlog.get_logger(__name__)


class Intake:
    """Reads offers and writes what they want; one thread calls `turn`.

    *clock* is monotonic seconds. *anew* lets a topic that was made again be read from its
    start without asking a person.
    """

    def __init__(
        self,
        feed: Feed,
        engine: Engine,
        bells: Bells,
        set_aside: SetAside,
        *,
        now: Callable[[], datetime],
        clock: Callable[[], float],
        anew: bool = False,
    ) -> None:
        self._feed = feed
        self._engine = engine
        self._bells = bells
        self._set_aside = set_aside
        self._now = now
        self._clock = clock
        self._anew = anew
        self._marks: dict[Place, Mark] = {}
        self._doubtful = False
        self._again_at = 0.0

    def turn(self, timeout: float = 0.2) -> int:
        """Take one batch; give how many records are accounted for.

        Raises `Left` when another process owns what we read, `offsets.Ask` when a person
        must decide; anything else is a fault of ours.
        """
        batches = self._feed.poll(timeout, MOST)
        kept = self._feed.held() - self._feed.gained()
        self._marks = {place: mark for place, mark in self._marks.items() if place in kept}
        handled = 0
        with self._patience():
            if mine := {p: r for p, r in batches.items() if p in self._marks}:
                handled = self._store(mine)
            if self._clock() >= self._again_at:
                self._recall()
                self._claim()
        return handled

    # --- whose partitions ---

    def _claim(self) -> None:
        gained = sorted(self._feed.gained())
        if not gained:
            return
        bounds = self._feed.bounds(gained)
        with self._engine.begin() as connection:
            marks = {
                place: offsets.claim(
                    connection,
                    GROUP,
                    place,
                    self._feed.log(place.topic),
                    bounds[place],
                    anew=self._anew,
                )
                for place in gained
            }
        self._go_on(marks)

    def _recall(self) -> None:
        """Believe the table after a transaction whose end we did not see."""
        if not self._doubtful:
            return
        with self._engine.connect() as connection:
            known = offsets.believe(connection, GROUP, self._marks)
        self._doubtful = False
        self._go_on(known)

    def _go_on(self, marks: Mapping[Place, Mark]) -> None:
        for place, mark in marks.items():
            self._marks[place] = mark
            self._feed.start(place, mark.next)

    # --- what they hold ---

    def _store(self, batches: Mapping[Place, Sequence[Record]]) -> int:
        wanted: Wanted = []
        steps: dict[Place, tuple[Mark, Coverage]] = {}
        for place, records in batches.items():
            mark = self._marks[place]
            steps[place] = mark, extended(mark.coverage, self._read(records, wanted))
        with self._engine.begin() as connection:
            accounts = store(connection, wanted, self._now())
            notify(connection, accounts, self._bells.mark)
            offsets.move(connection, GROUP, steps)
        self._bells.ring(accounts)
        for place, (mark, done) in steps.items():
            self._marks[place] = msgspec.structs.replace(mark, next=done.next, coverage=done)
        self._feed.commit({place: done.next for place, (_, done) in steps.items()})
        return sum(map(len, batches.values()))

    def _read(self, records: Sequence[Record], wanted: Wanted) -> Outcomes:
        """Add what *records* want to *wanted*; give what became of each offset."""
        outcomes: Outcomes = []
        for record in records:
            try:
                wanted.append(decoded(record))
            except Refused as refused:
                self._set_aside(record, refused.reason)
                log.warning("refused", offset=record.offset, reason=refused.reason.code)
                outcomes.append((record.offset, "quarantined"))
            else:
                outcomes.append((record.offset, "emitted"))
        return outcomes

    # --- what goes wrong ---

    @contextmanager
    def _patience(self) -> Iterator[None]:
        try:
            yield
        except Zombie as zombie:
            raise Left(str(zombie)) from zombie
        except TryAgain as busy:
            self._suspend(str(busy))
        except DBAPIError as error:
            if failure(error) not in (Failed.AWAY, Failed.BUSY):
                raise
            self._suspend(str(error.orig))

    def _suspend(self, why: str) -> None:
        self._feed.pause(self._marks)
        self._doubtful = True
        self._again_at = self._clock() + LONGEST
        log.warning("waiting", why=why[:300])


def decoded(record: Record) -> tuple[Sku, Offer | None]:
    """Give the SKU of *record* and its offer, None for a delete. Raises `Refused`."""
    try:
        account, seller_sku = keys.split(record.key or b"")
    except ValueError as error:
        raise _mismatch(repr(record.key), "account|seller SKU") from error
    offer = codec.decode(record, Offer)
    if offer is not None and (offer.account, offer.seller_sku) != (account, seller_sku):
        raise _mismatch(f"{account}|{seller_sku}", f"{offer.account}|{offer.seller_sku}")
    if (why := _unstorable(record, seller_sku, offer)) is not None:
        raise Refused(Reason("ROW_INVALID", {"why": why}))
    return (account, seller_sku), offer


def _unstorable(record: Record, seller_sku: str, offer: Offer | None) -> str | None:
    """Say what Postgres would refuse to store, None if nothing."""
    if "\0" in seller_sku or b"\\u0000" in (record.value or b""):
        return "a NUL character"
    if offer is not None and offer.sequence >= 1 << 63:
        return f"sequence {offer.sequence} has more than 63 bits"
    return None


def _mismatch(key: str, expected: str) -> Refused:
    return Refused(Reason("KEY_MISMATCH", {"key": key[:200], "expected": expected[:200]}))


def store(connection: Connection, wanted: Wanted, now: datetime) -> set[str]:
    """Write what *wanted* asks for, in order; give the accounts it touches."""
    skus = sorted({sku for sku, _ in wanted})
    if not skus:
        return set()
    before = ledger.load(connection, skus)
    after: dict[Sku, Rows] = dict(before)
    said: list[Submission] = []
    for sku, offer in wanted:
        change = withdraw(after[sku], now) if offer is None else accept(offer, after[sku], now)
        after[sku] = after[sku] | change.rows
        said += change.said
    ledger.save(
        connection, [(before[s], ledger.finished(before[s], Change(after[s]))) for s in skus]
    )
    outbox.put(connection, said)
    return {account for account, _ in skus}
