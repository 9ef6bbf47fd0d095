"""The loop that keeps Postgres up with the topics: poll, plan, write rows and offsets, show.

Each turn polls, whatever happens: while Postgres is away the partitions are paused, nothing
is kept in memory, and what was stored is read again afterwards. Rows, parked keys, coverage
and offsets share one transaction; dead letters are acknowledged before it ends; Kafka's own
offsets are for display and come last.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

import msgspec
import structlog
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from consumers.drain import SetAside
from consumers.feed import Feed, Left, Place
from consumers.postgres import offsets, write
from consumers.postgres.failures import Failed, failure
from consumers.postgres.offsets import Mark, Zombie
from consumers.postgres.plan import Plan, plan
from consumers.postgres.write import Unstorable, Written
from schemas.errors import TryAgain
from schemas.reasons import Reason
from schemas.record import Record

log = structlog.get_logger(__name__)

LIMIT = 2_000
"""Records of one transaction; beyond, rows a second no longer grow (`write.py`)."""

PATIENCE = 5
"""Deadlocks or time-outs in a row that are borne (`reliability.md` 2.4)."""

LONGEST = 1.0
"""Seconds between two tries while Postgres is away: back within ten of its return."""


class Sink:
    """One reader of *group*'s topics. Not shared between threads.

    *clock* is monotonic seconds, *jitter* gives 0 to 1. *anew* lets a topic that was made
    again be read from its start without asking a person.
    """

    def __init__(
        self,
        engine: Engine,
        feed: Feed,
        set_aside: SetAside,
        *,
        group: str,
        clock: Callable[[], float],
        jitter: Callable[[], float],
        anew: bool = False,
    ) -> None:
        self._engine = engine
        self._feed = feed
        self._set_aside = set_aside
        self._group = group
        self._clock = clock
        self._jitter = jitter
        self._anew = anew
        self._marks: dict[Place, Mark] = {}
        self._doubtful = False
        self._again_at = 0.0
        self._failures = 0
        self.totals: Counter[str] = Counter()
        """Since the start: rows given, stored, in conflict; dead letters; transactions."""

    def turn(self, timeout: float = 0.2) -> int:
        """Do one turn; give how many records it accounted for.

        Raises `Left` when somebody else owns what we held, `offsets.Ask` and `drain.Outage`
        when a person must decide; anything else is a fault of ours.
        """
        polled = self._feed.poll(timeout, LIMIT)
        self._let_go()
        batches = {place: batch for place, batch in polled.items() if place in self._marks}
        handled = 0
        with self._patience():
            if batches:
                handled = self._store(batches)
            if self._clock() >= self._again_at:
                self._recall()
                self._claim()
        return handled

    # --- whose partitions -----------------------------------------------------------------

    def _let_go(self) -> None:
        kept = self._feed.held() - self._feed.gained()
        self._marks = {place: mark for place, mark in self._marks.items() if place in kept}

    def _claim(self) -> None:
        gained = self._feed.gained()
        if not gained:
            return
        bounds = self._feed.bounds(gained)
        logs = {topic: self._feed.log(topic) for topic in {p.topic for p in gained}}
        with self._engine.begin() as connection:
            marks = {
                p: offsets.claim(
                    connection, self._group, p, logs[p.topic], bounds[p], anew=self._anew
                )
                for p in sorted(gained)
            }
        self._go_on(marks)
        self._failures = 0
        self._feed.commit({place: mark.next for place, mark in marks.items()})

    def _recall(self) -> None:
        if not self._doubtful:
            return
        with self._engine.connect() as connection:
            marks = offsets.believe(connection, self._group, self._marks)
        self._doubtful = False
        self._go_on(marks)

    def _go_on(self, marks: Mapping[Place, Mark]) -> None:
        for place, mark in marks.items():
            if mark.expired:
                log.error("unread records expired", **place._asdict(), records=mark.expired)
            self._marks[place] = mark
            self._feed.start(place, mark.next)

    # --- what they hold -------------------------------------------------------------------

    def _store(self, batches: Mapping[Place, Sequence[Record]]) -> int:
        self._refuse_to_go_back(batches)
        known: dict[tuple[Place, int], Reason] = {}
        while True:
            made = plan(batches, self._marks, known)
            try:
                written = self._write(made)
            except Unstorable as refused:
                known |= self._culprit(made, refused)
            else:
                self._moved_on(made, written)
                return sum(len(batch) for batch in batches.values())

    def _refuse_to_go_back(self, batches: Mapping[Place, Sequence[Record]]) -> None:
        # a topic made again under us: whoever starts anew looks which log it is
        for place, batch in batches.items():
            if batch[0].offset < self._marks[place].next:
                raise Left(f"{place} went back to {batch[0].offset}")

    def _write(self, made: Plan) -> Written:
        with self._engine.begin() as connection:
            written = write.write(connection, [row for row, _ in made.rows])
            offsets.park(connection, self._group, made.park)
            offsets.move(connection, self._group, made.steps)
            for record, reason in made.dead:
                self._set_aside(record, reason)
        return written

    def _culprit(self, made: Plan, refused: Unstorable) -> dict[tuple[Place, int], Reason]:
        rows = [row for row, _ in made.rows if row.table == refused.table]
        with self._engine.connect() as connection:
            bad = write.poison(connection, rows)
        record = next(record for row, record in made.rows if row is bad)
        place = Place(record.topic, record.partition)
        return {(place, record.offset): Reason("ROW_INVALID", {"why": refused.why})}

    def _moved_on(self, made: Plan, written: Written) -> None:
        for place, (mark, done) in made.steps.items():
            keys = {key: (code, since) for at, key, code, since in made.park if at == place}
            self._marks[place] = msgspec.structs.replace(
                mark, next=done.next, coverage=done, parked={**mark.parked, **keys}, expired=0
            )
        self._failures = 0
        self._tell(made, written)
        self._feed.commit({place: done.next for place, (_, done) in made.steps.items()})

    def _tell(self, made: Plan, written: Written) -> None:
        self.totals.update(
            transactions=1,
            given=written.given,
            stored=written.stored,
            conflicts=len(written.conflicts),
            dead_letters=len(made.dead),
        )
        for table, key in written.conflicts:
            log.error("same version, other content", table=table, key=key)
        for record, reason in made.dead:
            log.warning(
                "refused",
                topic=record.topic,
                partition=record.partition,
                offset=record.offset,
                key=(record.key or b"").decode(errors="replace"),
                reason=reason.code,
            )

    # --- what goes wrong ------------------------------------------------------------------

    @contextmanager
    def _patience(self) -> Iterator[None]:
        try:
            yield
        except Zombie as zombie:
            raise Left(str(zombie)) from zombie
        except TryAgain as busy:
            self._suspend(str(busy), busy.after)
        except DBAPIError as error:
            kind = failure(error)
            if kind is Failed.AWAY or (kind is Failed.BUSY and self._failures < PATIENCE):
                self._suspend(f"{kind.value}: {error.orig}", 0.05 * 2**self._failures)
            else:
                raise

    def _suspend(self, why: str, after: float) -> None:
        self._feed.pause(self._marks)
        self._doubtful = True
        self._failures += 1
        self._again_at = self._clock() + min(after, LONGEST) * (0.5 + self._jitter() / 2)
        log.warning("waiting", why=why[:300], failures=self._failures)


def run(sink: Sink, stopping: Callable[[], bool]) -> None:
    """Turn until *stopping* says so; raises what `Sink.turn` raises."""
    while not stopping():
        sink.turn()
