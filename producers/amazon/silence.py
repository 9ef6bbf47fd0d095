"""When a subscription that used to speak has fallen silent: lost, and nobody was told.

The alarm comes after twice the usual interval (`reliability.md` 2.4, stage 5). What is usual
is the longest pause of the last while, and never less than an hour: between two sales, and
over a night, nothing has to be said.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import pairwise

import msgspec

HEARD = 50
"""Notifications that are looked back at."""

ENOUGH = 5
"""Notifications below which nothing is usual yet."""

LEAST = timedelta(hours=1)
"""The shortest pause that is taken for usual."""


class Silence(msgspec.Struct, frozen=True, kw_only=True):
    """One account's subscription that has been silent for too long."""

    account: str
    type: str
    last: datetime
    usual: timedelta


def usual(heard: Sequence[datetime]) -> timedelta | None:
    """Give the usual pause between notifications that were *heard*, None for too few."""
    if len(heard) < ENOUGH:
        return None
    pauses = [later - earlier for earlier, later in pairwise(sorted(heard))]
    return max(LEAST, *pauses)


def silences(
    heard: Mapping[tuple[str, str], Sequence[datetime]], wanted: Iterable[str], now: datetime
) -> list[Silence]:
    """Give the accounts and types of *wanted* that have been silent for too long."""
    found = []
    for (account, kind), times in sorted(heard.items()):
        pause = usual(times)
        if kind in wanted and pause is not None and now - max(times) > 2 * pause:
            found.append(Silence(account=account, type=kind, last=max(times), usual=pause))
    return found
