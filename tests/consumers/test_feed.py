"""The real feed on the real broker: nothing is read before somebody says from where."""

import itertools
import time
from collections.abc import Callable, Iterator

import pytest
from kafka import KafkaProducer
from kafka.errors import (
    CommitFailedError,
    CoordinatorNotAvailableError,
    FencedInstanceIdError,
    GroupAuthorizationFailedError,
    KafkaTimeoutError,
    RebalanceInProgressError,
)

from consumers import feed as feeding
from consumers.feed import Bounds, KafkaFeed, Left, Log, Place
from deploy.connect.kafka import open_admin, open_member
from schemas.record import Record
from tests.support.eventually import eventually

NUMBERS = itertools.count()
LOG = Log("cluster", "topic")
Open = Callable[[], KafkaFeed]


@pytest.fixture
def topic(topics: Callable[..., None], kafka: str) -> str:
    """A topic of two partitions with three records each, the offset in the value."""
    name = f"feed.test-{next(NUMBERS)}.v1"
    topics(name, partitions=2)
    producer = KafkaProducer(bootstrap_servers=kafka)
    for partition, number in itertools.product(range(2), range(3)):
        headers = [("ce_id", b"1"), ("ce_id", b"2")]
        producer.send(
            name, value=str(number).encode(), key=b"k", partition=partition, headers=headers
        )
    producer.close()
    return name


@pytest.fixture
def opened(topic: str, kafka: str) -> Iterator[Open]:
    """What opens one more member of a group of this test's own."""
    consumers = []

    def start() -> KafkaFeed:
        consumer = open_member(kafka, f"group-{topic}", [topic], session_timeout_ms=6_000)
        consumers.append(consumer)
        return KafkaFeed(consumer, [topic], lambda _: LOG, lambda: True)

    yield start
    for consumer in consumers:
        consumer.close()


def polled(*feeds: KafkaFeed) -> list[Record]:
    return [r for f in feeds for batch in f.poll(0.1, 100).values() for r in batch]


def gaining(feed: KafkaFeed, number: int, *others: KafkaFeed) -> frozenset[Place]:
    """Poll until *feed* has gained *number* partitions; nothing may be read meanwhile."""

    def gained() -> frozenset[Place]:
        assert polled(feed, *others) == []
        return feed.gained() if len(feed.gained()) == number else frozenset()

    return eventually(gained, within=20)


@pytest.mark.kafka
def test_nothing_comes_before_it_is_said_from_where(opened: Open, topic: str) -> None:
    feed = opened()
    gained = gaining(feed, 2)
    deadline = time.monotonic() + 0.5
    while time.monotonic() < deadline:
        assert polled(feed) == []

    assert (gained, feed.held()) == ({Place(topic, 0), Place(topic, 1)}, gained)


@pytest.mark.kafka
def test_a_started_partition_is_read_from_there_and_the_other_waits(
    opened: Open, topic: str
) -> None:
    feed = opened()
    gaining(feed, 2)
    feed.start(Place(topic, 1), 1)
    read: list[Record] = []

    eventually(lambda: read.extend(polled(feed)) or len(read) == 2, within=20)

    assert ([(r.partition, r.offset, r.value) for r in read], feed.gained()) == (
        [(1, 1, b"1"), (1, 2, b"2")],
        {Place(topic, 0)},
    )


@pytest.mark.kafka
def test_a_record_comes_with_its_headers_as_they_are(opened: Open, topic: str) -> None:
    feed = opened()
    gaining(feed, 2)
    feed.start(Place(topic, 0), 2)

    (record,) = eventually(lambda: polled(feed), within=20)

    assert (record.key, record.headers, record.timestamp_ms > 0) == (
        b"k",
        (("ce_id", b"1"), ("ce_id", b"2")),
        True,
    )


@pytest.mark.kafka
def test_a_paused_partition_goes_on_where_it_is_told_to(opened: Open, topic: str) -> None:
    feed = opened()
    gaining(feed, 2)
    feed.start(Place(topic, 0), 0)
    eventually(lambda: polled(feed), within=20)
    feed.pause([Place(topic, 0)])
    silent = [polled(feed) for _ in range(3)]
    feed.start(Place(topic, 0), 1)

    assert (silent, [r.offset for r in eventually(lambda: polled(feed), within=20)]) == (
        [[], [], []],
        [1, 2],
    )


@pytest.mark.kafka
def test_it_says_where_the_logs_start_and_end(opened: Open, topic: str) -> None:
    feed = opened()
    gained = gaining(feed, 2)

    assert (feed.bounds(gained), feed.log(topic)) == (
        {Place(topic, 0): Bounds(0, 3), Place(topic, 1): Bounds(0, 3)},
        LOG,
    )


@pytest.mark.kafka
def test_what_is_committed_everyone_can_see(opened: Open, topic: str, kafka: str) -> None:
    feed = opened()
    gaining(feed, 2)

    feed.commit({Place(topic, 0): 2})

    with open_admin(kafka) as admin:
        shown = admin.list_group_offsets([f"group-{topic}"])
    assert {tp.partition: o.offset for tp, o in shown[f"group-{topic}"].items()} == {0: 2}


@pytest.mark.kafka
def test_a_second_member_takes_half_and_reads_nothing_unasked(opened: Open, topic: str) -> None:
    first = opened()
    gaining(first, 2)
    for partition in (0, 1):
        first.start(Place(topic, partition), 3)
    second = opened()

    gained = gaining(second, 1, first)
    eventually(lambda: not polled(first, second) and len(first.held()) == 1, within=20)

    assert first.held() | gained == {Place(topic, 0), Place(topic, 1)}


class Refusing:
    """A consumer whose commits the coordinator answers with an error."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    def subscribe(self, topics: list[str], listener: object) -> None: ...

    def commit(self, offsets: object, timeout_ms: int) -> None:
        raise self.error


@pytest.mark.parametrize(
    "error", [CommitFailedError(), FencedInstanceIdError(), GroupAuthorizationFailedError()]
)
def test_a_member_that_the_group_knows_no_more_has_left(error: Exception) -> None:
    with pytest.raises(Left):
        KafkaFeed(Refusing(error), ["t"], lambda _: LOG, lambda: True).commit({Place("t", 0): 1})


@pytest.mark.parametrize(
    "error",
    [RebalanceInProgressError(), KafkaTimeoutError(), CoordinatorNotAvailableError()],
)
def test_a_commit_that_a_later_one_will_show_is_let_go(error: Exception) -> None:
    KafkaFeed(Refusing(error), ["t"], lambda _: LOG, lambda: True).commit({Place("t", 0): 1})


class Unassigned:
    """A consumer whose group gave it nothing."""

    def subscribe(self, topics: list[str], listener: object) -> None:
        pass

    def poll(self, timeout_ms: int, max_records: int) -> dict[object, object]:
        return {}

    def assignment(self) -> set[object]:
        return set()


def polled_often(joined: bool, monkeypatch: pytest.MonkeyPatch) -> KafkaFeed:
    monkeypatch.setattr(feeding, "IDLE", 0.0)
    made = KafkaFeed(Unassigned(), ["t"], lambda _: LOG, lambda: joined)
    for _ in range(5):
        made.poll(0.0, 10)
    return made


def test_a_member_that_its_group_has_forgotten_leaves(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Left, match="the group does not know us"):
        polled_often(joined=False, monkeypatch=monkeypatch)


def test_a_member_that_is_only_spare_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    assert polled_often(joined=True, monkeypatch=monkeypatch).held() == frozenset()
