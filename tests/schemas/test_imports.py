"""An attribute has one name at Amazon, however a mapping spells it."""

import pytest

from schemas.imports import amazons, to_read


@pytest.mark.parametrize(
    ("spelled", "name"),
    [
        pytest.param("Brand", "brand", id="older interface"),
        pytest.param("brand", "brand", id="today's"),
        pytest.param("AmazonSKU", "amazon_sku", id="our own number"),
        pytest.param("ASIN", "asin", id="capitals"),
        pytest.param("ListingPrice", "listing_price", id="what it sells for"),
        pytest.param("AmazonListPrice", "list_price", id="what it should sell for"),
        pytest.param("ProductTypeName", "product_type", id="named otherwise today"),
        pytest.param("Title", "item_name", id="a title"),
        pytest.param("NumberOfItems", "number_of_items", id="several words"),
        pytest.param("item_weight.value", "item_weight.value", id="a way into its parts"),
        pytest.param("ItemWeight.unit", "item_weight.unit", id="a way, older spelling"),
    ],
)
def test_a_mapping_may_use_the_older_names(spelled: str, name: str) -> None:
    assert amazons(spelled) == name


def test_what_every_listing_has_need_not_be_read() -> None:
    assert to_read(["ASIN", "AmazonSKU", "ListingPrice", "Brand"]) == {"brand"}
