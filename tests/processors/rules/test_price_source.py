"""Which catalogue price counts: W1 to W4 of `listings.md` 6.8, the special price of 9."""

from datetime import date
from typing import Any

import msgspec
import pytest

from processors.rules import price_source, scopes
from processors.rules.scopes import Values
from schemas.candidates import Prices
from schemas.catalog import Price, Product
from schemas.event import as_number
from schemas.settings import Listing

TODAY = date(2026, 11, 25)


def asked(
    priced: dict[str, Any],
    *,
    websites: tuple[str, ...] = ("1",),
    attributes: dict[str, Any] | None = None,
    today: date = TODAY,
    **listing: Any,
) -> Prices:
    """Give the prices of a product in a store that takes them from *websites*."""
    whole = {"sku": "A", "attributes": attributes or {}}
    nearest = (*(f"website:{code}" for code in websites), "global")
    values = Values(
        msgspec.convert(whole, Product, dec_hook=as_number),
        msgspec.convert({"sku": "A"} | priced, Price, dec_hook=as_number),
        scopes.of_website("1", None),
    )
    of = price_source.Sources(
        listing=Listing(**listing), currency="EUR", websites=websites, scopes=nearest
    )
    return price_source.prices(values, of, today)


def amount(prices: Prices) -> str | None:
    return None if prices.source is None else str(prices.source.amount)


BOTH = ("1", "2")
W1 = {"price": {"global": "31.99", "website:1": "24.99"}}
W2 = {"price": {"global": "31.99", "website:2": "27.99"}}
W3 = {"price": {"global": "9"}, "cost": {"website:2": "20.00"}}
W4 = {"price": {"global": "9"}, "cost": {}}
NONE_THERE = {"price": {"global": "9", "website:1": None}}
NAUGHT = {"price": {"global": "9", "website:1": "0"}}

TABLE = [
    pytest.param(W1, "price", ("1",), "24.99", id="W1 its own"),
    pytest.param(W2, "price", BOTH, "27.99", id="W2 another's own before the default"),
    pytest.param(W3, "cost", BOTH, "20.00", id="W3 only there"),
    pytest.param(W4, "cost", ("1",), "9", id="W4 Price instead"),
    pytest.param(W3, "cost", ("1",), "9", id="never another website's"),
    pytest.param(NONE_THERE, "price", ("1",), None, id="none there"),
    pytest.param(NAUGHT, "price", ("1",), "9", id="0 is no value"),
    pytest.param(W1, "price", (), "31.99", id="price scope global"),
    pytest.param({"price": {"global": "0"}}, "price", ("1",), None, id="0 everywhere"),
    pytest.param({}, "price", ("1",), None, id="nothing stated"),
]


@pytest.mark.parametrize(("prices", "source", "websites", "expected"), TABLE)
def test_the_price_source_in_force(
    prices: dict[str, Any], source: str, websites: tuple[str, ...], expected: str | None
) -> None:
    assert amount(asked({"prices": prices}, websites=websites, price_source=source)) == expected


def test_a_fallback_says_so() -> None:
    found = asked({"prices": W4}, price_source="cost")

    assert [(r.code, r.facts) for r in found.reasons] == [("FALLBACK", {"source": "cost"})]


def test_a_source_among_the_attributes_counts_too() -> None:
    found = asked({"prices": W4}, price_source="b2b", attributes={"b2b": {"global": "7.50"}})

    assert found.source is not None
    assert (str(found.source.amount), found.source.source) == ("7.50", "b2b")


@pytest.mark.parametrize("typed", ["", "call us", "-1", "1e3"])
def test_an_attribute_that_is_no_price_is_none(typed: str) -> None:
    found = asked({"prices": W4}, price_source="b2b", attributes={"b2b": {"global": typed}})

    assert amount(found) == "9"


def test_map_and_list_price_travel_beside_it() -> None:
    prices = W4 | {"least": {"global": "8"}, "msrp": {"global": "12"}}
    found = asked({"prices": prices}, map="least", strike_through="msrp")

    assert found.map is not None
    assert found.msrp is not None
    assert (str(found.map.amount), str(found.msrp.amount)) == ("8", "12")


# --- the special price --------------------------------------------------------------------

REGULAR = {"price": {"global": "10"}, "special_price": {"global": "8"}}


def dates(start: str | None = None, until: str | None = None) -> dict[str, Any]:
    return {
        "special_from": {"global": start} if start else {},
        "special_to": {"global": until} if until else {},
    }


WINDOWS = [
    pytest.param(dates(), "8", None, id="no dates are always"),
    pytest.param(dates("2026-11-25", "2026-11-25"), "8", "2026-11-25", id="one day, inclusive"),
    pytest.param(dates("2026-11-26"), "10", None, id="starts tomorrow"),
    pytest.param(dates("2026-11-20"), "8", None, id="only a start"),
    pytest.param(dates(None, "2026-11-24"), "10", None, id="ended yesterday"),
    pytest.param(dates(None, "2026-11-30"), "8", "2026-11-30", id="only an end"),
]


@pytest.mark.parametrize(("window", "expected", "until"), WINDOWS)
def test_a_special_price_counts_inside_its_window(
    window: dict[str, Any], expected: str, until: str | None
) -> None:
    found = asked({"prices": REGULAR} | window, price_source="special_price")

    assert (amount(found), found.until) == (expected, until)


@pytest.mark.parametrize(
    ("prices", "expected"),
    [
        pytest.param({"special_price": {"global": "11"}}, "10", id="above Price"),
        pytest.param({"special_price": {"global": "10"}}, "10", id="equal to Price"),
        pytest.param({"special_price": {"global": "0"}}, "10", id="0"),
        pytest.param({"special_price": {"global": "8", "website:1": None}}, "10", id="taken away"),
        pytest.param({"special_price": {"global": "8", "website:1": "7"}}, "7", id="its own"),
        pytest.param({"price": {"global": None}}, None, id="without Price"),
    ],
)
def test_a_special_price_must_be_below_price(prices: dict[str, Any], expected: str | None) -> None:
    assert amount(asked({"prices": REGULAR | prices}, price_source="special_price")) == expected


def test_each_date_is_scoped_by_itself() -> None:
    window = {
        "special_from": {"global": "2026-11-01", "website:1": "2026-12-01"},
        "special_to": {"global": "2026-12-24"},
    }

    assert amount(asked({"prices": REGULAR} | window, price_source="special_price")) == "10"


def test_a_special_price_is_not_looked_at_where_price_is_the_source() -> None:
    assert amount(asked({"prices": REGULAR})) == "10"
