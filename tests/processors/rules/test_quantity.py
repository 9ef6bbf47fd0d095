"""The quantity pipeline: the table of `listings.md` 8, Q1 to Q15."""

from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from processors.rules.quantity import base, below_threshold, quantity
from schemas.candidates import StockBase
from schemas.money import Number
from schemas.settings import Listing


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the table; *excluded*: by the rule."""

    stock: str | None = None
    managed: bool = True
    salable: bool = True
    reserved: str = "0"
    pending: str = "0"
    threshold: int = 0
    maximum: int | None = None
    below: str = "ineligible"
    excluded: bool = False
    fba: bool = False


def asked(case: Case) -> tuple[int | None, str | None]:
    """Give quantity and, where the stock excludes, why."""
    stock = StockBase(
        managed=case.managed,
        salable=case.salable,
        quantity=Number(case.stock or "0"),
        reserved=Number(case.reserved),
        pending=Number(case.pending),
    )
    listing = Listing(threshold=case.threshold, below_threshold=case.below)  # type: ignore[arg-type]
    units = base(stock, unmanaged=listing.unmanaged_quantity, buffer=listing.buffer).value
    short = below_threshold(units, fba=case.fba, listing=listing)
    answer = quantity(
        units,
        eligible=short is None and not case.excluded,
        fba=case.fba,
        threshold=listing.threshold,
        below_threshold=listing.below_threshold,
        maximum=case.maximum,
    )
    return answer.value, short and short.code


TABLE = [
    pytest.param(Case(stock="2.5"), 2, None, id="Q1 decimals round down"),
    pytest.param(
        Case(stock="4", threshold=5, maximum=3), 0, "BELOW_STOCK_THRESHOLD", id="Q2 below"
    ),
    pytest.param(Case(stock="5", threshold=5, maximum=3), 3, None, id="Q3 equal stays"),
    pytest.param(Case(stock="3", maximum=10), 3, None, id="Q4 a cap is not a quantity"),
    pytest.param(Case(stock="1", maximum=1), 1, None, id="Q5 one again"),
    pytest.param(Case(stock="5", pending="2"), 3, None, id="Q6 pending"),
    pytest.param(Case(stock="5", reserved="-2"), 3, None, id="Q7 the same units reserved"),
    pytest.param(Case(stock="-4"), 0, None, id="Q8 negative is none, and active"),
    pytest.param(Case(managed=False), 100, None, id="Q9 not managed"),
    pytest.param(Case(managed=False, maximum=30), 30, None, id="Q10 not managed, capped"),
    pytest.param(Case(stock="50", salable=False), 0, None, id="Q11 not salable"),
    pytest.param(Case(stock="50", excluded=True), 0, None, id="Q12 excluded by the rule"),
    pytest.param(Case(stock="50", fba=True), None, None, id="Q13 fulfilled by Amazon"),
    pytest.param(Case(stock="0.9"), 0, None, id="Q14 less than one is none"),
    pytest.param(Case(stock="4", threshold=5, below="stay_active"), 0, None, id="Q15 stay active"),
    pytest.param(Case(stock="5", maximum=0), 5, None, id="maximum 0 is no cap"),
    pytest.param(Case(stock="1", threshold=5, fba=True), None, None, id="no threshold for FBA"),
    pytest.param(Case(stock="1000000000000000"), 10**15, None, id="a great number stays exact"),
]


@pytest.mark.parametrize(("case", "units", "why"), TABLE)
def test_the_quantity_of_the_table(case: Case, units: int | None, why: str | None) -> None:
    assert asked(case) == (units, why)


def test_without_a_stock_record_the_quantity_is_unknown() -> None:
    unknown = base(None, unmanaged=100, buffer=0)

    shown = quantity(
        unknown.value,
        eligible=True,
        fba=False,
        threshold=5,
        below_threshold="ineligible",
        maximum=3,
    )

    assert (shown.value, shown.reasons[0].code) == (None, "STOCK_MISSING")
    assert below_threshold(unknown.value, fba=False, listing=Listing(threshold=5)) is None


def test_whoever_is_excluded_shows_0_even_while_the_stock_is_unknown() -> None:
    shown = quantity(
        None, eligible=False, fba=False, threshold=0, below_threshold="ineligible", maximum=None
    )

    assert (shown.value, shown.reasons[0].code) == (0, "EXCLUDED")


def test_the_products_own_unmanaged_quantity_wins() -> None:
    assert base(StockBase(managed=False, unmanaged_quantity=7), unmanaged=100, buffer=0).value == 7


def test_the_buffer_is_kept_back() -> None:
    answer = base(StockBase(managed=True, quantity=Number("5")), unmanaged=100, buffer=2)

    assert (answer.value, answer.reasons[0].facts["buffer"]) == (3, "2")


numbers = st.decimals(-1000, 1000, places=3).map(Number)


@given(numbers, numbers, st.integers(0, 50), st.integers(0, 20), st.integers(0, 20))
def test_never_negative_and_never_more_than_there_is(
    stock: Number, reserved: Number, buffer: int, threshold: int, maximum: int
) -> None:
    held = StockBase(managed=True, quantity=stock, reserved=reserved)
    units = base(held, unmanaged=100, buffer=buffer).value
    shown = quantity(
        units,
        eligible=True,
        fba=False,
        threshold=threshold,
        below_threshold="stay_active",
        maximum=maximum,
    ).value

    assert shown is not None
    assert 0 <= shown <= max(Decimal(0), stock + reserved)
