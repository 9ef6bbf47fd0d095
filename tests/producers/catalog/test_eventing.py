"""Adobe Commerce's deliveries → what was saved."""

import json
from typing import Any

import pytest

from producers.catalog import envelope
from producers.catalog.eventing import adobe
from producers.catalog.judge import NotTaken, Told, judge
from schemas.catalog import Saved
from tests.support.eventing import (
    BASE_PRICES,
    DELETED,
    SAVED,
    SOURCES,
    SPECIAL,
    STOCK,
    delivery,
    product,
    stock,
)


def told(type_: str, value: Any, **attributes: Any) -> tuple[Told, ...]:
    part = envelope.document(json.dumps(delivery(type_, value, **attributes)).encode())
    return judge([part], adobe)[0]


def saved(type_: str, value: Any) -> list[Saved]:
    return [one.event for one in told(type_, value)]  # type: ignore[misc]


KEPT = {
    "qty": "5", "is_in_stock": "1", "manage_stock": "1", "use_config_manage_stock": "1",
    "min_qty": "0", "use_config_min_qty": "1", "qty_increments": "1",
    "use_config_qty_increments": "1", "enable_qty_increments": "0", "min_sale_qty": "1",
    "use_config_min_sale_qty": "1",
}  # fmt: skip


def test_a_saved_product_says_what_was_saved_and_where() -> None:
    assert saved(SAVED, product(store_id="3")) == [
        Saved(
            what="product",
            shop_id="1042",
            sku="LAMP-12",
            store=3,
            type="simple",
            enabled=True,
            required_options=False,
            websites=[1],
            categories=["4", "12"],
            values={
                "name": "Desk lamp",
                "color": "49",
                "upc": "036000291452",
                "url_key": "desk-lamp",
                "visibility": "4",
                "tax_class_id": "2",
                "price": "49.900000",
                "special_price": "44.900000",
                "special_from_date": "2026-11-20 00:00:00",
                "special_to_date": None,
            },
            stock=KEPT,
        )
    ]


def test_the_record_is_named_after_the_delivery_and_keyed_by_the_shops_id() -> None:
    (one,) = told(SAVED, product())

    assert (one.topic, one.key, one.subject) == ("catalog.saved.v1", b"id:1042", "LAMP-12")
    assert (one.id, one.source) == (
        "0f5d1f0e-4a6e-4f0c-9a51-1c7c6a1f0001",
        "urn:uuid:5b0a4b1e-0b5c-4b3c-8a51-1c7c6a1f0002",
    )


@pytest.mark.parametrize(
    ("type_", "value", "expected"),
    [
        pytest.param(
            SAVED,
            {"sku": "LAMP-12", "name": "Lamp", "stock_data": {"qty": "65"}, "price": "32.5"},
            Saved(
                what="product",
                sku="LAMP-12",
                values={"name": "Lamp", "price": "32.5"},
                stock={"qty": "65"},
            ),
            id="a few fields only",
        ),
        pytest.param(
            SAVED,
            {"id": 2, "sku": "LAMP-12", "name": False, "color": ["49", 50], "weight": 1.50},
            Saved(
                what="product",
                shop_id="2",
                sku="LAMP-12",
                values={"color": ["49", "50"], "weight": "1.5"},
                inherited=["name"],
            ),
            id="numbers, lists, and a value taken back",
        ),
        pytest.param(
            SAVED,
            {"entity_id": "2", "options": [{"is_require": "0"}, {"is_require": True}]},
            Saved(what="product", shop_id="2", required_options=True),
            id="an option that must be chosen",
        ),
        pytest.param(
            SAVED,
            {"entity_id": "2", "_origData": {"sku": "OLD"}, "_isNew": False},
            Saved(what="product", shop_id="2"),
            id="original data is no value",
        ),
        pytest.param(
            DELETED,
            {"id": 2, "sku": "24-MB01", "name": "Joust", "updated_at": "2026-08-05 10:03:49"},
            Saved(what="deleted", shop_id="2", sku="24-MB01"),
            id="deleted",
        ),
        pytest.param(STOCK, stock(), Saved(what="stock", shop_id="1042", stock=KEPT), id="stock"),
        pytest.param(
            STOCK,
            {"is_in_stock": True, "item_id": 41, "product_id": 57, "qty": "1000.0000"},
            Saved(what="stock", shop_id="57", stock={"qty": "1000.0000", "is_in_stock": "1"}),
            id="stock, other spellings",
        ),
    ],
)
def test_what_was_saved(type_: str, value: Any, expected: Saved) -> None:
    assert saved(type_, value) == [expected]


