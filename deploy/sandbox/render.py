"""One SKU as Amazon's API shows it: the parts of `Item` that a read may ask for."""

from collections.abc import Callable
from typing import Any

from deploy.sandbox.attributes import derived
from deploy.sandbox.status import statuses
from deploy.sandbox.when import text
from deploy.sandbox.world import Account, Listing, Sku, World, shop

Part = Callable[[World, Account, Sku, list[Listing], int], Any]


def shown(
    world: World, account: Account, sku: Sku, *, stores: list[str], parts: list[str], now: int
) -> dict[str, Any]:
    """Give *sku* with the asked *parts*, for the marketplaces among *stores* that have it."""
    listings = [row for row in sku.listings if row.marketplace in stores]
    told = {part: PARTS[part](world, account, sku, listings, now) for part in parts}
    return {"sku": sku.sku} | told


def _summaries(
    world: World, account: Account, sku: Sku, listings: list[Listing], now: int
) -> list[dict[str, Any]]:
    return [_summary(world, account, sku, listing, now) for listing in listings]


def _summary(
    world: World, account: Account, sku: Sku, listing: Listing, now: int
) -> dict[str, Any]:
    optional = {
        "asin": listing.asin,
        "conditionType": listing.condition,
        "itemName": world.title(listing),
        "fnSku": f"X00{sku.sku}"[:10] if sku.fba else None,
    }
    return {
        "marketplaceId": listing.marketplace,
        "productType": listing.product_type,
        "status": statuses(account, sku, listing, now),
        "createdDate": text(listing.created),
        "lastUpdatedDate": text(listing.updated),
    } | {name: value for name, value in optional.items() if value is not None}


def _attributes(
    world: World, account: Account, sku: Sku, listings: list[Listing], now: int
) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for listing in listings:
        sent = listing.sent if listing.sent is not None else derived(sku, listing)
        for name, rows in sent.items():
            known = found.setdefault(name, [])
            known.extend(row for row in rows if row not in known)
    return found


def _issues(
    world: World, account: Account, sku: Sku, listings: list[Listing], now: int
) -> list[dict[str, Any]]:
    return [
        issue | {"marketplaceIds": [listing.marketplace]}
        for listing in listings
        for issue in listing.issues
    ]


def _offers(
    world: World, account: Account, sku: Sku, listings: list[Listing], now: int
) -> list[dict[str, Any]]:
    prices = (
        (listing, kind, amount)
        for listing in listings
        for kind, amount in (("B2C", listing.price), ("B2B", listing.business_price))
    )
    return [_offer(*price) for price in prices if price[2] is not None]


def _offer(listing: Listing, kind: str, amount: str | None) -> dict[str, Any]:
    audience = {"value": "ALL", "displayName": "Sell on Amazon"}
    if kind == "B2B":
        audience = {"value": "B2B", "displayName": "Sell to business customers"}
    return {
        "marketplaceId": listing.marketplace,
        "offerType": kind,
        "price": {"currencyCode": shop(listing.marketplace).currency, "amount": amount},
        "audience": audience,
    }


def _availability(
    world: World, account: Account, sku: Sku, listings: list[Listing], now: int
) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    if sku.quantity is not None:
        found.append({"fulfillmentChannelCode": "DEFAULT", "quantity": sku.quantity})
    if sku.fba:
        found.append({"fulfillmentChannelCode": sku.fba})
    return found


def _product_types(
    world: World, account: Account, sku: Sku, listings: list[Listing], now: int
) -> list[dict[str, Any]]:
    return [{"marketplaceId": row.marketplace, "productType": row.product_type} for row in listings]


def _nothing(
    world: World, account: Account, sku: Sku, listings: list[Listing], now: int
) -> list[Any]:
    return []


PARTS: dict[str, Part] = {
    "summaries": _summaries,
    "attributes": _attributes,
    "issues": _issues,
    "offers": _offers,
    "fulfillmentAvailability": _availability,
    "procurement": _nothing,
    "relationships": _nothing,
    "productTypes": _product_types,
}
READ_PARTS = tuple(PARTS)
