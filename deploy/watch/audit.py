"""The conservation auditor: every input offset is accounted for, or named (`reliability.md` J).

Compares what each group says of its inputs with the log ends. Pure; a *gap* is only a hole
if the broker still has a record there, so the caller looks before it is called one.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime

import msgspec

from schemas.pipeline import Coverage

Place = tuple[str, int]
"""Topic and partition."""


class Standing(msgspec.Struct, frozen=True):
    """What the broker has in a range: how many records, when the first was written."""

    records: int
    since: datetime | None = None


Records = Callable[[Place, int, int], Standing]
"""What the broker has on a place from one offset up to, not including, another."""


class Hole(msgspec.Struct, frozen=True, kw_only=True):
    """Offsets of one input that nobody accounts for; *since*: when the first was written."""

    group: str
    topic: str
    partition: int
    first: int
    next: int
    records: int
    since: datetime | None = None


def holes(
    wanted: Mapping[str, Sequence[Place]],
    said: Mapping[tuple[str, str, int], Coverage],
    log: Mapping[Place, tuple[int, int]],
    records: Records,
) -> list[Hole]:
    """Give what is not accounted for.

    *wanted*: each group's inputs; *said*: the coverage by group, topic, partition; *log*:
    start and end of each place.
    """
    return [
        hole
        for group, places in wanted.items()
        for place in places
        for hole in _holes(group, place, said.get((group, *place)), log[place], records)
    ]


def _holes(
    group: str, place: Place, said: Coverage | None, log: tuple[int, int], records: Records
) -> Iterator[Hole]:
    for first, after in _open(said, *log):
        standing = records(place, first, after)
        if standing.records:
            yield Hole(
                group=group,
                topic=place[0],
                partition=place[1],
                first=first,
                next=after,
                records=standing.records,
                since=standing.since,
            )


def _open(coverage: Coverage | None, start: int, end: int) -> list[tuple[int, int]]:
    if coverage is None:
        return [(start, end)] if end > start else []
    ranges = [(r.first, r.next) for r in coverage.ranges if r.outcome == "gap"]
    ranges += [(start, min(coverage.start, end)), (coverage.next, end)]
    return [(max(first, start), after) for first, after in ranges if after > max(first, start)]


def settled(found: Sequence[Hole], now: datetime, *, grace: float) -> list[Hole]:
    """Give those of *found* that have stood for *grace* seconds: younger ones are on their way."""
    return [h for h in found if h.since is None or (now - h.since).total_seconds() >= grace]
