"""Rows: facts as bytes, with a version that only grows and the instant that is due."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from processors.rows import Rows, due_of, microseconds, moment_of, version_of
from processors.step import Facts, Sent
from schemas.money import Number

NOW = 1_795_615_819_886_123
DUE = datetime(2026, 11, 30, tzinfo=UTC)


class Some(Facts, frozen=True, kw_only=True):
    price: Number = Number(0)
    seen: dict[str, datetime] = {}


FACTS = Some(price=Number("12.90"), seen={"a": DUE}, sent={"t\ns": Sent(b"\x00\xff", 7)})


def test_facts_come_back_as_they_were_stored() -> None:
    rows = Rows(Some)

    assert rows.facts(rows.row(FACTS, None, before=None, now_us=NOW)) == FACTS


def test_a_key_never_seen_has_empty_facts() -> None:
    assert Rows(Some).facts(None) == Some()


@pytest.mark.parametrize(
    ("due", "microsecond"),
    [
        pytest.param(None, 0, id="nothing is due"),
        pytest.param(DUE, microseconds(DUE), id="an instant"),
        pytest.param(DUE.astimezone(timezone(timedelta(hours=2))), microseconds(DUE), id="a zone"),
    ],
)
def test_the_due_instant_stands_before_the_facts(due: datetime | None, microsecond: int) -> None:
    assert due_of(Rows(Some).row(FACTS, due, before=None, now_us=NOW)) == microsecond


def test_a_row_that_says_nothing_new_is_the_row_before() -> None:
    rows = Rows(Some)
    before = rows.row(FACTS, DUE, before=None, now_us=NOW)

    assert rows.row(FACTS, DUE, before=before, now_us=NOW + 5) is before


@pytest.mark.parametrize(
    ("facts", "due"),
    [pytest.param(Some(), DUE, id="other facts"), pytest.param(FACTS, None, id="another instant")],
)
def test_a_row_that_differs_has_a_higher_version_whatever_the_clock_says(
    facts: Some, due: datetime | None
) -> None:
    rows = Rows(Some)
    before = rows.row(FACTS, DUE, before=None, now_us=NOW)

    after = rows.row(facts, due, before=before, now_us=NOW - 10_000_000)

    assert version_of(after) == version_of(before) + 1


def test_instants_survive_to_the_microsecond() -> None:
    assert microseconds(moment_of(NOW)) == NOW
