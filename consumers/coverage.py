"""What became of each offset of one partition, as the auditor reads it (`reliability.md` J).

Counts are for ever; ranges are kept one by one for what is not plainly done, the newest
`KEPT` of them. A gap is what Kafka never gave: compacted, or a transaction's marker.
"""

from collections.abc import Iterable

from schemas.pipeline import Coverage, Handled, Range

KEPT = 200
"""Ranges that one row carries at most: an auditor looks every minute."""

LISTED = ("quarantined", "gap")


def extended(before: Coverage, outcomes: Iterable[tuple[int, Handled]]) -> Coverage:
    """Give *before*, gone on with the outcome of each offset, in order."""
    counts = dict(before.counts)
    ranges = list(before.ranges)
    at = before.next
    for offset, outcome in outcomes:
        if offset > at:
            _add(counts, ranges, Range(first=at, next=offset, outcome="gap"))
        _add(counts, ranges, Range(first=offset, next=offset + 1, outcome=outcome))
        at = offset + 1
    return Coverage(
        group=before.group,
        topic=before.topic,
        partition=before.partition,
        start=before.start,
        next=at,
        counts=counts,
        ranges=ranges[-KEPT:],
    )


def _add(counts: dict[str, int], ranges: list[Range], new: Range) -> None:
    counts[new.outcome] = counts.get(new.outcome, 0) + new.next - new.first
    if new.outcome not in LISTED:
        return
    last = ranges[-1] if ranges else None
    if last is not None and last.outcome == new.outcome and last.next == new.first:
        ranges[-1] = Range(first=last.first, next=new.next, outcome=new.outcome)
    else:
        ranges.append(new)
