"""Clients open with the promises of the house, or say which of four things is wrong."""

import asyncio
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic
from typing import Any

import pytest
from kafka import TopicPartition
from kafka.consumer.subscription_state import ConsumerRebalanceListener

from deploy.connect import kafka as connect
from deploy.connect.kafka import (
    joined,
    open_admin,
    open_aio_producer,
    open_consumer,
    open_member,
    open_producer,
    reach,
)
from deploy.errors import Failure
from tests.support.eventually import eventually

OPENERS = [
    pytest.param(open_producer, id="producer"),
    pytest.param(open_consumer, id="consumer"),
    pytest.param(open_admin, id="admin"),
    pytest.param(lambda b: asyncio.run(open_aio_producer(b)), id="asyncio producer"),
]
Opener = Callable[[str], Any]


@contextmanager
def stranger(answer: bytes) -> Iterator[str]:
    """Listen on a port and give *answer* to whatever is said; yield the address."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=_serve, args=(server, answer), daemon=True).start()
        yield f"127.0.0.1:{server.getsockname()[1]}"
        server.shutdown(socket.SHUT_RDWR)


def _serve(server: socket.socket, answer: bytes) -> None:
    while True:
        try:
            connection, _ = server.accept()
        except OSError:
            return
        with connection:
            connection.recv(1024)
            connection.sendall(answer)


def api_versions(fetch: int) -> bytes:
    """What a broker says that knows ApiVersions 0, and Fetch up to *fetch*."""
    body = struct.pack(">ihihhhhhhi", 1, 0, 2, 18, 0, 4, 1, 0, fetch, 0)
    return struct.pack(">i", len(body)) + body


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Clients that give up after half a second."""
    monkeypatch.setattr(connect, "BOOTSTRAP_MS", 500)


@pytest.mark.parametrize("opener", OPENERS)
def test_nobody_listens_there(opener: Opener) -> None:
    with pytest.raises(Failure) as failed:
        opener("127.0.0.1:1")

    assert (failed.value.code, failed.value.exit) == ("LW-0201", 8)
    assert "127.0.0.1:1: [Errno 111] Connection refused" in failed.value.why
    assert "listwire up" in failed.value.do


@pytest.mark.parametrize(
    "address",
    [
        pytest.param("broker", id="no port"),
        pytest.param("broker:kafka", id="no number"),
        pytest.param("no.such.host.invalid:9092", id="no such host"),
    ],
)
def test_an_address_that_leads_nowhere_is_named(address: str) -> None:
    with pytest.raises(Failure, match="LW-0201") as failed:
        reach(address)

    assert failed.value.why.startswith(f"{address}: ")


@pytest.mark.parametrize("opener", OPENERS)
@pytest.mark.parametrize(
    ("answer", "code"),
    [
        pytest.param(b"HTTP/1.1 400 Bad Request\r\n\r\n", "LW-0202", id="not Kafka"),
        pytest.param(b"", "LW-0202", id="hangs up"),
        pytest.param(api_versions(fetch=16), "LW-0204", id="Kafka 3.8"),
        pytest.param(api_versions(fetch=17), "LW-0203", id="takes no request"),
    ],
)
@pytest.mark.usefixtures("impatient")
def test_somebody_else_listens_there(opener: Opener, answer: bytes, code: str) -> None:
    with stranger(answer) as address, pytest.raises(Failure) as failed:
        opener(address)

    assert (failed.value.code, failed.value.exit, failed.value.where) == (code, 8, address)


@pytest.mark.kafka
def test_the_first_broker_that_listens_will_do(kafka: str) -> None:
    reach(f"127.0.0.1:1,{kafka}")


@pytest.mark.kafka
def test_what_both_producers_write_is_read_from_the_start(
    kafka: str, topics: Callable[..., None]
) -> None:
    topics("connect.v1", **{"max.message.bytes": "2097152"})
    large = b"x" * 2_000_000
    producer = open_producer(kafka)
    producer.send("connect.v1", large).get(10)
    producer.close()
    asyncio.run(_send(kafka, large))

    consumer = open_consumer(kafka)
    consumer.assign([TopicPartition("connect.v1", 0)])
    sizes = [eventually(lambda: _sizes(consumer, 1)), eventually(lambda: _sizes(consumer, 1))]
    consumer.close()

    assert sizes == [[2_000_000], [2_000_000]]


