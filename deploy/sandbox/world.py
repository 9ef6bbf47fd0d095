"""What Amazon holds: accounts, products, SKUs and their listings.

Compact on purpose: a million SKUs live here. A listing that nobody has written to since the
seed keeps no attributes; they are told from its facts (`attributes.derived`).
"""

from itertools import islice
from typing import Any

import msgspec

from deploy.sandbox.chance import Chance
from deploy.sandbox.marketplaces import BY_ID, Marketplace
from deploy.sandbox.profiles import Profile

Issue = dict[str, Any]
Attributes = dict[str, list[dict[str, Any]]]


class Account(msgspec.Struct, kw_only=True):
    """One seller account in one region."""

    id: str
    region: str
    merchant_token: str
    refresh_token: str
    marketplaces: list[str]
    roles: list[str] | None = None
    two_store_patch: bool | None = None
    revoked: bool = False
    unauthorized: bool = False
    suspended: set[str] = set()
    departed: set[str] = set()

    def open_in(self, marketplace: str) -> bool:
        """Say whether offers of this account can be bought in *marketplace*."""
        left = self.suspended | self.departed
        return marketplace in self.marketplaces and marketplace not in left


class Product(msgspec.Struct, gc=False):
    """One ASIN of the catalogue."""

    asin: str
    title: str
    gtins: tuple[str, ...] = ()
    brand: str | None = None
    mpn: str | None = None
    pack: int | None = None
    color: str | None = None
    size: str | None = None
    parent: str | None = None
    children: tuple[str, ...] = ()
    product_type: str = "PRODUCT"
    marketplaces: frozenset[str] | None = None
    restricted: dict[str, list[str]] | None = None

    def sold_in(self, marketplace: str) -> bool:
        """Say whether the catalogue of *marketplace* has it."""
        return self.marketplaces is None or marketplace in self.marketplaces

    def restricted_for(self, account: str, marketplace: str, condition: str) -> bool:
        """Say whether this account needs approval to offer it there in this condition."""
        if self.restricted is None:
            return False
        asked = {"accounts": account, "marketplaces": marketplace, "conditions": condition}
        named = self.restricted
        return all(not named.get(kind) or asked[kind] in named[kind] for kind in asked)


class Listing(msgspec.Struct, gc=False, kw_only=True):
    """What is true of one SKU in one marketplace. Instants in ms; amounts as text."""

    marketplace: str
    asin: str | None
    created: int
    updated: int
    price: str | None = None
    business_price: str | None = None
    start: int | None = None
    end: int | None = None
    condition: str | None = "new_new"
    product_type: str = "PRODUCT"
    title: str | None = None
    issues: tuple[Issue, ...] = ()
    missing: tuple[str, ...] = ()
    held: bool = False
    product_id: tuple[str, str] | None = None
    sent: Attributes | None = None
    live: Attributes | None = None


class Sku(msgspec.Struct, gc=False, kw_only=True):
    """One seller SKU: stock is shared by all its marketplaces.

    *quantity* is that of channel DEFAULT, None without that channel; *fba* is the channel
    code of Amazon's warehouse (`AMAZON_EU`), and *fba_stock* what lies there.
    """

    sku: str
    quantity: int | None = None
    lead_time: int | None = None
    restock: str | None = None
    fba: str | None = None
    fba_stock: int = 0
    listings: tuple[Listing, ...] = ()

    def listing(self, marketplace: str) -> Listing | None:
        """Find its listing in *marketplace*."""
        for listing in self.listings:
            if listing.marketplace == marketplace:
                return listing
        return None

    @property
    def stock(self) -> int:
        """What can be bought, over both channels."""
        return (self.quantity or 0) + (self.fba_stock if self.fba else 0)


class Change(msgspec.Struct, frozen=True):
    """One thing that happened to a SKU, and why."""

    at: int
    cause: str
    marketplace: str | None
    facts: dict[str, Any]


class World:
    """Everything the stand-in holds, apart from what is still to happen (`effects.py`)."""

    def __init__(self, profile: Profile, seed: int = 0) -> None:
        self.profile = profile
        self.chance = Chance(seed)
        self.application = ("sandbox", "sandbox")
        self.application_id = "amzn1.sellerapps.app.sandbox"
        self.bridge_queue = "notifications"
        self.accounts: dict[str, Account] = {}
        self.merchants: dict[str, Account] = {}
        self.products: dict[str, Product] = {}
        self.gtins: dict[str, list[str]] = {}
        self._words: dict[str, set[str]] = {}
        self._indexed = 0
        self.shelves: dict[str, dict[str, Sku]] = {}
        self.cancelled: dict[str, dict[tuple[str, str], Listing]] = {}
        self.history: dict[tuple[str, str], list[Change]] = {}

    def add_account(self, account: Account) -> None:
        """Let an account in."""
        self.accounts[account.id] = self.merchants[account.merchant_token] = account
        self.shelves.setdefault(account.id, {})
        self.cancelled.setdefault(account.id, {})

    def add_product(self, product: Product) -> None:
        """Take a product into the catalogue, found by each of its trade item numbers."""
        self.products[product.asin] = product
        for number in product.gtins:
            holders = self.gtins.setdefault(number.zfill(14), [])
            if product.asin not in holders:
                holders.append(product.asin)

    def words(self) -> dict[str, set[str]]:
        """Give the catalogue's index of words; made when the first search asks for it."""
        for product in islice(self.products.values(), self._indexed, None):
            text = f"{product.title} {product.brand or ''} {product.mpn or ''}"
            for word in text.lower().split():
                self._words.setdefault(word, set()).add(product.asin)
        self._indexed = len(self.products)
        return self._words

    def sku(self, account: str, sku: str) -> Sku | None:
        """Find a SKU of an account."""
        return self.shelves[account].get(sku)

    def record(self, account: str, sku: str, change: Change) -> None:
        """Remember what happened to a SKU: the newest `HISTORY` changes."""
        changes = self.history.setdefault((account, sku), [])
        changes.append(change)
        del changes[:-HISTORY]

    def title(self, listing: Listing) -> str | None:
        """Give the name that a listing is shown under."""
        if listing.title is not None or listing.asin is None:
            return listing.title
        product = self.products.get(listing.asin)
        return None if product is None else product.title


HISTORY = 200
"""Changes remembered per SKU; the truth tells how Amazon came to hold what it holds."""


def shop(marketplace: str) -> Marketplace:
    """Give the facts of a marketplace that is known to exist."""
    return BY_ID[marketplace]
