"""Values and prices by scope: `listings.md` 6.8, W1 to W4."""

from typing import Any

import msgspec
import pytest

from processors.rules import scopes
from processors.rules.scopes import Values
from schemas.catalog import Price, Product
from schemas.event import as_number

HERE = scopes.of_website("base", "de")


VALUES = [
    pytest.param({"global": "a", "website:base": "b", "view:de": "c"}, "c", id="default view"),
    pytest.param({"global": "a", "website:base": "b", "view:fr": "c"}, "b", id="website"),
    pytest.param({"global": "a", "website:fr": "b"}, "a", id="global"),
    pytest.param({"global": "a", "view:de": None}, None, id="null is none there"),
    pytest.param({"website:fr": "b"}, None, id="nothing for this website"),
    pytest.param({}, None, id="nothing"),
]


@pytest.mark.parametrize(("by_scope", "expected"), VALUES)
def test_the_nearest_scope_that_states_a_value_wins(by_scope: Any, expected: str | None) -> None:
    assert scopes.value(by_scope, HERE) == expected


def values(product: dict[str, Any], prices: dict[str, Any] | None = None) -> Values:
    whole = msgspec.convert({"sku": "007"} | product, Product, dec_hook=as_number)
    priced = None
    if prices is not None:
        priced = msgspec.convert({"sku": "007", "prices": prices}, Price, dec_hook=as_number)
    return Values(whole, priced, HERE)


TRANSLATED = {"name": "Lamp", "attributes": {"name": {"view:de": "Lampe"}}}
OWN = [
    pytest.param({}, "sku", "007", id="the SKU"),
    pytest.param({"name": "Lamp"}, "name", "Lamp", id="the name"),
    pytest.param(
        {"name": "L", "attributes": {"name": {"view:de": "Lampe"}}},
        "name",
        "Lampe",
        id="its translation",
    ),
    pytest.param({"attribute_set": "Top"}, "attribute_set", "Top", id="attribute set"),
    pytest.param({}, "color", None, id="missing"),
    pytest.param({"attributes": {"size": {"global": ["S"]}}}, "size", ["S"], id="a list"),
]


@pytest.mark.parametrize(("product", "attribute", "expected"), OWN)
def test_a_value_by_attribute(product: dict[str, Any], attribute: str, expected: Any) -> None:
    assert values(product).get(attribute) == expected


def test_a_price_is_a_value_too() -> None:
    assert values({}, {"price": {"global": "9.50", "website:base": "8"}}).get("price") == "8"


def test_a_price_of_0_is_a_value_that_rules_see() -> None:
    assert values({}, {"price": {"global": "0"}}).get("price") == "0"


@pytest.mark.parametrize(
    ("found", "expected"),
    [(None, None), ("", None), ("  ", None), (" x ", "x"), (["", " y"], "y"), ([], None)],
)
def test_a_value_as_one_text(found: Any, expected: str | None) -> None:
    assert scopes.text(found) == expected
