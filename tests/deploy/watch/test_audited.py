"""The auditor against Apache Kafka and Postgres: it finds what was skipped, and only that."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from kafka import TopicPartition
from msgspec import to_builtins
from sqlalchemy import Engine, delete, insert

from consumers.postgres.tables import sink_offset
from deploy.connect.kafka import open_admin, open_consumer, open_producer
from deploy.connect.postgres import migrate, open_engine
from deploy.errors import Failure
from deploy.watch import audited
from deploy.watch.audited import standing, unaccounted
from processors.coverage import Ledger
from schemas import codec
from schemas.pipeline import Applied, Coverage, Range

pytestmark = [pytest.mark.kafka, pytest.mark.postgres]

NOW = datetime(2026, 11, 25, 10, 0, tzinfo=UTC)
LOOKUPS, READS = "listing.lookup-requested.v1", "listing.read-requested.v1"
GROUP = "listwire-lookups"


@pytest.fixture(scope="module")
def engine(postgres: str) -> Iterator[Engine]:
    found = open_engine(postgres)
    migrate(found)
    yield found
    found.dispose()


def write(kafka: str, topic: str, partition: int, count: int, **more: str) -> int:
    """Write *count* records and give the offset behind them; in a transaction if one is named."""
    with open_producer(kafka, **more) as producer:
        if more:
            producer.init_transactions()
            producer.begin_transaction()
        for _ in range(count):
            sent = producer.send(topic, b"x", key=b"k", partition=partition)
        if more:
            producer.commit_transaction()
        return int(sent.get(10).offset) + 1


def tell(kafka: str, *records: codec.Record) -> None:
    with open_producer(kafka) as producer:
        for r in records:
            producer.send(r.topic, r.value, key=r.key, headers=list(r.headers)).get(10)


def ledger(kafka: str, topic: str, partition: int, *offsets: int, start: int = 0) -> None:
    """Say on the topic that the group has handled *offsets*."""
    told = Ledger(GROUP, "/listwire/producers/amazon")
    told.begin(topic, partition, start, None)
    for offset in offsets:
        told.note(topic, partition, offset, "emitted")
    tell(kafka, *told.records(told.untold(), NOW))


def found(kafka: str, engine: Engine, group: str = GROUP) -> list[tuple[str, int, int, int, int]]:
    return [
        (h.topic, h.partition, h.first, h.next, h.records)
        for h in unaccounted(kafka, engine, [group])
    ]


def test_what_nobody_has_read_is_unaccounted_for_until_somebody_says_so(
    contract_kafka: str, engine: Engine
) -> None:
    start = found(contract_kafka, engine)
    end = write(contract_kafka, LOOKUPS, 1, 3)

    assert found(contract_kafka, engine) == [*start, (LOOKUPS, 1, 0, end, end)]

    ledger(contract_kafka, LOOKUPS, 1, *range(end))

    assert found(contract_kafka, engine) == start


def test_a_record_that_was_skipped_is_found_and_a_marker_is_not(
    contract_kafka: str, engine: Engine
) -> None:
    write(contract_kafka, READS, 2, 2, transactional_id="audit")  # 0, 1, and a marker at 2
    end = write(contract_kafka, READS, 2, 3)  # 3, 4, 5
    ledger(contract_kafka, READS, 2, 0, 1, 3, 5)

    assert end == 6
    assert (READS, 2, 4, 5, 1) in found(contract_kafka, engine)
    assert [h for h in found(contract_kafka, engine) if h[:2] == (READS, 2)] == [
        (READS, 2, 4, 5, 1)
    ]


def test_what_retention_took_is_no_hole(contract_kafka: str, engine: Engine) -> None:
    write(contract_kafka, READS, 3, 4)
    with open_admin(contract_kafka) as admin:
        admin.delete_records({TopicPartition(READS, 3): 4})
    ledger(contract_kafka, READS, 3, 1, 3)

    assert [h for h in found(contract_kafka, engine) if h[1] == 3] == []


def test_a_record_that_is_damaged_on_the_coverage_topic_accounts_for_nothing(
    contract_kafka: str, engine: Engine
) -> None:
    write(contract_kafka, READS, 4, 1)
    applied = Applied(group=GROUP, worker="1", topic="settings.v1", next=9)
    known = {"topic": audited.TOPIC, "id": "1", "source": "/x", "subject": "x", "time": NOW}
    tell(contract_kafka, codec.encode(applied, key=b"g|settings.v1|1|w", **known))
    with open_producer(contract_kafka) as producer:
        producer.send(audited.TOPIC, b"{", key=f"{GROUP}|{READS}|4".encode()).get(10)

    assert (READS, 4, 0, 1, 1) in found(contract_kafka, engine)


def test_sinks_account_in_their_table(contract_kafka: str, engine: Engine) -> None:
    place = {"topic": "listing.offer.v1", "partition": 5}
    end = write(contract_kafka, *place.values(), 4)
    coverage = Coverage(
        group="listwire-amazon", **place, start=0, next=end,
        counts={"emitted": 3, "gap": 1}, ranges=[Range(first=1, next=2, outcome="gap")],
    )  # fmt: skip
    told = {"next": end, "gen": 1, "epoch": 0, "cluster_id": "c", "topic_id": "t"}
    row = {
        **place,
        **told,
        "reader": "listwire-amazon",
        "coverage": to_builtins(coverage),
    }
    with engine.begin() as connection:
        connection.execute(insert(sink_offset).values(row))
    try:
        holes = found(contract_kafka, engine, "listwire-amazon")
    finally:
        with engine.begin() as connection:
            connection.execute(delete(sink_offset))

    assert ("listing.offer.v1", 5, 1, 2, 1) in holes
    assert [h for h in holes if h[1] == 5] == [("listing.offer.v1", 5, 1, 2, 1)]


def test_records_are_counted_by_reading_them(contract_kafka: str) -> None:
    write(contract_kafka, READS, 6, 1)
    with open_consumer(contract_kafka) as consumer:
        seen = standing(consumer, (READS, 6), 0, 1)
        none = standing(consumer, (READS, 6), 1, 1)

    assert (seen.records, none.records, none.since) == (1, 0, None)
    assert seen.since is not None
    assert abs((datetime.now(UTC) - seen.since).total_seconds()) < 60


def test_a_broker_that_gives_nothing_is_told_apart_from_an_empty_range(
    contract_kafka: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audited, "SILENCE_SECONDS", 0.3)
    with open_consumer(contract_kafka) as consumer, pytest.raises(Failure) as failed:
        standing(consumer, (READS, 7), 0, 1)

    assert (failed.value.code, failed.value.exit) == ("LW-0208", 8)


def test_inputs_that_the_broker_lacks_are_named(
    contract_kafka: str, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audited, "inputs", lambda _group: (READS, "absent.v1"))

    with pytest.raises(Failure, match="LW-0205") as failed:
        unaccounted(contract_kafka, engine, [GROUP])

    assert failed.value.where == "absent.v1"
