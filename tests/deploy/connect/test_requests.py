"""Questions off Kafka: done in any order, yet the offset moves only behind what is done."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from time import monotonic

import pytest
from kafka import TopicPartition

from deploy.connect.kafka import open_consumer, open_producer
from deploy.connect.publishing import Publishing
from deploy.connect.requests import KafkaRequests
from deploy.connect.whole import to_end
from schemas import codec
from schemas.pipeline import Coverage
from schemas.record import Record

pytestmark = pytest.mark.kafka

TOPIC, GROUP = "listing.requests-test.v1", "listwire-requests-test"
COVERAGE = "pipeline.coverage.v1"


@pytest.fixture
def asked(kafka: str, topics: Callable[..., None]) -> str:
    """A broker on which six questions wait."""
    topics(TOPIC, COVERAGE)
    with open_producer(kafka) as producer:
        for number in range(6):
            producer.send(TOPIC, str(number).encode(), key=b"k").get(10)
    return kafka


@contextmanager
def reading(kafka: str, member: str) -> Iterator[KafkaRequests]:
    with open_producer(kafka) as producer:
        requests = KafkaRequests(
            kafka,
            (TOPIC,),
            group=GROUP,
            member=member,
            source="/test",
            publish=Publishing(producer, kafka),
            now=lambda: datetime.now(UTC),
        )
        yield requests
        requests.consumer.close()  # as a crash would: nothing more is settled


def taken(requests: KafkaRequests, least: int) -> list[Record]:
    """Poll until *least* records came."""
    found: list[Record] = []
    deadline = monotonic() + 60
    while len(found) < least and monotonic() < deadline:
        found += requests.poll(0.2)
    return found


def committed(kafka: str) -> int | None:
    with open_consumer(kafka, group_id=GROUP) as consumer:
        found: int | None = consumer.committed(TopicPartition(TOPIC, 0))
        return found


def test_the_offset_stands_before_the_first_that_is_open_and_a_crash_reads_on_from_there(
    asked: str,
) -> None:
    with reading(asked, "first") as requests:
        records = taken(requests, 6)
        for offset in (5, 0, 1, 4):
            requests.done(records[offset], "emitted")
        requests.settle()
    before = committed(asked)

    with reading(asked, "second") as requests:
        again = taken(requests, 4)
        for record in reversed(again):
            requests.done(record, "filtered")
        requests.settle()

    assert (before, [r.value for r in again], committed(asked)) == (2, [b"2", b"3", b"4", b"5"], 6)
    assert covered(asked).counts == {"emitted": 2, "filtered": 4}


def covered(kafka: str) -> Coverage:
    """Give the last word about the group's coverage."""
    with open_consumer(kafka) as consumer:
        told = [r for r in to_end(consumer, (COVERAGE,)) if GROUP.encode() in (r.key or b"")]
    found = codec.decode(told[-1], Coverage) if told else None
    if found is None:
        raise AssertionError("no coverage was written")
    return found
