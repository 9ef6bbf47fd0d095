"""Where a value does not fit, down to the member that people look for."""

import json
from typing import Any

import pytest

from producers.catalog import contract
from producers.catalog.refusal import Unfit

PRODUCT, STOCK, PRICE = contract.TYPES


@pytest.mark.parametrize(
    ("topic", "data", "field"),
    [
        pytest.param(
            PRICE,
            {"sku": "A", "prices": {"msrp": {"global": "1"}, "price": {"website:base": "12,90"}}},
            "$.data.prices.price.website:base",
            id="a price in its scope",
        ),
        pytest.param(
            STOCK,
            {"sku": "A", "websites": {str(n): {"managed": n != 77} for n in range(200)} | {
                "fr": {"managed": True, "quantity": "1e5"}}},
            "$.data.websites.fr.quantity",
            id="the last of many",
        ),
        pytest.param(
            PRODUCT,
            {"sku": "A", "attributes": {"color": {"global": ["a", 1]}}},
            "$.data.attributes.color.global[1]",
            id="in a list",
        ),
        pytest.param(PRODUCT, {"sku": 1}, "$.data.sku", id="at the top"),
        pytest.param(PRODUCT, {"sku": "A", "enabled": {"view:x y": True}}, "$.data", id="a check"),
    ],
)  # fmt: skip
def test_the_field_is_named(topic: str, data: Any, field: str) -> None:
    with pytest.raises(Unfit) as unfit:
        contract.event_of(topic, json.dumps(data).encode())

    assert unfit.value.field == field
