"""All steps of one decision, in order, over all stores of a shared SKU (`design.md` 5).

Mapping → verdict → condition → match → quantity → price → status → desired offer; each
step's answer and reasons are kept, for `listwire why`. Nothing here remembers: what must be
known next time (a link made, a question to ask) is in the `Decision`, for the caller to keep.
"""

from datetime import datetime

import msgspec
from msgspec.structs import replace

from processors.rules import (
    absent,
    choices,
    imported,
    matching,
    offer,
    permission,
    quantity,
    situation,
)
from processors.rules.answer import Answer
from processors.rules.draft import Draft, claims_of, draft
from processors.rules.explain import steps
from processors.rules.flags import flags
from processors.rules.gather import Gathered, gather
from processors.rules.known import SharedSku, Submitted, instant
from processors.rules.observed import counted
from processors.rules.reads import read_why
from processors.rules.status import ListingFacts, Place, Reasons, classify
from schemas.candidates import Candidate, StoreCandidate
from schemas.listings import Choice, Observed, Step
from schemas.offers import StoreOffer
from schemas.reasons import Reason
from schemas.settings import Settings

_NO_MATCH = matching.Outcome(kept="none")


class Outlook(msgspec.Struct, frozen=True, kw_only=True):
    """One listing decided: where it belongs and why, its offer, what to ask, why to read."""

    draft: Draft
    place: Place
    excluded: Reasons
    reasons: Reasons
    flags: Reasons
    steps: tuple[Step, ...]
    wish: offer.Terms
    quantity: int | None
    observed: Observed
    offer: StoreOffer
    match: matching.Outcome
    ask: matching.Question | None
    choices: tuple[Choice, ...]
    read: str | None

    @property
    def store(self) -> str:
        """The store's id."""
        return self.draft.store


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """Every listing of the shared SKU decided, oldest store first.

    *deciding* is the store whose word holds for all, *quantity* what all of them shall show.
    """

    listings: tuple[Outlook, ...]
    deciding: Draft | None
    channel: str | None
    quantity: int | None


def decide(sku: SharedSku, settings: Settings, now: datetime) -> Decision:
    """Decide about every listing of *sku* whose store the settings know."""
    sku = absent.believed(replace(sku, quantity=counted(sku)), settings)
    stores = settings.stores_of(sku.account)
    drafts = [draft(sku, s, r, settings) for s, r in stores.items() if _stands(sku, s)]
    first = next((d for d in drafts if d.published and d.candidate is not None), None)
    listings = tuple(_outlook(sku, own, first, settings, now) for own in drafts)
    managed = [o for o in listings if o.offer.manage]
    return Decision(
        listings=listings,
        deciding=first,
        channel=next((o.draft.channel for o in managed), _observed_channel(sku)),
        quantity=_shared_quantity(managed),
    )


def _stands(sku: SharedSku, store: str) -> bool:
    """Tell whether there is a listing to speak of: named by us, or seen at Amazon."""
    facts = sku.stores.get(store)
    return facts is not None and (facts.known or facts.alive is not None)


def _observed_channel(sku: SharedSku) -> str | None:
    return sku.channel.value if sku.channel else None


def _shared_quantity(managed: list[Outlook]) -> int | None:
    """Give the one quantity of the offer; None = none of ours is sent."""
    first = next((o for o in managed if o.offer.existence == "present"), None)
    if first is not None:
        return first.quantity if first.draft.channel is not None else None
    leaving = next((o for o in managed if o.draft.channel is not None), None)
    return None if leaving is None or leaving.draft.fba else 0


