"""The facts the decision table reads, gathered for one listing (`listings.md` 4.2).

Everything the table may ask is answered here first, from what was merged and computed; the
single answers are in `situation.py`.
"""

from datetime import datetime

import msgspec

from processors.rules import matching, permission, renaming, situation
from processors.rules.answer import Answer
from processors.rules.draft import Draft
from processors.rules.known import SharedSku, Submitted, instant
from processors.rules.offer import Terms, creation_hash
from processors.rules.status import ListingFacts, Reasons, Restricted
from schemas.amazon import AccountState, Issue, Restriction
from schemas.money import Money
from schemas.reasons import Reason
from schemas.settings import Settings


class Gathered(msgspec.Struct, frozen=True, kw_only=True):
    """What was computed for one listing before its status can be told."""

    excluded: Reasons
    condition: Answer[str | None]
    quantity: int | None
    price: Answer[Money | None]
    match: matching.Outcome
    wish: Terms


def gather(
    sku: SharedSku, own: Draft, computed: Gathered, settings: Settings, now: datetime
) -> ListingFacts:
    """Give the facts of one listing."""
    if own.published:
        return _live(sku, own, computed, settings, now)
    return _absent(sku, own, computed, settings, now)


def _live(
    sku: SharedSku, own: Draft, computed: Gathered, settings: Settings, now: datetime
) -> ListingFacts:
    """Facts of a listing that is on Amazon: those of lines 1-23."""
    facts, shows = own.facts, own.shows
    ended = situation.ended(facts, shows, own.listing, now)
    suspended, as_of = suspension(sku.account, own.store, settings)
    dates, date = situation.offer_dates(shows, now)
    zero = situation.own_zero(sku, computed.quantity, grace(own), now)
    ours = zero.ours and not own.fba
    procedure = facts.procedure
    qualified = situation.qualification(shows.issues)
    return ListingFacts(
        published=True,
        ended=ended,
        ending_why=situation.ending_why(facts, ended, shows, now),
        link=own.link.kind,
        link_why=own.link.reasons,
        known=facts.known,
        import_on=situation.import_on(own.store, settings),
        damaged=situation.damaged(sku, facts),
        excluded=computed.excluded,
        procedure=procedure.step if procedure else "none",
        procedure_why=_steps(own),
        suspended=suspended,
        suspended_as_of=as_of,
        enforced=situation.enforced(shows.issues, now),
        buyable=situation.buyable(shows),
        discoverable=situation.discoverable(shows),
        report_inactive=shows.report_status == "Inactive",
        incomplete=situation.incomplete(shows),
        restriction="APPROVAL_REQUIRED" if qualified else "none",
        restriction_why=_message(own, qualified),
        offer_dates=dates,
        offer_date=date,
        own_zero=ours,
        restocking=ours and zero.turning,
        zero_until=zero.until,
        fba=own.fba,
        quantity=sku.quantity.value if sku.quantity else None,
        desired=computed.quantity,
        lacking=computed.price.reasons if computed.price.value is None else (),
        asin=shows.asin,
        condition=computed.condition.value,
        issues=situation.spelled(shows.issues),
        raw=situation.raw_status(shows),
    )


def _absent(
    sku: SharedSku, own: Draft, computed: Gathered, settings: Settings, now: datetime
) -> ListingFacts:
    """Facts of a listing that is not on Amazon: those of lines 1-4 and 24-41."""
    facts, match = own.facts, computed.match
    ended = situation.ended(facts, own.shows, own.listing, now)
    created, sent = situation.creation(facts, creation_hash(own, computed.wish))
    issues = sent.issues if sent and created == "refused" else []
    restriction, why = _restriction(own, computed, issues)
    candidate = own.candidate
    return ListingFacts(
        published=False,
        ended=ended,
        ending_why=situation.ending_why(facts, ended, own.shows, now),
        gone_why=situation.gone_why(facts),
        link=own.link.kind,
        link_why=own.link.reasons,
        known=facts.known,
        excluded=computed.excluded,
        creation=created,
        overdue=sent is not None and sent.state == "overdue",
        sent=_sent(sent),
        refusal=tuple(c for issue in issues for c in issue.categories),
        issues=situation.spelled(issues),
        name=bool(candidate and candidate.name),
        collision=_collision(sku, own),
        condition=computed.condition.value,
        condition_why=computed.condition.reasons,
        asin=match.asin,
        lookup=_lookup(match),
        candidates=match.left,
        searchable=match.searchable,
        match_why=match.reasons,
        restriction=restriction,
        restriction_why=why,
        lacking=_lacking(own, computed),
        duplicate=_duplicate(own, match.asin, computed.condition.value),
        wanted=_wanted(own),
        fba=own.fba,
        desired=computed.quantity,
        holds=(
            *_unchecked(own, match, computed.condition.value),
            *holds(sku, own, settings, creation_hash(own, computed.wish)),
        ),
    )


# --- single facts -------------------------------------------------------------------------


def grace(own: Draft) -> int:
    """Give the seconds in which a sale's two messages may still be apart."""
    return situation.seconds(own.listing.graces.quantity)


def suspension(account: str, store: str, settings: Settings) -> tuple[bool, str]:
    """Tell whether the account is stopped in the store, and since which statement."""
    state: AccountState | None = settings.states.get(account)
    found = state.stores.get(store) if state else None
    if state is None or found is None or (found.participates and not found.suspended):
        return False, ""
    return True, state.as_of.isoformat()


