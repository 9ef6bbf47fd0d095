"""Calendar days in a zone, and the instants at which windows turn."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from processors.rules import days

BERLIN = ZoneInfo("Europe/Berlin")
TOKYO = ZoneInfo("Asia/Tokyo")
CAIRO = ZoneInfo("Africa/Cairo")

BEGINS = [
    pytest.param(date(2026, 3, 29), BERLIN, datetime(2026, 3, 28, 23, tzinfo=UTC), id="23 hours"),
    pytest.param(date(2026, 3, 30), BERLIN, datetime(2026, 3, 29, 22, tzinfo=UTC), id="after it"),
    pytest.param(date(2026, 10, 25), BERLIN, datetime(2026, 10, 24, 22, tzinfo=UTC), id="25 hours"),
    pytest.param(date(2026, 10, 26), BERLIN, datetime(2026, 10, 25, 23, tzinfo=UTC), id="after"),
    pytest.param(date(2026, 11, 25), TOKYO, datetime(2026, 11, 24, 15, tzinfo=UTC), id="Tokyo"),
    pytest.param(date(2026, 4, 24), CAIRO, datetime(2026, 4, 23, 22, tzinfo=UTC), id="no midnight"),
]


@pytest.mark.parametrize(("day", "zone", "instant"), BEGINS)
def test_a_day_begins_at_its_first_instant(day: date, zone: ZoneInfo, instant: datetime) -> None:
    assert days.begin(day, zone) == instant


@pytest.mark.parametrize("text", ["2026-11-20", "2026-11-20 00:00:00", "2026-11-20T10:00:00Z"])
def test_a_time_of_day_is_ignored(text: str) -> None:
    assert days.plain(text) == date(2026, 11, 20)


UNREADABLE = ["6/15/26", "", "2026-11-2", "20261120", "2026-13-01", "２０２６-11-20"]


@pytest.mark.parametrize("text", UNREADABLE)
def test_what_is_no_date_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        days.plain(text)


def test_a_window_without_ends_never_turns() -> None:
    assert days.next_edge(days.edges(None, None), BERLIN, datetime(2026, 1, 1, tzinfo=UTC)) is None


def test_the_last_day_there_is_has_no_day_after() -> None:
    assert days.edges(None, date.max) == []


@given(
    st.dates(date(2000, 1, 1), date(2099, 12, 31)),
    st.integers(946_684_800, 4_102_358_400).map(lambda at: datetime.fromtimestamp(at, UTC)),
    st.sampled_from([BERLIN, TOKYO, CAIRO, ZoneInfo("America/Los_Angeles")]),
)
def test_at_a_turn_the_day_has_come_and_before_it_has_not(
    turn: date, now: datetime, zone: ZoneInfo
) -> None:
    instant = days.next_edge([turn], zone, now)

    if instant is None:
        assert days.day(now, zone) >= turn
    else:
        assert instant > now
        assert days.day(instant, zone) >= turn > days.day(now, zone)
