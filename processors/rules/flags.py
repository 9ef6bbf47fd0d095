"""Flags: what is shown beside any status and never moves a listing (`listings.md` 4.4)."""

from processors.rules import situation
from processors.rules.draft import Draft
from processors.rules.known import SharedSku
from processors.rules.status import ListingFacts, Reasons
from schemas.money import Money
from schemas.reasons import Reason
from schemas.tabs import Tab

RENEWED = "refurbished_refurbished"


def flags(
    sku: SharedSku, own: Draft, facts: ListingFacts, tab: Tab, price: Money | None, under_way: str
) -> Reasons:
    """Give every flag that is up; *under_way* names what of ours is outstanding."""
    found = [Reason("in_process", {"what": under_way})] if under_way else []
    if own.facts.overrides:
        found.append(Reason("overridden", {"fields": ", ".join(sorted(own.facts.overrides))}))
    if own.published:
        found += _shown(own, facts)
        found += _of_ours(own, facts, price)
    found += [_unknown(field, raw) for field, raw in _odd(sku, own)]
    found += _denied(own)
    found += _ended(own, facts, tab)
    found += _identifiers(own)
    if tab is Tab.INELIGIBLE and own.fba and own.published:
        found.append(Reason("FBA_NOT_ZEROED"))
    return tuple(found)


def _shown(own: Draft, facts: ListingFacts) -> list[Reason]:
    """What Amazon says about a listing that is there."""
    named = {"issues": facts.issues}
    found = [Reason(action, named) for action in situation.known_actions(facts.enforced)]
    if facts.buyable is True and facts.discoverable is False:
        found.append(Reason("NOT_DISCOVERABLE"))
    severities = {issue.severity for issue in own.shows.issues}
    for severity, code in (("ERROR", "HAS_ERRORS"), ("WARNING", "HAS_WARNINGS")):
        if severity in severities:
            spelled = situation.spelled([i for i in own.shows.issues if i.severity == severity])
            found.append(Reason(code, {"issues": spelled}))
    return found


def _of_ours(own: Draft, facts: ListingFacts, price: Money | None) -> list[Reason]:
    """What we lack for a listing that is there."""
    found = []
    if own.shows.asin is None:
        found.append(Reason("ASIN_MISSING"))
    if own.mine is None:
        return found
    if own.shows.former:
        before = max(own.shows.former.items(), key=lambda pair: (pair[1], pair[0]))[0]
        changed = {"before": before, "observed": own.shows.asin or "–"}
        found.append(Reason("ASIN_CHANGED_ON_AMAZON", changed))
    if own.mine.condition.code is None and own.facts.condition is None:
        kept = {"condition": own.shows.condition or "–"}
        found.append(Reason("CONDITION_UNRESOLVED", kept))
    if price is None:
        found.append(Reason("PRICE_BLOCKED", {"why": ", ".join(r.code for r in facts.lacking)}))
    return found


def _odd(sku: SharedSku, own: Draft) -> list[tuple[str, str]]:
    """Raw values of enums that nothing known has replaced since."""
    odd = [(field, s.value) for field, s in sorted(own.facts.odd.items()) if own.odd_stands(field)]
    channel = sku.odd_channel
    if channel is not None and (sku.channel is None or channel.mark > sku.channel.mark):
        odd.append(("channel", channel.value))
    return odd


def _unknown(field: str, raw: str) -> Reason:
    return Reason("UNKNOWN_VALUE", {"field": field, "value": raw})


def _denied(own: Draft) -> list[Reason]:
    if own.facts.denied is None:
        return []
    return [Reason("GONE_DOUBTED", {"as_of": own.facts.denied.as_of.isoformat()})]


def _ended(own: Draft, facts: ListingFacts, tab: Tab) -> list[Reason]:
    if tab is not Tab.ENDED or facts.ended == "requested":
        return []
    found = []
    if facts.ended == "by_person" and own.facts.exists and own.facts.alive is not None:
        as_of = own.facts.alive.as_of.isoformat()
        found.append(Reason("ENDED_BUT_LIVE", {"as_of": as_of}))
    if own.mine is not None and not facts.excluded:
        found.append(Reason("ENDED_BUT_ELIGIBLE"))
    return found


def _identifiers(own: Draft) -> list[Reason]:
    if own.mine is None:
        return []
    found = [
        Reason("IDENTIFIER_INVALID", {"kind": i.kind, "value": i.value, "why": i.invalid})
        for i in own.mine.identifiers
        if i.invalid is not None
    ]
    title = own.shows.title or (own.candidate.name if own.candidate else None) or ""
    if own.mine.condition.code == RENEWED and "renewed" not in title.casefold():
        found.append(Reason("RENEWED_TITLE_MISSING"))
    return found
