"""The loop of the role *lookups*: questions in, answers out, then the offset.

| a call raises         | its questions                                            |
|-----------------------|----------------------------------------------------------|
| nothing               | are answered once the broker has the answers             |
| `TryAgain`, throttled | wait with all of their lane until the budget is there    |
| `TryAgain`            | wait alone, ever longer; after `TRIES` they are answered *failed* |
| `Refused`             | go out in halves; one alone is set aside, and why        |
| anything else         | a fault of ours: the process ends, loudly                |

Calls run beside the loop, at most `AT_ONCE` in a lane (one account and operation): an account
that is slow, throttled or cut off holds up no other. An offset moves once everything before
it is answered, so after a crash every open question is read, and asked, again.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Any, Protocol

import structlog

from producers.amazon.batches import Batch, Batches, Lane, Waiting, lane
from producers.amazon.lookup import Lookups, failed
from schemas.amazon import Lookup, Observation
from schemas.errors import Refused, TryAgain
from schemas.pipeline import Handled
from schemas.reasons import Reason
from schemas.record import Record

GROUP = "listwire-lookups"
TOPICS = ("listing.lookup-requested.v1", "listing.read-requested.v1")

AT_ONCE = 2
"""Calls of one lane under way: at 0.5 s an answer, enough for 4 a second."""

TRIES = 6
"""Calls in vain after which a question is answered *failed*: whoever asked asks again."""

PATIENCE = 600.0
"""Seconds after the first call in vain, after which it is, too."""

LONGEST = 60.0
"""Seconds that one failed call is waited for at most."""

BUSY, IDLE = 0.05, 0.2
"""Seconds that one turn waits for new questions while others are open, and while none is."""

Place = tuple[str, int]
Publish = Callable[[Sequence[Record]], None]
"""Sends records and comes back once the broker has them all. Raises `TryAgain`."""

SetAside = Callable[[Record, Reason], None]
"""Writes a dead letter and comes back once the broker has it."""

Submit = Callable[[Callable[[], Any]], "Future[Any]"]
"""Runs a call beside the loop."""

_log = structlog.get_logger()


class Requests(Protocol):
    """Where questions come from."""

    def poll(self, timeout: float) -> Sequence[Record]:
        """Give new records, of each partition in order."""

    def done(self, record: Record, outcome: Handled) -> None:
        """Note what became of a record; those of a partition may be done in any order."""

    def lost(self) -> Sequence[Place]:
        """Give the partitions that went to someone else since this was last asked."""


class Service:
    """Takes questions, makes calls, publishes answers."""

    def __init__(
        self,
        requests: Requests,
        lookups: Lookups,
        publish: Publish,
        set_aside: SetAside,
        *,
        submit: Submit,
        clock: Callable[[], float],
        chance: Callable[[], float],
    ) -> None:
        self._requests = requests
        self._lookups = lookups
        self._publish = publish
        self._set_aside = set_aside
        self._submit = submit
        self._clock = clock
        self._chance = chance
        self._batches = Batches()
        self._calls: list[tuple[Batch, Future[Any]]] = []
        self._unsent: list[tuple[Waiting, Lookup | Observation | None]] = []
        self._bad: list[tuple[Record, Reason]] = []

    def turn(self) -> None:
        """Take what is new, send out what is ready, and publish what came back."""
        busy = bool(self._calls or self._unsent or self._bad or self._batches)
        records = self._requests.poll(BUSY if busy else IDLE)
        self._batches.drop(self._requests.lost())  # before: these may come again at once
        for record in records:
            self._take(record)
        self._ask()
        self._collect()
        self._tell()

    def _take(self, record: Record) -> None:
        try:
            waiting = self._lookups.question(record, self._clock())
        except Refused as refused:
            self._bad.append((record, refused.reason))
            return
        older = self._batches.add(waiting)
        if older is not None:
            self._requests.done(older.record, "filtered")

    def _ask(self) -> None:
        now = self._clock()
        for name in self._batches.lanes:
            while self._under_way(name) < AT_ONCE:
                batch = self._batches.next(name, now)
                if batch is None:
                    break
                self._calls.append((batch, self._submit(lambda b=batch: self._lookups.call(b))))  # type: ignore[misc]

    def _under_way(self, name: Lane) -> int:
        return sum(1 for batch, _ in self._calls if lane(batch.first) == name)

    def _collect(self) -> None:
        under_way, self._calls = self._calls, []
        for batch, call in under_way:
            if call.done():
                self._judge(batch, call)
            else:
                self._calls.append((batch, call))

    def _judge(self, batch: Batch, call: "Future[Any]") -> None:
        try:
            outcome = call.result()
        except TryAgain as busy:
            self._later(batch, busy)
        except Refused as refused:
            self._refused(batch, refused.reason)
        else:
            if outcome == "halves":
                self._batches.halved(batch)
            elif outcome == "more":
                self._batches.back(batch)
            else:
                self._unsent += outcome

    def _later(self, batch: Batch, busy: TryAgain) -> None:
        now = self._clock()
        if busy.throttled:
            _log.debug("throttled", why=str(busy)[:300], questions=len(batch.of))
            self._batches.close(lane(batch.first), now + busy.after)
            self._batches.back(batch)
            return
        _log.info("waiting", why=str(busy)[:300], questions=len(batch.of))
        for waiting in batch.of:
            waiting.failed(now)
        tried = max(w.tries for w in batch.of)
        if tried >= TRIES or now - min(w.failing for w in batch.of) > PATIENCE:
            self._unsent += failed(batch)  # type: ignore[arg-type]
            return
        pause = min(LONGEST, max(busy.after, 1.0) * 2.0 ** (tried - 1))
        batch.rests = now + pause * (0.5 + self._chance() / 2)
        self._batches.back(batch)

    def _refused(self, batch: Batch, reason: Reason) -> None:
        if len(batch.values) > 1:
            self._batches.halved(batch)
            return
        self._bad += [(waiting.record, reason) for waiting in batch.of]

    def _tell(self) -> None:
        try:
            self._tell_answers()
            while self._bad:
                self._set_aside(*self._bad[0])
                self._requests.done(self._bad.pop(0)[0], "quarantined")
        except TryAgain as busy:  # the broker is away: all of it is said later
            _log.info("waiting", why=str(busy)[:300], answers=len(self._unsent))

    def _tell_answers(self) -> None:
        if not self._unsent:
            return
        self._publish([self._lookups.answer(w, e) for w, e in self._unsent if e is not None])
        told, self._unsent = self._unsent, []
        for waiting, event in told:
            self._requests.done(waiting.record, "filtered" if event is None else "emitted")
