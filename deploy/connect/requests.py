"""Requests off Kafka for the role *lookups*: positions, coverage, then the group's offsets.

Coverage is written before the offset is committed, so a committed offset is always covered.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from time import monotonic
from typing import Any

from kafka import KafkaConsumer, TopicPartition
from kafka.consumer.subscription_state import ConsumerRebalanceListener
from kafka.structs import OffsetAndMetadata

from consumers.feed import IDLE, Left
from deploy.connect.kafka import joined, open_consumer, open_member
from deploy.connect.whole import polled, to_end
from processors.coverage import TOPIC as COVERAGE
from processors.coverage import Ledger
from schemas import codec, keys
from schemas.pipeline import Coverage, Handled
from schemas.record import Record

Place = tuple[str, int]
BATCH = 50
KEPT = 500
"""Records of one place that wait in memory before its partition is paused."""


class KafkaRequests:
    """Records of a group's topics, place by place. Not shared between threads."""

    def __init__(
        self,
        bootstrap: str,
        topics: Sequence[str],
        *,
        group: str,
        member: str,
        source: str,
        publish: Callable[[Sequence[Record]], None],
        now: Callable[[], datetime],
    ) -> None:
        self._bootstrap = bootstrap
        self._group = group
        self._member = member
        self._idle_since = monotonic()
        self._publish = publish
        self._now = now
        self._gained: set[TopicPartition] = set()
        self._kept: dict[Place, list[Record]] = {}
        self._resting: dict[Place, float] = {}
        self._ledger = Ledger(group, source)
        self._consumer = open_member(
            bootstrap, group, topics, client_id=member, max_poll_records=BATCH
        )
        self._consumer.subscribe(list(topics), listener=_Assignments(self))

    def poll(self, timeout: float) -> Mapping[Place, Sequence[Record]]:
        """Give new records of places that are not resting, and those whose rest is over."""
        self._begin()
        self.settle()
        wait = 0 if self._rested() else int(timeout * 1000)
        for record in polled(self._consumer.poll(timeout_ms=wait)):
            self._kept.setdefault((record.topic, record.partition), []).append(record)
        self._hold_back()
        self._still_a_member()
        return {place: self._kept.pop(place) for place in self._rested()}

    def _still_a_member(self) -> None:
        now = monotonic()
        if self._consumer.assignment():
            self._idle_since = now
        elif now - self._idle_since > IDLE:
            self._idle_since = now
            if not joined(self._bootstrap, self._group, self._member):
                raise Left(f"no partition for {IDLE:.0f} s, and the group does not know us")

    def rest(self, place: Place, records: Sequence[Record], seconds: float) -> None:
        """Give *records* of *place* again after *seconds*, before any later ones."""
        if TopicPartition(*place) in self._consumer.assignment():
            self._kept[place] = [*records, *self._kept.get(place, ())]
            self._resting[place] = monotonic() + seconds

    def _rested(self) -> list[Place]:
        now = monotonic()
        return [place for place in self._kept if self._resting.get(place, 0.0) <= now]

    def _hold_back(self) -> None:
        """Fetch no more of a place of which much is kept: memory stays bounded."""
        for partition in self._consumer.assignment() - self._gained:
            much = len(self._kept.get((partition.topic, partition.partition), ())) > KEPT
            paused = partition in self._consumer.paused()
            if much and not paused:
                self._consumer.pause(partition)
            elif paused and not much:
                self._consumer.resume(partition)

    def done(self, positions: Mapping[Place, int], outcomes: Mapping[Handled, int]) -> None:
        """Note how far each place was handled, and as what."""
        (outcome,) = outcomes
        for (topic, partition), after in positions.items():
            if self._ledger.position(topic, partition) is not None:
                self._ledger.note(topic, partition, after - 1, outcome)

    def settle(self) -> None:
        """Write the coverage of what was handled, then the group's offsets."""
        places = self._ledger.untold()
        if not places:
            return
        self._publish(self._ledger.records(places, self._now()))
        self._ledger.told(places)
        mine = self._consumer.assignment()
        offsets = {
            TopicPartition(*place): OffsetAndMetadata(position, "", -1)
            for place, position in places.items()
            if TopicPartition(*place) in mine
        }
        if offsets:
            self._consumer.commit(offsets)

    def close(self) -> None:
        """Settle, and leave the group."""
        self.settle()
        self._consumer.close()

    def lose(self, partitions: Iterable[TopicPartition]) -> None:
        """Settle what is about to go to another member."""
        self._gained.difference_update(partitions)
        self.settle()
        for partition in partitions:
            place = (partition.topic, partition.partition)
            self._resting.pop(place, None)
            self._kept.pop(place, None)

    def gain(self, partitions: Iterable[TopicPartition], consumer: KafkaConsumer) -> None:
        """Take no record of *partitions* before their coverage is known."""
        self._gained.update(partitions)
        consumer.pause(*partitions)

    @property
    def consumer(self) -> KafkaConsumer:
        """The consumer underneath."""
        return self._consumer

    def _begin(self) -> None:
        gained = sorted(self._gained & self._consumer.assignment())
        if not gained:
            return
        known = self._known()
        starts = self._consumer.beginning_offsets(gained)
        for partition in gained:
            committed = self._consumer.committed(partition)
            start = starts[partition] if committed is None else committed
            place = (partition.topic, partition.partition)
            self._ledger.begin(*place, start, known.get(place))
            self._consumer.seek(partition, start)
            self._consumer.resume(partition)
        self._gained.clear()

    def _known(self) -> dict[Place, Coverage]:
        known: dict[Place, Coverage] = {}
        with open_consumer(self._bootstrap) as reader:
            for record in to_end(reader, (COVERAGE,)):
                group, topic, partition = keys.split(record.key or b"")
                if group != self._group or not partition.isdecimal():
                    continue  # another group's, or how far a worker has read a whole topic
                if (covered := codec.decode(record, Coverage)) is not None:
                    known[topic, int(partition)] = covered
        return known


class _Assignments(ConsumerRebalanceListener):
    def __init__(self, requests: KafkaRequests) -> None:
        self._requests = requests

    def on_partitions_assigned(self, assigned: Any) -> None:
        self._requests.gain(assigned, self._requests.consumer)

    def on_partitions_revoked(self, revoked: Any) -> None:
        self._requests.lose(revoked)