def _outlook(
    sku: SharedSku, own: Draft, first: Draft | None, settings: Settings, now: datetime
) -> Outlook:
    excluded = effective(own, first)
    condition = _condition(own)
    amount = _quantity(own, first, eligible=not excluded)
    match = _match(own, excluded=bool(excluded), condition=condition.value)
    price = offer.price_of(own, settings, now)
    wish = _wish(own, match, condition.value, offer.terms(own, price.value, settings))
    computed = Gathered(
        excluded=excluded,
        condition=condition,
        quantity=amount.value,
        price=price,
        match=match,
        wish=wish,
    )
    facts = gather(sku, own, computed, settings, now)
    placed = classify(facts)
    return _told(sku, own, computed, facts, placed, _Others(first, amount, settings, now))


class _Others(msgspec.Struct, frozen=True):
    first: Draft | None
    amount: Answer[int | None]
    settings: Settings
    now: datetime


def _told(
    sku: SharedSku,
    own: Draft,
    computed: Gathered,
    facts: ListingFacts,
    placed: Answer[Place],
    others: _Others,
) -> Outlook:
    """Put the decision into words: reasons, flags, steps, the offer, and what to ask."""
    line, match = placed.value.line, computed.match
    sent = situation.outstanding(sku, own.facts)
    ask = _ask(own, computed, line, others.now)
    why = read_why(sku, own, line, others.settings)
    shown = offer.observed(sku, own)
    blocked = why == "BEFORE_CREATION" or any(r.code in BLOCKING for r in facts.holds)
    existence = offer.existence_wanted(line, own.facts, blocked=blocked)
    busy = _busy(sent, ask, why)
    price = computed.price
    offered = offer.store_offer(own, computed.wish, existence=existence, observed=shown)
    return Outlook(
        draft=own,
        place=placed.value,
        excluded=computed.excluded,
        reasons=(*placed.reasons, *_pending(line, sent), *_overruled(own, others.first)),
        flags=(
            *flags(sku, own, facts, placed.value.tab, price.value, busy),
            *_held(sku, own, offered, computed),
        ),
        steps=(
            *steps(own, computed, others.amount, placed, existence),
            *imported.step(own, sku.seller_sku, others.settings),
        ),
        wish=computed.wish,
        quantity=computed.quantity,
        observed=shown,
        offer=offered,
        match=match,
        ask=ask,
        choices=_choices(own, match, line),
        read=why,
    )


ASKING = frozenset([29, 30, 33, *range(35, 42)])
"""Lines at which a question to Amazon's catalogue may be open."""


def _ask(own: Draft, computed: Gathered, line: int, now: datetime) -> matching.Question | None:
    """Give the one question that is open: who it is, else whether it may be listed."""
    if line in {6, 7}:
        return own.link.ask
    match = computed.match
    allowed = permission.question(own, match.asin, computed.condition.value, line, now)
    return allowed or (match.ask if line in ASKING else None)


def _choices(own: Draft, match: matching.Outcome, line: int) -> tuple[Choice, ...]:
    """Give what a person may pick, at the lines that wait for one."""
    if line in {6, 7}:
        return own.link.choices
    return choices.items(match.candidates) if line in {33, 34} else ()


BLOCKING = frozenset(["AWAITING_FIRST_REPORT", "LOOKUP_PENDING", "MATCHING"])
"""Holds of ours: as long as they stand, no new offer is wanted."""


def _busy(sent: list[tuple[str, Submitted]], ask: matching.Question | None, why: str | None) -> str:
    words = [aspect for aspect, _ in sent]
    words += ["lookup"] if ask else []
    return ", ".join([*words, "read"] if why else words)


def _pending(line: int, sent: list[tuple[str, Submitted]]) -> Reasons:
    """Sent and not visible yet: said beside every line that does not say it itself."""
    if line in {1, 24}:
        return ()
    return tuple(
        Reason(PENDING[s.state], {"aspect": aspect, "since": instant(s.at).isoformat()})
        for aspect, s in sent
    )


PENDING = {"accepted": "PENDING_CONFIRMATION", "overdue": "CONFIRMATION_OVERDUE"}


