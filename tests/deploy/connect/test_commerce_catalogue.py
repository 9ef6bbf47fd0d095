"""The shop's attributes and values over the real client: labels, views, what is written."""

from decimal import Decimal
from typing import Any

import pytest

from consumers.commerce.api import Target
from deploy.connect.commerce.catalogue import FRESH, Catalogue
from tests.deploy.connect.commerce_double import client_over
from tests.support.attribute_shop import AttributeShop


class Clock:
    def __init__(self) -> None:
        self.time = 100.0

    def __call__(self) -> float:
        return self.time


@pytest.fixture
def shop() -> AttributeShop:
    made = AttributeShop()
    made.attribute("brand")
    made.attribute(
        "colour",
        kind="select",
        scope="global",
        options={"Black": "49", "Blue": "50"},
        labels={"fr_fr": {"Noir": "49", "Bleu": "50"}},
    )
    made.product("LAMP", brand="Acme", name="Lamp")
    made.product("LAMP", "fr_fr", brand="Acm\u00e9")
    return made


def over(shop: AttributeShop, clock: Any = Clock()) -> Catalogue:  # noqa: B008 - one moment
    return Catalogue(client_over(shop), clock)


def test_a_definition_tells_kind_scope_and_the_ids_of_labels(shop: AttributeShop) -> None:
    assert over(shop).target("colour", "all") == Target(
        code="colour", kind="select", scope="global", options={"Black": ["49"], "Blue": ["50"]}
    )


def test_a_view_knows_its_own_labels_and_the_global_ones(shop: AttributeShop) -> None:
    found = over(shop).target("colour", "fr_fr")

    assert found is not None
    assert found.options == {"Black": ["49"], "Blue": ["50"], "Noir": ["49"], "Bleu": ["50"]}


def test_an_attribute_that_is_not_there_is_none(shop: AttributeShop) -> None:
    assert over(shop).target("gone", "all") is None


def test_a_definition_is_asked_for_once_until_it_is_old(shop: AttributeShop) -> None:
    clock = Clock()
    catalogue = over(shop, clock)
    for _ in range(3):
        catalogue.target("brand", "all")
    first = len(shop.requests)

    clock.time += FRESH + 1
    catalogue.target("brand", "all")

    assert (first, len(shop.requests)) == (1, 2)


def test_values_are_those_that_the_view_shows(shop: AttributeShop) -> None:
    found = [over(shop).values("LAMP", view) for view in ("all", "default", "fr_fr")]

    assert [f["brand"] for f in found if f is not None] == ["Acme", "Acme", "Acm\u00e9"]


@pytest.mark.parametrize(("sku", "view"), [("OTHER", "all"), ("LAMP", "us")])
def test_no_such_product_or_view_is_none(shop: AttributeShop, sku: str, view: str) -> None:
    assert over(shop).values(sku, view) is None


def test_a_write_changes_these_values_in_this_view_and_no_others(shop: AttributeShop) -> None:
    after = over(shop).write("LAMP", "fr_fr", {"brand": "Zen", "name": "Lampe", "weight": "1.50"})

    assert (after["brand"], after["name"], after["weight"]) == ("Zen", "Lampe", Decimal("1.5"))
    assert shop.writes == [("LAMP", "fr_fr", {"name": "Lampe", "brand": "Zen", "weight": 1.5})]
    assert shop.shows("LAMP") == {"brand": "Acme"}
