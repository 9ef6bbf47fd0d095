"""Reading lag from a broker, in the one order that cannot lie (`operations.md` 4.1).

Members, then commits, then starts and ends of what is committed, then the first record that
waits. What cannot be read becomes a reading with its fault; only an unreachable broker raises.
"""

import contextlib
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import TypeVar

import msgspec
from kafka import IsolationLevel, KafkaConsumer, TopicPartition
from kafka.admin import KafkaAdminClient, OffsetSpec
from kafka.errors import KafkaError

from deploy.connect.kafka import open_admin, open_consumer
from deploy.watch.lag import Reading
from deploy.watch.waiting import Waiting
from schemas.topics import TOPICS, inputs, topic

GROUPS = tuple(sorted({group for each in TOPICS for group in each.groups}))
"""Every group of the topic table."""

COORDINATOR_SECONDS = 10.0
"""Coordinators that are just being found or loading have so long to answer, all together."""

FETCH = 65_536
"""Bytes per partition and request: one record of each is all that is looked at."""


T = TypeVar("T")


class Group(msgspec.Struct, frozen=True, kw_only=True):
    """One group: its members (None = could not be read) and commits, or the fault."""

    name: str
    members: int | None
    commits: Mapping[TopicPartition, int] = {}
    fault: str = ""

    def places(self, found: Mapping[str, set[int]]) -> list[TopicPartition]:
        """Give what the group reads: its inputs by the table, else what it has committed."""
        declared = inputs(self.name)
        if not declared:
            return sorted(self.commits)
        missing = {name: set(range(topic(name).partitions)) for name in declared}
        counted = {name: found.get(name) or missing[name] for name in declared}
        return [TopicPartition(name, p) for name in declared for p in sorted(counted[name])]


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """One pass: a reading per group and partition, and each group's number of members."""

    readings: tuple[Reading, ...]
    members: Mapping[str, int | None]


class Watcher:
    """Reads again and again over the same connections; remembers which record waits where.

    *now* is asked once a pass, right after the ends were read.
    """

    def __init__(
        self, admin: KafkaAdminClient, consumer: KafkaConsumer, now: Callable[[], datetime]
    ) -> None:
        self._admin = admin
        self._consumer = consumer
        self._now = now
        self._waiting = Waiting(consumer)

    def read(self, groups: Sequence[str] = GROUPS) -> Seen:
        """Do one pass over *groups*."""
        until = time.monotonic() + COORDINATOR_SECONDS
        members = self._members(groups, until)
        known = [self._group(name, members[name], until) for name in groups]
        found = self._partitions(known)
        wanted = {place for group in known for place in group.places(found)}
        there = {place for place in wanted if place.partition in found.get(place.topic, set())}
        logs, fault = self._logs(there)
        blanks = [
            _blank(group, place, self._now(), logs, fault)
            for group in known
            for place in group.places(found)
        ]
        return Seen(readings=tuple(self._finished(blanks)), members=members)

    # --- the steps, in their order ----------------------------------------------------------

    def _members(self, groups: Sequence[str], until: float) -> dict[str, int | None]:
        try:
            told = patiently(lambda: self._admin.describe_groups(list(groups)), until)
        except KafkaError:
            return dict.fromkeys(groups)
        return {name: _counted(told.get(name)) for name in groups}

    def _group(self, name: str, members: int | None, until: float) -> Group:
        if time.monotonic() > until:
            return Group(name=name, members=members, fault="commits: not answered in time")
        try:
            asked = {name: None}
            committed = patiently(lambda: self._admin.list_group_offsets(asked), until)[name]
        except KafkaError as error:
            return Group(name=name, members=members, fault=f"commits: {error}")
        commits = {place: found.offset for place, found in committed.items() if found.offset >= 0}
        return Group(name=name, members=members, commits=commits)

    def _partitions(self, groups: Iterable[Group]) -> dict[str, set[int]]:
        names = {name for group in groups for name in inputs(group.name)}
        names |= {place.topic for group in groups for place in group.commits}
        return {name: self._consumer.partitions_for_topic(name) or set() for name in sorted(names)}

    def _logs(
        self, places: Iterable[TopicPartition]
    ) -> tuple[dict[TopicPartition, tuple[int, int]], str]:
        asked = sorted(places)
        if not asked:
            return {}, ""
        try:
            starts = self._consumer.beginning_offsets(asked)
            ends = self._consumer.end_offsets(asked)
        except KafkaError as error:
            return {}, f"log: {error}"
        return {place: (starts[place], ends[place]) for place in asked}, ""

    def _finished(self, blanks: Sequence[Reading]) -> Iterator[Reading]:
        asked = {(_place(r), r.committed) for r in blanks if _open(r) and r.committed is not None}
        ends = {_place(r): r.end for r in blanks if not r.fault}
        found = self._waiting.of(asked, ends)
        highs = self._highs({_place(r) for r in blanks if _beyond(r)})
        for reading in blanks:
            if not _open(reading):
                yield msgspec.structs.replace(reading, high=highs.get(_place(reading)))
            elif (key := (_place(reading), reading.committed or 0)) in found:
                yield msgspec.structs.replace(reading, waiting=found[key])
            else:
                fault = "the first record that waits could not be read in time"
                yield msgspec.structs.replace(reading, fault=fault)

    def _highs(self, places: set[TopicPartition]) -> dict[TopicPartition, int]:
        if not places:
            return {}
        latest = dict.fromkeys(places, OffsetSpec.LATEST)
        with contextlib.suppress(KafkaError):
            told = self._admin.list_partition_offsets(latest, IsolationLevel.READ_UNCOMMITTED)
            return {place: found.offset for place, found in told.items()}
        return {}


@contextlib.contextmanager
def watching(bootstrap: str, now: Callable[[], datetime]) -> Iterator[Watcher]:
    """Give a watcher over connections of its own. Raises `Failure` LW-0201 to LW-0204."""
    with (
        open_admin(bootstrap) as admin,
        open_consumer(bootstrap, max_partition_fetch_bytes=FETCH) as consumer,
    ):
        yield Watcher(admin, consumer, now)


def patiently(ask: Callable[[], T], until: float | None = None) -> T:
    """Give what *ask* gives, asked again while the broker says that it will know soon.

    *until* is a monotonic time; None = `COORDINATOR_SECONDS` from now.
    """
    deadline = time.monotonic() + COORDINATOR_SECONDS if until is None else until
    while True:
        try:
            return ask()
        except KafkaError as error:
            if not error.retriable or time.monotonic() > deadline:
                raise
        time.sleep(0.2)


def _blank(
    group: Group,
    place: TopicPartition,
    at: datetime,
    logs: Mapping[TopicPartition, tuple[int, int]],
    fault: str,
) -> Reading:
    start, end = logs.get(place, (0, 0))
    missing = "" if place in logs else "the broker does not have this partition"
    return Reading(
        group=group.name,
        topic=place.topic,
        partition=place.partition,
        committed=group.commits.get(place),
        start=start,
        end=end,
        read_at=at,
        fault=group.fault or fault or missing,
    )


def _counted(told: Mapping[str, object] | None) -> int | None:
    if told is None:
        return None
    if told.get("group_state") == "Dead":
        return 0
    members = told["members"]
    return None if told.get("error") or not isinstance(members, list) else len(members)


def _place(reading: Reading) -> TopicPartition:
    return TopicPartition(reading.topic, reading.partition)


def _open(reading: Reading) -> bool:
    committed = reading.committed
    return not reading.fault and committed is not None and committed < reading.end


def _beyond(reading: Reading) -> bool:
    committed = reading.committed
    return not reading.fault and committed is not None and committed > reading.end
