"""Which input offsets were handled, and as what: what the auditor compares with the log.

Coverage is written before the offset is committed, so a committed offset is always
covered; what is read again after a crash is not counted twice. Cumulative per partition.
"""

from collections.abc import Mapping
from datetime import datetime

from schemas import codec, keys
from schemas.event import Event
from schemas.pipeline import Applied, Coverage, Handled, Range
from schemas.record import Record

TOPIC = "pipeline.coverage.v1"

RANGES = 2_000
"""Ranges kept one by one; older ones are only counted."""


class Covered:
    """One partition of one input, from *start* to *next*."""

    def __init__(self, start: int, known: Coverage | None = None) -> None:
        self.position = start
        """Next offset to be handled; below *next* while records are read again."""
        self.start = known.start if known else start
        self.next = known.next if known else start
        self.counts = dict(known.counts) if known else {}
        self.ranges = list(known.ranges) if known else []
        self.told = False
        if self.next < start:
            self._range(self.next, start, "gap")  # nobody has said what became of these

    def note(self, offset: int, outcome: Handled) -> None:
        """Take down what became of *offset*; what lies before it never came."""
        if offset < self.position:
            return
        self.told = False
        if offset >= self.next:
            if offset > self.next:
                self._range(self.next, offset, "gap")
            self._one(offset, outcome)
        self.position = offset + 1

    def _one(self, offset: int, outcome: Handled) -> None:
        if outcome == "quarantined":
            self._range(offset, offset + 1, outcome)
            return
        self.counts[outcome] = self.counts.get(outcome, 0) + 1
        self.next = offset + 1

    def _range(self, first: int, after: int, outcome: Handled) -> None:
        self.counts[outcome] = self.counts.get(outcome, 0) + after - first
        self.ranges.append(Range(first=first, next=after, outcome=outcome))
        self.next = after
        del self.ranges[:-RANGES]


class Ledger:
    """Coverage of all the partitions that one worker owns."""

    def __init__(self, group: str, source: str, worker: str = "1") -> None:
        self._group = group
        self._source = source
        self._worker = worker
        self._covered: dict[tuple[str, int], Covered] = {}

    def begin(self, topic: str, partition: int, start: int, known: Coverage | None) -> None:
        """Start at offset *start*, going on with what the owner before wrote."""
        self._covered.setdefault((topic, partition), Covered(start, known))

    def forget(self) -> None:
        """Own nothing any more."""
        self._covered.clear()

    def note(self, topic: str, partition: int, offset: int, outcome: Handled) -> None:
        """Take down what became of one input; one of a partition let go is someone else's."""
        covered = self._covered.get((topic, partition))
        if covered is not None:
            covered.note(offset, outcome)

    def position(self, topic: str, partition: int) -> int | None:
        """Give the next offset to be handled, None if the partition is not ours."""
        covered = self._covered.get((topic, partition))
        return covered.position if covered else None

    def untold(self) -> dict[tuple[str, int], int]:
        """Give the positions that moved since they were last told."""
        return {place: c.position for place, c in self._covered.items() if not c.told}

    def records(self, places: Mapping[tuple[str, int], int], now: datetime) -> list[Record]:
        """Give the coverage records of *places*."""
        return [self._record(*place, now) for place in places]

    def told(self, places: Mapping[tuple[str, int], int]) -> None:
        """Note that *places* were told up to these positions."""
        for place, position in places.items():
            covered = self._covered.get(place)
            if covered is not None and covered.position == position:
                covered.told = True

    def _record(self, topic: str, partition: int, now: datetime) -> Record:
        covered = self._covered[topic, partition]
        event: Event = Coverage(
            group=self._group,
            topic=topic,
            partition=partition,
            start=covered.start,
            next=covered.next,
            counts=covered.counts,
            ranges=covered.ranges,
        )
        return self._encoded(event, topic, str(partition), covered.next, now)

    def applied(self, news: Mapping[str, int], now: datetime) -> list[Record]:
        """Give the records that say how far this worker read topics that it reads whole."""
        return [
            self._encoded(
                Applied(group=self._group, worker=self._worker, topic=topic, next=upto),
                topic,
                f"worker-{self._worker}",
                upto,
                now,
            )
            for topic, upto in news.items()
        ]

    def _encoded(self, event: Event, topic: str, last: str, upto: int, now: datetime) -> Record:
        key = keys.join(self._group, topic, last)
        subject = key.decode()
        return codec.encode(
            event,
            topic=TOPIC,
            key=key,
            id=codec.derived_id(TOPIC, subject, upto, event.content()),
            source=self._source,
            subject=subject,
            time=now,
            sequence=upto,
        )