def test_prices_are_told_one_by_one() -> None:
    value = {
        "prices": [
            {"price": 49.90, "store_id": 0, "sku": "LAMP-12"},
            {"price": "47", "store_id": 3, "sku": "LAMP-13"},
        ]
    }

    found = told(BASE_PRICES, value)

    assert [one.event for one in found] == [
        Saved(what="prices", sku="LAMP-12", store=0, values={"price": "49.9"}),
        Saved(what="prices", sku="LAMP-13", store=3, values={"price": "47"}),
    ]
    assert [one.id[-2:] for one in found] == ["/0", "/1"]
    assert [one.key for one in found] == [b"sku:LAMP-12", b"sku:LAMP-13"]


def test_a_special_price_has_its_window() -> None:
    one = {
        "price": 44.9,
        "store_id": 0,
        "sku": "LAMP-12",
        "price_from": "2026-11-20 00:00:00",
        "price_to": None,
    }

    assert saved(SPECIAL, {"prices": [one]}) == [
        Saved(
            what="prices",
            sku="LAMP-12",
            store=0,
            values={
                "special_price": "44.9",
                "special_from_date": "2026-11-20 00:00:00",
                "special_to_date": None,
            },
        )
    ]


def test_a_source_that_changed_asks_for_the_product() -> None:
    value = {
        "source_items": [
            {"sku": "LAMP-12", "source_code": "north", "quantity": 5, "status": 1},
            {"sku": "LAMP-13", "source_code": "north", "quantity": 0, "status": 0},
        ]
    }

    assert [s.sku for s in saved(SOURCES, value)] == ["LAMP-12", "LAMP-13"]


@pytest.mark.parametrize(
    "type_",
    [
        pytest.param("com.adobe.commerce.observer.catalog_product_save_after", id="before commit"),
        pytest.param(
            "com.adobe.commerce.acme-app.observer.catalog_product_save_commit_after",
            id="of an application",
        ),
    ],
)
def test_other_names_of_the_same_event(type_: str) -> None:
    assert len(saved(type_, product())) == 1


@pytest.mark.parametrize(
    ("type_", "value", "field"),
    [
        pytest.param("com.adobe.commerce.observer.sales_order_save_after", {}, "$.type", id="type"),
        pytest.param("catalog.price.v1", {}, "$.type", id="our own type"),
        pytest.param(SAVED, None, "$.data.value", id="no value"),
        pytest.param(SAVED, {"name": "Lamp"}, "$.data.value", id="no product"),
        pytest.param(SAVED, product(sku="  "), "$.data.value.sku", id="blank SKU"),
        pytest.param(SAVED, product(sku="S" * 65), "$.data.value.sku", id="long SKU"),
        pytest.param(SAVED, product(sku=["A"]), "$.data.value.sku", id="SKU in a list"),
        pytest.param(SAVED, product(price="12,99"), "$.data.value.price", id="decimal comma"),
        pytest.param(SAVED, product(price="-1"), "$.data.value.price", id="negative price"),
        pytest.param(SAVED, product(status="7"), "$.data.value.status", id="status"),
        pytest.param(SAVED, product(store_id="fr"), "$.data.value.store_id", id="store"),
        pytest.param(SAVED, product(website_ids=["a"]), "$.data.value.website_ids", id="website"),
        pytest.param(
            SAVED, product(stock_data={"qty": "1e3"}), "stock_data.qty", id="quantity"
        ),
        pytest.param(DELETED, {"id": 2}, "$.data.value.sku", id="deleted, SKU not subscribed"),
        pytest.param(STOCK, {"qty": "5"}, "$.data.value", id="stock of nothing"),
        pytest.param(BASE_PRICES, {"prices": []}, "$.data.value.prices", id="no prices"),
        pytest.param(
            BASE_PRICES,
            {"prices": [{"sku": "A", "price": "x"}]},
            "$.data.value.prices[0].price",
            id="a price that is none",
        ),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_named(type_: str, value: Any, field: str) -> None:
    with pytest.raises(NotTaken) as error:
        told(type_, value)

    (breach,) = error.value.breaches
    assert breach.field == field
