"""What we send to Amazon: the bodies of PUT and PATCH (Listings Items 2021-08-01).

Price and quantity travel in requests of their own and touch nothing else: `merge` with the
selectors of the one instance, so that sale prices, business offers and lead times stay. A
PUT replaces everything, so it only creates. Amounts are decimals all the way.
"""

from decimal import Decimal
from typing import Any

import msgspec

from consumers.amazon.row import Row, Rows

OFFER_ONLY = "PRODUCT"
"""The generic product type of a change that touches the offer alone."""

Body = dict[str, Any]


class Patch(msgspec.Struct, frozen=True):
    """One change of one attribute."""

    op: str
    path: str
    value: list[Body]


def price_patch(value: str, marketplace: str) -> Body:
    """Give the PATCH that sets the price *value* (`44.9 EUR`) of the offer to everybody."""
    return _patch(Patch("merge", "/attributes/purchasable_offer", [_offer(value, marketplace)]))


def quantity_patch(quantity: str) -> Body:
    """Give the PATCH that sets the merchant's stock; the lead time stays as it is."""
    stock: Body = {"fulfillment_channel_code": "DEFAULT", "quantity": int(quantity)}
    return _patch(Patch("merge", "/attributes/fulfillment_availability", [stock]))


def offer_put(rows: Rows, store: str, marketplace: str, language: str) -> Body:
    """Give the PUT that creates the offer of *store*, with price and quantity.

    Raises KeyError where the ledger knows no price: such an offer is not due.
    """
    details = rows["existence", store].details
    attributes: Body = {
        "purchasable_offer": [_offer(str(rows["price", store].wanted), marketplace)],
        "fulfillment_availability": [_stock(rows.get(("quantity", "")), details)],
        **_stated("condition_type", details.get("condition"), marketplace),
        **_stated("merchant_suggested_asin", details.get("asin"), marketplace),
        **_stated("product_tax_code", details.get("tax_code"), marketplace),
        **_note(details.get("note"), marketplace, language),
    }
    return {
        "productType": details.get("product_type", OFFER_ONLY),
        "requirements": "LISTING_OFFER_ONLY",
        "attributes": attributes,
    }


def _patch(*patches: Patch) -> Body:
    return {"productType": OFFER_ONLY, "patches": [msgspec.structs.asdict(p) for p in patches]}


def _offer(value: str, marketplace: str) -> Body:
    amount, currency = value.split(" ")
    price = {"schedule": [{"value_with_tax": Decimal(amount)}]}
    return {
        "marketplace_id": marketplace,
        "currency": currency,
        "audience": "ALL",
        "our_price": [price],
    }


def _stock(quantity: Row | None, details: Body) -> Body:
    channel = str(details.get("channel") or "DEFAULT")
    if channel.startswith("AMAZON") or quantity is None:
        return {"fulfillment_channel_code": channel}
    stock: Body = {"fulfillment_channel_code": channel, "quantity": int(quantity.wanted or 0)}
    days = details.get("handling_days")
    return stock if days is None else stock | {"lead_time_to_ship_max_days": days}


def _stated(name: str, value: object, marketplace: str) -> Body:
    return {} if value is None else {name: [{"value": value, "marketplace_id": marketplace}]}


def _note(note: object, marketplace: str, language: str) -> Body:
    if note is None:
        return {}
    value = {"value": note, "language_tag": language, "marketplace_id": marketplace}
    return {"condition_note": [value]}
