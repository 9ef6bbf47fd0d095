"""What the catalogue says about a product's listings: one candidate per seller SKU.

Per linked seller SKU one candidate for its stores; one under the default seller SKU for the
stores in which no other SKU of the product is published or ended (`design.md` 4). Which
store a seller SKU stands in changes nothing of what is said there, so it is said once.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Literal

import msgspec

from processors.rules import days, likeness, mapping, price_source, seller_sku, verdict
from processors.rules.plan import AccountPlan, Plan, StorePlan
from processors.rules.scopes import Values, text
from schemas.candidates import (
    Candidate,
    Content,
    IdentifierClaim,
    OtherSku,
    StockBase,
    StoreCandidate,
)
from schemas.catalog import Price, Product, Stock, WebsiteStock
from schemas.links import Likeness, LinkedStore, Renamed
from schemas.money import Number
from schemas.settings import Attribute

Origin = Literal["default", "link", "alias"]
Attributes = Mapping[str, Attribute]

_NO_CONTENT = Content()
_TOO_LONG = Content(missing=["seller_sku"])
_NO_SOURCE = StockBase(managed=True, quantity=Number(0))
_UNMANAGED = StockBase(managed=False)


class LinkFact(msgspec.Struct, frozen=True, array_like=True):
    """The newest word on one seller SKU of the product; *linked* false keeps the sequence."""

    account: str
    seller_sku: str
    sequence: int
    linked: bool
    by: str | None = None
    stores: dict[str, LinkedStore] = {}
    renamed: Renamed | None = None

    def holds(self, store: str) -> bool:
        """Tell whether the seller SKU is published or ended in *store*."""
        there = self.stores.get(store)
        return there is not None and there.state != "unpublished"


class Outlook:
    """One product as the stores see it now: each store's answers, made when first asked."""

    def __init__(
        self, product: Product, stock: Stock | None, price: Price | None, *, now: datetime
    ) -> None:
        self.product = product
        self.stock = stock
        self.price = price
        self.now = now
        self._values: dict[tuple[str, ...], Values] = {}
        self._claimed: dict[tuple[object, ...], list[IdentifierClaim]] = {}

    def values(self, store: StorePlan) -> Values:
        """Give the product's values on the store's website."""
        found = self._values.get(store.scopes)
        if found is None:
            found = self._values[store.scopes] = Values(self.product, self.price, store.scopes)
        return found

    def claimed(self, store: StorePlan) -> list[IdentifierClaim]:
        """Give the identifiers the store's search mapping finds, invalid ones with why."""
        asked = (store.scopes, store.kinds, tuple(store.search.gtin_exempt))
        found = self._claimed.get(asked)
        if found is None:
            found = self._claimed[asked] = self._claims(store)
        return found

    def _claims(self, store: StorePlan) -> list[IdentifierClaim]:
        values, search = self.values(store), store.search
        found = mapping.claims(values, store.kinds)
        brand = _mapped(values, search.brand) if search.gtin_exempt else None
        return mapping.without_numbers(found) if mapping.exempt(brand, search) else found

    def answers(self, store: StorePlan) -> StoreCandidate:
        """Give everything one store needs to know about the product."""
        values, today = self.values(store), days.day(self.now, store.zone)
        claimed = self.claimed(store)
        return StoreCandidate(
            verdict=verdict.verdict(values, store.terms, today),
            condition=store.condition(values),
            fulfilment=store.channel(values),
            identifiers=claimed,
            asin=mapping.own_asin(claimed, mapping.third_party_asin(values, store.third_party)),
            base=base(self.stock, store.website),
            prices=price_source.prices(values, store.sources, today),
            pricing_rules=[name for name, of in store.pricing if of is None or of.holds(values)],
        )

    def next_change(self, plan: Plan) -> datetime | None:
        """Give the next instant at which time alone changes an answer of some store."""
        timed = (s for account in plan.accounts for s in account.stores if s.timed)
        turns = (self._next(store) for store in timed)
        return min((turn for turn in turns if turn is not None), default=None)

    def _next(self, store: StorePlan) -> datetime | None:
        values = self.values(store)
        edges = [
            *price_source.edges(values, store.sources),
            *verdict.edges(values, store.terms),
        ]
        return days.next_edge(edges, store.zone, self.now) if edges else None


def base(stock: Stock | None, website: str) -> StockBase | None:
    """Give the quantity inputs of one website; None as long as there is no stock record."""
    if stock is None:
        return None
    here: WebsiteStock | None = stock.websites.get(website) or stock.websites.get("*")
    if here is None:
        return _NO_SOURCE
    if not here.managed:
        return _UNMANAGED
    return StockBase(managed=True, salable=here.salable, quantity=here.quantity)


def candidates(outlook: Outlook, plan: Plan, links: Iterable[LinkFact]) -> list[Candidate]:
    """Give every candidate of the product, in a fixed order; sequences are left at 0."""
    linked = [link for link in links if link.linked]
    return [
        candidate
        for account in plan.accounts
        for candidate in _of_account(
            outlook,
            account,
            [link for link in linked if link.account == account.account],
            plan.attributes,
        )
    ]


