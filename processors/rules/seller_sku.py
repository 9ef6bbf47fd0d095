"""The seller SKU a product is listed under when nobody says otherwise (`listings.md` 6.2)."""

LONGEST = 36
"""Characters a derived seller SKU may have; Amazon's own limit is 40."""

AMAZONS_LIMIT = 40
HEAD = 26
"""Characters of the catalogue SKU kept in front of the shop's product id."""


def default(sku: str, shop_id: str | None) -> str:
    """Give the catalogue SKU, or its beginning, `-` and the shop's id where it is too long.

    Without an id nothing can tell two long SKUs apart: the SKU stays whole, and `fits`
    tells whether Amazon takes it.
    """
    if len(sku) <= LONGEST or not shop_id:
        return sku
    tail = f"-{shop_id}"
    derived = sku[: max(0, min(HEAD, LONGEST - len(tail)))] + tail
    return derived if len(derived) <= AMAZONS_LIMIT else sku


def fits(seller_sku: str) -> bool:
    """Tell whether Amazon takes a seller SKU of this length."""
    return len(seller_sku) <= AMAZONS_LIMIT
