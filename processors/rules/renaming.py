"""A product is what bears one id in the shop; its SKU is only a name (`listings.md` 16).

Whoever has a product with such an id asks for `shop:<id>` and is told every SKU that ever bore
it, and since when. The youngest is the product; whatever was linked to an older one follows.
"""

from processors.rules import seller_sku
from processors.rules.known import Matched, SharedSku
from schemas.candidates import Candidate
from schemas.links import Claimant

IDENTITY = "shop:"
NOBODYS = (None, "", "0")
"""Ids that say nothing."""


def identity(candidate: Candidate | None) -> str | None:
    """Give the identifier of the product behind *candidate*, None if the shop names none."""
    if candidate is None or candidate.shop_id in NOBODYS:
        return None
    return f"{IDENTITY}{candidate.shop_id}"


def answer(sku: SharedSku, identifier: str) -> Matched | None:
    """Give the newest answer about an identity; it holds for all stores of the SKU."""
    told = [f.matches[identifier] for f in sku.stores.values() if identifier in f.matches]
    return max(told, key=lambda match: match.sequence, default=None)


def claimants(sku: SharedSku, product: str) -> list[Claimant]:
    """Give every SKU that bore the identity of *product*; none as long as it is not known."""
    identifier = identity(sku.candidates.get(product))
    told = answer(sku, identifier) if identifier else None
    claims = told.claims if told is not None else []
    return claims if any(c.product == product for c in claims) else []


def heir(sku: SharedSku, product: str) -> Claimant | None:
    """Give the SKU that bears the identity of *product* now, if it is another one.

    Two that took it at the same instant are no rename: neither takes from the other.
    """
    claims = claimants(sku, product)
    if not claims:
        return None
    newest = max(claims, key=lambda c: c.since)
    alone = [c.product for c in claims if c.since == newest.since] == [newest.product]
    return newest if alone and newest.product != product else None


def has_answered(sku: SharedSku, younger: Claimant) -> bool:
    """Tell whether the product under its younger name has spoken about this seller SKU."""
    said = sku.candidates.get(younger.product)
    if said is None:
        return False
    return said.withdrawn is None or said.withdrawn.code != "PRODUCT_RENAMED"


def passed_on(sku: SharedSku, product: str) -> bool:
    """Tell whether what was linked to *product* has gone to its younger name."""
    younger = heir(sku, product)
    return younger is not None and has_answered(sku, younger)


def unsure(sku: SharedSku, candidate: Candidate, store: str) -> str | None:
    """Give the identity for which nothing may be created here yet, or not at all.

    A row that would be new waits until it is known who else bore the product's identity; if
    anybody did in this store, the product has its row there, under the older name.
    """
    identifier = identity(candidate)
    if identifier is None:
        return None
    told = answer(sku, identifier)
    if told is not None and told.many:
        return None
    claims = claimants(sku, candidate.product)
    if not claims or heir(sku, candidate.product) is not None:
        return identifier
    mine = next(c for c in claims if c.product == candidate.product)
    before = [c for c in claims if c.since < mine.since and store in c.stores]
    return identifier if before and _derived(candidate) else None


def _derived(candidate: Candidate) -> bool:
    own = seller_sku.default(candidate.product, candidate.shop_id)
    return candidate.origin == "default" and candidate.seller_sku == own


def without_heirs(sku: SharedSku, candidates: list[Candidate]) -> list[Candidate]:
    """Leave out those whose product speaks under a younger name already."""
    return [c for c in candidates if not passed_on(sku, c.product)]
