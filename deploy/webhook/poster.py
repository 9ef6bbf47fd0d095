"""Records of many requests to the broker by one thread, all that wait in one round.

Each request hears once the broker has its records, or that it did not take them. After a
failure the producer is thrown away, with what it still holds, and another one is opened.
"""

import contextlib
import queue
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, InvalidStateError
from typing import Any, Protocol

import structlog

from deploy.errors import Failure
from producers.publish import Producer, Publisher, Unpublished
from schemas.errors import TryAgain
from schemas.record import Record

PATIENCE = 5.0
"""Seconds in which the broker must have a record: a sender waits, and a stop takes 10 s."""

ROUND = 1_000
"""Posts that go in one round."""

AGAIN = 0.5
"""Seconds between two tries to reach the broker."""

OPTIONS: dict[str, Any] = {
    "request_timeout_ms": 4_000,
    "delivery_timeout_ms": 5_000,
    "max_block_ms": 4_000,
    "reconnect_backoff_max_ms": 500,
}
"""A producer that gives up within `PATIENCE`."""

_log = structlog.get_logger()


class Closable(Producer, Protocol):
    """A producer of this thread's own."""

    def close(self, timeout: float | None = None) -> None:
        """Hang up once all is sent, at the latest after *timeout* seconds."""


_Post = tuple[Sequence[Record], "Future[None]"]


class Poster:
    """The thread. `ready` tells whether the broker took what it was given last.

    *abandon* throws a producer away. A fault of ours ends the thread, which says so by `ended`.
    """

    def __init__(
        self,
        open_: Callable[[], Closable],
        abandon: Callable[[Any], None],
        *,
        patience: float = PATIENCE,
    ) -> None:
        self._open = open_
        self._abandon = abandon
        self._patience = patience
        self._posts: queue.SimpleQueue[_Post] = queue.SimpleQueue()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._work, name="poster", daemon=True)
        self.ready = False
        self.fault: BaseException | None = None
        self.ended: Callable[[], object] = lambda: None

    def start(self) -> None:
        """Begin to reach for the broker."""
        self._thread.start()

    def leave(self) -> None:
        """Go on until the door is shut: requests under way are still answered."""

    def stop(self) -> None:
        """Send what waits, then end."""
        self._stopped.set()
        self._thread.join(self._patience + 2)

    def post(self, records: Sequence[Record]) -> "Future[None]":
        """Hand records over; the result comes, or is `TryAgain`, once it is known."""
        future: Future[None] = Future()
        self._posts.put((records, future))
        return future

    def _work(self) -> None:
        try:
            while (producer := self._opened()) is not None:
                self._serve(producer)
        except BaseException as fault:  # noqa: BLE001 - told where the process ends
            self.fault = fault
            self.ended()
        finally:
            self.ready = False
            self._refuse_all("the webhook ends")

    def _opened(self) -> Closable | None:
        while not self._stopped.is_set():
            try:
                return self._open()
            except Failure as failure:
                _log.warning("no broker", why=failure.why[:300])
                self._refuse_all("the broker cannot be reached")
                self._stopped.wait(AGAIN)
        return None

    def _serve(self, producer: Closable) -> None:
        publisher = Publisher(producer, patience=self._patience)
        self.ready, number = True, 0
        while True:
            posts = self._waiting()
            if not posts and self._stopped.is_set():
                producer.close(1.0)
                return
            try:
                number = _round(publisher, posts, number)
            except Unpublished as failure:
                self.ready = False
                _log.warning("unpublished", why=str(failure)[:300])
                self._abandon(producer)
                return

    def _waiting(self) -> list[_Post]:
        posts: list[_Post] = []
        try:
            posts.append(self._posts.get(timeout=0.1))
            while len(posts) < ROUND:
                posts.append(self._posts.get_nowait())
        except queue.Empty:
            pass
        return [post for post in posts if not post[1].cancelled()]  # nobody waits for these

    def _refuse_all(self, why: str) -> None:
        deadline = time.monotonic() + 0.05
        while time.monotonic() < deadline:
            try:
                _, future = self._posts.get_nowait()
            except queue.Empty:
                return
            _settle(future, why)


def _round(publisher: Publisher, posts: Sequence[_Post], number: int) -> int:
    """Send *posts*, numbered on from *number*; tell each what became of it."""
    try:
        for at, (records, _) in enumerate(posts, number + 1):
            for record in records:
                publisher.send(record, at if record is records[-1] else None)
        publisher.flush()
    except Unpublished as failure:
        done = max(0, (failure.acknowledged or 0) - number)
        _tell(posts[:done], None)
        _tell(posts[done:], str(failure))
        raise
    _tell(posts, None)
    return number + len(posts)


def _tell(posts: Sequence[_Post], why: str | None) -> None:
    for _, future in posts:
        _settle(future, why)


def _settle(future: "Future[None]", why: str | None) -> None:
    with contextlib.suppress(InvalidStateError):  # the sender hung up
        if why is None:
            future.set_result(None)
        else:
            future.set_exception(TryAgain(why))
