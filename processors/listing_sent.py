"""What became of what we sent, merged into the facts of its shared SKU.

The word about one attempt may come in any order, and twice; a confirmation is evidence.
"""

from msgspec.structs import replace

from processors.listing_inputs import Given, Merged, is_ours, of_store, with_store
from processors.rules import observed, reported
from processors.rules.known import READ, Counted, Mark, SharedSku, StoreFacts, Submitted, micros
from schemas.amazon import Submission
from schemas.errors import Refused
from schemas.reasons import Reason

LATER = ("accepted", "overdue", "invalid", "failed", "confirmed")
"""States in the order in which one attempt passes through them."""

UNSENT = frozenset({"held", "superseded"})
"""What never went out: it says nothing about what did."""


def submission(sku: SharedSku, event: Submission, given: Given) -> Merged:
    """Take what became of something we sent; a confirmed one is evidence as well."""
    if event.store is not None and not is_ours(event.store, event.account, given):
        raise Refused(Reason("UNKNOWN_STORE", {"store": event.store}))
    told = Submitted(
        event.state,
        micros(event.at),
        event.attempt,
        event.value,
        event.hash,
        event.submission,
        event.hold,
        [replace(i, message=i.message[: observed.MESSAGE]) for i in event.issues],
    )
    if event.aspect == "quantity":
        return Merged(_quantity_sent(sku, told, given.id), "observation")
    if event.store is None:
        why = f"{event.aspect} belongs to a store"
        raise Refused(Reason("MALFORMED", {"event": "Submission", "why": why}))
    facts = _sent(of_store(sku, event.store), event.aspect, told, given.id)
    return Merged(with_store(sku, event.store, facts), "observation")


def _sent(facts: StoreFacts, aspect: str, told: Submitted, event: str) -> StoreFacts:
    facts = replace(facts, known=True)
    if told.state in UNSENT:
        held = {a: h for a, h in facts.held.items() if a != aspect}
        return replace(facts, held=held if told.state == "superseded" else held | {aspect: told})
    lane = reported.flown(facts.flights.get(aspect, ()), told)
    facts = replace(facts, flights={**facts.flights, aspect: lane})
    if aspect == "existence" and told.state == "confirmed":
        exists = told.value != "absent"
        facts = observed.existence(facts, Mark(told.at, READ, event), exists)
    if not later(told, facts.sent.get(aspect)):
        return facts
    held = {a: h for a, h in facts.held.items() if a != aspect or h.at > told.at}
    return replace(facts, sent={**facts.sent, aspect: told}, held=held)


def later(told: Submitted, before: Submitted | None) -> bool:
    """Tell whether *told* is news after *before*; the order of arrival does not matter."""
    if before is None:
        return True
    return _age(told) > _age(before)


def _age(told: Submitted) -> tuple[int, int, int]:
    return told.at, told.attempt, LATER.index(told.state)


def _quantity_sent(sku: SharedSku, told: Submitted, event: str) -> SharedSku:
    if told.state in UNSENT:
        return replace(sku, held=told if told.state == "held" else None)
    sku = replace(sku, flights=reported.flown(sku.flights, told))
    if told.state == "confirmed" and told.value is not None and told.value.isdecimal():
        shown = Counted(Mark(told.at, READ, event), int(told.value))
        if sku.confirmed is None or shown.mark > sku.confirmed.mark:
            sku = replace(sku, confirmed=shown)
    if not later(told, sku.sent):
        return sku
    held = sku.held if sku.held is not None and sku.held.at > told.at else None
    return replace(sku, sent=told, held=held)
