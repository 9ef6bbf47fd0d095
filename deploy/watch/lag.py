"""Lag in seconds and records, read so that it cannot lie (`operations.md` 4.1-4.3). Pure.

Commits are read before ends, so that a lag is never negative; what could not be read is
unknown, never 0; a quiet topic that is caught up has 0 s; a group that never committed has
no lag but a bound.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

import msgspec

State = Literal["ok", "behind", "no-commit", "data-lost", "unknown"]

PROMISE_SECONDS = 60.0
"""Seconds behind which a group is *behind* (`operations.md` 4.5)."""


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """What was read of one partition for one group, in this order: commit, start, end, record.

    *waiting* is the timestamp of the first record at or after *committed*, None where there
    is none. None elsewhere = could not be read, but for *committed*: never committed.
    """

    group: str
    topic: str
    partition: int
    committed: int | None
    start: int | None
    end: int | None
    waiting: datetime | None
    read_at: datetime


class Lag(msgspec.Struct, frozen=True, kw_only=True):
    """How far one group is behind on one partition; *offsets* is a bound, not a count."""

    group: str
    topic: str
    partition: int
    state: State
    seconds: float | None
    offsets: int | None
    lost: int = 0


def lag(reading: Reading, promise: float = PROMISE_SECONDS) -> Lag:
    """Give the lag of one *reading*."""
    state, seconds, offsets, lost = _judge(reading, promise)
    return Lag(
        group=reading.group,
        topic=reading.topic,
        partition=reading.partition,
        state=state,
        seconds=seconds,
        offsets=offsets,
        lost=lost,
    )


def _judge(reading: Reading, promise: float) -> tuple[State, float | None, int | None, int]:
    start, end, committed = reading.start, reading.end, reading.committed
    if start is None or end is None:
        return "unknown", None, None, 0
    if committed is None:
        return "no-commit", None, end - start, 0
    if committed > end:
        return "data-lost", None, 0, committed - end
    if committed < start:
        return "data-lost", _age(reading), end - start, start - committed
    if reading.waiting is None:
        return "ok", 0.0, 0, 0
    age = _age(reading) or 0.0
    return ("behind" if age > promise else "ok"), age, end - committed, 0


def _age(reading: Reading) -> float | None:
    if reading.waiting is None:
        return None
    return max(0.0, (reading.read_at - reading.waiting).total_seconds())


class GroupLag(msgspec.Struct, frozen=True, kw_only=True):
    """The worst of one group's partitions, and how many say so."""

    group: str
    state: State
    seconds: float | None
    offsets: int | None
    partitions: int


WORST: tuple[State, ...] = ("data-lost", "unknown", "behind", "no-commit", "ok")
"""States, the worst first."""


def by_group(lags: Sequence[Lag]) -> list[GroupLag]:
    """Sum up *lags* per group, the slowest group first."""
    names = sorted({one.group for one in lags})
    groups = [_group(name, [one for one in lags if one.group == name]) for name in names]
    return sorted(groups, key=lambda g: (WORST.index(g.state), -(g.seconds or 0), g.group))


def _group(name: str, lags: Sequence[Lag]) -> GroupLag:
    seconds = [one.seconds for one in lags if one.seconds is not None]
    offsets = [one.offsets for one in lags if one.offsets is not None]
    return GroupLag(
        group=name,
        state=min((one.state for one in lags), key=WORST.index),
        seconds=max(seconds) if seconds else None,
        offsets=sum(offsets) if offsets else None,
        partitions=len(lags),
    )
