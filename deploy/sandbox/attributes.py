"""Attributes as a seller sends them: patching by selectors, and what they say (S16).

The same two functions make the echo of what was sent and the facts that are live.
"""

from decimal import Decimal
from typing import Any

from deploy.sandbox.when import instant, text
from deploy.sandbox.world import Attributes, Listing, Sku, shop

Instance = dict[str, Any]
Patch = dict[str, Any]

SELECTORS = {
    "purchasable_offer": ("marketplace_id", "currency", "audience"),
    "fulfillment_availability": ("fulfillment_channel_code",),
    "item_name": ("marketplace_id", "language_tag"),
    "product_description": ("marketplace_id", "language_tag"),
    "condition_note": ("marketplace_id", "language_tag"),
    "bullet_point": ("marketplace_id", "language_tag", "value"),
}
PER_STORE = ("marketplace_id",)


def selectors(name: str) -> tuple[str, ...]:
    """Give the properties that tell the instances of one attribute apart."""
    return SELECTORS.get(name, PER_STORE)


def name_of(patch: Patch) -> str:
    """Give the attribute that a patch is about."""
    return str(patch["path"]).removeprefix("/attributes/")


def key_of(name: str, instance: Instance) -> tuple[Any, ...]:
    """Give what tells *instance* apart; an offer without audience is for ALL."""
    return tuple(
        instance.get(field, "ALL" if field == "audience" else None) for field in selectors(name)
    )


def placed(name: str, instances: list[Instance], marketplace: str) -> list[Instance]:
    """Fill in the store that *instances* leave out."""
    if "marketplace_id" not in selectors(name):
        return instances
    return [{"marketplace_id": marketplace} | instance for instance in instances]


def patched(attributes: Attributes, patch: Patch, marketplace: str) -> Attributes:
    """Give *attributes* after one patch; a delete by name alone changes nothing."""
    name, values = name_of(patch), patch.get("value") or []
    before = attributes.get(name, [])
    if patch["op"] == "delete":
        after = _without(name, before, values)
    else:
        change = _merged if patch["op"] == "merge" else _replaced
        after = change(name, before, placed(name, values, marketplace))
    kept = {other: value for other, value in attributes.items() if other != name}
    return kept | {name: after} if after else kept


def _replaced(name: str, before: list[Instance], values: list[Instance]) -> list[Instance]:
    new = {key_of(name, value): value for value in values}
    return [row for row in before if key_of(name, row) not in new] + list(new.values())


def _merged(name: str, before: list[Instance], values: list[Instance]) -> list[Instance]:
    rows = {key_of(name, row): row for row in before}
    for value in values:
        merged = rows.get(key_of(name, value), {}) | value
        rows[key_of(name, value)] = {k: v for k, v in merged.items() if v is not None}
    return list(rows.values())


def _without(name: str, before: list[Instance], values: list[Instance]) -> list[Instance]:
    gone = {key_of(name, value) for value in values}
    return [row for row in before if key_of(name, row) not in gone]


def derived(sku: Sku, listing: Listing) -> Attributes:
    """Tell a seeded listing's attributes from its facts."""
    here = {"marketplace_id": listing.marketplace}
    found: Attributes = {}
    if listing.condition is not None:
        found["condition_type"] = [here | {"value": listing.condition}]
    if listing.asin is not None:
        found["merchant_suggested_asin"] = [here | {"value": listing.asin}]
    if listing.title is not None:
        language = shop(listing.marketplace).language
        found["item_name"] = [here | {"language_tag": language, "value": listing.title}]
    if offers := _offers(listing, here):
        found["purchasable_offer"] = offers
    return found | {"fulfillment_availability": fulfilment(sku)}


def _offers(listing: Listing, here: Instance) -> list[Instance]:
    prices = (("ALL", listing.price), ("B2B", listing.business_price))
    return [
        here
        | {"currency": shop(listing.marketplace).currency, "audience": audience}
        | _dates(listing)
        | {"our_price": [{"schedule": [{"value_with_tax": Decimal(price)}]}]}
        for audience, price in prices
        if price is not None
    ]


def _dates(listing: Listing) -> Instance:
    dates = (("start_at", listing.start), ("end_at", listing.end))
    return {name: {"value": text(at)} for name, at in dates if at is not None}


def fulfilment(sku: Sku) -> list[Instance]:
    """Give a SKU's stock per channel as an attribute; Amazon's own has no quantity."""
    found: list[Instance] = []
    if sku.quantity is not None:
        optional = {"lead_time_to_ship_max_days": sku.lead_time, "restock_date": sku.restock}
        said = {name: value for name, value in optional.items() if value is not None}
        found.append({"fulfillment_channel_code": "DEFAULT", "quantity": sku.quantity} | said)
    if sku.fba:
        found.append({"fulfillment_channel_code": sku.fba})
    return found


def facts(attributes: Attributes, marketplace: str) -> dict[str, Any]:
    """Read a listing's facts off its attributes: the fields of `Listing` they decide."""
    offers = {
        row.get("audience", "ALL"): row
        for row in attributes.get("purchasable_offer", [])
        if row.get("marketplace_id") == marketplace
    }
    public = offers.get("ALL", {})
    return {
        "price": _price(public, marketplace),
        "business_price": _price(offers.get("B2B", {}), marketplace),
        "start": _at(public, "start_at"),
        "end": _at(public, "end_at"),
        "condition": _value(attributes, "condition_type"),
        "title": _value(attributes, "item_name"),
    }


def price(offer: Instance) -> Decimal | None:
    """Give the price of one offer, or None where it states none."""
    try:
        return Decimal(offer["our_price"][0]["schedule"][0]["value_with_tax"])
    except (LookupError, TypeError, ArithmeticError):
        return None


def _price(offer: Instance, marketplace: str) -> str | None:
    amount = price(offer)
    return None if amount is None else money(amount, marketplace)


def money(amount: Decimal, marketplace: str) -> str:
    """Spell an amount with the decimals of the marketplace's currency."""
    return f"{amount:.{shop(marketplace).decimals}f}"


def _at(offer: Instance, name: str) -> int | None:
    date = offer.get(name)
    return instant(date["value"]) if date and date.get("value") else None


def _value(attributes: Attributes, name: str) -> str | None:
    rows = attributes.get(name)
    return rows[0].get("value") if rows else None
