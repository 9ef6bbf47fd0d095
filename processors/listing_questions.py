"""What a decision says to the other roles and to Amazon's readers: links and questions."""

from collections.abc import Iterable

from processors.listing_outputs import output
from processors.rules import renaming
from processors.rules.evaluate import Decision, Outlook
from processors.rules.known import Linked, SharedSku, StoreFacts
from processors.step import Output
from schemas import keys
from schemas.links import Claimant, Link, LinkedStore, MatchRequested, Renamed
from schemas.requests import LookupRequested, ReadRequested
from schemas.tabs import Tab

LOOKUP = "listing.lookup-requested.v1"
READ = "listing.read-requested.v1"
MATCH = "listing.match-request.v1"
LINK = "catalog.link.v1"


def links(sku: SharedSku, before: SharedSku, decision: Decision) -> Iterable[Output]:
    """Give which product this seller SKU is, where it stands, and which it no longer is."""
    stands: dict[str, dict[str, LinkedStore]] = {}
    by: dict[str, str] = {}
    for outlook in decision.listings:
        linked = sku.stores[outlook.store].linked
        heir = outlook.draft.link.heir
        for product in _products(linked, heir):
            stands.setdefault(product, {})[outlook.store] = _stands(outlook)
            by.setdefault(product, linked.by if linked else "default")
    for product, stores in stands.items():
        yield _link(sku, product, by[product], stores)
    for product in sorted(_left(sku, before, decision) - stands.keys()):
        yield _link(sku, product, None, {})


def _products(linked: Linked | None, heir: Claimant | None) -> list[str]:
    """Give the products to which a listing is linked: two while it moves to a younger SKU."""
    if linked is None:
        return []
    return [linked.product, *([heir.product] if heir else [])]


def _left(sku: SharedSku, before: SharedSku, decision: Decision) -> set[str]:
    """Give the products that must know that this seller SKU is not theirs."""
    former = {f.linked.product for f in before.stores.values() if f.linked is not None}
    judged = (o.draft.link.linked for o in decision.listings)
    heirs = {o.draft.link.heir.product for o in decision.listings if o.draft.link.heir}
    passed = {product for product in sku.candidates if renaming.passed_on(sku, product)}
    return former | {link.product for link in judged if link is not None} | heirs | passed


def _stands(outlook: Outlook) -> LinkedStore:
    ended = outlook.place.tab is Tab.ENDED
    published = "published" if outlook.draft.published else "unpublished"
    return LinkedStore(
        state="ended" if ended else published,  # type: ignore[arg-type]
        asin=outlook.wish.asin,
        condition=outlook.wish.condition,
    )


def _link(sku: SharedSku, product: str, by: str | None, stores: dict[str, LinkedStore]) -> Output:
    heir = renaming.heir(sku, product) if by is None else None
    event = Link(
        product=product,
        account=sku.account,
        seller_sku=sku.seller_sku,
        linked=by is not None,
        sequence=0,
        by=by,  # type: ignore[arg-type]
        stores=stores,
        renamed=_renamed(sku, product, heir) if heir else None,
    )
    return output(LINK, keys.join(product), product, event, sku.account, sku.seller_sku)


def _renamed(sku: SharedSku, product: str, heir: Claimant) -> Renamed:
    shop_id = sku.candidates[product].shop_id or ""
    return Renamed(to=heir.product, shop_id=shop_id, since=heir.since)


def questions(sku: SharedSku, before: SharedSku) -> Iterable[Output]:
    """Give every open lookup, read and match request, and those that are open no more."""
    key = keys.shared(sku.account, sku.seller_sku)
    for store, facts in sku.stores.items():
        if facts.ask is not None:
            yield output(LOOKUP, key, sku.seller_sku, _lookup(sku, store, facts), store)
        former = before.stores[store].asked if store in before.stores else []
        for identifier in dict.fromkeys([*facts.asked, *former]):
            yield _asked(sku, store, identifier, asking=identifier in facts.asked)
    if sku.reading is not None:
        event = ReadRequested(
            account=sku.account,
            seller_sku=sku.seller_sku,
            stores=sku.reading.stores,
            why=sku.reading.why,
            nonce=sku.reading.nonce,
        )
        yield output(READ, key, sku.seller_sku, event)


def _lookup(sku: SharedSku, store: str, facts: StoreFacts) -> LookupRequested | None:
    ask = facts.ask
    if ask is None:
        return None
    return LookupRequested(
        account=sku.account,
        seller_sku=sku.seller_sku,
        store=store,
        kind=ask.kind,
        value=ask.value,
        sequence=0,
        condition=ask.condition,
        nonce=ask.nonce,
    )


def _asked(sku: SharedSku, store: str, identifier: str, *, asking: bool) -> Output:
    event = MatchRequested(
        identifier=identifier,
        account=sku.account,
        seller_sku=sku.seller_sku,
        store=store,
        sequence=0,
        asking=asking,
    )
    key = keys.join(identifier)
    return output(MATCH, key, identifier, event, sku.account, sku.seller_sku, store)