def _held(sku: SharedSku, own: Draft, offered: StoreOffer, computed: Gathered) -> Reasons:
    """Something is ready to be sent and is not: as long as it is still what we want."""
    found = tuple(
        situation.hold(held, aspect)
        for aspect, held in sorted(own.facts.held.items())
        if held.hash == getattr(offered.hash, aspect)
    )
    if sku.held is not None and offered.manage and sku.held.value == str(computed.quantity):
        found = (*found, situation.hold(sku.held, "quantity"))
    inactive = own.candidate is not None and not own.record.active
    return (*found, Reason("STORE_INACTIVE")) if inactive else found


# --- steps --------------------------------------------------------------------------------


def effective(own: Draft, first: Draft | None) -> Reasons:
    """Give why the listing is excluded: by the deciding store, or by its own (2.3)."""
    if own.candidate is None:
        return ()
    older = _decided(first) if first is not None and first.store != own.store else ()
    if own.published and first is not None and first.store != own.store:
        return older
    return (*own.excluded, *older)


def _decided(first: Draft) -> Reasons:
    if not first.excluded:
        return ()
    codes = ", ".join(r.code for r in first.excluded)
    return (Reason("DECIDED_BY_OLDER_STORE", {"store": first.store, "reasons": codes}),)


def _overruled(own: Draft, first: Draft | None) -> Reasons:
    """A later store would say no; the older one's yes holds, and the screen says so."""
    if first is None or first.store == own.store or not own.published or first.excluded:
        return ()
    if not own.excluded:
        return ()
    return (Reason("DECIDED_BY_OLDER_STORE", {"store": first.store, "reasons": "eligible"}),)


def _condition(own: Draft) -> Answer[str | None]:
    """A person's; on Amazon what is there, since it cannot be changed in place; else mapped."""
    if own.facts.condition is not None and not own.published:
        return Answer(own.facts.condition, (Reason("BY_PERSON", {"who": "a person"}),))
    mapped = own.mine.condition if own.mine else None
    if own.published and own.shows.condition is not None:
        return Answer(own.shows.condition)
    return Answer(mapped.code, tuple(mapped.reasons)) if mapped else Answer(None)


def _match(own: Draft, *, excluded: bool, condition: str | None) -> matching.Outcome:
    """Search only for what could be listed: its product there, eligible, with a condition."""
    if own.published or own.candidate is None or own.mine is None:
        return _NO_MATCH
    if excluded or condition is None or not own.candidate.name:
        return _unasked(own.candidate, own.mine)
    wanted = claims_of(own.candidate, own.mine)
    return matching.outbound(wanted, own.facts.answers, person=own.facts.asin or _former(own))


def _former(own: Draft) -> str | None:
    """The ASIN it stood on before it ended: a new offer goes back there."""
    linked = own.link.linked
    return own.shows.asin if linked is not None and linked.firm else None


def _unasked(candidate: Candidate, mine: StoreCandidate) -> matching.Outcome:
    """Say what is wrong with its identifiers, and ask nothing."""
    wanted = claims_of(candidate, mine)
    if matching.in_order(wanted.claims) or wanted.keywords:
        return _NO_MATCH
    return matching.outbound(wanted, [])


def _quantity(own: Draft, first: Draft | None, *, eligible: bool) -> Answer[int | None]:
    """Count by the deciding store's settings and stock; before publication by its own."""
    if own.mine is None:
        return Answer(None)
    by = first or own
    counted = quantity.quantity(
        by.base.value,
        eligible=eligible,
        fba=own.fba,
        threshold=by.listing.threshold,
        below_threshold=by.listing.below_threshold,
        maximum=by.listing.maximum,
    )
    return Answer(counted.value, (*by.base.reasons, *counted.reasons))


def _wish(
    own: Draft, match: matching.Outcome, condition: str | None, money: offer.Terms
) -> offer.Terms:
    note = own.mine.condition.note if own.mine and not own.published else None
    return replace(
        money,
        asin=own.shows.asin if own.published else match.asin or own.shows.asin,
        product_type=match.product_type or "PRODUCT",
        condition=condition,
        note=note,
    )
