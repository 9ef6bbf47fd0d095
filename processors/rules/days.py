"""Calendar days in a zone: windows with inclusive ends, and the instants at which they turn.

A day belongs to the website's zone; days of 23 and 25 hours are days like any other.
"""

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta, tzinfo

Day = date

_LEADING = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?=$|[T ])")
_ONE = timedelta(days=1)


def day(moment: datetime, zone: tzinfo) -> Day:
    """Give the calendar day of *moment* in *zone*."""
    return moment.astimezone(zone).date()


def plain(text: str) -> Day:
    """Read `2026-11-20`, ignoring a time of day behind it. Raises ValueError."""
    found = _LEADING.match(text)
    if not found:
        raise ValueError(f"{text[:40]!r} is no date like 2026-11-20")
    return date.fromisoformat(found.group())


def in_zone(text: str, zone: tzinfo) -> Day:
    """Read a date, or an instant with its offset as its day in *zone*. Raises ValueError."""
    if len(text) > 10:
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            return plain(text)
        return moment.date() if moment.tzinfo is None else day(moment, zone)
    return plain(text)


def inside(today: Day, start: Day | None, until: Day | None) -> bool:
    """Tell whether *today* lies between both ends, inclusive; an end left out is open."""
    return (start is None or start <= today) and (until is None or today <= until)


def edges(start: Day | None, until: Day | None) -> list[Day]:
    """Give the days on whose first instant a window turns: its first, and that after its last."""
    first = [] if start is None else [start]
    return first if until is None or until == date.max else [*first, until + _ONE]


def next_edge(turns: Iterable[Day], zone: tzinfo, now: datetime) -> datetime | None:
    """Give the first instant after *now* at which one of the days *turns* begins."""
    today = day(now, zone)
    ahead = [turn for turn in turns if turn > today]
    return begin(min(ahead), zone) if ahead else None


def begin(first: Day, zone: tzinfo) -> datetime:
    """Give the instant, in UTC, at which the day *first* begins in *zone*."""
    return datetime.combine(first, time.min, tzinfo=zone).astimezone(UTC)
