"""Lag in seconds and offsets, read so that it cannot lie (`operations.md` 4.1-4.4). Pure.

Commits are read before ends, so that a lag is never negative; what could not be read is
unknown, never 0; a quiet topic that is caught up has 0 s; a group that never committed has
no lag but a bound.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Literal

import msgspec

State = Literal["ok", "behind", "no-commit", "data-lost", "empty", "unknown"]

PROMISE_SECONDS = 60.0
"""Seconds behind which a group is *behind* (`operations.md` 4.5)."""


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """What was read of one partition for one group, in this order: commit, start, end, record.

    *committed* None = never committed; *waiting* = timestamp of the first record at or after
    *committed*, None where there is none. *high* is the log's end with open transactions,
    looked at only where *committed* is beyond *end*. *fault* says what could not be read.
    """

    group: str
    topic: str
    partition: int
    read_at: datetime
    committed: int | None = None
    start: int = 0
    end: int = 0
    high: int | None = None
    waiting: datetime | None = None
    fault: str = ""


class Lag(msgspec.Struct, frozen=True, kw_only=True):
    """How far one group is behind on one partition; *offsets* is a bound, not a count.

    *approximate*: the broker names an end before the commit and a later one elsewhere.
    """

    group: str
    topic: str
    partition: int
    state: State
    seconds: float | None
    offsets: int | None
    lost: int = 0
    committed: int | None = None
    end: int | None = None
    approximate: bool = False
    cause: str = ""
    read_at: datetime | None = None


def lag(reading: Reading, promise: float = PROMISE_SECONDS) -> Lag:
    """Give the lag of one *reading*."""
    state, seconds, offsets, lost = _judge(reading, promise)
    known = not reading.fault
    return Lag(
        group=reading.group,
        topic=reading.topic,
        partition=reading.partition,
        state=state,
        seconds=seconds,
        offsets=offsets,
        lost=lost,
        committed=reading.committed,
        end=reading.end if known else None,
        approximate=_beyond(reading) and not lost and known,
        cause=reading.fault,
        read_at=reading.read_at,
    )


def _judge(reading: Reading, promise: float) -> tuple[State, float | None, int | None, int]:
    start, end, committed = reading.start, reading.end, reading.committed
    if reading.fault:
        return "unknown", None, None, 0
    if committed is None:
        return "no-commit", None, end - start, 0
    if committed > end:
        lost = committed - max(end, reading.high or 0)
        return ("data-lost", None, 0, lost) if lost > 0 else ("ok", 0.0, 0, 0)
    if committed < start:
        return "data-lost", _age(reading), end - start, start - committed
    if reading.waiting is None:
        return "ok", 0.0, 0, 0
    age = _age(reading) or 0.0
    return ("behind" if age > promise else "ok"), age, end - committed, 0


def _beyond(reading: Reading) -> bool:
    return reading.committed is not None and reading.committed > reading.end


def _age(reading: Reading) -> float | None:
    if reading.waiting is None:
        return None
    return max(0.0, (reading.read_at - reading.waiting).total_seconds())


class GroupLag(msgspec.Struct, frozen=True, kw_only=True):
    """The worst of one group's partitions, and how many say so; *members* None = unknown."""

    group: str
    state: State
    seconds: float | None
    offsets: int | None
    partitions: int
    members: int | None = None
    lost: int = 0
    cause: str = ""


WORST: tuple[State, ...] = ("data-lost", "unknown", "empty", "behind", "no-commit", "ok")
"""States, the worst first."""


def by_group(
    lags: Sequence[Lag], members: Mapping[str, int | None] | None = None
) -> list[GroupLag]:
    """Sum up *lags* per group, the worst and slowest group first.

    A group of *members* without a partition to read is listed too; so is an empty one.
    """
    known = members or {}
    names = sorted({one.group for one in lags} | set(known))
    groups = [_group(n, [one for one in lags if one.group == n], known.get(n)) for n in names]
    return sorted(groups, key=lambda g: (WORST.index(g.state), -(g.seconds or 0), g.group))


def _group(name: str, lags: Sequence[Lag], members: int | None) -> GroupLag:
    seconds = [one.seconds for one in lags if one.seconds is not None]
    offsets = [one.offsets for one in lags if one.offsets is not None]
    states: list[State] = [one.state for one in lags] or ["unknown"]
    if members == 0:
        states.append("empty")
    return GroupLag(
        group=name,
        state=min(states, key=WORST.index),
        seconds=max(seconds) if seconds else None,
        offsets=sum(offsets) if offsets else None,
        partitions=len(lags),
        members=members,
        lost=sum(one.lost for one in lags),
        cause=next((one.cause for one in lags if one.cause), ""),
    )


def above(lags: Sequence[Lag], threshold: float) -> list[Lag]:
    """Give those of *lags* that are not known to be within *threshold* seconds.

    What could not be read, was lost, or never begun while records stand there is not known to
    be: silence must not pass for health.
    """
    return [one for one in lags if not _within(one, threshold)]


def _within(one: Lag, threshold: float) -> bool:
    if one.state == "no-commit":
        return one.offsets == 0
    if one.state in ("data-lost", "unknown"):
        return False
    return one.seconds is not None and one.seconds <= threshold
