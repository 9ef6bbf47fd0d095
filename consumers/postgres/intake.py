"""Records off Kafka into tables: rows and offset in one transaction (`reliability.md` C).

Each turn polls, whatever happens: while Postgres is away the partitions are paused, nothing
is kept in memory, and what was stored is read again afterwards. A refused record becomes a
dead letter before the offset moves. Kafka's own offsets are for show.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Generic, TypeVar

import msgspec
import structlog
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from consumers.coverage import extended
from consumers.drain import SetAside
from consumers.feed import Feed, Left, Place
from consumers.postgres import offsets
from consumers.postgres.failures import Failed, failure
from consumers.postgres.offsets import Mark, Zombie
from schemas.errors import Refused, TryAgain
from schemas.pipeline import Coverage, Handled
from schemas.record import Record

MOST = 500
"""Records of one transaction."""
LONGEST = 1.0
"""Seconds between two tries while Postgres is away."""

T = TypeVar("T")
Outcomes = list[tuple[int, Handled]]

log = structlog.get_logger(__name__)


class Taking(ABC, Generic[T]):
    """Reads the records of *group* and keeps what they say; one thread calls `turn`.

    A subclass says what a record is (`read`), what is written (`keep`), and what follows once
    it is (`kept`). *clock* is monotonic seconds. *anew* lets a topic that was made again be
    read from its start without asking a person.
    """

    def __init__(
        self,
        feed: Feed,
        engine: Engine,
        set_aside: SetAside,
        *,
        group: str,
        clock: Callable[[], float],
        anew: bool = False,
    ) -> None:
        self._feed = feed
        self._engine = engine
        self._set_aside = set_aside
        self._group = group
        self._clock = clock
        self._anew = anew
        self._marks: dict[Place, Mark] = {}
        self._doubtful = False
        self._again_at = 0.0

    @abstractmethod
    def read(self, record: Record) -> T:
        """Give what *record* says. Raises `Refused`."""

    @abstractmethod
    def keep(self, connection: Connection, said: list[T]) -> Any:
        """Write what a batch says, in order; give what `kept` shall know."""

    def kept(self, what: Any) -> None:
        """Hear that the transaction is through."""

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
                    self._group,
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
            known = offsets.believe(connection, self._group, self._marks)
        self._doubtful = False
        self._go_on(known)

    def _go_on(self, marks: Mapping[Place, Mark]) -> None:
        for place, mark in marks.items():
            self._marks[place] = mark
            self._feed.start(place, mark.next)

    # --- what they hold ---

    def _store(self, batches: Mapping[Place, Sequence[Record]]) -> int:
        said: list[T] = []
        steps: dict[Place, tuple[Mark, Coverage]] = {}
        for place, records in batches.items():
            mark = self._marks[place]
            steps[place] = mark, extended(mark.coverage, self._read(records, said))
        with self._engine.begin() as connection:
            what = self.keep(connection, said)
            offsets.move(connection, self._group, steps)
        self.kept(what)
        for place, (mark, done) in steps.items():
            self._marks[place] = msgspec.structs.replace(mark, next=done.next, coverage=done)
        self._feed.commit({place: done.next for place, (_, done) in steps.items()})
        return sum(map(len, batches.values()))

    def _read(self, records: Sequence[Record], said: list[T]) -> Outcomes:
        """Add what *records* say to *said*; give what became of each offset."""
        outcomes: Outcomes = []
        for record in records:
            try:
                said.append(self.read(record))
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
