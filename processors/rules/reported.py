"""Rows of reports, and whether they may be believed (`reliability.md` L).

A report shows the moment of nobody knows which snapshot between its low and its high mark.
Where something of ours was under way in between, a row may show what was before it or after:
it changes nothing, and if it differs the SKU is read. Rows are kept as they came, two of
them, so that the word about our own doing may arrive before them or after.
"""

from collections.abc import Iterable, Sequence
from itertools import chain, pairwise

from processors.rules.known import Flight, Mark, Row, StoreFacts, Submitted

ROWS = 2
"""Rows that are kept as they came: the newest, and what holds should it not be believed."""

FLIGHTS = 2
"""Attempts that are remembered of each aspect."""

TAKES = 3_600_000_000
"""Microseconds from a report's as-of to its high mark: a row does not carry the latter, and
Amazon writes a report within the hour."""

ENDED = frozenset({"confirmed", "invalid", "failed"})
"""States in which nothing of an attempt is under way any more."""


def noted(rows: Sequence[Row], row: Row) -> tuple[list[Row], list[Row]]:
    """Give the rows to keep with *row* among them, and those that two newer ones followed."""
    if any(row.mark == known.mark for known in rows):
        return list(rows), []
    ordered = sorted([*rows, row], key=_mark)
    return ordered[-ROWS:], ordered[:-ROWS]


def _mark(row: Row) -> Mark:
    return row.mark


def believed(rows: Iterable[Row], facts: StoreFacts, shared: Sequence[Flight]) -> list[Row]:
    """Give those of *rows* during whose report nothing of ours was under way."""
    if not facts.flights and not shared:
        return list(rows)
    lanes = [*facts.flights.values(), shared]
    return [row for row in rows if not any(_meet(row, lane) for lane in lanes)]


def doubted(facts: StoreFacts, shared: Sequence[Flight]) -> list[Row]:
    """Give the rows that change nothing, oldest first."""
    sure = believed(facts.rows, facts, shared)
    return [row for row in facts.rows if row not in sure]


def _meet(row: Row, lane: Sequence[Flight]) -> bool:
    """Tell whether an attempt was under way, or ended, between the marks of *row*."""
    low, high = row.mark.at, row.mark.at + row.mark.behind + TAKES
    for flight, following in pairwise(chain(lane, [None])):
        end = flight.until if flight is not None else None
        end = following.since if end is None and following is not None else end
        if flight is not None and flight.since <= high and (end is None or end >= low):
            return True
    return False


def flown(lane: Sequence[Flight], told: Submitted) -> list[Flight]:
    """Give the attempts of one aspect after *told*: since when, and until when.

    Whatever order the word about them arrives in, the result is the same.
    """
    mine = next((f for f in lane if f.attempt == told.attempt), None)
    since = told.at if mine is None else min(mine.since, told.at)
    until = mine.until if mine is not None else None
    if told.state in ENDED:
        until = max(told.at, until or 0)
    others = [f for f in lane if f.attempt != told.attempt]
    ordered = sorted([*others, Flight(told.attempt, since, until)], key=_start)
    return ordered[-FLIGHTS:]


def _start(flight: Flight) -> tuple[int, int]:
    return flight.since, flight.attempt
