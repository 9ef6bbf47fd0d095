"""Listing reports as Amazon writes them: which columns, which rows, and what each says."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import NamedTuple
from zlib import crc32
from zoneinfo import ZoneInfo

from deploy.sandbox.chance import fixed
from deploy.sandbox.status import actions, report_status
from deploy.sandbox.when import text
from deploy.sandbox.world import Account, Listing, Sku, World, shop

ALL_DATA = (
    "item-name item-description listing-id seller-sku price quantity open-date image-url "
    "item-is-marketplace product-id-type zshop-shipping-fee item-note item-condition "
    "zshop-category1 zshop-browse-path zshop-storefront-feature asin1 asin2 asin3 "
    "will-ship-internationally expedited-shipping zshop-boldface product-id "
    "bid-for-featured-placement add-delete pending-quantity fulfillment-channel "
    "merchant-shipping-group status"
).split()
BUSINESS = [
    "Business Price",
    "Quantity Price Type",
    *(f"Quantity {word} {n}" for n in range(1, 6) for word in ("Lower Bound", "Price")),
]
PROGRESSIVE = [
    "Progressive Price Type",
    *(f"Progressive {word} {n}" for n in range(1, 4) for word in ("Lower Bound", "Price")),
]
NEVER_CANCELLED = {
    "listing-id",
    "open-date",
    "bid-for-featured-placement",
    "pending-quantity",
    "fulfillment-channel",
}
CANCELLED = [name for name in ALL_DATA[:27] if name not in NEVER_CANCELLED]
SUPPRESSED = (
    "Status,Reason,SKU,ASIN,Product name,Condition,Status Change Date,Issue Description"
).split(",")
COLUMNS = {
    "GET_MERCHANT_LISTINGS_ALL_DATA": ALL_DATA,
    "GET_MERCHANT_LISTINGS_DATA": ALL_DATA[:28],
    "GET_MERCHANT_LISTINGS_INACTIVE_DATA": ALL_DATA[:28],
    "GET_MERCHANT_CANCELLED_LISTINGS_DATA": [*CANCELLED, *BUSINESS, *PROGRESSIVE],
    "GET_FLAT_FILE_OPEN_LISTINGS_DATA": [
        *("sku", "asin", "price", "quantity"),
        *BUSINESS,
        *PROGRESSIVE,
    ],
    "GET_MERCHANT_LISTINGS_DATA_LITE": ["seller-sku", "asin1", "price", "quantity"],
    "GET_MERCHANT_LISTINGS_DATA_LITER": ["seller-sku", "quantity"],
    "GET_MERCHANTS_LISTINGS_FYP_REPORT": SUPPRESSED,
}
"""The columns of each type for an account without the special cases of `variants.py`."""
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


class Table(NamedTuple):
    """A report before it is spelled: a header, and rows of as many fields."""

    columns: list[str]
    rows: list[list[str]]

    def text(self) -> str:
        """Spell it: tabs, no quoting, carriage return and line feed."""
        lines = ("\t".join(row) for row in (self.columns, *self.rows))
        return "\r\n".join(lines) + "\r\n"


class Place(NamedTuple):
    """Whose report, of which marketplace; *dates* is the region whose spelling it uses."""

    world: World
    account: Account
    marketplace: str
    now: int
    dates: str | None = None


def report(world: World, account: Account, marketplace: str, *, kind: str, now: int) -> str:
    """Spell the plain report of *kind* for one store.

    Raises `ValueError` for an unknown kind.
    """
    return table(Place(world, account, marketplace, now), kind).text()


def table(place: Place, kind: str, columns: list[str] | None = None) -> Table:
    """Make the report of *kind*, with *columns* other than its own if they are given.

    Raises `ValueError` for an unknown kind.
    """
    if kind not in COLUMNS:
        raise ValueError(f"report type is one of {', '.join(COLUMNS)}, not {kind!r}")
    shown = columns or COLUMNS[kind]
    found = (_fields(place, sku, listing) for sku, listing in _rows(place, kind))
    return Table(shown, [[row.get(name, "") for name in shown] for row in found])


def _rows(place: Place, kind: str) -> Iterable[tuple[Sku, Listing]]:
    if kind == "GET_MERCHANT_CANCELLED_LISTINGS_DATA":
        gone = place.world.cancelled[place.account.id].items()
        return [(Sku(sku=key[0]), row) for key, row in gone if key[1] == place.marketplace]
    return (row for row in _held(place) if _belongs(place, kind, *row))


def _held(place: Place) -> Iterator[tuple[Sku, Listing]]:
    for sku in place.world.shelves[place.account.id].values():
        listing = sku.listing(place.marketplace)
        if listing is not None:
            yield sku, listing


def _belongs(place: Place, kind: str, sku: Sku, listing: Listing) -> bool:
    if kind == "GET_MERCHANTS_LISTINGS_FYP_REPORT":
        return bool(actions(listing, place.now))
    if kind in ("GET_MERCHANT_LISTINGS_DATA_LITE", "GET_MERCHANT_LISTINGS_DATA_LITER"):
        return bool(sku.quantity) and listing.price is not None
    status = report_status(place.account, sku, listing, place.now)
    if kind == "GET_MERCHANT_LISTINGS_ALL_DATA":
        return status != "Incomplete" or not _forgotten(place, sku)
    return status == WORDS.get(kind, status)


WORDS = {
    "GET_MERCHANT_LISTINGS_DATA": "Active",
    "GET_MERCHANT_LISTINGS_INACTIVE_DATA": "Inactive",
    "GET_FLAT_FILE_OPEN_LISTINGS_DATA": "Active",
}


def _forgotten(place: Place, sku: Sku) -> bool:
    drawn = fixed(place.world.chance.seed, "draft", f"{place.account.id}|{sku.sku}")
    return int.from_bytes(drawn[:7]) / 2**56 < place.world.profile.missing_drafts


def _fields(place: Place, sku: Sku, listing: Listing) -> dict[str, str]:
    asin = listing.asin or ""
    kind, number = listing.product_id or ("asin", asin)
    name = _clean(sku.sku)
    quantity = "" if sku.fba or sku.quantity is None else str(sku.quantity)
    title, condition = _clean(place.world.title(listing) or ""), listing.condition or ""
    return {
        "item-name": title,
        "listing-id": listing_id(place.account, sku, listing) if listing.asin else "",
        "seller-sku": name,
        "price": listing.price or "",
        "quantity": quantity,
        "open-date": opened(listing, place.dates),
        "item-is-marketplace": "y",
        "product-id-type": ID_TYPES[kind.lower()] if number else "",
        "item-condition": CONDITIONS.get(condition, ""),
        "asin1": asin,
        "will-ship-internationally": "1",
        "expedited-shipping": "N",
        "product-id": _clean(number),
        "pending-quantity": "0",
        "fulfillment-channel": sku.fba or "DEFAULT",
        "merchant-shipping-group": "Migrated Template",
        "status": report_status(place.account, sku, listing, place.now),
        "sku": name,
        "asin": asin,
        "Business Price": listing.business_price or "",
    } | _trouble(place, sku, listing, title)


def _trouble(place: Place, sku: Sku, listing: Listing, title: str) -> dict[str, str]:
    if not actions(listing, place.now):
        return {}
    first = next(row for row in listing.issues if row.get("enforcements"))
    return {
        "Status": "Search Suppressed",
        "Reason": (first["categories"] or ["OTHER"])[0],
        "SKU": _clean(sku.sku),
        "ASIN": listing.asin or "",
        "Product name": title,
        "Condition": (listing.condition or "").partition("_")[0].title(),
        "Status Change Date": text(listing.updated)[:10],
        "Issue Description": _clean(first["message"]),
    }


def listing_id(account: Account, sku: Sku, listing: Listing) -> str:
    """Give a listing's id in the form Amazon uses: month and day, then signs."""
    moment = datetime.fromtimestamp(listing.created / 1000, ZoneInfo("UTC"))
    text = f"{account.id}{sku.sku}{listing.marketplace}"
    return f"{moment:%m%d}{crc32(text.encode()):08X}"


def opened(listing: Listing, dates: str | None = None) -> str:
    """Spell the day a listing was opened as a region's reports do, in the store's time."""
    here = shop(listing.marketplace)
    moment = datetime.fromtimestamp(listing.created / 1000, ZoneInfo(here.zone))
    return moment.strftime(DATES[dates or here.region])


def _clean(value: str) -> str:
    return value.translate(_BREAKS)


_BREAKS = str.maketrans("\t\r\n", "   ")
