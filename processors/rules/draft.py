"""One listing by itself: its product, what Amazon shows, its own verdict.

What can be said before the stores of a shared SKU are compared with each other.
"""

import msgspec
from msgspec.structs import replace

from processors.rules import linking, matching, quantity, situation
from processors.rules.answer import Answer
from processors.rules.known import Linked, SharedSku, StoreFacts, fba
from processors.rules.observed import RIVAL, Seen, seen
from processors.rules.status import Reasons
from schemas.candidates import Candidate, StoreCandidate
from schemas.reasons import Reason
from schemas.settings import Listing, Settings, Store

CHANNELS = {"NA": "AMAZON_NA", "EU": "AMAZON_EU", "JP": "AMAZON_JP", "IN": "AMAZON_IN"}
"""Amazon's own fulfilment channel by country, else region."""

_REFUSED = (Reason("RULE_NOT_MET"),)


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """One listing as far as it can be judged by itself, before the stores are compared."""

    store: str
    record: Store
    listing: Listing
    facts: StoreFacts
    shows: Seen
    link: linking.Link
    candidate: Candidate | None
    mine: StoreCandidate | None
    published: bool
    channel: str | None
    fba: bool
    base: Answer[int | None]
    excluded: Reasons

    def odd_stands(self, field: str) -> bool:
        """Tell whether the raw value of *field* is newer than what we understand of it."""
        odd = self.facts.odd.get(field)
        if odd is None:
            return False
        rivals = {field, RIVAL.get(field, field)}
        known = [mark for f, mark in self.shows.marks.items() if f in rivals]
        return all(odd.mark > mark for mark in known)


def draft(sku: SharedSku, store: str, record: Store, settings: Settings) -> Draft:
    """Judge one listing by itself: its product, what Amazon shows, its own verdict."""
    facts = sku.stores[store]
    shows = seen(facts, sku.flights)
    listing = settings.listing(store)
    published = situation.published(facts)
    link = _checked(linking.link(sku, store, shows), facts, shows, store)
    candidate = link.candidate
    mine = candidate.stores[store] if candidate else None
    channel = channel_for(sku, mine, record, published=published)
    by_amazon = fba(channel)
    base = quantity.base(
        mine.base if mine else None,
        unmanaged=listing.unmanaged_quantity,
        buffer=listing.buffer,
    )
    return Draft(
        store=store,
        record=record,
        listing=listing,
        facts=facts,
        shows=shows,
        link=link,
        candidate=candidate,
        mine=mine,
        published=published,
        channel=channel,
        fba=by_amazon,
        base=base,
        excluded=_excluded(mine, base.value, listing, by_amazon=by_amazon),
    )


def channel_for(
    sku: SharedSku, mine: StoreCandidate | None, record: Store, *, published: bool
) -> str | None:
    """Give the fulfilment channel: Amazon's word; for a new listing the mapping's."""
    if sku.channel is not None:
        return sku.channel.value
    if published or mine is None:
        return None
    if mine.fulfilment == "merchant":
        return "DEFAULT"
    place = record.place
    return CHANNELS.get(place.country) or CHANNELS.get(place.region) or "AMAZON_NA"


def _excluded(
    mine: StoreCandidate | None, base: int | None, listing: Listing, *, by_amazon: bool
) -> Reasons:
    """The store's own verdict: tests 1-5 as the product says, and test 6."""
    if mine is None:
        return ()
    short = quantity.below_threshold(base, fba=by_amazon, listing=listing)
    reasons = () if mine.verdict.eligible else tuple(mine.verdict.reasons) or _REFUSED
    return (*reasons, short) if short else reasons


def _checked(link: linking.Link, facts: StoreFacts, shows: Seen, store: str) -> linking.Link:
    """Withhold a link whose ASIN Amazon contradicts; one that agrees, or is ours, is firm."""
    linked, candidate = link.linked, link.candidate
    if linked is None or candidate is None or linked.firm:
        return link
    if facts.alive is None or shows.asin is None:
        return link
    expected = linked.against or (None if _ours(facts) else expected_asin(facts, candidate, store))
    if expected is not None and expected not in {shows.asin, *shows.former}:
        why = Reason("ASIN_CONFLICT", {"expected": expected, "observed": shows.asin})
        withheld = replace(linked, against=expected)
        return replace(link, kind="none", candidate=None, linked=withheld, reasons=(why,))
    return replace(link, linked=Linked(linked.product, linked.by, firm=True))


def _ours(facts: StoreFacts) -> bool:
    sent = facts.sent.get("existence")
    return sent is not None and sent.value != "absent" and sent.state in {"accepted", "confirmed"}


def expected_asin(facts: StoreFacts, candidate: Candidate, store: str) -> str | None:
    """Give the ASIN that the product should be on: a person's, its own, the accepted one."""
    mine = candidate.stores[store]
    if facts.asin or mine.asin:
        return facts.asin or mine.asin
    if facts.answers and (
        asin := matching.outbound(claims_of(candidate, mine), facts.answers).asin
    ):
        return asin
    rows = (o.known[store] for o in candidate.others if store in o.known)
    return next((row.asin for row in rows if row.state == "unpublished" and row.asin), None)


def claims_of(candidate: Candidate, mine: StoreCandidate) -> matching.Wanted:
    """Give what the product says about itself to the search."""
    claims = [matching.Question("asin", mine.asin)] if mine.asin else []
    claims += [matching.Question(i.kind, i.value) for i in mine.identifiers if i.invalid is None]
    unusable = [
        Reason("IDENTIFIER_INVALID", {"kind": i.kind, "value": i.value, "why": i.invalid})
        for i in mine.identifiers
        if i.invalid is not None
    ]
    unsearchable = [i for i in mine.identifiers if i.invalid is None and i.kind == "gcid"]
    tried = ", ".join(f"{i.kind} {i.value}" for i in unsearchable)
    unusable += [Reason("NO_IDENTIFIER", {"tried": tried})] if unsearchable else []
    return matching.Wanted(
        claims=tuple(claims),
        unusable=tuple(unusable),
        keywords=candidate.keywords,
        brand=candidate.brand,
        mpn=candidate.mpn,
        pack=candidate.pack,
        varies=candidate.varies,
    )
