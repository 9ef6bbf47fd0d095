"""Kafka's side of a consumer that keeps its offsets elsewhere: `Feed`, and the real one.

A partition that was just assigned stays paused until `start` says where to read from; so
whoever owns the truth about offsets may take its time, and polling never stops.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from time import monotonic
from typing import Any, NamedTuple, Protocol

from kafka import KafkaConsumer, TopicPartition
from kafka.consumer.subscription_state import ConsumerRebalanceListener
from kafka.errors import KafkaError, KafkaTimeoutError, RebalanceInProgressError
from kafka.structs import OffsetAndMetadata

from schemas.errors import TryAgain
from schemas.record import Record

COMMIT_MS = 5_000
"""Longer nobody waits for offsets that are only shown."""

MEANWHILE = (KafkaTimeoutError, RebalanceInProgressError)
"""The broker is away, or the group is forming: a later commit shows the same."""


IDLE = 20.0
"""Seconds without any partition after which the broker is asked whether we are a member."""


class Place(NamedTuple):
    """One partition of one topic."""

    topic: str
    partition: int


class Bounds(NamedTuple):
    """Where a partition's log starts and ends now."""

    start: int
    end: int


class Log(NamedTuple):
    """Which log it is: a topic that was made again has another id, so has another cluster."""

    cluster: str
    topic: str


class Left(Exception):
    """This reader is no longer the owner: it ends, and may be started anew."""


class Feed(Protocol):
    """Records in, by partition; what is not started is assigned and paused."""

    def poll(self, timeout: float, limit: int) -> Mapping[Place, Sequence[Record]]:
        """Give at most *limit* new records of started partitions."""

    def held(self) -> frozenset[Place]:
        """Give the partitions assigned now."""

    def gained(self) -> frozenset[Place]:
        """Give those assigned since they were last started, lost ones left out."""

    def start(self, place: Place, offset: int) -> None:
        """Read *place* from *offset* on."""

    def pause(self, places: Iterable[Place]) -> None:
        """Stop reading *places*; polling goes on."""

    def bounds(self, places: Iterable[Place]) -> Mapping[Place, Bounds]:
        """Say where the logs of *places* start and end. Raises `TryAgain`."""

    def log(self, topic: str) -> Log:
        """Say which log *topic* is. Raises `TryAgain`."""

    def commit(self, offsets: Mapping[Place, int]) -> None:
        """Show *offsets* to everyone. Raises `Left` if the group has gone on without us."""


class KafkaFeed:
    """A `Feed` over a kafka-python consumer that was made with a group and no auto-commit.

    *identify* tells which log a topic is; the consumer does not. *joined* asks the broker
    whether this member is in its group: kafka-python 3.0.12 that lost its place on a busy
    machine was seen to poll for ever without joining again.
    """

    def __init__(
        self,
        consumer: KafkaConsumer,
        topics: Sequence[str],
        identify: Callable[[str], Log],
        joined: Callable[[], bool],
    ) -> None:
        self._consumer = consumer
        self._identify = identify
        self._joined = joined
        self._idle_since: float | None = None
        self._gained: set[TopicPartition] = set()
        consumer.subscribe(list(topics), listener=_Assignments(consumer, self._gained))

    def poll(self, timeout: float, limit: int) -> dict[Place, list[Record]]:
        """Give at most *limit* new records of started partitions.

        Raises `Left` if the group has not known this member for a while.
        """
        found = self._consumer.poll(timeout_ms=int(timeout * 1000), max_records=limit)
        self._still_a_member()
        return {_place(tp): [_record(r) for r in records] for tp, records in found.items()}

    def _still_a_member(self) -> None:
        now = monotonic()
        if self._consumer.assignment() or self._idle_since is None:
            self._idle_since = now
        elif now - self._idle_since > IDLE:
            self._idle_since = now
            if not self._joined():
                raise Left(f"no partition for {IDLE:.0f} s, and the group does not know us")

    def held(self) -> frozenset[Place]:
        """Give the partitions assigned now."""
        return frozenset(map(_place, self._consumer.assignment()))

    def gained(self) -> frozenset[Place]:
        """Give those assigned since they were last started, lost ones left out."""
        return frozenset(map(_place, self._gained & self._consumer.assignment()))

    def start(self, place: Place, offset: int) -> None:
        """Read *place* from *offset* on."""
        partition = TopicPartition(*place)
        self._consumer.seek(partition, offset)
        self._consumer.resume(partition)
        self._gained.discard(partition)

    def pause(self, places: Iterable[Place]) -> None:
        """Stop reading *places*; polling goes on."""
        self._consumer.pause(*self._still_ours(places))

    def bounds(self, places: Iterable[Place]) -> dict[Place, Bounds]:
        """Say where the logs of *places* start and end. Raises `TryAgain`."""
        asked = [TopicPartition(*p) for p in places]
        try:
            starts = self._consumer.beginning_offsets(asked)
            ends = self._consumer.end_offsets(asked)
        except KafkaError as error:
            raise TryAgain(f"the broker does not say where its logs end: {error!r}") from error
        return {_place(tp): Bounds(starts[tp], ends[tp]) for tp in asked}

    def log(self, topic: str) -> Log:
        """Say which log *topic* is. Raises `TryAgain`."""
        return self._identify(topic)

    def commit(self, offsets: Mapping[Place, int]) -> None:
        """Show *offsets* to everyone. Raises `Left` if the group has gone on without us."""
        noted = {TopicPartition(*p): OffsetAndMetadata(n, "", -1) for p, n in offsets.items()}
        try:
            self._consumer.commit(noted, timeout_ms=COMMIT_MS)
        except KafkaError as error:
            if not (error.retriable or isinstance(error, MEANWHILE)):
                raise Left(f"the group's coordinator says {error!r}") from error

    def _still_ours(self, places: Iterable[Place]) -> set[TopicPartition]:
        return {TopicPartition(*p) for p in places} & set(self._consumer.assignment())


class _Assignments(ConsumerRebalanceListener):
    """Pauses what is assigned before its first record can arrive."""

    def __init__(self, consumer: KafkaConsumer, gained: set[TopicPartition]) -> None:
        self._consumer = consumer
        self._gained = gained

    def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        self._gained.update(assigned)
        self._consumer.pause(*assigned)

    def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:
        self._gained.difference_update(revoked)


def _place(partition: TopicPartition) -> Place:
    return Place(partition.topic, partition.partition)


def _record(raw: Any) -> Record:
    return Record(
        topic=raw.topic,
        key=raw.key,
        value=raw.value,
        headers=tuple(raw.headers),
        partition=raw.partition,
        offset=raw.offset,
        timestamp_ms=raw.timestamp,
    )
