"""Taking notifications off a queue: read, written down, published, and only then deleted.

| a body                       | becomes                                | on the queue       |
|------------------------------|----------------------------------------|--------------------|
| is understood                | a row, and records at the broker       | deleted            |
| is known already             | nothing; what still waits is sent      | deleted            |
| cannot be used (`Refused`)   | a dead letter, and why                 | deleted            |
| is somebody else's           | the same, and a security event         | deleted            |
| makes us fail, *most* times  | a dead letter                          | given up by itself |
| holds a new client secret    | nothing: a person takes it from there  | stays              |

A body that fails stays until the queue gives it up (`maxReceiveCount`); where the queue never
does, it is deleted after its dead letter stands.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from threading import Event, Thread
from typing import Protocol

import msgspec
import structlog
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as NoConnection

from producers.amazon.inbox import Arrival, Letter, Publish
from producers.amazon.notice import notice
from producers.amazon.notification import SECRET, Expiry, Known, meaning
from schemas.errors import Refused, TryAgain
from schemas.reasons import Reason

MOST = 5
"""Times that a failing body is received before it is given up (`maxReceiveCount`)."""

IN_A_ROW, IN_AN_HOUR = 20, 500
"""Dead letters beyond which it is the queue that is wrong (`reliability.md` I)."""

KEPT_BODY = 262_144
"""Bytes of a body that a dead letter keeps: all that a queue carries."""

FOREIGN = frozenset({"FOREIGN_SELLER", "FOREIGN_APPLICATION"})
"""Codes of what somebody else sent: the queue's policy is our only guard."""

_log = structlog.get_logger()


class Outage(Exception):
    """Too much of what comes cannot be used: somebody must look, nothing more is taken."""


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """One body as the queue gave it; *count* is how often it did."""

    id: str
    receipt: str
    body: bytes
    count: int


class Queue(Protocol):
    """A queue that gives each body at least once. Raises `TryAgain` where it does not answer."""

    def receive(self) -> Sequence[Delivery]:
        """Give up to ten bodies, hidden from others for a while; waits for the first."""

    def delete(self, done: Sequence[Delivery]) -> None:
        """Take bodies off for good."""


class Inbox(Protocol):
    """Where notifications are written down (`producers.amazon.inbox`)."""

    def take(self, arrivals: Sequence[Arrival]) -> dict[tuple[str, str], str]:
        """Write *arrivals* down with what follows; give those that cannot be, and why."""

    def set_aside(self, found: Sequence[Letter]) -> None:
        """Write dead letters down."""

    def relay(self, publish: Publish) -> int:
        """Publish what waits; give how many records."""

    def waiting(self, keys: Sequence[tuple[str, str]]) -> set[tuple[str, str]]:
        """Give those of *keys* whose records are not all at the broker yet."""

    def dead_since(self, moment: datetime) -> int:
        """Count the dead letters since *moment*."""


class _Failed(msgspec.Struct, frozen=True):
    """A body at which we failed."""

    why: str


class _Left(msgspec.Struct, frozen=True):
    """A body that is left where it is."""


Read = Arrival | Letter | _Failed | _Left


