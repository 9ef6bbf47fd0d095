"""SQS (as moto speaks it) and the stand-in's queues: one suite for both."""

from collections.abc import Callable, Iterator
from threading import Event
from typing import Any, Protocol

import httpx2
import pytest

from deploy.connect.queues import Place, SqsQueue, StandInQueue, open_sqs
from producers.amazon.listen import Queue
from schemas.errors import TryAgain
from tests.support.eventually import eventually
from tests.support.sandbox import running_sandbox


class Posted(Protocol):
    """A queue with the way in that Amazon uses, and a short memory of what is hidden."""

    queue: Queue

    def put(self, body: bytes) -> None:
        """Send one body."""


class _Sqs:
    def __init__(self, client: Any, url: str) -> None:
        self._client, self._url = client, url
        self.queue: Queue = SqsQueue(client, url, wait=0, hidden=1)

    def put(self, body: bytes) -> None:
        self._client.send_message(QueueUrl=self._url, MessageBody=body.decode())


class _StandIn:
    def __init__(self, http: httpx2.Client, url: str) -> None:
        self._http, self._url = http, url
        self.queue: Queue = StandInQueue(http, url, stopped=Event(), wait=0, hidden=1)

    def put(self, body: bytes) -> None:
        self._http.post(self._url, content=body).raise_for_status()


Make = Callable[[], Posted]


@pytest.fixture(scope="module")
def control() -> Iterator[str]:
    with running_sandbox() as sandbox:
        sandbox.seed({"seed": 1, "profile": "quiet", "clock": "real"})
        yield sandbox.control


@pytest.fixture(params=["sqs", "stand-in"])
def posted(request: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Posted]:
    name = request.node.name.partition("[")[0][-70:]
    if request.param == "sqs":
        for key in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            monkeypatch.setenv(key, "test")
        place = Place(url="", arn="arn:aws:sqs:eu-west-1:123456789012:any")
        client = open_sqs(place, endpoint=request.getfixturevalue("aws"))
        yield _Sqs(client, client.create_queue(QueueName=name)["QueueUrl"])
        return
    with httpx2.Client() as http:
        yield _StandIn(http, f"{request.getfixturevalue('control')}/queues/{name}")


def test_what_is_put_in_comes_out_as_it_was(posted: Posted) -> None:
    posted.put('{"a": "ü", "b": [1, 2]}'.encode())

    (delivery,) = posted.queue.receive()

    assert (delivery.body, delivery.count) == ('{"a": "ü", "b": [1, 2]}'.encode(), 1)


def test_an_empty_queue_gives_nothing(posted: Posted) -> None:
    assert list(posted.queue.receive()) == []


def test_ten_at_once_are_the_most(posted: Posted) -> None:
    for number in range(12):
        posted.put(b"%d" % number)

    first, second = posted.queue.receive(), posted.queue.receive()

    assert (len(first), len(second)) == (10, 2)
    assert {d.body for d in (*first, *second)} == {b"%d" % n for n in range(12)}


def test_what_is_not_deleted_comes_again_and_says_so(posted: Posted) -> None:
    posted.put(b"one")
    (first,) = posted.queue.receive()
    assert list(posted.queue.receive()) == []

    again = eventually(posted.queue.receive, within=10)

    assert [(d.id, d.body, d.count) for d in again] == [(first.id, b"one", 2)]


def test_what_is_deleted_does_not_come_again(posted: Posted) -> None:
    for body in (b"one", b"two", b"three"):
        posted.put(body)
    received = posted.queue.receive()
    posted.queue.delete([d for d in received if d.body != b"two"])

    assert [d.body for d in eventually(posted.queue.receive, within=10)] == [b"two"]


def test_a_body_of_256_kib_fits(posted: Posted) -> None:
    posted.put(b'"' + b"x" * 262_142 + b'"')

    (delivery,) = posted.queue.receive()

    assert len(delivery.body) == 262_144


def test_a_queue_that_does_not_answer_is_asked_later(monkeypatch: pytest.MonkeyPatch) -> None:
    for key in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(key, "test")
    nobody = "http://127.0.0.1:9"
    place = Place(url=f"{nobody}/1/q", arn="arn:aws:sqs:eu-west-1:1:q")
    with httpx2.Client() as http:
        for queue in (
            SqsQueue(open_sqs(place, endpoint=nobody), place.url, wait=0),
            StandInQueue(http, f"{nobody}/queues/q", stopped=Event(), wait=0),
        ):
            with pytest.raises(TryAgain):
                queue.receive()
