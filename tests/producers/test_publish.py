"""Publishing: one suite for the list and for kafka-python's producer on Apache Kafka."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from producers.publish import Producer, Publisher, Unpublished
from schemas.record import Record
from tests.support.producer import ListProducer

Read = Callable[[str], list[tuple[bytes | None, bytes | None, tuple[Any, ...]]]]
TOPIC = "publish.test.v1"


def record(number: int, size: int = 1, topic: str = TOPIC) -> Record:
    value = b"x" * size
    return Record(topic=topic, key=b"key-%d" % number, value=value, headers=(("ce_id", b"1"),))


@pytest.fixture
def in_a_list() -> tuple[Producer, Read]:
    producer = ListProducer()
    return producer, lambda topic: [(r.key, r.value, r.headers) for r in producer.settled]


@pytest.fixture
def at_the_broker(kafka: str, topics: Callable[..., None]) -> Iterator[tuple[Producer, Read]]:
    from kafka import KafkaConsumer, KafkaProducer, TopicPartition

    topics(TOPIC)
    producer = KafkaProducer(bootstrap_servers=kafka, acks="all", linger_ms=5)

    def read(topic: str) -> list[tuple[bytes | None, bytes | None, tuple[Any, ...]]]:
        consumer = KafkaConsumer(bootstrap_servers=kafka, auto_offset_reset="earliest")
        place = TopicPartition(topic, 0)
        consumer.assign([place])
        end = consumer.end_offsets([place])[place]
        found: list[Any] = []
        while consumer.position(place) < end:
            for read in consumer.poll(timeout_ms=500).values():
                found += [(r.key, r.value, tuple(r.headers)) for r in read]
        consumer.close()
        return found

    yield producer, read
    producer.close(timeout=5)


@pytest.fixture(
    params=[
        pytest.param("in_a_list", id="list"),
        pytest.param("at_the_broker", id="Kafka", marks=pytest.mark.kafka),
    ]
)
def place(request: pytest.FixtureRequest) -> tuple[Producer, Read]:
    found: tuple[Producer, Read] = request.getfixturevalue(request.param)
    return found


def test_what_was_flushed_is_there_in_order_with_its_headers(place: tuple[Producer, Read]) -> None:
    producer, read = place
    publisher = Publisher(producer, records=3)

    for number in range(10):
        publisher.send(record(number), number)
    publisher.flush()

    told = [(record(n).key, b"x", (("ce_id", b"1"),)) for n in range(10)]
    assert (read(TOPIC)[-10:], publisher.acknowledged) == (told, 9)


def test_a_record_without_a_value_deletes(place: tuple[Producer, Read]) -> None:
    producer, read = place
    publisher = Publisher(producer)

    publisher.send(Record(topic=TOPIC, key=b"gone", value=None))
    publisher.flush()

    assert read(TOPIC)[-1][:2] == (b"gone", None)


def test_a_record_that_is_too_large_is_refused_and_nothing_follows_it(
    place: tuple[Producer, Read],
) -> None:
    producer, _ = place
    publisher = Publisher(_Small(producer))
    publisher.send(record(1), 1)
    publisher.flush()

    with pytest.raises(Unpublished):
        publisher.send(record(2, size=20_000_000), 2)
    with pytest.raises(Unpublished):
        publisher.send(record(3), 3)

    assert publisher.acknowledged == 1


class _Small:
    """A broker's limit, which a list does not have."""

    def __init__(self, producer: Producer) -> None:
        self._producer = producer

    def send(self, topic: str, **more: Any) -> Any:
        if len(more.get("value") or b"") > 10_000_000 and isinstance(self._producer, ListProducer):
            raise ValueError("too large")
        return self._producer.send(topic, **more)


@pytest.mark.parametrize(
    ("limits", "size"),
    [
        pytest.param({"records": 5}, 1, id="records"),
        pytest.param({"size": 5 * 1_000}, 985, id="bytes"),
    ],
)
def test_no_more_than_the_bound_is_on_its_way(limits: dict[str, int], size: int) -> None:
    producer = ListProducer()
    publisher = Publisher(producer, **limits)

    for number in range(1, 100):
        publisher.send(record(number, size))

    assert producer.most_under_way <= 5


def test_one_record_larger_than_the_bound_still_goes() -> None:
    producer = ListProducer()
    publisher = Publisher(producer, size=10)

    publisher.send(record(1, 100), 1)
    publisher.flush()

    assert publisher.acknowledged == 1


def test_a_failed_record_stops_everything_and_says_how_far_it_got() -> None:
    producer = ListProducer(fails=frozenset([4]))
    publisher = Publisher(producer)
    for number in range(8):
        publisher.send(record(number), number)

    with pytest.raises(Unpublished, match="no broker for record 4") as stopped:
        publisher.flush()

    assert stopped.value.acknowledged == 3
    with pytest.raises(Unpublished):
        publisher.flush()


@pytest.mark.parametrize("key", [None, b""])
def test_a_record_without_a_key_is_refused(key: bytes | None) -> None:
    with pytest.raises(ValueError, match="without a key"):
        Publisher(ListProducer()).send(Record(topic=TOPIC, key=key, value=b"x"))
