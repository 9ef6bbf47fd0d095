"""Lag read from Apache Kafka in the situations that are easily read wrong (`operations.md` 4.3)."""

import itertools
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from kafka import TopicPartition
from kafka.errors import GroupAuthorizationFailedError
from kafka.structs import OffsetAndMetadata

from deploy.connect.kafka import open_admin, open_member, open_producer
from deploy.watch import reading
from deploy.watch.lag import Lag, by_group, lag
from deploy.watch.reading import Watcher, watching
from tests.support.eventually import eventually

pytestmark = pytest.mark.kafka

NUMBERS = itertools.count(1)
HOUR = timedelta(hours=1)


class Place:
    """One topic of one partition, and a group that reads it, without a worker."""

    def __init__(self, kafka: str, topics: Callable[..., None], **config: str) -> None:
        self.kafka = kafka
        self.topic = f"lag-{next(NUMBERS)}.v1"
        self.group = f"{self.topic}-group"
        topics(self.topic, **config)

    def write(self, count: int = 1, *, age: timedelta = timedelta(), **more: object) -> None:
        at = int((datetime.now(UTC) - age).timestamp() * 1000)
        with open_producer(self.kafka, **more) as producer:
            if "transactional_id" in more:
                producer.init_transactions()
                producer.begin_transaction()
            for _ in range(count):
                producer.send(self.topic, b"x" * 100, key=b"k", timestamp_ms=at).get(10)
            if "transactional_id" in more:
                producer.commit_transaction()

    def commit(self, offset: int) -> None:
        with open_admin(self.kafka) as admin:
            place = TopicPartition(self.topic, 0)
            admin.alter_group_offsets(self.group, {place: OffsetAndMetadata(offset, "", -1)})

    def expire(self, before: int) -> None:
        with open_admin(self.kafka) as admin:
            admin.delete_records({TopicPartition(self.topic, 0): before})


@pytest.fixture
def place(
    kafka: str, topics: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Place]:
    made = Place(kafka, topics)
    declared = reading.inputs
    monkeypatch.setattr(
        reading, "inputs", lambda g: (made.topic,) if g == made.group else declared(g)
    )
    monkeypatch.setattr(reading, "topic", lambda _name: reading.TOPICS[0])
    yield made


def read(place: Place, *, later: timedelta = timedelta()) -> Lag:
    with watching(place.kafka, lambda: datetime.now(UTC) + later) as watcher:
        return one(watcher, place)


def one(watcher: Watcher, place: Place) -> Lag:
    (found,) = watcher.read([place.group]).readings
    return lag(found)


def test_2_a_group_that_never_committed_has_a_bound_and_no_lag(place: Place) -> None:
    place.write(3)

    found = read(place)

    assert (found.state, found.seconds, found.offsets, found.committed) == (
        "no-commit", None, 3, None,
    )  # fmt: skip


def test_3_expired_history_is_not_counted_where_nobody_committed(place: Place) -> None:
    place.write(5)
    place.expire(3)

    assert (read(place).state, read(place).offsets) == ("no-commit", 2)


def test_4_a_quiet_topic_that_is_caught_up_has_no_lag(place: Place) -> None:
    place.write(3, age=HOUR)
    place.commit(3)

    assert (read(place).state, read(place).seconds, read(place).offsets) == ("ok", 0.0, 0)


def test_5_the_same_record_ages_while_the_reader_stands_still(place: Place) -> None:
    place.write(2, age=timedelta(seconds=5))
    place.commit(1)
    hours = iter([timedelta(), HOUR])

    with watching(place.kafka, lambda: datetime.now(UTC) + next(hours)) as watcher:
        first, second = one(watcher, place), one(watcher, place)

    assert first.seconds is not None
    assert second.seconds is not None
    assert 5 <= first.seconds < 30
    assert 3600 <= second.seconds - first.seconds + 0.01 < 3630
    assert (first.state, second.state) == ("ok", "behind")


def test_7_lag_is_the_age_of_the_record_at_the_committed_offset(place: Place) -> None:
    place.write(1, age=HOUR)
    place.write(1, age=timedelta(minutes=10))
    place.write(1)
    place.commit(1)

    assert read(place).seconds == pytest.approx(600, abs=30)


def test_10_the_marker_of_a_transaction_is_no_lag(place: Place) -> None:
    place.write(1, age=HOUR, transactional_id=place.topic)
    place.commit(1)

    found = read(place)

    assert (found.end, found.state, found.seconds, found.offsets) == (2, "ok", 0.0, 0)