class Listener:
    """Moves notifications from one queue to one inbox, ten at a time."""

    def __init__(
        self,
        queue: Queue,
        inbox: Inbox,
        publish: Publish,
        known: Callable[[], Known],
        now: Callable[[], datetime],
        *,
        expires: Callable[[Expiry], None] = lambda _: None,
        most: int = MOST,
    ) -> None:
        self._queue = queue
        self._inbox = inbox
        self._publish = publish
        self._known = known
        self._now = now
        self._expires = expires
        self._most = most
        self._dead_in_a_row = 0

    def turn(self) -> int:
        """Take what the queue gives; give how many bodies are done with.

        Raises `TryAgain` where queue or broker are away, and as the database does: whatever
        was not deleted comes again. Raises `Outage` where most of it cannot be used.
        """
        while self._inbox.relay(self._publish):
            pass
        deliveries = self._queue.receive()
        read = [(delivery, self._read(delivery)) for delivery in deliveries]
        read = self._written(read)
        letters = [(d, r) for d, r in read if isinstance(r, Letter)]
        self._inbox.set_aside([letter for _, letter in letters])
        done = [d for d, letter in letters if self._over(d, letter)] + self._published(read)
        if done:
            self._queue.delete(done)
        self._judge([r for _, r in read])
        return len(done)

    def _read(self, delivery: Delivery) -> Read:
        log = _log.bind(delivery=delivery.id, count=delivery.count)
        try:
            found = notice(delivery.body)
            if found.type == SECRET:
                log.warning("a new client secret waits in the queue for a person to take it")
                return _Left()
            now = self._now()
            return Arrival(notice=found, meaning=meaning(found, self._known(), now), at=now)
        except Refused as refused:
            code = refused.reason.code
            log.warning("refused", reason=code, why=str(refused), security=code in FOREIGN)
            return self._letter(delivery, refused.reason)
        except Exception as fault:
            log.exception("fault")
            return self._failed(delivery, repr(fault))

    def _failed(self, delivery: Delivery, why: str) -> Read:
        if delivery.count < self._most:
            return _Failed(why)
        return self._letter(delivery, Reason("FAULT", {"error": why[:500]}))

    def _letter(self, delivery: Delivery, reason: Reason) -> Letter:
        return Letter(
            id=delivery.id,
            code=reason.code,
            why=str(reason),
            body=delivery.body[:KEPT_BODY],
            count=delivery.count,
            at=self._now(),
        )

    def _written(self, read: list[tuple[Delivery, Read]]) -> list[tuple[Delivery, Read]]:
        """Write down what was understood; what cannot be is a failure of ours."""
        arrivals = [r for _, r in read if isinstance(r, Arrival)]
        failed = self._inbox.take(arrivals) if arrivals else {}
        for key, why in failed.items():
            _log.error("cannot be written down", account=key[0], notification=key[1], why=why)
        return [
            (d, self._failed(d, failed[r.key]))
            if isinstance(r, Arrival) and r.key in failed
            else (d, r)
            for d, r in read
        ]

    def _over(self, delivery: Delivery, letter: Letter) -> bool:
        """Tell whether a dead letter need not stay for the queue's own dead letters."""
        return letter.code != "FAULT" or delivery.count > self._most

    def _published(self, read: Sequence[tuple[Delivery, Read]]) -> list[Delivery]:
        """Give what was understood, written down, and is at the broker whole."""
        arrived = [(d, r) for d, r in read if isinstance(r, Arrival)]
        if not arrived:
            return []
        for _, arrival in arrived:
            if arrival.meaning.expiry is not None:
                self._expires(arrival.meaning.expiry)
        while self._inbox.relay(self._publish):
            pass
        waiting = self._inbox.waiting([arrival.key for _, arrival in arrived])
        return [d for d, arrival in arrived if arrival.key not in waiting]

    def _judge(self, read: Sequence[Read]) -> None:
        for one in read:
            dead = isinstance(one, Letter)
            self._dead_in_a_row = self._dead_in_a_row + 1 if dead else 0
        if self._dead_in_a_row > IN_A_ROW:
            raise Outage(f"{self._dead_in_a_row} notifications in a row that nobody can use")
        if self._dead_in_a_row and self._hourly() > IN_AN_HOUR:
            raise Outage(f"more than {IN_AN_HOUR} notifications an hour that nobody can use")

    def _hourly(self) -> int:
        return self._inbox.dead_since(self._now() - timedelta(hours=1))


# --- the loop -------------------------------------------------------------------------------

KEPT = timedelta(days=30)
"""How long a notification is remembered: longer than any queue keeps one (14 days)."""

REST = 5.0
"""Seconds to rest where database, broker or queue are away and did not say for how long."""


def work(turns: Sequence[Callable[[], int]], stopped: Event, *, grace: float = 8.0) -> None:
    """Take turns until *stopped*; what is away is waited for. Raises what ends the worker.

    A long poll cannot be called off, so the turns have a thread of their own: what it may
    have received and not handled comes again.
    """
    faults: list[Exception] = []

    def loop() -> None:
        while not stopped.is_set():
            try:
                _round(turns, stopped)
            except Exception as fault:  # noqa: BLE001 - raised again below
                faults.append(fault)
                stopped.set()

    thread = Thread(target=loop, name="notifications", daemon=True)
    thread.start()
    stopped.wait()
    thread.join(grace)
    if faults:
        raise faults[0]


def _round(turns: Sequence[Callable[[], int]], stopped: Event) -> None:
    for turn in turns:
        try:
            turn()
        except TryAgain as busy:
            _log.info("waiting", why=str(busy)[:300])
            stopped.wait(busy.after or REST)
        except (OperationalError, NoConnection) as away:
            _log.warning("the database is away", why=str(getattr(away, "orig", away))[:300])
            stopped.wait(REST)
