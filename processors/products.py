"""The products role: from the newest of each catalogue record to what follows for listings.

Nothing is said before the product record is there. A deleted product keeps its links, takes
its candidates back with `PRODUCT_DELETED`, and gives its identifiers up (`records.md` 2).

A product is what bears one id in the shop, whatever its SKU: it claims `shop:<id>`, and that
claim alone it never gives up. When a younger SKU bears the id, its listings move there one
after another (they ask for that identifier); once the last has gone, it says no more.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import ClassVar

import msgspec

from processors.product_facts import LINK, PRICE, PRODUCT, STOCK, ProductFacts, merged
from processors.rules import candidates as said
from processors.rules.candidates import Claimed, Outlook
from processors.rules.plan import Plan, Planner
from processors.step import Cause, Change, Output, Scan
from schemas import keys
from schemas.candidates import Candidate
from schemas.catalog import Product
from schemas.links import IdentifierClaimed, Renamed
from schemas.reasons import Reason
from schemas.record import Record
from schemas.settings import Settings

CANDIDATE, IDENTIFIER = "listing.candidate.v1", "catalog.identifier.v1"

IDENTITY = "shop:"
"""What the identifier of an identity in the shop begins with."""

NOBODYS = (None, "", "0")
"""Ids that say nothing: a shop counts from 1."""

NO_MORE = Claimed([])
"""The claim of who gives an identifier up."""

TOUCHING = frozenset(
    "store website shop attribute listing search third_party"
    " condition fulfilment rule pricing_rule".split()
)
"""Kinds of settings by which every product may have to be judged again."""


class Products:
    """Catalogue records in; candidates and claimed identifiers out."""

    name: ClassVar[str] = "products"
    inputs: ClassVar[tuple[str, ...]] = (PRODUCT, STOCK, PRICE, LINK)
    facts: ClassVar[type[ProductFacts]] = ProductFacts

    def __init__(self) -> None:
        self._planner = Planner()

    def step(
        self, record: Record, facts: ProductFacts, settings: Settings, now: datetime
    ) -> Change[ProductFacts]:
        """Merge *record* into *facts* and decide. Raises `Refused` for a dead letter."""
        newer = merged(record, facts)
        if newer is None:
            return Change(facts, (), "stale")
        return self._decide(newer, settings, now, claiming=record.topic == PRODUCT)

    def _decide(
        self, facts: ProductFacts, settings: Settings, now: datetime, *, claiming: bool
    ) -> Change[ProductFacts]:
        if facts.product is None:
            return _nothing_stands(facts)
        if (left := facts.left) is not None:
            return _moved_on(facts, left)
        plan = self._planner.plan(settings)
        again = claiming or not facts.claims  # it may have come back to an earlier SKU
        return _decided(facts, facts.product, plan, now, claiming=again)

    def review(
        self,
        facts: ProductFacts,
        settings: Settings,
        now: datetime,
        cause: Cause,  # noqa: ARG002 - the interface's
    ) -> Change[ProductFacts]:
        """Decide again: settings changed, or a window opened or closed."""
        if facts.product is None:
            return Change(facts)
        return self._decide(facts, settings, now, claiming=True)

    def due(self, facts: ProductFacts, settings: Settings) -> datetime | None:  # noqa: ARG002
        """Give the next instant at which a special price or a sale window turns."""
        return facts.wake

    def touches(self, facts: ProductFacts, scan: Scan) -> bool:
        """Tell whether *scan* concerns this product."""
        return facts.product is not None and scan.kind in TOUCHING


def _decided(
    facts: ProductFacts, product: Product, plan: Plan, now: datetime, *, claiming: bool
) -> Change[ProductFacts]:
    outlook = Outlook(product, facts.stock, facts.price, now=now)
    standing = said.candidates(outlook, plan, facts.links.values())
    outputs = [_candidate(candidate) for candidate in standing]
    names = tuple(output.key.decode() for output in outputs)
    gone = [name for name in (*facts.candidates, *_yielding(facts)) if name not in names]
    outputs += [_withdrawn(name, facts, _superseded(name, facts)) for name in gone]
    claims = facts.claims
    if claiming:
        claimed = said.claims(outlook, plan)
        outputs += [_claimed(point, product.sku, claim) for point, claim in claimed.items()]
        outputs += [_claimed(p, product.sku, NO_MORE) for p in facts.claims if p not in claimed]
        outputs += _identity(facts, plan)
        claims = tuple(claimed)
    wake = outlook.next_change(plan)
    newer = msgspec.structs.replace(facts, candidates=names, claims=claims, wake=wake)
    return Change(newer, tuple(outputs))


def _yielding(facts: ProductFacts) -> list[str]:
    """Give the default rows, of this SKU or an earlier one, of which only one may speak."""
    return sorted(n for n, link in facts.links.items() if link.linked and link.by == "default")


def _identity(facts: ProductFacts, plan: Plan) -> list[Output]:
    """Claim the product's id in the shop, which it keeps when it is renamed."""
    if facts.shop_id in NOBODYS:
        return []
    stores = sorted(store.id for account in plan.accounts for store in account.stores)
    return [_claimed(f"{IDENTITY}{facts.shop_id}", facts.sku, Claimed(stores), facts.since)]


