"""Records of the pipeline about itself: coverage (`reliability.md` J), the probe."""

from typing import Literal

from schemas.event import Event, Part

Handled = Literal["emitted", "unchanged", "filtered", "quarantined", "gap"]


class Range(Part, frozen=True, kw_only=True):
    """Offsets from *first* up to, not including, *next*, and what became of them.

    *gap* = nothing came to the stage for these offsets: compaction, a transaction's marker,
    or a record that was skipped; the auditor asks the broker which.
    """

    first: int
    next: int
    outcome: Handled


class Coverage(Event, frozen=True, kw_only=True):
    """Which input offsets of one partition a group has handled, cumulatively.

    *ranges* holds gaps and quarantined offsets one by one; everything else between *start*
    and *next* is counted in *counts*.
    """

    group: str
    topic: str
    partition: int
    start: int
    next: int
    counts: dict[str, int] = {}
    ranges: list[Range] = []


class Applied(Event, frozen=True, kw_only=True):
    """How far one worker has read a topic that every worker reads whole."""

    group: str
    worker: str
    topic: str
    next: int


class Probe(Event, frozen=True, kw_only=True):
    """An end-to-end probe record; its append time tells the broker's clock."""

    id: str
    at: str