def _steps(own: Draft) -> Reasons:
    procedure = own.facts.procedure
    if procedure is None:
        return ()
    facts = {"old": procedure.old, "new": procedure.new, "step": procedure.step}
    return (Reason(procedure.code, facts),)


def _message(own: Draft, issue: Issue | None) -> dict[str, str]:
    if issue is None:
        return {}
    return {"message": issue.message[:300], "asin": own.shows.asin or "–"}


def _sent(sent: Submitted | None) -> dict[str, str]:
    if sent is None:
        return {}
    return {"submission": sent.submission or "–", "since": instant(sent.at).isoformat()}


def _collision(sku: SharedSku, own: Draft) -> Reasons:
    """The derived seller SKU belongs to another product too: nobody may guess whose it is."""
    linked = own.link.linked
    if own.candidate is None or linked is None or linked.firm:
        return ()
    others = sorted(
        c.product
        for c in sku.candidates.values()
        if c.origin == "default"
        and c.withdrawn is None
        and own.store in c.stores
        and c.product != own.candidate.product
        and (c.shop_id is None or c.shop_id != own.candidate.shop_id)
    )
    facts = {"seller_sku": sku.seller_sku, "owner": ", ".join(others)}
    return (Reason("SKU_COLLISION", facts),) if others else ()


def _lookup(match: matching.Outcome) -> matching.Lookup:
    if match.kept != "pending" or match.ask is None:
        return "none"
    return "keywords" if match.ask.kind == matching.KEYWORDS else "identifiers"


def _restriction(
    own: Draft, computed: Gathered, issues: list[Issue]
) -> tuple[Restricted, dict[str, str]]:
    asin, condition = computed.match.asin, computed.condition.value
    if computed.match.absent:
        return "ASIN_NOT_FOUND", {}
    answer = permission.told(own, asin, condition)
    told: Restriction | None = answer.restriction if answer else None
    if told is not None and told.code in RESTRICTIONS:
        facts = {"message": told.message[:300], "asin": asin or "–", "condition": condition or "–"}
        return RESTRICTIONS[told.code], facts | ({"link": told.link} if told.link else {})
    refused = situation.qualification(issues)
    return ("APPROVAL_REQUIRED", _message(own, refused)) if refused else ("none", {})


def _unchecked(own: Draft, match: matching.Outcome, condition: str | None) -> Reasons:
    """Nothing is created before Amazon was asked about the ASIN: may it be, and is it there."""
    asin = match.asin
    if asin is None or condition is None:
        return ()
    if match.ask is not None and own.facts.asin == asin:
        return (Reason("LOOKUP_PENDING", {"asked": f"asin {asin}"}),)
    if permission.told(own, asin, condition) is not None:
        return ()
    return (Reason("LOOKUP_PENDING", {"asked": f"whether {asin} may be listed as {condition}"}),)


RESTRICTIONS: dict[str, Restricted] = {
    "APPROVAL_REQUIRED": "APPROVAL_REQUIRED",
    "NOT_ELIGIBLE": "NOT_ELIGIBLE",
    "ASIN_NOT_FOUND": "ASIN_NOT_FOUND",
}
"""Amazon's reason codes of a restriction; an unknown one changes no fact."""


def _lacking(own: Draft, computed: Gathered) -> Reasons:
    """What a creation cannot do without: price, stock (FBM), required attributes."""
    price = computed.price.reasons if computed.price.value is None else ()
    stock = (Reason("STOCK_MISSING"),) if own.base.value is None and not own.fba else ()
    missing = own.mine.content.missing if own.mine else []
    named = {"attributes": ", ".join(missing)}
    return (*price, *stock, *((Reason("ATTRIBUTE_MISSING", named),) if missing else ()))


def _duplicate(own: Draft, asin: str | None, condition: str | None) -> Reasons:
    """The product stands here under another seller SKU, alike, and nobody declared an alias."""
    candidate = own.candidate
    if candidate is None or candidate.origin == "alias" or own.facts.alias:
        return ()
    here = [(o, o.known[own.store]) for o in candidate.others if own.store in o.known]
    alike = [
        other.seller_sku
        for other, there in here
        if not other.alias
        and there.state == "published"
        and (there.asin, there.condition) == (asin, condition)
    ]
    facts = {"seller_sku": ", ".join(alike), "asin": asin or "–"}
    return (Reason("DUPLICATE_LISTING", facts),) if alike else ()


def _wanted(own: Draft) -> bool:
    command = own.facts.command
    return own.listing.auto_list or (command is not None and command.kind == "publish")


def holds(sku: SharedSku, own: Draft, settings: Settings, wanted: str) -> Reasons:
    """Give what keeps a new offer back: ours first, then the pusher's hold of what is wanted."""
    unsure = own.candidate and renaming.unsure(sku, own.candidate, own.store)
    whose = (Reason("MATCHING", {"identifier": unsure}),) if unsure else ()
    held = own.facts.held.get("existence")
    held = held if held is not None and held.hash == wanted else None
    required = own.listing.first_report == "required" and not settings.reports.get(own.store)
    found = (Reason("AWAITING_FIRST_REPORT"),) if required else ()
    inactive = () if own.record.active else (Reason("STORE_INACTIVE"),)
    return (*whose, *found, *inactive, *((situation.hold(held, "existence"),) if held else ()))
