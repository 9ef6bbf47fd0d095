"""Amazon's attributes by name: as settings spell them, and as Amazon's API calls them.

An import mapping may name an attribute as the API does (`item_name`, `item_weight.value`)
or as Amazon's older interfaces did (`Title`, `ListPrice`).
"""

import re
from collections.abc import Iterable
from functools import lru_cache

SELLER_SKU, ASIN, LISTING_PRICE = "amazon_sku", "asin", "listing_price"
OF_LISTING = frozenset({SELLER_SKU, ASIN, LISTING_PRICE})
"""What every listing has, so that nothing need be asked for it."""

OLDER = {
    "amazonlistprice": "list_price",
    "listprice": "list_price",
    "title": "item_name",
    "name": "item_name",
    "producttypename": "product_type",
    "producttype": "product_type",
    "description": "product_description",
    "feature": "bullet_point",
    "features": "bullet_point",
    "bulletpoints": "bullet_point",
    "partnumber": "part_number",
    "mpn": "part_number",
    "model": "model_number",
    "image": "main_image",
    "smallimage": "main_image",
    "packagequantity": "item_package_quantity",
    "condition": "condition_type",
}
"""Names of older interfaces (and of `listings.md` 6.1) that are spelled otherwise today."""

_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,79}(\.[A-Za-z0-9_]{1,80}){0,4}")
"""What can be a name: a word, perhaps a way into its parts."""


@lru_cache(maxsize=4096)  # a decision asks for every mapping of its country
def amazons(name: str) -> str:
    """Give the API's name of the attribute that a mapping calls *name*."""
    head, dot, rest = name.partition(".")
    plain = head.replace("_", "").lower()
    known = OLDER.get(plain) or next((n for n in OF_LISTING if n.replace("_", "") == plain), None)
    return (known or _HUMP.sub("_", head).lower()) + dot + rest


def to_read(names: Iterable[str]) -> frozenset[str]:
    """Give Amazon's names of what must be read for mappings of *names*."""
    return frozenset(map(amazons, names)) - OF_LISTING
