"""The synthetic product type: what a write must look like, and Amazon's issues when not.

`judge_put` and `judge_patch` look at one write and give the issues; any ERROR among them
makes the submission INVALID. Codes and texts are ours (README, *assumed values*).
"""

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any, NamedTuple

from deploy.sandbox.attributes import Instance, Patch, key_of, name_of, patched, price, selectors
from deploy.sandbox.when import instant
from deploy.sandbox.world import Account, Attributes, Issue, Sku, World, shop

CONDITIONS = {
    "new_new",
    "new_open_box",
    "new_oem",
    "refurbished_refurbished",
    "used_like_new",
    "used_very_good",
    "used_good",
    "used_acceptable",
    "collectible_like_new",
    "collectible_very_good",
    "collectible_good",
    "collectible_acceptable",
    "club_club",
}
CODES = {
    "MISSING_ATTRIBUTE": "90220",
    "MISSING_PRICE": "90057",
    "INVALID_ATTRIBUTE": "90000900",
    "INVALID_PRICE": "90111",
    "QUALIFICATION_REQUIRED": "18299",
    "UNKNOWN_ASIN": "13013",
    "UNKNOWN_SKU": "8541",
}
MERGEABLE = {"purchasable_offer", "fulfillment_availability"}


def issue(category: str, text: str, *names: str, code: str | None = None) -> Issue:
    """Make an ERROR of one category about attributes *names*."""
    return {
        "code": code or CODES[category],
        "message": text,
        "severity": "ERROR",
        "attributeNames": list(names),
        "categories": [category],
    }


def missing(name: str) -> Issue:
    """Make the issue of a required attribute that was not supplied."""
    category = "MISSING_PRICE" if name == "purchasable_offer" else "MISSING_ATTRIBUTE"
    return issue(category, f"'{name}' is required but not supplied.", name)


def _invalid(name: str, why: str) -> Issue:
    return issue("INVALID_ATTRIBUTE", f"The value of '{name}' is invalid: {why}.", name)


class Value(NamedTuple):
    """One instance of one attribute, in one store."""

    name: str
    row: Instance
    marketplace: str


def _text(value: Value, longest: int = 2000) -> Iterator[Issue]:
    name, row, _ = value
    text = row.get("value")
    if not isinstance(text, str) or not text.strip():
        yield _invalid(name, "a text is expected")
    elif len(text.encode()) > longest:
        yield _invalid(name, f"longer than {longest} bytes")


def _title(value: Value) -> Iterator[Issue]:
    yield from _text(value, 500)


def _condition(value: Value) -> Iterator[Issue]:
    name, row, _ = value
    if not isinstance(row.get("value"), str) or row["value"] not in CONDITIONS:
        yield _invalid(name, f"{row.get('value')!r} is not in the list of conditions")


def _offer(value: Value) -> Iterator[Issue]:
    name, row, store = value
    currency = shop(store).currency
    if row.get("currency") != currency:
        yield _invalid(name, f"currency is {currency} in this marketplace")
    if row.get("audience", "ALL") not in ("ALL", "B2B"):
        yield _invalid(name, "audience is ALL or B2B")
    for date in ("start_at", "end_at"):
        if row.get(date) is not None and not _dated(row[date]):
            yield _invalid(name, f"{date} holds no date")
    if row.get("our_price") is not None:
        yield from _amount(value)


def _amount(value: Value) -> Iterator[Issue]:
    name, row, store = value
    schedule = row["our_price"]
    try:
        stated = schedule[0]["schedule"][0]["value_with_tax"]
    except (LookupError, TypeError):
        yield _invalid(name, "our_price is [{schedule: [{value_with_tax}]}]")
        return
    if isinstance(stated, bool) or not isinstance(stated, int | Decimal):
        yield _invalid(name, "value_with_tax is a number")
    elif stated <= 0 or stated > 10**9:
        yield issue("INVALID_PRICE", f"The price {stated} is out of range.", name)
    elif stated != round(Decimal(stated), shop(store).decimals):
        yield issue("INVALID_PRICE", f"The price {stated} has too many decimals.", name)


def _dated(date: Any) -> bool:
    try:
        instant(date["value"])
    except (TypeError, ValueError, KeyError):
        return False
    return True


def _availability(value: Value) -> Iterator[Issue]:
    name, row, _ = value
    channel = row.get("fulfillment_channel_code")
    if channel != "DEFAULT" and not str(channel).startswith("AMAZON_"):
        yield _invalid(name, "fulfillment_channel_code is DEFAULT or AMAZON_…")
    if not isinstance(row.get("restock_date"), str | None):
        yield _invalid(name, "restock_date holds no date")
    for field, most in (("quantity", 10**9), ("lead_time_to_ship_max_days", 30)):
        number = row.get(field)
        if number is not None and not _whole(number, most):
            yield _invalid(name, f"{field} is a whole number from 0 to {most}")


