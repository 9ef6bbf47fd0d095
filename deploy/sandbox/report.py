"""Listing reports as Amazon writes them: tabs, no quoting, its own dates and numbers."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

from deploy.sandbox.status import report_status
from deploy.sandbox.world import Account, Listing, Sku, World, shop

ALL_DATA = (
    "item-name item-description listing-id seller-sku price quantity open-date image-url "
    "item-is-marketplace product-id-type zshop-shipping-fee item-note item-condition "
    "zshop-category1 zshop-browse-path zshop-storefront-feature asin1 asin2 asin3 "
    "will-ship-internationally expedited-shipping zshop-boldface product-id "
    "bid-for-featured-placement add-delete pending-quantity fulfillment-channel "
    "merchant-shipping-group status"
).split()
CANCELLED = [
    name
    for name in ALL_DATA[:27]
    if name
    not in (
        "listing-id",
        "open-date",
        "bid-for-featured-placement",
        "pending-quantity",
        "fulfillment-channel",
    )
]
COLUMNS = {
    "GET_MERCHANT_LISTINGS_ALL_DATA": ALL_DATA,
    "GET_MERCHANT_LISTINGS_DATA": ALL_DATA[:28],
    "GET_MERCHANT_LISTINGS_INACTIVE_DATA": ALL_DATA[:28],
    "GET_MERCHANT_CANCELLED_LISTINGS_DATA": CANCELLED,
}
CONDITIONS = {
    "used_like_new": "1",
    "used_very_good": "2",
    "used_good": "3",
    "used_acceptable": "4",
    "collectible_like_new": "5",
    "collectible_very_good": "6",
    "collectible_good": "7",
    "collectible_acceptable": "8",
    "refurbished_refurbished": "10",
    "new_new": "11",
    "new_open_box": "11",
    "new_oem": "11",
    "club_club": "9",
}
ID_TYPES = {"asin": "1", "isbn": "2", "upc": "3", "ean": "4", "gtin": "4"}
DATES = {"NA": "%Y-%m-%d %H:%M:%S %Z", "EU": "%d/%m/%Y %H:%M:%S %Z", "FE": "%Y/%m/%d %H:%M:%S %Z"}


def report(world: World, account: Account, marketplace: str, *, kind: str, now: int) -> str:
    """Write the report of *kind* for one store. Raises `ValueError` for an unknown kind."""
    if kind not in COLUMNS:
        raise ValueError(f"report type is one of {', '.join(COLUMNS)}, not {kind!r}")
    columns = COLUMNS[kind]
    lines = ["\t".join(columns)]
    for sku, listing in _rows(world, account, marketplace, kind=kind, now=now):
        fields = _fields(world, account, sku, listing, now)
        lines.append("\t".join(_clean(fields.get(name, "")) for name in columns))
    return "\r\n".join(lines) + "\r\n"


def _rows(
    world: World, account: Account, marketplace: str, *, kind: str, now: int
) -> Iterable[tuple[Sku, Listing]]:
    if kind == "GET_MERCHANT_CANCELLED_LISTINGS_DATA":
        gone = world.cancelled[account.id].items()
        return [(Sku(sku=key[0]), row) for key, row in gone if key[1] == marketplace]
    return _held(world, account, marketplace, wanted=WORDS.get(kind), now=now)


WORDS = {
    "GET_MERCHANT_LISTINGS_DATA": "Active",
    "GET_MERCHANT_LISTINGS_INACTIVE_DATA": "Inactive",
}


def _held(
    world: World, account: Account, marketplace: str, *, wanted: str | None, now: int
) -> Iterator[tuple[Sku, Listing]]:
    for sku in world.shelves[account.id].values():
        listing = sku.listing(marketplace)
        if listing and (not wanted or report_status(account, sku, listing, now) == wanted):
            yield sku, listing


def _fields(world: World, account: Account, sku: Sku, listing: Listing, now: int) -> dict[str, str]:
    asin = listing.asin or ""
    kind, number = listing.product_id or ("asin", asin)
    quantity = "" if sku.fba or sku.quantity is None else str(sku.quantity)
    return {
        "item-name": world.title(listing) or "",
        "listing-id": listing_id(account, sku, listing) if listing.asin else "",
        "seller-sku": sku.sku,
        "price": listing.price or "",
        "quantity": quantity,
        "open-date": opened(listing),
        "item-is-marketplace": "y",
        "product-id-type": ID_TYPES[kind.lower()] if number else "",
        "item-condition": CONDITIONS.get(listing.condition or "", ""),
        "asin1": asin,
        "will-ship-internationally": "1",
        "expedited-shipping": "N",
        "product-id": number,
        "pending-quantity": "0",
        "fulfillment-channel": sku.fba or "DEFAULT",
        "merchant-shipping-group": "Migrated Template",
        "status": report_status(account, sku, listing, now),
    }


def listing_id(account: Account, sku: Sku, listing: Listing) -> str:
    """Give a listing's id in the form Amazon uses: month and day, then signs."""
    moment = datetime.fromtimestamp(listing.created / 1000, ZoneInfo("UTC"))
    text = f"{account.id}{sku.sku}{listing.marketplace}"
    return f"{moment:%m%d}{sum(ord(sign) * 31**n for n, sign in enumerate(text)) % 36**7:07X}"


def opened(listing: Listing) -> str:
    """Spell the day a listing was opened as the region's reports do, in the store's time."""
    here = shop(listing.marketplace)
    moment = datetime.fromtimestamp(listing.created / 1000, ZoneInfo(here.zone))
    return moment.strftime(DATES[here.region])


def _clean(value: str) -> str:
    return value.replace("\t", " ").replace("\r", " ").replace("\n", " ")
