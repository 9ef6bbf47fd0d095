"""Makers of a small shop: two stores of one account, its settings, its records.

Everything is made from the words of the contract, so a test states only what it is about.
"""

from datetime import UTC, datetime
from typing import Any

import msgspec

from schemas import codec, keys
from schemas.event import as_number
from schemas.record import Record
from schemas.settings import KINDS, Settings

NOON = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)

SETTINGS: dict[str, dict[str, Any]] = {
    "account": {"acme-eu": {"region": "EU", "merchant_token": "A1", "credentials": "env:X"}},
    "website": {
        "base": {"id": 1, "zone": "Europe/Berlin", "currency": "EUR", "default_view": "de"},
        "fr": {"id": 2, "zone": "Europe/Paris", "currency": "EUR", "default_view": "fr"},
    },
    "store": {
        "acme-de": {
            "account": "acme-eu",
            "marketplace": "DE",
            "website": "base",
            "created": "2024-03-01",
        },
        "acme-fr": {
            "account": "acme-eu",
            "marketplace": "FR",
            "website": "fr",
            "created": "2025-03-01",
        },
    },
    "search": {
        "acme-de": {"asin": "asin", "upc": "upc", "general": "name"},
        "acme-fr": {"asin": "asin", "upc": "upc", "general": "name"},
    },
    "third_party": {"acme-de": {"asin": "asin"}, "acme-fr": {"asin": "asin"}},
}


def settings(**changed: dict[str, Any]) -> Settings:
    """Give the shop's settings with some kinds replaced; a missing member has its default."""
    stated = SETTINGS | changed
    records = {
        kind: {
            id_: msgspec.convert(record, KINDS[kind], strict=False, dec_hook=as_number)
            for id_, record in of.items()
        }
        for kind, of in stated.items()
    }
    return Settings(records=records)


PRODUCT: dict[str, Any] = {
    "sku": "LAMP-12",
    "shop_id": "1042",
    "name": "Desk lamp",
    "websites": ["base", "fr"],
    "categories": [{"id": "12", "path": "Default Category/Home"}],
    "attribute_set": "Top",
    "attributes": {"upc": {"global": "036000291452"}, "color": {"global": "Black"}},
}
STOCK: dict[str, Any] = {
    "sku": "LAMP-12",
    "websites": {"*": {"managed": True, "salable": True, "quantity": "5"}},
}
PRICE: dict[str, Any] = {"sku": "LAMP-12", "prices": {"price": {"global": "49.90"}}}


def record(
    topic: str,
    body: dict[str, Any] | None,
    *,
    sequence: int | None = None,
    offset: int = 0,
    key: bytes | None = None,
    **headers: str,
) -> Record:
    """Give a record as a topic holds it; its key is the SKU or identifier in *body*."""
    named = {"ce_sequence": str(sequence)} if sequence is not None else {}
    return Record(
        topic=topic,
        key=_key(body) if key is None else key,
        value=None if body is None else msgspec.json.encode(body),
        headers=tuple((n, v.encode()) for n, v in (named | headers).items()),
        partition=0,
        offset=offset,
    )


def _key(body: dict[str, Any] | None) -> bytes:
    named = body or PRODUCT
    found = named.get("identifier") or named.get("product") or named["sku"]
    return keys.join(found)


def product(sequence: int = 1, **changed: Any) -> Record:
    """Give the product's record with some members changed."""
    return record("catalog.product.v1", PRODUCT | changed, sequence=sequence)


def stock(sequence: int = 1, **changed: Any) -> Record:
    """Give the stock's record with some members changed."""
    return record("catalog.stock.v1", STOCK | changed, sequence=sequence)


def price(sequence: int = 1, **changed: Any) -> Record:
    """Give the price's record with some members changed."""
    return record("catalog.price.v1", PRICE | changed, sequence=sequence)


def link(
    seller_sku: str, states: dict[str, str], *, sequence: int = 1, by: str = "sku", **changed: Any
) -> Record:
    """Give a link: where *seller_sku* of the product stands, by store."""
    body = {
        "product": "LAMP-12",
        "account": "acme-eu",
        "seller_sku": seller_sku,
        "linked": True,
        "by": by,
        "sequence": sequence,
        "stores": {store: {"state": state} for store, state in states.items()},
    }
    return record("catalog.link.v1", body | changed)


def body(record: Record) -> dict[str, Any]:
    """Give the value of *record* as plain data."""
    found: dict[str, Any] = msgspec.json.decode(record.value or b"{}")
    return found


def stored(facts: Any) -> Any:
    """Give *facts* as they come back from a table: encoded and decoded."""
    written = codec.ENCODER.encode(facts)
    return msgspec.json.decode(written, type=type(facts), dec_hook=as_number)
