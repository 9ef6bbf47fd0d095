"""Search, third-party and fulfilment mapping (`listings.md` 6.2, 6.4, 6.6), seller SKUs."""

from typing import Any

import msgspec
import pytest

from processors.rules import mapping, scopes, seller_sku
from processors.rules.scopes import Values
from schemas.catalog import Product
from schemas.settings import Attribute, Fulfilment, Search, ThirdParty

SEARCH = Search(general="name", gtin="gtin", upc="upc", asin="asin", gcid="gcid")


def values(**attributes: Any) -> Values:
    stated = {code: {"global": found} for code, found in attributes.items()}
    product = msgspec.convert({"sku": "LAMP 12", "attributes": stated}, Product)
    return Values(product, None, scopes.of_website("base", None))


def test_kinds_are_asked_in_their_order() -> None:
    assert [kind for kind, _ in mapping.mapped(SEARCH)] == ["asin", "upc", "gcid", "gtin"]


def test_nothing_is_mapped_without_a_search_mapping() -> None:
    assert mapping.mapped(None) == ()


def test_every_mapped_value_is_claimed_valid_or_not() -> None:
    found = mapping.claims(
        values(upc=["036000291452", "045678912345"], asin=" ", gtin="4006381333931"),
        mapping.mapped(SEARCH),
    )

    assert [(c.kind, c.gtin14, c.invalid) for c in found] == [
        ("upc", "00036000291452", None),
        ("upc", None, "check digit should be 7"),
        ("gtin", "04006381333931", None),
    ]


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        pytest.param({"asin": "B07XJ8C8F5", "other": "B000000001"}, "B07XJ8C8F5", id="by search"),
        pytest.param({"other": "B000000001"}, "B000000001", id="by third-party mapping"),
        pytest.param({"asin": "b07xj8c8f5"}, None, id="an invalid one is none"),
        pytest.param({}, None, id="none"),
    ],
)
def test_the_products_own_asin(attributes: dict[str, Any], expected: str | None) -> None:
    found = values(**attributes)
    also = mapping.third_party_asin(found, ThirdParty(asin="other"))

    assert mapping.own_asin(mapping.claims(found, mapping.mapped(SEARCH)), also) == expected


def points(
    third_party: ThirdParty, attributes: dict[str, Attribute] | None = None, **stated: Any
) -> list[str]:
    found = values(**stated)
    claimed = mapping.claims(found, mapping.mapped(SEARCH))
    return mapping.meeting_points(found, claimed, third_party, attributes or {})


def test_a_listing_finds_its_product_by_sku_asin_and_gtin() -> None:
    found = points(ThirdParty(asin="other"), other="B000000001", upc="036000291452")

    assert found == ["sku:LAMP 12", "gtin:00036000291452", "asin:B000000001"]


def test_a_seller_sku_is_exact_text() -> None:
    found = points(ThirdParty(seller_sku="at_amazon"), at_amazon=" k-1 ")

    assert found == ["sku: k-1 "]


def test_only_text_attributes_match() -> None:
    dropdown = {"at_amazon": Attribute(type="dropdown"), "other": Attribute(type="dropdown")}
    third_party = ThirdParty(seller_sku="at_amazon", asin="other")

    assert points(third_party, dropdown, at_amazon="5", other="B000000001") == []


def test_in_store_numbers_and_gcids_are_no_meeting_points() -> None:
    found = points(ThirdParty(seller_sku=None), upc="212345678909", gcid="1234567890ABCDEF")

    assert found == []


@pytest.mark.parametrize(
    ("typed", "expected"),
    [("6", 6), (" 6 ", 6), ("0", None), ("-1", None), ("six", None), ("６", None), (None, None)],
)
def test_a_pack_is_a_whole_number(typed: str | None, expected: int | None) -> None:
    assert mapping.pack(values(pack=typed), "pack") == expected


FBA = Attribute(type="dropdown", options={"7": "FBA", "8": "Own"})
CHANNELS = [
    pytest.param(None, "FBA", "merchant", id="no mapping"),
    pytest.param(Fulfilment(by="merchant"), "FBA", "merchant", id="all merchant"),
    pytest.param(Fulfilment(by="amazon"), None, "amazon", id="all Amazon"),
    pytest.param(
        Fulfilment(by="attribute", attribute="by", value="FBA"), "7", "amazon", id="the value"
    ),
    pytest.param(
        Fulfilment(by="attribute", attribute="by", value="FBA"), "8", "merchant", id="another"
    ),
    pytest.param(
        Fulfilment(by="attribute", attribute="by", value="FBA"), None, "merchant", id="empty"
    ),
]


@pytest.mark.parametrize(("fulfilment", "value", "expected"), CHANNELS)
def test_who_ships_a_new_listing(
    fulfilment: Fulfilment | None, value: str | None, expected: str
) -> None:
    assert mapping.channel(fulfilment, {"by": FBA})(values(by=value)) == expected


LONG = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789X"
SKUS = [
    pytest.param("LAMP-12", "1042", "LAMP-12", id="as it is"),
    pytest.param(LONG[:36], "1234", LONG[:36], id="36 characters stay"),
    pytest.param(LONG, "1234", "ABCDEFGHIJKLMNOPQRSTUVWXYZ-1234", id="26, hyphen, id"),
    pytest.param(LONG, "123456789012", f"{LONG[:23]}-123456789012", id="cut to 36 in all"),
    pytest.param(LONG, None, LONG, id="nothing to tell it by"),
    pytest.param(" 007 ", "1", " 007 ", id="never altered"),
]


@pytest.mark.parametrize(("sku", "shop_id", "expected"), SKUS)
def test_the_default_seller_sku(sku: str, shop_id: str | None, expected: str) -> None:
    assert seller_sku.default(sku, shop_id) == expected


@pytest.mark.parametrize(("length", "fits"), [(40, True), (41, False)])
def test_amazon_takes_40_characters(length: int, fits: bool) -> None:
    assert seller_sku.fits("X" * length) is fits
