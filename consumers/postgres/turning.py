"""One turn of a reader that keeps its offsets in Postgres: poll, store, claim (`reliability.md` C).

Each turn polls, whatever happens: while Postgres is away the partitions are paused, nothing
is kept in memory, and what was stored is read again afterwards. Kafka's own offsets are for
display and come last.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

import structlog
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from consumers.drain import SetAside
from consumers.feed import Feed, Left, Place
from consumers.postgres import offsets
from consumers.postgres.failures import Failed, failure
from consumers.postgres.offsets import Mark, Zombie
from schemas.errors import TryAgain
from schemas.record import Record

log = structlog.get_logger(__name__)

PATIENCE = 5
"""Deadlocks or time-outs in a row that are borne (`reliability.md` 2.4)."""

LONGEST = 1.0
"""Seconds between two tries while Postgres is away: back within ten of its return."""


class Turning(ABC):
    """One reader of *group*'s topics. Not shared between threads.

    *clock* is monotonic seconds, *jitter* gives 0 to 1. *anew* lets a topic that was made
    again be read from its start without asking a person.
    """

    most: int
    """Records of one transaction."""

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

    @abstractmethod
    def _store(self, batches: Mapping[Place, Sequence[Record]]) -> Mapping[Place, Mark]:
        """Store what was read, with the offsets; give the marks behind it."""

    def turn(self, timeout: float = 0.2) -> int:
        """Do one turn; give how many records it accounted for.

        Raises `Left` when somebody else owns what we held, `offsets.Ask` and `drain.Outage`
        when a person must decide; anything else is a fault of ours.
        """
        polled = self._feed.poll(timeout, self.most)
        self._let_go()
        batches = {place: batch for place, batch in polled.items() if place in self._marks}
        handled = 0
        with self._patience():
            if batches:
                self._moved_on(self._store(batches))
                handled = sum(map(len, batches.values()))
            if self._clock() >= self._again_at:
                self._recall()
                self._claim()
        return handled

    def _moved_on(self, marks: Mapping[Place, Mark]) -> None:
        self._marks.update(marks)
        self._failures = 0
        self._feed.commit({place: mark.next for place, mark in marks.items()})

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
        self._moved_on(marks)

    def _recall(self) -> None:
        """Believe the table after a transaction whose end we did not see."""
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