async def _send(kafka: str, value: bytes) -> None:
    producer = await open_aio_producer(kafka)
    await producer.send_and_wait("connect.v1", value)
    await producer.stop()


def _sizes(consumer: Any, most: int = 500) -> list[int]:
    polled = consumer.poll(timeout_ms=500, max_records=most)
    return [len(record.value) for records in polled.values() for record in records]


@pytest.mark.kafka
def test_reading_moves_no_offset_until_told_to(kafka: str, topics: Callable[..., None]) -> None:
    topics("uncommitted.v1")
    place = TopicPartition("uncommitted.v1", 0)
    producer = open_producer(kafka)
    producer.send("uncommitted.v1", b"1").get(10)
    producer.close()
    first = open_consumer(kafka, group_id="reader")
    first.assign([place])
    eventually(lambda: _sizes(first))
    first.close()

    second = open_consumer(kafka, group_id="reader")
    second.assign([place])
    found = second.committed(place)
    second.close()

    assert found is None


@pytest.mark.kafka
def test_a_member_knows_its_topics_before_it_joins(
    kafka: str, topics: Callable[..., object]
) -> None:
    topics("joined.a.v1", "joined.b.v1", partitions=3)

    with open_member(kafka, "joins", ["joined.a.v1", "joined.b.v1"]) as member:
        assert [len(member.partitions_for_topic(f"joined.{t}.v1")) for t in "ab"] == [3, 3]


@pytest.mark.kafka
def test_a_member_of_a_topic_that_is_not_there_says_so(
    kafka: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connect, "KNOWN_SECONDS", 0.3)

    with pytest.raises(Failure, match="LW-0205") as caught:
        open_member(kafka, "joins", ["never.made.v1"])

    assert caught.value.where == "never.made.v1"


@pytest.mark.kafka
def test_a_member_that_polls_in_small_steps_comes_to_read(
    kafka: str, topics: Callable[..., None]
) -> None:
    names = [f"steps.{n}.v1" for n in range(5)]
    topics(*names, partitions=12)

    for attempt in range(4):  # without its care, kafka-python stood still in 9 of 10
        with open_member(kafka, f"steps-{attempt}", names) as member, open_producer(kafka) as out:
            member.subscribe(names)
            until = monotonic() + 1.0
            while monotonic() < until:
                member.poll(timeout_ms=2)
            out.send(names[0], value=b"late %d" % attempt).get(10)

            late = eventually(lambda m=member: _values(m.poll(timeout_ms=2)), within=10, every=0)
            assert late == [b"late %d" % attempt]


class Assignments(ConsumerRebalanceListener):
    """What a member was given, each time."""

    def __init__(self) -> None:
        self.given: list[int] = []

    def on_partitions_assigned(self, assigned: Any) -> None:
        self.given.append(len(assigned))

    def on_partitions_revoked(self, revoked: Any) -> None:
        """Nothing is kept of them."""


@pytest.mark.kafka
def test_a_member_joins_once(kafka: str, topics: Callable[..., None]) -> None:
    topics("once.v1", partitions=3)
    seen = Assignments()

    with open_member(kafka, "once", ["once.v1"]) as member:
        member.subscribe(["once.v1"], listener=seen)
        known = dict(member._coordinator._metadata_snapshot)
        until = monotonic() + 2.0
        while monotonic() < until:
            member.poll(timeout_ms=50)

    assert (known, seen.given) == ({"once.v1": {0, 1, 2}}, [3])


def _values(found: dict[TopicPartition, list[Any]]) -> list[bytes]:
    return [record.value for records in found.values() for record in records]


@pytest.mark.kafka
def test_the_broker_tells_who_is_a_member_of_a_group(
    kafka: str, topics: Callable[..., object]
) -> None:
    topics("told.v1", partitions=1)
    with open_member(kafka, "tells", ["told.v1"], client_id="one") as member:
        member.subscribe(["told.v1"])
        eventually(lambda: member.poll(timeout_ms=200) or member.assignment(), within=30)

        assert [joined(kafka, "tells", name) for name in ("one", "another")] == [True, False]
