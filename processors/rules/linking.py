"""Listing → product: which product a listing is, and whom to ask (`listings.md` 6.4, 6.5).

A person's assignment stands first, then the link that was made, then the product whose
own row this is, then what matching says: seller SKU, ASIN, product id, in that order.
"""

from typing import Literal

import msgspec
from msgspec.structs import replace

from processors.rules import choices, likeness, renaming
from processors.rules.known import Linked, Matched, SharedSku, StoreFacts
from processors.rules.matching import Question
from processors.rules.observed import Seen
from schemas.amazon import FoundCandidate, ProductId
from schemas.candidates import Candidate
from schemas.identifiers import claim
from schemas.links import Claimant, Likeness
from schemas.listings import Choice
from schemas.reasons import Reason


class Link(msgspec.Struct, frozen=True, kw_only=True):
    """The product in force, or why there is none.

    *candidate* is its candidate, once it has arrived; *linked* what is to be remembered;
    *asks* the identifiers for which matching shall know this listing; *heir* the product's
    younger SKU, to which the link goes as soon as it has spoken for this listing; *ask* what
    Amazon must be asked before its number can be trusted; *choices* what a person may pick.
    """

    kind: Literal["product", "none", "several"]
    candidate: Candidate | None = None
    linked: Linked | None = None
    reasons: tuple[Reason, ...] = ()
    asks: tuple[str, ...] = ()
    heir: Claimant | None = None
    ask: Question | None = None
    choices: tuple[Choice, ...] = ()


def link(sku: SharedSku, store: str, shows: Seen) -> Link:
    """Give the product of one listing, under the SKU that it has now."""
    found = _by_name(sku, store, shows)
    linked = found.linked
    younger = renaming.heir(sku, linked.product) if linked else None
    if linked is None or younger is None:
        return found
    if not renaming.has_answered(sku, younger):
        return replace(found, heir=younger)
    return replace(_to(sku, store, replace(linked, product=younger.product)), asks=found.asks)


def _by_name(sku: SharedSku, store: str, shows: Seen) -> Link:
    facts = sku.stores[store]
    if facts.assigned is not None:
        return _to(sku, store, Linked(facts.assigned, "person", firm=True))
    if facts.linked is not None:
        return _standing(sku, store, shows)
    if own := _own(sku, store):
        return _to(sku, store, Linked(own.product, _origin(own)))
    return _matched(sku, store, shows)


def _standing(sku: SharedSku, store: str, shows: Seen) -> Link:
    """The link that was made; one whose product is gone sleeps until another replaces it."""
    linked = sku.stores[store].linked
    if linked is None:
        raise ValueError("no link to stand by")
    awake = _to(sku, store, linked)
    if awake.kind == "product" or linked.product not in sku.candidates:
        return awake
    if own := _own(sku, store):
        return _to(sku, store, Linked(own.product, _origin(own)))
    other = _matched(sku, store, shows)
    if other.linked is not None or other.kind == "several":
        return other
    return replace(awake, asks=other.asks)


def _own(sku: SharedSku, store: str) -> Candidate | None:
    """Give the product whose own row this is: by default, or as the alias a person asked for."""
    own = [
        c
        for c in sku.candidates.values()
        if c.withdrawn is None and store in c.stores and c.origin != "link"
    ]
    own = renaming.without_heirs(sku, own)
    return min(own, key=lambda c: (c.product != sku.seller_sku, c.product)) if own else None


def _origin(candidate: Candidate) -> str:
    return "alias" if candidate.origin == "alias" else "default"


def _to(sku: SharedSku, store: str, linked: Linked) -> Link:
    candidate = sku.candidates.get(linked.product)
    if candidate is None:
        reason = Reason("MATCHING", {"identifier": f"product {linked.product}"})
        return Link(kind="none", linked=linked, reasons=(reason,))
    if candidate.withdrawn is None and store in candidate.stores:
        return Link(kind="product", candidate=candidate, linked=linked)
    return Link(kind="none", linked=linked, reasons=(_left(candidate, store),))


def _left(candidate: Candidate, store: str) -> Reason:
    """Why a candidate no longer speaks for this listing."""
    if candidate.withdrawn is not None:
        return candidate.withdrawn
    other = next((o.seller_sku for o in candidate.others if store in o.stores), None)
    if other is not None:
        return Reason("MERGED", {"seller_sku": other})
    return Reason("NO_PRODUCT", {"product": candidate.product})


def _matched(sku: SharedSku, store: str, shows: Seen) -> Link:
    facts = sku.stores[store]
    if not facts.exists:
        return Link(kind="none", reasons=(_nobodys(sku, store),))
    asks: list[str] = []
    for identifier in identifiers(sku.seller_sku, shows):
        asks.append(identifier)
        match = facts.matches.get(identifier)
        if match is None:
            reason = Reason("MATCHING", {"identifier": identifier})
            return Link(kind="none", reasons=(reason,), asks=tuple(asks))
        if match.products and (found := _judged(sku, store, shows, match, tuple(asks))):
            return found
    reason = Reason("NO_PRODUCT_MATCH", {"tried": ", ".join(asks)})
    other = _other_pack(facts, shows, asks)
    return _alike(Link(kind="none", reasons=(*other, reason), asks=tuple(asks)), facts, shows)


