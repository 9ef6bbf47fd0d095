"""Rows of reports between their marks (`reliability.md` L, `listings.md` 5)."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from processors.rules.known import Flight, Mark, Row, StoreFacts, Submitted
from processors.rules.reported import believed, doubted, flown, noted
from schemas.amazon import ObservedStore
from tests.support.history import DE, NOON, History, euro

HOUR = 3_600_000_000
ROW = Row(Mark(10 * HOUR, 1, "r", 6 * HOUR), ObservedStore())
"""Low mark 10, as of 16, high mark 17."""


@pytest.mark.parametrize(
    ("lane", "sure"),
    [
        pytest.param([], True, id="nothing was ever sent"),
        pytest.param([Flight(1, 8, 9)], True, id="over before the low mark"),
        pytest.param([Flight(1, 8, 10)], False, id="confirmed at the low mark"),
        pytest.param([Flight(1, 11, 12)], False, id="wholly between"),
        pytest.param([Flight(1, 9, 20)], False, id="under way all the time"),
        pytest.param([Flight(1, 9, None)], False, id="still under way"),
        pytest.param([Flight(1, 17, None)], False, id="sent at the high mark"),
        pytest.param([Flight(1, 18, None)], True, id="sent after it"),
        pytest.param([Flight(1, 7, None), Flight(2, 9, 9)], True, id="the next attempt ended it"),
    ],
)
def test_a_row_is_believed_where_nothing_of_ours_was_under_way(
    lane: list[Flight], sure: bool
) -> None:
    hours = [
        Flight(f.attempt, f.since * HOUR, None if f.until is None else f.until * HOUR) for f in lane
    ]
    facts = StoreFacts(rows=[ROW], flights={"price": hours})

    assert (believed(facts.rows, facts, []) == [ROW]) is sure
    assert (doubted(facts, []) == []) is sure
    assert (believed([ROW], StoreFacts(), hours) == [ROW]) is sure


def row(at: int) -> Row:
    return Row(Mark(at, 1, f"r{at}"), ObservedStore(asin=f"A{at}"))


def test_the_two_newest_rows_are_kept_and_the_rest_goes_on() -> None:
    assert noted([], row(1)) == ([row(1)], [])
    assert noted([row(1)], row(3)) == ([row(1), row(3)], [])
    assert noted([row(1), row(3)], row(2)) == ([row(2), row(3)], [row(1)])
    assert noted([row(2), row(3)], row(1)) == ([row(2), row(3)], [row(1)])


def test_a_row_that_comes_twice_is_one() -> None:
    assert noted([row(1), row(2)], row(1)) == ([row(1), row(2)], [])


def told(state: str, at: int, attempt: int) -> Submitted:
    return Submitted(state, at, attempt, None, "")


@pytest.mark.parametrize("turned", [False, True], ids=["in order", "in the opposite order"])
def test_an_attempt_has_a_beginning_and_an_end(turned: bool) -> None:
    lane: list[Flight] = []
    news = [told("accepted", 1, 1), told("overdue", 2, 1), told("confirmed", 3, 1)]
    for one in reversed(news) if turned else news:
        lane = flown(lane, one)

    assert lane == [Flight(1, 1, 3)]


def test_the_newest_attempts_are_remembered() -> None:
    lane: list[Flight] = []
    for attempt in (1, 3, 2):
        lane = flown(lane, told("accepted", attempt, attempt))

    assert [f.attempt for f in lane] == [2, 3]


# --- in the listing -------------------------------------------------------------------------


def report(history: History, as_of: datetime, **stated: Any) -> None:
    said = {"status": ..., "report_status": "Active", **stated}
    history.observe(source="report", as_of=as_of, **said)


def pushed(history: History, price: str, *, minutes: int) -> None:
    sent = history.now - timedelta(minutes=minutes)
    history.submission("price", "accepted", price, at=sent, hash="h")
    history.submission("price", "confirmed", price, at=sent + timedelta(minutes=2), hash="h")


def shown(history: History) -> Any:
    return history.status(DE).observed


def listed() -> History:
    history = History()
    history.candidate()
    report(history, NOON - timedelta(days=2), price=euro("39.90"))
    return history


def test_a_report_that_overlaps_our_own_change_changes_nothing_and_is_checked() -> None:
    history = listed()
    pushed(history, "44.9 EUR", minutes=240)

    report(history, NOON, price=euro("39.90"), quantity=3)
    report(history, NOON - timedelta(hours=1), price=euro("1.00"), quantity=9)

    assert (shown(history).price, shown(history).quantity) == (euro("39.90"), 5)
    assert history.facts.known.reading is not None
    assert history.facts.known.reading.why == "REPORT_DIFFERS"


def test_a_report_that_overlaps_our_own_change_and_says_the_same_asks_nothing() -> None:
    history = listed()
    pushed(history, "44.9 EUR", minutes=240)

    report(history, NOON, price=euro("39.90"))

    assert history.reads() == []


def test_a_read_settles_what_the_report_left_open() -> None:
    history = listed()
    pushed(history, "44.9 EUR", minutes=240)
    report(history, NOON, price=euro("41.00"))

    history.later(minutes=1)
    history.observe(price=euro("44.90"))

    assert shown(history).price == euro("44.90")
    assert history.facts.known.reading is None


def test_a_report_after_everything_of_ours_has_settled_is_believed() -> None:
    history = listed()
    pushed(history, "44.9 EUR", minutes=24 * 60)

    report(history, NOON, price=euro("41.00"), quantity=3)

    assert (shown(history).price, shown(history).quantity) == (euro("41.00"), 3)
    assert history.reads() == []


def test_a_price_confirmed_after_the_report_was_asked_for_beats_it() -> None:
    history = listed()
    history.observe(as_of=NOON - timedelta(minutes=5), price=euro("44.90"))

    report(history, NOON - timedelta(minutes=20), price=euro("39.90"))

    assert shown(history).price == euro("44.90")


def test_a_row_keeps_what_a_newer_one_does_not_state() -> None:
    history = listed()

    report(history, NOON, price=..., quantity=...)

    assert (shown(history).price, shown(history).quantity) == (euro("39.90"), 5)