def _whole(value: Any, most: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= most


def _anything(_: Value) -> Iterator[Issue]:
    yield from ()


Check = Callable[[Value], Iterator[Issue]]
ATTRIBUTES: dict[str, Check] = {
    "condition_type": _condition,
    "condition_note": _text,
    "merchant_suggested_asin": _text,
    "purchasable_offer": _offer,
    "fulfillment_availability": _availability,
    "item_name": _title,
    "brand": _title,
    "product_description": _text,
    "bullet_point": _text,
    "manufacturer": _title,
    "part_number": _title,
    "product_tax_code": _title,
    "merchant_shipping_group": _title,
    "externally_assigned_product_identifier": _text,
    "supplier_declared_has_product_identifier_exemption": _anything,
    "list_price": _anything,
    "max_order_quantity": _anything,
    "main_product_image_locator": _anything,
    "skip_offer": _anything,
    "child_parent_sku_relationship": _anything,
    "package_contains_sku": _anything,
    "color": _text,
    "size": _text,
    "country_of_origin": _text,
}
OFFER = ("condition_type", "purchasable_offer")
CONTENT = ("item_name", "brand", "product_description")
REQUIRED = {
    "LISTING_OFFER_ONLY": ("merchant_suggested_asin", *OFFER),
    "LISTING": (*CONTENT, *OFFER),
    "LISTING_PRODUCT_ONLY": CONTENT,
}


def judge_put(
    world: World, account: Account, marketplace: str, *, attributes: Attributes, requirements: str
) -> list[Issue]:
    """Judge a whole listing: shapes, what is required, and the catalogue's rules."""
    found = [missing(name) for name in REQUIRED[requirements] if not attributes.get(name)]
    for name, rows in attributes.items():
        found.extend(_rows(name, rows, marketplace))
    if found:
        return found
    if requirements != "LISTING_PRODUCT_ONLY" and not _priced(attributes):
        return [missing("purchasable_offer")]
    return _catalogue(world, account, marketplace, attributes=attributes)


def judge_patch(
    world: World, account: Account, marketplace: str, *, sku: Sku | None, patches: list[Patch]
) -> list[Issue]:
    """Judge patches on a SKU: it must exist, each value must fit its attribute."""
    if sku is None or sku.listing(marketplace) is None:
        text = "This SKU does not exist in this marketplace."
        return [issue("INVALID_ATTRIBUTE", text, code=CODES["UNKNOWN_SKU"])]
    found = [trouble for patch in patches for trouble in _patch(patch, marketplace)]
    if not found and any(name_of(patch) in CATALOGUE_NAMES for patch in patches):
        attributes: Attributes = {}
        for patch in patches:
            attributes = patched(attributes, patch, marketplace)
        return _catalogue(world, account, marketplace, attributes=attributes)
    return found


CATALOGUE_NAMES = {"merchant_suggested_asin"}


def _patch(patch: Patch, marketplace: str) -> Iterator[Issue]:
    name = name_of(patch)
    values = patch.get("value") or []
    if patch["op"] == "delete":
        if name not in ATTRIBUTES:
            yield _unknown(name)
        yield from _selected(name, values)
        return
    if not values:
        yield _invalid(name, "a value is expected")
    if patch["op"] == "merge":
        yield from _mergeable(name, values)
    yield from _rows(name, values, marketplace)


def _mergeable(name: str, values: list[Instance]) -> Iterator[Issue]:
    if name not in MERGEABLE:
        yield _invalid(name, "merge is not supported")
        return
    needed = [field for field in selectors(name) if field not in ("marketplace_id", "audience")]
    if any(not row.get(field) for row in values for field in needed):
        yield _invalid(name, f"merge needs the selectors {', '.join(needed)}")


def _unknown(name: str) -> Issue:
    return issue("INVALID_ATTRIBUTE", f"The attribute '{name}' is not known.", name)


def _rows(name: str, rows: list[Instance], marketplace: str) -> Iterator[Issue]:
    check = ATTRIBUTES.get(name)
    if check is None:
        yield _unknown(name)
        return
    yield from _selected(name, rows)
    if len({repr(key_of(name, row)) for row in rows}) < len(rows):
        yield _invalid(name, "two instances have the same selectors")
    for row in rows:
        if row.get("marketplace_id", marketplace) != marketplace:
            yield _invalid(name, "marketplace_id is not the marketplace of the request")
        else:
            yield from check(Value(name, row, marketplace))


def _selected(name: str, rows: list[Instance]) -> Iterator[Issue]:
    values = (row.get(field) for row in rows for field in selectors(name))
    if not all(value is None or isinstance(value, str) for value in values):
        yield _invalid(name, "a selector is a text")


def _priced(attributes: Attributes) -> bool:
    rows = attributes.get("purchasable_offer", [])
    return any(price(row) is not None for row in rows if row.get("audience", "ALL") == "ALL")


def _catalogue(
    world: World, account: Account, marketplace: str, *, attributes: Attributes
) -> list[Issue]:
    named = attributes.get("merchant_suggested_asin")
    if not named:
        return []
    name, asin = "merchant_suggested_asin", str(named[0]["value"])
    product = world.products.get(asin)
    if product is None or not product.sold_in(marketplace):
        text = f"The ASIN {asin} is not in the catalogue of this marketplace."
        return [issue("INVALID_ATTRIBUTE", text, name, code=CODES["UNKNOWN_ASIN"])]
    if product.children:
        return [_invalid(name, f"{asin} is a parent and cannot be sold")]
    rows = attributes.get("condition_type") or [{}]
    if product.restricted_for(account.id, marketplace, str(rows[0].get("value"))):
        text = "You need approval to list this product."
        return [issue("QUALIFICATION_REQUIRED", text, name)]
    return []
