"""What the topics last told of a product: the newest of each part, whatever came between."""

from collections.abc import Iterable
from typing import Any

import msgspec

from producers.catalog.last_told import look
from producers.catalog.shop import Whole
from schemas import codec, keys
from schemas.catalog import Price, Product, Saved, Stock
from schemas.event import Event
from schemas.record import Record

PRODUCT, PRICE = "catalog.product.v1", "catalog.price.v1"


def told(topic: str, event: Event | None, sku: str = "A", sequence: int | None = 1) -> Record:
    return codec.encode(
        event, topic=topic, key=keys.join(sku), id="e", source="//acme/x", subject=sku,
        time="2026-11-25T10:00:00Z", sequence=sequence,
    )  # fmt: skip


def product(sku: str = "A", **more: Any) -> Product:
    return Product(sku=sku, **({"shop_id": "1"} | more))


def found(records: Iterable[Record], **wanted: Any) -> Whole | None:
    kept = list(records)
    known = look(
        lambda topic: [r for r in kept if r.topic == topic],
        [Saved(what="product", **wanted)],
    )
    return known.whole(**wanted)


def test_a_product_is_found_by_id_and_by_sku() -> None:
    price = Price(sku="A", prices={})
    records = [told(PRODUCT, product()), told(PRODUCT, product("B", shop_id="2"), "B"),
               told(PRICE, price)]  # fmt: skip

    by_id, by_sku = found(records, shop_id="1"), found(records, sku="A")

    assert by_id == by_sku == Whole(product=product(), price=price)
    assert found(records, shop_id="3") is None


def test_the_newest_counts_wherever_it_stands() -> None:
    records = [told(PRODUCT, product(name="new"), sequence=7),
               told(PRODUCT, product(name="late"), sequence=6)]  # fmt: skip

    whole = found(records, sku="A")

    assert whole is not None
    assert whole.product.name == "new"


def test_what_was_deleted_is_not_there() -> None:
    assert found([told(PRODUCT, product()), told(PRODUCT, None, sequence=2)], sku="A") is None
    assert found([told(PRODUCT, product()), told(PRODUCT, None, sequence=None)], sku="A") is None


def test_what_was_deleted_comes_back_with_a_higher_version_only() -> None:
    deleted = [told(PRODUCT, product(), sequence=5), told(PRODUCT, None, sequence=None)]

    assert found([*deleted, told(PRODUCT, product(), sequence=5)], sku="A") is None
    assert found([*deleted, told(PRODUCT, product(), sequence=6)], sku="A") is not None


def test_of_two_skus_with_one_id_the_one_told_last_is_the_products() -> None:
    records = [
        told(PRODUCT, product("NEW"), "NEW", sequence=9),
        told(PRODUCT, product("OLD"), "OLD"),
    ]

    whole = found(records, shop_id="1")

    assert whole is not None
    assert whole.product.sku == "NEW"


def test_what_cannot_be_read_leaves_the_older() -> None:
    bad = msgspec.structs.replace(told(PRODUCT, product(), sequence=9), value=b'{"sku": 1}')

    whole = found([told(PRODUCT, product(name="good")), bad], sku="A")

    assert whole is not None
    assert whole.product.name == "good"


def test_stock_is_found_too() -> None:
    stock = Stock(sku="A", websites={})

    whole = found([told(PRODUCT, product()), told("catalog.stock.v1", stock)], shop_id="1")

    assert whole is not None
    assert whole.stock == stock
