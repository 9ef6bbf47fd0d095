"""Requests off Kafka for the role *lookups*: positions, coverage, then the group's offsets.

Coverage is written before the offset is committed, so a committed offset is always covered.
"""

from collections.abc import Callable, Iterable, Sequence
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
BATCH = 200
KEPT = 2_000
"""Records of one partition that may be open before no more of it is fetched."""

SETTLE = 0.25
"""Seconds between two writings of coverage and offsets."""


class _Open:
    """Records of one partition that were given out: which are done, and as what."""

    def __init__(self) -> None:
        self.outcomes: dict[int, Handled | None] = {}

    def __len__(self) -> int:
        return len(self.outcomes)

    def done(self) -> list[tuple[int, Handled]]:
        """Take out, in order, the records before which nothing is open any more."""
        found = []
        for offset, outcome in list(self.outcomes.items()):
            if outcome is None:
                break
            found.append((offset, outcome))
            del self.outcomes[offset]
        return found


class KafkaRequests:
    """Records of a group's topics, done in any order. Not shared between threads."""

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
        kept: int = KEPT,
    ) -> None:
        self._bootstrap = bootstrap
        self._kept = kept
        self._group = group
        self._member = member
        self._idle_since = self._settled = monotonic()
        self._publish = publish
        self._now = now
        self._gained: set[TopicPartition] = set()
        self._open: dict[Place, _Open] = {}
        self._lost: list[Place] = []
        self._ledger = Ledger(group, source)
        self._consumer = open_member(
            bootstrap, group, topics, client_id=member, max_poll_records=BATCH
        )
        self._consumer.subscribe(list(topics), listener=_Assignments(self))

    def poll(self, timeout: float) -> Sequence[Record]:
        """Give new records; of a partition with many open ones no more are fetched."""
        self._begin()
        if monotonic() - self._settled >= SETTLE:
            self.settle()
        found = list(polled(self._consumer.poll(timeout_ms=int(timeout * 1000))))
        for record in found:
            open_ = self._open.setdefault((record.topic, record.partition), _Open())
            open_.outcomes[record.offset] = None
        self._hold_back()
        self._still_a_member()
        return found

    def _still_a_member(self) -> None:
        now = monotonic()
        if self._consumer.assignment():
            self._idle_since = now
        elif now - self._idle_since > IDLE:
            self._idle_since = now
            if not joined(self._bootstrap, self._group, self._member):
                raise Left(f"no partition for {IDLE:.0f} s, and the group does not know us")

    def lost(self) -> Sequence[Place]:
        """Give the partitions that went to someone else since this was last asked."""
        lost, self._lost = self._lost, []
        return lost

    def _hold_back(self) -> None:
        """Fetch no more of a partition of which much is open: memory stays bounded."""
        for partition in self._consumer.assignment() - self._gained:
            much = len(self._open.get((partition.topic, partition.partition), ())) > self._kept
            paused = partition in self._consumer.paused()
            if much and not paused:
                self._consumer.pause(partition)
            elif paused and not much:
                self._consumer.resume(partition)

    def done(self, record: Record, outcome: Handled) -> None:
        """Note what became of a record; the offset follows once all before it are done."""
        place = (record.topic, record.partition)
        open_ = self._open.get(place)
        if open_ is None or record.offset not in open_.outcomes:
            return  # its partition is someone else's by now
        open_.outcomes[record.offset] = outcome
        for offset, became in open_.done():
            self._ledger.note(*place, offset, became)

    def settle(self) -> None:
        """Write the coverage of what was handled, then the group's offsets."""
        self._settled = monotonic()
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
            self._open.pop(place, None)
            self._lost.append(place)

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
