"""What the synthetic product type and the business rules refuse: 200, INVALID, issues."""

from typing import Any

import pytest

from tests.support.amazon import DE, Desk, offer, price, quantity, seed


def without(name: str) -> dict[str, Any]:
    attributes = offer()
    del attributes[name]
    return attributes


def told(response: dict[str, Any]) -> tuple[str, list[tuple[list[str], list[str]]]]:
    return response["status"], [
        (trouble["attributeNames"], trouble["categories"]) for trouble in response["issues"]
    ]


MISSING, WRONG = ["MISSING_ATTRIBUTE"], ["INVALID_ATTRIBUTE"]
ASIN, OFFER, STOCK = "merchant_suggested_asin", "purchasable_offer", "fulfillment_availability"


@pytest.mark.parametrize(
    ("attributes", "names", "categories"),
    [
        pytest.param(without(ASIN), [ASIN], MISSING, id="no product named"),
        pytest.param(
            without("condition_type"), ["condition_type"], MISSING, id="no item condition"
        ),
        pytest.param(without(OFFER), [OFFER], ["MISSING_PRICE"], id="no offer"),
        pytest.param(
            offer(purchasable_offer=[{"currency": "EUR"}]),
            [OFFER],
            ["MISSING_PRICE"],
            id="no price",
        ),
        pytest.param(
            offer(purchasable_offer=price(0)["value"]), [OFFER], ["INVALID_PRICE"], id="price 0"
        ),
        pytest.param(
            offer(purchasable_offer=price(1.999)["value"]),
            [OFFER],
            ["INVALID_PRICE"],
            id="a tenth of a cent",
        ),
        pytest.param(
            offer(purchasable_offer=price(1, currency="USD")["value"]),
            [OFFER],
            WRONG,
            id="another currency",
        ),
        pytest.param(
            offer(condition_type=[{"value": "mint"}]),
            ["condition_type"],
            WRONG,
            id="no such condition",
        ),
        pytest.param(
            offer(fulfillment_availability=quantity(-1)["value"]), [STOCK], WRONG, id="quantity -1"
        ),
        pytest.param(offer(shine=[{"value": "x"}]), ["shine"], WRONG, id="unknown attribute"),
        pytest.param(offer("B0NOSUCH00"), [ASIN], WRONG, id="no such product"),
        pytest.param(offer("B000000005"), [ASIN], WRONG, id="a parent"),
        pytest.param(
            offer("B000000004"), [ASIN], ["QUALIFICATION_REQUIRED"], id="a restricted product"
        ),
        pytest.param(
            offer(item_name=[{"value": "ü" * 251}]), ["item_name"], WRONG, id="too many bytes"
        ),
    ],
)
def test_a_put_is_invalid(
    attributes: dict[str, Any], names: list[str], categories: list[str]
) -> None:
    response = Desk(seed()).put("NEW-1", attributes)

    assert told(response) == ("INVALID", [(names, categories)])


def test_a_product_of_another_marketplace_cannot_be_offered() -> None:
    desk = Desk(seed())
    body = {
        "productType": "PRODUCT",
        "requirements": "LISTING_OFFER_ONLY",
        "attributes": {
            ASIN: [{"value": "B000000006"}],
            "condition_type": [{"value": "new_new"}],
            OFFER: [{"currency": "EUR", "our_price": [{"schedule": [{"value_with_tax": 5}]}]}],
        },
    }

    statuses = [
        b'"INVALID"' in desk.listing("PUT", "NEW-1", body, marketplaces=store).body
        for store in (DE, "A13V1IB3VIYZZH")
    ]

    assert statuses == [False, True]


def test_an_invalid_put_changes_nothing() -> None:
    desk = Desk(seed())

    desk.put("NEW-1", without(ASIN))
    desk.wait(60)

    assert desk.truth("NEW-1")["exists"] is False


@pytest.mark.parametrize(
    ("sku", "change", "names"),
    [
        pytest.param("NOBODY", quantity(1), [], id="unknown SKU"),
        pytest.param("LAMP/12", quantity(31, lead_time_to_ship_max_days=31), [STOCK], id="31 days"),
        pytest.param("LAMP/12", price(1, currency=None), [OFFER, OFFER], id="no selector"),
        pytest.param(
            "LAMP/12",
            {"op": "merge", "path": "/attributes/item_name", "value": [{"value": "x"}]},
            ["item_name"],
            id="merge where it is not documented",
        ),
        pytest.param(
            "LAMP/12",
            {"op": "replace", "path": "/attributes/item_name"},
            ["item_name"],
            id="no value",
        ),
        pytest.param(
            "LAMP/12",
            {"op": "delete", "path": "/attributes/shine"},
            ["shine"],
            id="unknown attribute",
        ),
    ],
)
def test_a_patch_is_invalid(sku: str, change: dict[str, Any], names: list[str]) -> None:
    response = Desk(seed()).patch(sku, change)

    found = [name for trouble in response["issues"] for name in trouble["attributeNames"]]
    assert (response["status"], found) == ("INVALID", names)