def test_10_a_record_behind_a_marker_is_found_there(place: Place) -> None:
    place.write(1, age=HOUR, transactional_id=place.topic)
    place.commit(1)
    with watching(place.kafka, lambda: datetime.now(UTC)) as watcher:
        assert one(watcher, place).seconds == 0.0
        place.write(1, age=timedelta(minutes=10))
        assert one(watcher, place).seconds == pytest.approx(600, abs=30)


def test_10_an_open_transaction_has_not_happened_yet(place: Place) -> None:
    with open_producer(place.kafka, transactional_id=place.topic) as producer:
        producer.init_transactions()
        producer.begin_transaction()
        producer.send(place.topic, b"x").get(10)
        place.commit(0)
        found = read(place)
        producer.abort_transaction()

    assert (found.end, found.state, found.seconds) == (0, "ok", 0.0)


def test_12_offsets_of_a_compacted_topic_are_a_bound(place: Place) -> None:
    place.write(1, age=HOUR)
    place.write(4)
    place.commit(0)
    place.expire(2)  # what compaction does to the start, without waiting for it

    found = read(place)

    assert (found.state, found.offsets, found.lost) == ("data-lost", 3, 2)
    assert found.seconds == pytest.approx(0, abs=30)


def test_a_commit_beyond_the_end_is_data_lost(place: Place) -> None:
    place.write(2)
    place.commit(7)

    assert (read(place).state, read(place).lost, read(place).approximate) == ("data-lost", 5, False)


def test_a_commit_inside_an_open_transaction_is_marked_and_not_called_lost(place: Place) -> None:
    with open_producer(place.kafka, transactional_id=place.topic) as producer:
        producer.init_transactions()
        producer.begin_transaction()
        producer.send(place.topic, b"x").get(10)
        place.commit(1)
        found = read(place)
        producer.abort_transaction()

    assert (found.state, found.offsets, found.approximate) == ("ok", 0, True)


def test_14_a_group_without_members_is_listed_as_empty(place: Place) -> None:
    place.write(1)
    place.commit(1)
    with watching(place.kafka, lambda: datetime.now(UTC)) as watcher:
        seen = watcher.read([place.group, "nobody"])

    groups = by_group([lag(r) for r in seen.readings], seen.members)
    assert {g.group: g.state for g in groups} == {place.group: "empty", "nobody": "unknown"}


def test_a_group_with_a_member_is_not_empty(place: Place) -> None:
    with open_member(place.kafka, place.group, [place.topic]) as member:
        member.subscribe([place.topic])
        eventually(lambda: member.poll(timeout_ms=200) or member.assignment(), within=30)
        with watching(place.kafka, lambda: datetime.now(UTC)) as watcher:
            assert watcher.read([place.group]).members == {place.group: 1}


def test_what_the_broker_does_not_have_is_unknown_and_never_zero(place: Place) -> None:
    place.topic = "absent.v1"

    with watching(place.kafka, lambda: datetime.now(UTC)) as watcher:
        found = [lag(r) for r in watcher.read([place.group]).readings]

    assert len(found) == reading.TOPICS[0].partitions
    assert {(one.state, one.seconds, one.offsets) for one in found} == {("unknown", None, None)}
    assert "does not have" in found[0].cause


@pytest.mark.parametrize("call", ["list_group_offsets", "describe_groups"])
def test_what_the_broker_does_not_tell_is_unknown_with_its_cause(
    place: Place, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    def refused(*_: object) -> None:
        raise GroupAuthorizationFailedError("not yours")

    place.write(1)
    monkeypatch.setattr(reading.KafkaAdminClient, call, refused)
    with watching(place.kafka, lambda: datetime.now(UTC)) as watcher:
        seen = watcher.read([place.group])

    (group,) = by_group([lag(r) for r in seen.readings], seen.members)
    if call == "describe_groups":
        assert (group.members, group.state) == (None, "no-commit")
    else:
        assert (group.members, group.state) == (0, "unknown")
        assert "GroupAuthorizationFailed" in group.cause


def test_what_could_not_be_read_in_time_is_unknown(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.write(1, age=HOUR)
    place.commit(0)
    monkeypatch.setattr(reading.Waiting.__init__, "__kwdefaults__", {"patience": 0.0})

    assert (read(place).state, read(place).seconds) == ("unknown", None)


def test_every_group_of_the_table_is_looked_at_unless_told_otherwise() -> None:
    assert set(reading.GROUPS) == {
        "listwire-amazon",
        "listwire-commerce",
        "listwire-listings",
        "listwire-lookups",
        "listwire-matching",
        "listwire-postgres",
        "listwire-products",
        "listwire-webhook",
    }
