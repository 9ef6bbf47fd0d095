"""The session's broker and Postgres do what every other test takes for granted."""

from collections.abc import Callable

import psycopg
import pytest
from kafka import KafkaConsumer, KafkaProducer, TopicPartition

from deploy.embedded.postgres import plain


@pytest.mark.kafka
def test_a_record_comes_back_as_it_was_sent(kafka: str, topics: Callable[..., None]) -> None:
    topics("fixture.v1", partitions=2)
    producer = KafkaProducer(bootstrap_servers=kafka)
    producer.send("fixture.v1", key=b"k", value=b"v", partition=1).get(10)
    producer.close()

    consumer = KafkaConsumer(bootstrap_servers=kafka, consumer_timeout_ms=10_000)
    place = TopicPartition("fixture.v1", 1)
    consumer.assign([place])
    consumer.seek_to_beginning()
    record = next(consumer)
    consumer.close()

    assert (record.key, record.value) == (b"k", b"v")


@pytest.mark.postgres
def test_text_is_compared_byte_by_byte(postgres: str) -> None:
    with psycopg.connect(plain(postgres)) as connection:
        rows = connection.execute(
            "SELECT s FROM unnest(ARRAY['b', 'B', 'a', 'A', 'ä', '-a']) s ORDER BY s"
        ).fetchall()

    assert [row[0] for row in rows] == ["-a", "A", "B", "a", "b", "ä"]


@pytest.mark.postgres
def test_each_new_database_is_empty(new_database: Callable[[], str]) -> None:
    first, second = new_database(), new_database()
    with psycopg.connect(plain(first)) as connection:
        connection.execute("CREATE TABLE here (x int)")
    with psycopg.connect(plain(second)) as connection:
        found = connection.execute("SELECT to_regclass('here')").fetchone()

    assert found == (None,)