def _alike(link: Link, facts: StoreFacts, shows: Seen) -> Link:
    """Suggest the products that are most like the listing, by what its item is called."""
    item = item_of(facts, shows)
    if item is None and shows.asin is not None:
        link = replace(link, ask=Question("asin", shows.asin))
    about = Likeness(
        name=shows.title or (item.title if item else None),
        brand=item.brand if item else None,
        mpn=item.mpn if item else None,
    )
    points = likeness.of_listing(about)
    told = [facts.matches[point] for point in points if point in facts.matches]
    known = [(c.product, c.about) for match in told for c in match.claims if c.about is not None]
    offered = likeness.suggestions(about, known)
    return replace(link, asks=(*link.asks, *points), choices=offered)


def _judged(
    sku: SharedSku, store: str, shows: Seen, match: Matched, asks: tuple[str, ...]
) -> Link | None:
    """Give what one answer leads to; None where its one product holds another quantity.

    A trade item number alone is re-used by resellers for packs of any size: Amazon's item is
    looked at first (`listings.md` 6.4 step 4).
    """
    if len(match.products) > 1 or not asks[-1].startswith("gtin:"):
        return _found(sku, store, match.products, asks)
    if shows.asin is None:
        why = Reason("MATCHING", {"identifier": f"{asks[-1]}, once Amazon tells the ASIN"})
        return Link(kind="none", reasons=(why,), asks=asks)
    item = item_of(sku.stores[store], shows)
    if item is None:
        asked = f"the pack size of {shows.asin}"
        pending = Reason("LOOKUP_PENDING", {"asked": asked})
        ask = Question("asin", shows.asin)
        return Link(kind="none", reasons=(pending,), asks=asks, ask=ask)
    same = (item.pack or 1) == (_pack(match) or 1)
    return _found(sku, store, match.products, asks) if same else None


def item_of(facts: StoreFacts, shows: Seen) -> FoundCandidate | None:
    """Give the catalogue item that the listing stands on; None as long as nobody asked.

    One that the search does not find is known by its ASIN alone.
    """
    wanted = ("asin", shows.asin)
    answer = next((a for a in facts.answers if (a.kind, a.value) == wanted), None)
    if answer is None or shows.asin is None:
        return None
    found = (c for c in answer.candidates if c.asin == shows.asin)
    return next(found, FoundCandidate(asin=shows.asin))


def _pack(match: Matched) -> int | None:
    return next((c.pack for c in match.claims if c.product == match.products[0]), None)


def _other_pack(facts: StoreFacts, shows: Seen, asks: list[str]) -> tuple[Reason, ...]:
    """Say that a product has the number, but not the quantity."""
    match = facts.matches.get(asks[-1]) if asks[-1].startswith("gtin:") else None
    if match is None or not match.products:
        return ()
    item = item_of(facts, shows)
    held = f"{shows.asin} holds {(item.pack if item else None) or 1}"
    told = f"{match.products[0]} holds {_pack(match) or 1}; {held}"
    return (Reason("PACK_SIZE_DIFFERS", {"candidates": told}),)


def _nobodys(sku: SharedSku, store: str) -> Reason:
    """Say why no product stands behind a listing that is not on Amazon: who spoke last."""
    last = max(sku.candidates.values(), key=lambda c: (c.sequence, c.product), default=None)
    return Reason("NO_PRODUCT") if last is None else _left(last, store)


def _found(sku: SharedSku, store: str, products: list[str], asks: tuple[str, ...]) -> Link:
    if len(products) > 1:
        reason = Reason("SEVERAL_PRODUCTS", {"products": ", ".join(products[:10])})
        fitting = choices.products(products, asks[-1])
        return Link(kind="several", reasons=(reason,), asks=asks, choices=fitting)
    kind = asks[-1].partition(":")[0]
    found = _to(sku, store, Linked(products[0], kind))
    return replace(found, asks=asks)


def identifiers(seller_sku: str, shows: Seen) -> list[str]:
    """Give what identifies the listing, in the order in which it is asked for."""
    stated = shows.asin or _stated_asin(shows.product_id)
    asin = [f"asin:{stated}"] if stated else []
    number = gtin14(shows.product_id)
    return [f"sku:{seller_sku}", *asin, *([f"gtin:{number}"] if number else [])]


def _stated_asin(found: ProductId | None) -> str | None:
    """Give the ASIN that a report states as product id (type 1)."""
    if found is None or found.type != "asin":
        return None
    claimed = claim(found.type, found.value)
    return None if claimed.invalid else claimed.value


def gtin14(found: ProductId | None) -> str | None:
    """Give the report's product id as GTIN-14; None for an ASIN or one that is not valid."""
    if found is None or found.type == "asin":
        return None
    claimed = claim(found.type, found.value)
    return None if claimed.invalid else claimed.gtin14
