"""One thread to the broker: every post hears what became of it, through failures and stops."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from deploy.errors import Failure
from deploy.webhook.poster import Poster
from schemas.errors import TryAgain
from schemas.record import Record
from tests.support.eventually import eventually


class Answered:
    def __init__(self, answer: Callable[[], None]) -> None:
        self._answer = answer

    def get(self, timeout: float | None = None) -> None:
        self._answer()


class Producer:
    """Takes records; one whose value is `bad` fails. Knows whether it was closed, and how."""

    def __init__(self) -> None:
        self.taken: list[bytes | None] = []
        self.closed: list[float | None] = []

    def send(self, topic: str, value: bytes | None = None, **_: Any) -> Answered:
        def answer() -> None:
            if value == b"bad":
                raise ConnectionError("gone")
            self.taken.append(value)

        return Answered(answer)

    def close(self, timeout: float | None = None) -> None:
        self.closed.append(timeout)


def record(value: bytes) -> Record:
    return Record(topic="catalog.price.v1", key=b"A", value=value)


class Opening:
    """Opens producers, after failing *times*."""

    def __init__(self, times: int = 0) -> None:
        self.opened: list[Producer] = []
        self._times = times

    def __call__(self) -> Producer:
        if self._times:
            self._times -= 1
            raise Failure("LW-0201", where="", why="nobody there", do="")
        self.opened.append(Producer())
        return self.opened[-1]


def abandon(producer: Producer) -> None:
    producer.close(0)


@pytest.fixture
def start() -> Iterator[Callable[[Opening], Poster]]:
    running: list[Poster] = []

    def begin(opening: Opening) -> Poster:
        poster = Poster(opening, abandon, patience=1.0)
        running.append(poster)
        poster.start()
        return poster

    yield begin
    for poster in running:
        poster.stop()


def test_posts_are_told_once_the_broker_has_them(start: Callable[[Opening], Poster]) -> None:
    opening = Opening()
    poster = start(opening)

    futures = [poster.post([record(b"%d" % n), record(b"%d!" % n)]) for n in range(50)]

    assert [f.result(5) for f in futures] == [None] * 50
    assert opening.opened[0].taken == [b"%d%s" % (n, s) for n in range(50) for s in (b"", b"!")]


def test_a_failure_fails_its_own_post_and_those_behind_it() -> None:
    opening = Opening()
    poster = Poster(opening, abandon, patience=1.0)
    futures = [poster.post([record(value)]) for value in (b"good", b"bad", b"behind")]
    poster.start()

    assert futures[0].result(5) is None
    for future in futures[1:]:
        with pytest.raises(TryAgain):
            future.result(5)
    eventually(lambda: len(opening.opened) == 2 and poster.ready, within=5)
    assert opening.opened[0].closed == [0]
    assert poster.post([record(b"again")]).result(5) is None
    poster.stop()


def test_while_no_broker_is_there_posts_are_refused(start: Callable[[Opening], Poster]) -> None:
    poster = start(Opening(times=2))

    with pytest.raises(TryAgain):
        poster.post([record(b"early")]).result(5)

    eventually(lambda: poster.ready, within=5)
    assert poster.post([record(b"later")]).result(5) is None


def test_a_stop_sends_what_waits(start: Callable[[Opening], Poster]) -> None:
    opening = Opening()
    poster = start(opening)
    eventually(lambda: poster.ready, within=5)
    futures = [poster.post([record(b"%d" % n)]) for n in range(500)]

    poster.stop()

    assert [f.result(0) for f in futures] == [None] * 500
    assert (opening.opened[0].closed, poster.ready) == ([1.0], False)


def test_a_sender_that_hung_up_takes_nobody_along() -> None:
    opening = Opening()
    poster = Poster(opening, abandon, patience=1.0)
    gone, there = poster.post([record(b"a")]), poster.post([record(b"b")])
    gone.cancel()

    poster.start()

    assert there.result(5) is None
    assert opening.opened[0].taken == [b"b"]
    poster.stop()


def test_a_fault_of_ours_ends_the_thread_and_is_told() -> None:
    def broken() -> Producer:
        raise ZeroDivisionError

    told: list[str] = []
    poster = Poster(broken, abandon, patience=1.0)
    poster.ended = lambda: told.append("ended")
    waiting = poster.post([record(b"a")])

    poster.start()

    with pytest.raises(TryAgain):
        waiting.result(5)
    assert (told, type(poster.fault)) == (["ended"], ZeroDivisionError)
