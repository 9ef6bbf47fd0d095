"""The seed document (`records.md` 6) and the world it makes.

A listing's `status` is not stored: it is a wish that becomes facts (`wishes.py`), from which
the stand-in computes what it shows. Every fact may also be stated by itself.
"""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import msgspec

from deploy.sandbox.api import Amazon
from deploy.sandbox.attributes import money
from deploy.sandbox.buckets import Buckets
from deploy.sandbox.faults import Fault
from deploy.sandbox.marketplaces import marketplace
from deploy.sandbox.profiles import profile
from deploy.sandbox.reserved import NEVER_SEEDED
from deploy.sandbox.validation import CONDITIONS
from deploy.sandbox.when import instant
from deploy.sandbox.wishes import wish
from deploy.sandbox.world import Account, Attributes, Change, Issue, Listing, Product, Sku, World

AGE = 30 * 86_400_000
"""How old a seeded listing is unless it says: 30 days, in ms."""
WAREHOUSES = {"NA": "AMAZON_NA", "EU": "AMAZON_EU", "FE": "AMAZON_JP"}


class Document(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """Part of a seed: a misspelt field is refused."""


class Money(Document, frozen=True):
    """An amount; the currency is the marketplace's, whatever is said."""

    amount: Decimal
    currency: str | None = None


class SeedAccount(Document, frozen=True):
    """One seller account."""

    region: str
    merchant_token: str
    refresh_token: str
    marketplaces: list[str]
    roles: list[str] | None = None
    two_store_patch: bool | None = None
    suspended: list[str] = []
    departed: list[str] = []
    revoked: bool = False


class SeedProduct(Document, frozen=True):
    """One ASIN. *restricted*: true, marketplaces, or {accounts, marketplaces, conditions}."""

    asin: str
    title: str = ""
    gtins: list[str] = []
    brand: str | None = None
    mpn: str | None = None
    pack: int | None = None
    color: str | None = None
    size: str | None = None
    parent: str | None = None
    children: list[str] = []
    product_type: str = "PRODUCT"
    marketplaces: list[str] | None = None
    restricted: bool | list[str] | dict[str, list[str]] = False


class SeedListing(Document, frozen=True):
    """One SKU in one marketplace; stock and channel are the SKU's, the last statement holds."""

    account: str
    marketplace: str
    sku: str
    asin: str | None = None
    price: Decimal | Money | None = None
    business_price: Decimal | Money | None = None
    quantity: int | None = None
    condition: str | None = "new_new"
    channel: str | None = None
    status: str | None = None
    issues: list[dict[str, Any]] = []
    attributes: Attributes | None = None
    missing: list[str] = []
    title: str | None = None
    product_id: dict[str, str] | None = None
    product_type: str = "PRODUCT"
    created: str | None = None
    offer_from: str | None = None
    offer_to: str | None = None


class Generate(Document, frozen=True):
    """A world from a catalogue file, or of *count* numbered products (`generate.py`)."""

    source: str | None = msgspec.field(default=None, name="from")
    count: int = 0
    share: dict[str, float] = {}
    accounts: list[str] | None = None
    prefix: str = "SKU-"


class Aws(Document, frozen=True):
    """The other side's AWS: where bodies go. Without *endpoint* they wait in the stand-in.

    *bridge_queue* is the queue that the rule behind every EventBridge destination feeds.
    """

    bridge_queue: str = "notifications"
    endpoint: str | None = None
    region: str = "eu-west-1"


class Seed(Document, frozen=True):
    """A whole world; with *add* its accounts, products and listings join the present one."""

    seed: int = 0
    clock: str = "real"
    start: str | None = None
    profile: str = "real"
    accounts: dict[str, SeedAccount] = {}
    catalogue: list[SeedProduct] = []
    listings: list[SeedListing] = []
    generate: Generate | None = None
    application: dict[str, str] = {}
    quota_factor: float | None = 1.0
    rates: dict[str, tuple[float, float]] = {}
    apply_seconds: float | None = None
    settings: dict[str, Any] = {}
    faults: list[Fault] = []
    aws: Aws = Aws()
    add: bool = False


def decode(body: bytes) -> Seed:
    """Read a seed document. Raises `ValueError` with the path of what is wrong."""
    return msgspec.json.decode(body, type=Seed)


def begin(seed: Seed) -> Amazon:
    """Make an empty Amazon with the seed's profile, application, limits and faults."""
    manners = profile(seed.profile, apply_seconds=seed.apply_seconds, overrides=seed.settings)
    world = World(manners, seed.seed)
    client = {"client_id": "sandbox", "client_secret": "sandbox"} | seed.application
    world.application = (client["client_id"], client["client_secret"])
    world.application_id = client.get("id", world.application_id)
    world.bridge_queue = seed.aws.bridge_queue
    buckets = Buckets(seed.quota_factor)
    buckets.rates |= seed.rates
    amazon = Amazon(world, buckets)
    for fault in seed.faults:
        amazon.faults.add(fault)
    return amazon


def populate(world: World, seed: Seed, now: int) -> int:
    """Put the seed's accounts, products and listings into *world*; give the listings' number."""
    for name, account in seed.accounts.items():
        world.add_account(_account(name, account))
    add_products(world, seed.catalogue)
    return add_listings(world, seed.listings, now)


def add_products(world: World, products: Iterable[SeedProduct]) -> None:
    """Put products into the catalogue."""
    for stated in products:
        world.add_product(_product(stated))


def add_listings(world: World, listings: Iterable[SeedListing], now: int) -> int:
    """Put listings on the shelves; give how many. Raises `ValueError` for one that cannot be."""
    number = 0
    for number, stated in enumerate(listings, start=1):
        try:
            _place(world, stated, now)
        except ValueError as error:
            raise ValueError(f"{error} - at `$.listings[{number - 1}]`") from None
    return number


def _account(name: str, stated: SeedAccount) -> Account:
    shops = [marketplace(shop) for shop in stated.marketplaces]
    if strangers := [shop.id for shop in shops if shop.region != stated.region]:
        raise ValueError(f"{strangers[0]} is not in region {stated.region} - at `$.accounts`")
    return Account(
        id=name,
        region=stated.region,
        merchant_token=stated.merchant_token,
        refresh_token=stated.refresh_token,
        marketplaces=[shop.id for shop in shops],
        roles=stated.roles,
        two_store_patch=stated.two_store_patch,
        revoked=stated.revoked,
        suspended={marketplace(shop).id for shop in stated.suspended},
        departed={marketplace(shop).id for shop in stated.departed},
    )


def _product(stated: SeedProduct) -> Product:
    shops = stated.marketplaces
    return Product(
        asin=stated.asin,
        title=stated.title or stated.asin,
        gtins=tuple(stated.gtins),
        brand=stated.brand,
        mpn=stated.mpn,
        pack=stated.pack,
        color=stated.color,
        size=stated.size,
        parent=stated.parent,
        children=tuple(stated.children),
        product_type=stated.product_type,
        marketplaces=None if shops is None else frozenset(marketplace(shop).id for shop in shops),
        restricted=restriction(stated.restricted),
    )


def restriction(stated: bool | list[str] | dict[str, list[str]]) -> dict[str, list[str]] | None:
    """Give a restriction in its one form: which accounts, marketplaces, conditions."""
    if isinstance(stated, bool):
        return {} if stated else None
    kinds = {"marketplaces": stated} if isinstance(stated, list) else stated
    shops = [marketplace(shop).id for shop in kinds.get("marketplaces", [])]
    return kinds | ({"marketplaces": shops} if shops else {})


def _place(world: World, stated: SeedListing, now: int) -> None:
    account = world.accounts.get(stated.account)
    if account is None:
        raise ValueError(f"no account {stated.account!r}")
    if stated.sku in NEVER_SEEDED:
        raise ValueError(f"SKU {stated.sku!r} is reserved")
    shop = marketplace(stated.marketplace).id
    if shop not in account.marketplaces:
        raise ValueError(f"{stated.account} does not sell in {stated.marketplace}")
    listing = _listing(stated, shop, now)
    shelf = world.shelves[account.id]
    sku = shelf.setdefault(stated.sku, Sku(sku=stated.sku))
    if listing.asin is not None and listing.asin not in world.products:
        world.add_product(Product(listing.asin, stated.title or stated.sku))
    _stock(sku, stated, account)
    others = tuple(row for row in sku.listings if row.marketplace != shop)
    wish(sku, listing, word=stated.status, now=now)
    if (stated.status or "").lower() == "ended":
        world.cancelled[account.id][stated.sku, shop] = listing
        world.record(account.id, stated.sku, Change(now, "seed", shop, {"exists": False}))
        sku.listings = others
    else:
        sku.listings = (*others, listing)
    if not sku.listings:
        del shelf[stated.sku]


def _listing(stated: SeedListing, shop: str, now: int) -> Listing:
    if stated.condition is not None and stated.condition not in CONDITIONS:
        raise ValueError(f"no condition {stated.condition!r}")
    created = now - AGE if stated.created is None else instant(stated.created)
    known = stated.product_id
    return Listing(
        marketplace=shop,
        asin=stated.asin,
        created=created,
        updated=created,
        price=_amount(stated.price, shop),
        business_price=_amount(stated.business_price, shop),
        start=None if stated.offer_from is None else instant(stated.offer_from),
        end=None if stated.offer_to is None else instant(stated.offer_to),
        condition=stated.condition,
        product_type=stated.product_type,
        title=stated.title,
        issues=tuple(issue_of(trouble) for trouble in stated.issues),
        missing=tuple(stated.missing),
        product_id=None if known is None else (known["type"], known["value"]),
        sent=stated.attributes,
    )


def _amount(price: Decimal | Money | None, shop: str) -> str | None:
    if price is None:
        return None
    return money(price.amount if isinstance(price, Money) else price, shop)


def _stock(sku: Sku, stated: SeedListing, account: Account) -> None:
    channel = stated.channel or ("DEFAULT" if sku.fba is None else sku.fba)
    channel = WAREHOUSES[account.region] if channel == "FBA" else channel
    if channel == "DEFAULT":
        sku.quantity = stated.quantity if stated.quantity is not None else (sku.quantity or 0)
        return
    sku.fba = channel
    sku.fba_stock = stated.quantity if stated.quantity is not None else (sku.fba_stock or 10)


def issue_of(stated: dict[str, Any]) -> Issue:
    """Complete a stated issue: code, text, severity and categories have defaults."""
    defaults = {"code": "99000", "message": "Stated.", "severity": "ERROR", "categories": []}
    return defaults | stated
