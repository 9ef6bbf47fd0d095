"""The conservation auditor: every input offset is accounted for, or named (`reliability.md` J).

Compares what each group says of its inputs with the log ends. Pure; a *gap* is only a hole
if the broker still has a record there, so the caller looks before it is called one.
"""

from collections.abc import Callable, Mapping, Sequence

import msgspec

from schemas.pipeline import Coverage

Place = tuple[str, int]
"""Topic and partition."""

Records = Callable[[Place, int, int], int]
"""How many records the broker has on a place from one offset up to another."""


class Hole(msgspec.Struct, frozen=True, kw_only=True):
    """Offsets of one input that nobody accounts for."""

    group: str
    topic: str
    partition: int
    first: int
    next: int
    records: int


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
    found = []
    for group, places in wanted.items():
        for place in places:
            coverage = said.get((group, *place))
            found += [
                Hole(
                    group=group,
                    topic=place[0],
                    partition=place[1],
                    first=first,
                    next=after,
                    records=count,
                )
                for first, after in _open(coverage, *log[place])
                if (count := records(place, first, after))
            ]
    return found


def _open(coverage: Coverage | None, start: int, end: int) -> list[tuple[int, int]]:
    if coverage is None:
        return [(start, end)] if end > start else []
    ranges = [(r.first, r.next) for r in coverage.ranges if r.outcome == "gap"]
    ranges += [(start, coverage.start), (coverage.next, end)]
    return [(max(first, start), after) for first, after in ranges if after > max(first, start)]
