"""Delivering: in order per partition, to the partition the key belongs to, whole or not."""

import asyncio

import pytest

from processors.deliver import BATCH, Delivery, partition_of, weight
from schemas.record import Record
from tests.support.broker import FakeProducer, settled

VECTORS = [
    pytest.param("24-MB01", 4, 1, id="a catalogue SKU"),
    pytest.param("acme-eu|24-MB01", 5, 2, id="a shared SKU"),
    pytest.param("acme-eu|A1PA6795UKMFR9|24-MB01", 8, 2, id="a listing"),
    pytest.param("acme-jp|A1VC38T7YXB528|靴-26.5", 1, 1, id="beyond ASCII"),
    pytest.param("acme-eu| lead", 2, 2, id="a leading blank"),
    pytest.param("gtin:00012345678905", 9, 0, id="an identifier"),
    pytest.param("👟", 11, 2, id="four bytes"),
]


@pytest.mark.parametrize(("key", "twelve", "three"), VECTORS)
def test_a_key_goes_where_kafkas_partitioner_sends_it(key: str, twelve: int, three: int) -> None:
    assert [partition_of(key.encode(), n) for n in (12, 3)] == [twelve, three]


async def test_records_keep_their_order_within_a_partition() -> None:
    producer = FakeProducer()
    records = [Record(topic="a", key=b"k%d" % (n % 5), value=b"%d" % n) for n in range(200)]

    await Delivery(producer)(records)

    of_key = [int(r.value or b"") for r in producer.acknowledged if r.key == b"k3"]
    assert of_key == list(range(3, 200, 5))


async def test_a_stated_partition_is_kept() -> None:
    producer = FakeProducer()

    await Delivery(producer)([Record(topic="a", key=b"24-MB01", value=b"", partition=7)])

    assert [r.partition for r in producer.acknowledged] == [7]


async def test_it_comes_back_once_everything_is_acknowledged() -> None:
    producer = FakeProducer()
    producer.holding = True
    delivery = asyncio.create_task(
        Delivery(producer)([Record(topic=t, key=b"k", value=b"v") for t in "ab"])
    )
    await settled()
    before = delivery.done()
    producer.release()
    await delivery

    assert (before, len(producer.acknowledged)) == (False, 2)


async def test_one_failure_among_many_is_raised() -> None:
    producer = FakeProducer()
    producer.refusing.add("b")

    with pytest.raises(ConnectionError):
        await Delivery(producer)([Record(topic=t, key=b"k", value=b"v") for t in "abc"])


async def test_more_than_a_batch_holds_goes_in_several() -> None:
    producer = FakeProducer()
    records = [Record(topic="a", key=b"k", value=b"%d" % n * 200_000) for n in range(6)]

    await Delivery(producer)(records)

    assert [(r.value or b"")[:1] for r in producer.acknowledged] == [b"%d" % n for n in range(6)]


def test_a_record_weighs_more_than_its_parts() -> None:
    assert weight(Record(topic="a", key=b"k", value=b"vv")) > 3 + BATCH