def default_row(product: Product, links: Iterable[LinkFact]) -> str:
    """Give the seller SKU under which *product* is listed unless a person says otherwise.

    A row that it had under an earlier SKU stays its row: what is at Amazon never changes its
    seller SKU, so a new one would be a second offer. *links* are those of one account.
    """
    derived = seller_sku.default(product.sku, product.shop_id)
    rows = [link for link in links if link.linked and link.by == "default"]
    return min(rows, key=lambda row: _seniority(row, derived)).seller_sku if rows else derived


def _seniority(row: LinkFact, derived: str) -> tuple[bool, bool, str]:
    """Order rows: one that holds a store before those that do not, then an earlier SKU's."""
    return not any(map(row.holds, row.stores)), row.seller_sku == derived, row.seller_sku


def _of_account(
    outlook: Outlook, account: AccountPlan, links: Sequence[LinkFact], attributes: Attributes
) -> list[Candidate]:
    default = default_row(outlook.product, links)
    wanted = _stores(default, account, links)
    said = {store.id: outlook.answers(store) for store in account.stores}
    origins = {link.seller_sku: _origin(link) for link in links} | {default: "default"}
    about = _about(outlook, account, attributes)
    return [
        Candidate(
            product=outlook.product.sku,
            sequence=0,
            account=account.account,
            seller_sku=sku,
            shop_id=outlook.product.shop_id,
            origin=origins[sku],
            others=_others(sku, links),
            name=about.name,
            keywords=about.keywords,
            brand=about.brand,
            mpn=about.mpn,
            pack=about.pack,
            varies=about.varies,
            settings=account.versions,
            stores=_fitting(sku, {store: said[store] for store in stores}),
        )
        for sku, stores in wanted.items()
    ]


def _stores(default: str, account: AccountPlan, links: Sequence[LinkFact]) -> dict[str, list[str]]:
    others = [link for link in links if link.seller_sku != default]
    if not others:
        return {default: [store.id for store in account.stores]}
    own = next((link for link in links if link.seller_sku == default), None)
    free = [
        store.id
        for store in account.stores
        if (own is not None and own.holds(store.id)) or not any(o.holds(store.id) for o in others)
    ]
    wanted = {default: free} | {
        link.seller_sku: [store.id for store in account.stores if _stands(link, store.id)]
        for link in sorted(others, key=lambda link: link.seller_sku)
    }
    return {sku: stores for sku, stores in wanted.items() if stores}


def _stands(link: LinkFact, store: str) -> bool:
    """Tell whether the product speaks for a row: of two default rows only where it is held."""
    return store in link.stores and (link.by != "default" or link.holds(store))


def _origin(link: LinkFact) -> Origin:
    return "alias" if link.by == "alias" else "link"


def _others(sku: str, links: Sequence[LinkFact]) -> list[OtherSku]:
    return [
        OtherSku(
            seller_sku=link.seller_sku,
            stores=sorted(store for store in link.stores if link.holds(store)),
            alias=link.by == "alias",
            known=dict(sorted(link.stores.items())),
        )
        for link in sorted(links, key=lambda link: link.seller_sku)
        if link.seller_sku != sku
    ]


class About(msgspec.Struct, frozen=True, kw_only=True):
    """What is searched for, as the account's oldest store maps it."""

    name: str | None
    keywords: str | None
    brand: str | None
    mpn: str | None
    pack: int | None
    varies: dict[str, str]


def _about(outlook: Outlook, account: AccountPlan, attributes: Attributes) -> About:
    oldest = account.stores[0]
    values, search = outlook.values(oldest), oldest.search
    name = text(values.get("name"))
    return About(
        name=name,
        keywords=_mapped(values, search.general) or name,
        brand=_mapped(values, search.brand),
        mpn=_mapped(values, search.mpn),
        pack=mapping.pack(values, search.pack),
        varies=mapping.varies(values, search, attributes),
    )


def _mapped(values: Values, attribute: str | None) -> str | None:
    return text(values.get(attribute)) if attribute else None


def _fitting(sku: str, stores: dict[str, StoreCandidate]) -> dict[str, StoreCandidate]:
    if seller_sku.fits(sku):
        return stores
    return {id_: msgspec.structs.replace(said, content=_TOO_LONG) for id_, said in stores.items()}


class Claimed(msgspec.Struct, frozen=True):
    """In which stores the product claims an identifier, how many units it holds, what it is."""

    stores: list[str]
    pack: int | None = None
    about: Likeness | None = None


def claims(outlook: Outlook, plan: Plan) -> dict[str, Claimed]:
    """Give every identifier by which listings find the product, with its stores, sorted."""
    found: dict[str, Claimed] = {}
    for account in plan.accounts:
        about = _about(outlook, account, plan.attributes)
        pack, like = about.pack, Likeness(name=about.name, brand=about.brand, mpn=about.mpn)
        for point in likeness.of_product(like):
            here = found.setdefault(point, Claimed([], about=like))
            here.stores.extend(s.id for s in account.stores if s.third_party.import_)
        for store in account.stores:
            values, claimed = outlook.values(store), outlook.claimed(store)
            for point in mapping.meeting_points(
                values, claimed, store.third_party, plan.attributes
            ):
                here = found.setdefault(point, Claimed([], pack if _counts(point) else None))
                here.stores.append(store.id)
    return {point: _sorted(claimed) for point, claimed in sorted(found.items()) if claimed.stores}


def _counts(point: str) -> bool:
    return point.startswith("gtin:")


def _sorted(claimed: Claimed) -> Claimed:
    return Claimed(sorted(claimed.stores), claimed.pack, claimed.about)
