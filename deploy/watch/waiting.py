"""Which record waits: the first at or after an offset, and when it was written.

Looked up by reading it, and remembered: while a reader stands still the same record ages.
Offsets without a record (a transaction's marker, compacted ones) are read over once.
"""

import time
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

import msgspec
from kafka import KafkaConsumer, TopicPartition
from kafka.errors import KafkaError

Key = tuple[TopicPartition, int]
"""A partition, and the offset from which on a record is looked for."""

PATIENCE = 10.0
"""Seconds after which what was not found out stays unknown for this pass."""


class First(msgspec.Struct, frozen=True):
    """The first record at or after an offset."""

    offset: int
    at: datetime


class Waiting:
    """Finds first records with *consumer*, whose assignment is its own business."""

    def __init__(self, consumer: KafkaConsumer, *, patience: float = PATIENCE) -> None:
        self._consumer = consumer
        self._patience = patience
        self._found: dict[Key, First] = {}
        self._bare: dict[Key, int] = {}

    def of(
        self, asked: Iterable[Key], ends: Mapping[TopicPartition, int]
    ) -> dict[Key, datetime | None]:
        """Give the time of the first record of each of *asked*, None where none is before its end.

        What could not be read is left out.
        """
        wanted = set(asked)
        self._forget(wanted)
        open_ = {k for k in wanted if k not in self._found and self._bare.get(k, -1) < ends[k[0]]}
        deadline = time.monotonic() + self._patience
        while open_ and time.monotonic() < deadline:
            one_each = dict(open_)  # one offset of each partition at a time
            if not self._look(one_each, ends, deadline):
                break
            open_ -= set(one_each.items())
        return {key: self._time(key, ends[key[0]]) for key in wanted - open_}

    def _forget(self, wanted: set[Key]) -> None:
        self._found = {key: first for key, first in self._found.items() if key in wanted}
        self._bare = {key: upto for key, upto in self._bare.items() if key in wanted}

    def _time(self, key: Key, end: int) -> datetime | None:
        first = self._found.get(key)
        return first.at if first is not None and first.offset < end else None

    def _look(
        self,
        offsets: Mapping[TopicPartition, int],
        ends: Mapping[TopicPartition, int],
        deadline: float,
    ) -> bool:
        """Read the first record of each partition of *offsets*; tell whether all was read."""
        try:
            self._consumer.assign(sorted(offsets))
            for place, offset in offsets.items():
                self._consumer.seek(place, max(offset, self._bare.get((place, offset), 0)))
            open_ = set(offsets)
            while open_ and time.monotonic() < deadline:
                self._poll(offsets)
                open_ = {p for p in open_ if not self._told(p, offsets[p], ends[p])}
        except KafkaError:
            return False
        return not open_

    def _poll(self, offsets: Mapping[TopicPartition, int]) -> None:
        for place, records in self._consumer.poll(timeout_ms=200).items():
            at = datetime.fromtimestamp(records[0].timestamp / 1000, UTC)
            self._found.setdefault((place, offsets[place]), First(records[0].offset, at))
            self._consumer.pause(place)

    def _told(self, place: TopicPartition, offset: int, end: int) -> bool:
        key = place, offset
        if key in self._found:
            return True
        position = self._consumer.position(place)
        if position < end:
            return False
        self._bare[key] = position
        return True
