"""Dates as shops write them; a date that cannot be read is never no date."""

import pytest

from producers.catalog.dates import Order, Proof, day, proves


@pytest.mark.parametrize(
    ("text", "order", "said"),
    [
        pytest.param("2026-11-20", "month-first", "2026-11-20", id="ISO"),
        pytest.param("2026-11-20 23:59:59", "day-first", "2026-11-20", id="ISO with a time"),
        pytest.param("2026-11-20T08:00:00Z", "day-first", "2026-11-20", id="an instant"),
        pytest.param("6/15/26", "month-first", "2026-06-15", id="the shop's default"),
        pytest.param("6/7/2026", "month-first", "2026-06-07", id="month first"),
        pytest.param("6/7/2026", "day-first", "2026-07-06", id="day first"),
        pytest.param("15.06.2026", "day-first", "2026-06-15", id="with dots"),
        pytest.param("6/15/26, 3:04\u202fPM", "month-first", "2026-06-15", id="with a clock"),
    ],
)
def test_a_date_is_read(text: str, order: Order, said: str) -> None:
    assert day(text, order) == said


@pytest.mark.parametrize(
    ("text", "order"),
    [
        pytest.param("15/6/26", "month-first", id="no such month"),
        pytest.param("2026-02-30", "month-first", id="no such day"),
        pytest.param("soon", "month-first", id="a word"),
        pytest.param("20261120", "month-first", id="digits"),
        pytest.param("6/15-26", "month-first", id="two separators"),
        pytest.param("６/15/26", "month-first", id="full width"),
    ],
)
def test_a_date_that_cannot_be_read_is_refused(text: str, order: Order) -> None:
    with pytest.raises(ValueError, match=r"no date|no day"):
        day(text, order)


@pytest.mark.parametrize(
    ("text", "order"),
    [
        pytest.param("6/15/26", "month-first", id="only month first"),
        pytest.param("15/6/26", "day-first", id="only day first"),
        pytest.param("6/7/26", None, id="either"),
        pytest.param("2026-11-20", None, id="ISO"),
        pytest.param("15/16/26", None, id="neither"),
    ],
)
def test_a_date_may_prove_its_order(text: str, order: Order | None) -> None:
    assert proves(text) == order


def test_a_file_that_proves_both_orders_is_refused_with_both_places() -> None:
    proof = Proof()
    proof.look(3, "special_from", "6/15/26")
    proof.look(9, "special_to", "15/6/26")

    with pytest.raises(ValueError, match=r"line 3, special_from.*line 9, special_to"):
        proof.order(None, "month-first")

    assert proof.order("day-first", "month-first") == "day-first"


def test_a_file_that_proves_nothing_is_read_as_the_shop_writes() -> None:
    assert Proof().order(None, "day-first") == "day-first"