def _moved_on(facts: ProductFacts, renamed: Renamed) -> Change[ProductFacts]:
    why = Reason("PRODUCT_RENAMED", {"product": facts.sku, "to": renamed.to})
    return _taken_back(facts, why)


def _nothing_stands(facts: ProductFacts) -> Change[ProductFacts]:
    """Take everything back; whoever was assigned to it by a person is told that it is not there."""
    code = "PRODUCT_UNKNOWN" if facts.product_seen is None else "PRODUCT_DELETED"
    why = Reason(code, {"product": facts.sku})
    change = _taken_back(facts, why)
    assigned = [n for n, f in sorted(facts.links.items()) if f.linked and f.by == "person"]
    told = [_withdrawn(name, facts, why) for name in assigned if name not in facts.candidates]
    return Change(change.facts, (*change.outputs, *told))


def _taken_back(facts: ProductFacts, why: Reason) -> Change[ProductFacts]:
    taken_back = [_withdrawn(name, facts, why) for name in facts.candidates]
    given_up = [_claimed(point, facts.sku, NO_MORE) for point in facts.claims]
    newer = msgspec.structs.replace(facts, candidates=(), claims=(), wake=None)
    return Change(newer, (*taken_back, *given_up))


def _superseded(name: str, facts: ProductFacts) -> Reason:
    account, _ = keys.split(name.encode())
    other = next(_standing(account, name, facts), None)
    if other is None:
        return Reason("NO_PRODUCT", {"product": facts.sku})
    return Reason("MERGED", {"seller_sku": other})


def _standing(account: str, name: str, facts: ProductFacts) -> Iterator[str]:
    link = facts.links.get(name)
    if link is not None and not link.linked:
        return iter(())
    return (
        other.seller_sku
        for other_name, other in sorted(facts.links.items())
        if other.linked and other.account == account and other_name != name
    )


def _candidate(candidate: Candidate) -> Output:
    key = keys.shared(candidate.account, candidate.seller_sku)
    return Output(
        topic=CANDIDATE,
        key=key,
        subject=f"{key.decode()}|{_part(candidate.product)}",
        name=candidate.seller_sku,
        event=candidate,
    )


def _withdrawn(name: str, facts: ProductFacts, why: Reason) -> Output:
    account, seller_sku = keys.split(name.encode())
    return _candidate(
        Candidate(
            product=facts.sku,
            sequence=0,
            account=account,
            seller_sku=seller_sku,
            shop_id=facts.shop_id,
            origin="default",
            withdrawn=why,
        )
    )


def _claimed(point: str, sku: str, claimed: Claimed, since: int = 0) -> Output:
    key = keys.join(point)
    return Output(
        topic=IDENTIFIER,
        key=key,
        subject=f"{key.decode()}|{_part(sku)}",
        name=point,
        event=IdentifierClaimed(
            identifier=point,
            product=sku,
            sequence=0,
            stores=claimed.stores,
            pack=claimed.pack,
            since=since,
            about=claimed.about,
        ),
    )


def _part(text: str) -> str:
    return keys.join(text).decode()
