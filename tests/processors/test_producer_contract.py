"""The fake producer and the real one, held to the same contract."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import pytest

from processors.deliver import Delivery
from schemas.record import Record
from tests.support.broker import FakeProducer
from tests.support.counting import producer as real_producer
from tests.support.counting import reader
from tests.support.topics import create_topics


class Fake:
    """The fake, and what it acknowledged."""

    def __init__(self) -> None:
        self.producer = FakeProducer(partitions=3)
        self.topic = "a.v1"

    async def kept(self, count: int) -> list[tuple[int, bytes | None, bytes | None, Any]]:
        return [(r.partition, r.key, r.value, r.headers) for r in self.producer.acknowledged]


class Real:
    """A producer on the broker, and what a reader finds there."""

    def __init__(self, bootstrap: str, producer: Any) -> None:
        self.producer = producer
        self.topic = f"test.{uuid4().hex[:8]}.v1"
        self._bootstrap = bootstrap
        create_topics(bootstrap, self.topic, partitions=3)

    async def kept(self, count: int) -> list[tuple[int, bytes | None, bytes | None, Any]]:
        found: list[Any] = []
        async with reader(self._bootstrap, self.topic) as source:
            while len(found) < count:
                for records in (await source.getmany(timeout_ms=200)).values():
                    found += records
        return [(r.partition, r.key, r.value, tuple(r.headers)) for r in found]


@pytest.fixture(params=["fake", pytest.param("real", marks=pytest.mark.kafka)])
async def broker(request: pytest.FixtureRequest) -> AsyncIterator[Any]:
    if request.param == "fake":
        yield Fake()
        return
    bootstrap = request.getfixturevalue("kafka")
    async with real_producer(bootstrap) as producer:
        yield Real(bootstrap, producer)


async def test_it_knows_the_partitions_of_a_topic(broker: Any) -> None:
    assert await broker.producer.partitions_for(broker.topic) == {0, 1, 2}


async def test_what_was_delivered_is_there_in_order_with_nulls_and_doubled_headers(
    broker: Any,
) -> None:
    headers = (("h", b"1"), ("h", b"2"), ("null", None))
    records = [
        Record(topic=broker.topic, key=b"k", value=b"%d" % n, headers=headers, partition=1)
        for n in range(50)
    ] + [Record(topic=broker.topic, key=b"k", value=None, partition=1)]

    await Delivery(broker.producer)(records)

    assert await broker.kept(51) == [(1, r.key, r.value, r.headers) for r in records]


async def test_a_batch_is_full_at_some_point_and_takes_any_first_record(broker: Any) -> None:
    batch = broker.producer.create_batch()
    big: dict[str, Any] = {"timestamp": None, "key": b"k", "value": b"v" * 900_000, "headers": []}

    assert [batch.append(**big) is not None for _ in range(2)] == [True, False]


async def test_a_record_of_full_size_is_delivered(broker: Any) -> None:
    value = b"v" * 1_000_000

    await Delivery(broker.producer)([Record(topic=broker.topic, key=b"k", value=value)])

    assert [len(kept[2] or b"") for kept in await broker.kept(1)] == [1_000_000]
