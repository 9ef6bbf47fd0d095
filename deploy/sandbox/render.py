"""One SKU as Amazon's API shows it: the parts of `Item` that a read may ask for."""

from collections.abc import Callable
from typing import Any, NamedTuple

from deploy.sandbox.attributes import derived
from deploy.sandbox.status import statuses
from deploy.sandbox.when import text
from deploy.sandbox.world import Account, Listing, Sku, World, shop


class View(NamedTuple):
    """One SKU as one read asks for it: the listings of its marketplaces, at one time."""

    world: World
    account: Account
    sku: Sku
    listings: list[Listing]
    now: int


Part = Callable[[View], Any]


def shown(
    world: World, account: Account, sku: Sku, *, stores: list[str], parts: list[str], now: int
) -> dict[str, Any]:
    """Give *sku* with the asked *parts*, for the marketplaces among *stores* that have it."""
    listings = [row for row in sku.listings if row.marketplace in stores]
    view = View(world, account, sku, listings, now)
    told = {part: PARTS[part](view) for part in parts}
    return {"sku": sku.sku} | told


def _summaries(view: View) -> list[dict[str, Any]]:
    return [_summary(view, listing) for listing in view.listings]


def _summary(view: View, listing: Listing) -> dict[str, Any]:
    optional = {
        "asin": listing.asin,
        "conditionType": listing.condition,
        "itemName": view.world.title(listing),
        "fnSku": f"X00{view.sku.sku}"[:10] if view.sku.fba else None,
    }
    return {
        "marketplaceId": listing.marketplace,
        "productType": listing.product_type,
        "status": statuses(view.account, view.sku, listing, view.now),
        "createdDate": text(listing.created),
        "lastUpdatedDate": text(listing.updated),
    } | {name: value for name, value in optional.items() if value is not None}


def _attributes(view: View) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for listing in view.listings:
        sent = listing.sent if listing.sent is not None else derived(view.sku, listing)
        for name, rows in sent.items():
            known = found.setdefault(name, [])
            known.extend(row for row in rows if row not in known)
    return found


def _issues(view: View) -> list[dict[str, Any]]:
    return [
        issue | {"marketplaceIds": [listing.marketplace]}
        for listing in view.listings
        for issue in listing.issues
    ]


def _offers(view: View) -> list[dict[str, Any]]:
    prices = (
        (listing, kind, amount)
        for listing in view.listings
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


def _availability(view: View) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    sku = view.sku
    if sku.quantity is not None:
        found.append({"fulfillmentChannelCode": "DEFAULT", "quantity": sku.quantity})
    if sku.fba:
        found.append({"fulfillmentChannelCode": sku.fba})
    return found


def _product_types(view: View) -> list[dict[str, Any]]:
    return [
        {"marketplaceId": row.marketplace, "productType": row.product_type} for row in view.listings
    ]


def _nothing(_: View) -> list[Any]:
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
