"""Each input of the listings role merged into the facts of its shared SKU.

Merging an input twice changes nothing, and observations may come in any order. What the
facts did not want is named by a code, for the coverage records.
"""

from collections.abc import Callable
from typing import Any

import msgspec
from msgspec import UNSET
from msgspec.structs import replace

from processors.rules import imported, observed, situation
from processors.rules.known import (
    RANKS,
    Answered,
    Counted,
    Mark,
    Matched,
    Row,
    SharedSku,
    Stated,
    StoreFacts,
    micros,
)
from processors.rules.situation import import_on
from schemas.amazon import FoundCandidate, Lookup, Observation, ObservedStore
from schemas.candidates import Candidate
from schemas.errors import Refused
from schemas.links import Match
from schemas.reasons import Reason
from schemas.settings import Settings
from schemas.text import damaged_sku

STALE, DUPLICATE, NOBODYS = "STALE", "DUPLICATE", "NOBODYS"
TITLE = 120
"""Characters that are kept of a found item's title."""

CANDIDATES = 20
"""Found items that are kept of one answer, and children of one of them."""

RESTRICTION = "restriction"
"""Kind of the one question that a failure answers, too: Amazon will say so when it is tried."""


class Merged(msgspec.Struct, frozen=True):
    """The facts after an input; *filtered* when it was dropped on purpose; *kind* of its effect."""

    sku: SharedSku
    kind: str
    filtered: str | None = None


class Given(msgspec.Struct, frozen=True):
    """What an input is merged with: its id, and the settings of the moment."""

    id: str
    settings: Settings


Merge = Callable[[SharedSku, Any, Given], Merged]


def of_store(sku: SharedSku, store: str) -> StoreFacts:
    """Give what is known of the listing in *store*, nothing if it is new."""
    return sku.stores.get(store, _UNKNOWN)


_UNKNOWN = StoreFacts()


def with_store(sku: SharedSku, store: str, facts: StoreFacts) -> SharedSku:
    """Give the facts in which one store's are replaced."""
    return replace(sku, stores={**sku.stores, store: facts})


def is_ours(store: str, account: str, given: Given) -> bool:
    found = given.settings.store(store)
    return found is not None and found.account == account


# --- candidate ----------------------------------------------------------------------------


def candidate(sku: SharedSku, event: Candidate, given: Given) -> Merged:  # noqa: ARG001
    """Take the newest candidate of one product."""
    before = sku.candidates.get(event.product)
    if before is not None and before.sequence >= event.sequence:
        return Merged(sku, "observation", STALE)
    stores = dict(sku.stores)
    for store in event.stores:
        facts = stores.get(store, _UNKNOWN)
        stores[store] = facts if facts.known else replace(facts, known=True)
    kept = {**sku.candidates, event.product: event}
    return Merged(replace(sku, candidates=kept, stores=stores), moved(before, event))


def moved(before: Candidate | None, after: Candidate) -> str:
    """Tell the guards what moved a candidate: rule, stock, price, or settings."""
    if before is None:
        return "rule"
    pairs = [(before.stores.get(s), mine) for s, mine in after.stores.items()]
    both = [(a, b) for a, b in pairs if a is not None]
    if len(both) < len(pairs) or any(a.verdict.eligible != b.verdict.eligible for a, b in both):
        return "rule"
    if any(a.base != b.base for a, b in both):
        return "stock"
    if any(a.prices != b.prices or a.pricing_rules != b.pricing_rules for a, b in both):
        return "price"
    return "settings"


# --- observation --------------------------------------------------------------------------


def observation(sku: SharedSku, event: Observation, given: Given) -> Merged:
    """Take what is newer, per field; a notification moreover asks for a read."""
    stores = {s: said for s, said in event.stores.items() if is_ours(s, event.account, given)}
    if event.stores and not stores:
        raise Refused(Reason("UNKNOWN_STORE", {"store": ", ".join(sorted(event.stores))}))
    for store, said in stores.items():
        mark = mark_of(event, store, given)
        if event.source == "report" and said.exists is False:
            sku = _denied(sku, store, mark)
            continue
        sku = _said(sku, store, said, (event, mark))
        facts = sku.stores[store]
        facts = imported.merge(facts, mark, said, _imports(store, given.settings))
        admitted = said.exists is True and _admissible(event) and import_on(store, given.settings)
        sku = with_store(sku, store, replace(facts, known=facts.known or admitted))
    sku = _shared(sku, event, mark_of(event, next(iter(stores), ""), given))
    return Merged(_hinted(sku, event, list(stores)), "observation")


def _denied(sku: SharedSku, store: str, mark: Mark) -> SharedSku:
    """Ask for a read where a report names a listing among those that are no more.

    That report forgets nothing, and a listing may have come back since: only Amazon's own
    answer ends it (`listings.md` 5.3).
    """
    facts = sku.stores.get(store)
    if facts is None or facts.alive is None or facts.alive.at >= mark.at:
        return sku
    return with_store(sku, store, replace(facts, hinted=max(facts.hinted, mark.at)))


def _admissible(event: Observation) -> bool:
    """Tell whether *event* may make its seller SKU known: a report may have spoilt it (REP1)."""
    return event.source != "report" or not damaged_sku(event.seller_sku)


def _imports(store: str, settings: Settings) -> frozenset[str]:
    found = settings.store(store)
    return frozenset() if found is None else imported.wanted(found, settings)


def _said(
    sku: SharedSku, store: str, said: ObservedStore, by: tuple[Observation, Mark]
) -> SharedSku:
    """Take what is said of one store; a report's row takes its quantity along."""
    (event, mark), facts = by, of_store(sku, store)
    if event.source != "report":
        return with_store(sku, store, observed.merge(facts, mark, said))
    row = Row(mark, said, None if event.quantity is UNSET else event.quantity)
    merged, over = observed.merge_row(facts, row, sku.flights)
    sku = with_store(sku, store, merged)
    for old in over:
        if old.quantity is not None:
            sku = _counted(sku, Counted(old.mark, old.quantity))
    return sku


def mark_of(event: Observation, store: str, given: Given) -> Mark:
    """Give when *event* counts as stated: a report's rows lie back by the store's allowance."""
    allowance = 0
    if event.source == "report":
        allowance = situation.seconds(given.settings.listing(store).graces.report) * 1_000_000
    return Mark(micros(event.as_of) - allowance, RANKS[event.source], given.id, allowance)


def _shared(sku: SharedSku, event: Observation, mark: Mark) -> SharedSku:
    if event.channel is not UNSET:
        sku = _channel(sku, Stated(mark, event.channel))
    if event.quantity is UNSET:
        return sku
    if event.quantity == 0:
        sku = replace(sku, zero_at=max(sku.zero_at, mark.at))
    else:
        sku = replace(sku, some_at=max(sku.some_at, mark.at))
    if event.source == "report" and event.stores:
        return sku  # it stands in the rows
    return _counted(sku, Counted(mark, event.quantity))


def _counted(sku: SharedSku, said: Counted) -> SharedSku:
    if sku.quantity is not None and sku.quantity.mark >= said.mark:
        return sku
    return replace(sku, quantity=said)


def _channel(sku: SharedSku, said: Stated) -> SharedSku:
    known = said.value in observed.CHANNELS
    before = sku.channel if known else sku.odd_channel
    if before is not None and before.mark >= said.mark:
        return sku
    return replace(sku, channel=said) if known else replace(sku, odd_channel=said)


def _hinted(sku: SharedSku, event: Observation, stores: list[str]) -> SharedSku:
    if event.source != "notification":
        return sku
    at = micros(event.as_of)
    if not stores:
        return replace(sku, hinted=max(sku.hinted, at))
    for store in stores:
        facts = of_store(sku, store)
        sku = with_store(sku, store, replace(facts, hinted=max(facts.hinted, at)))
    return sku


# --- lookup, match ------------------------------------------------------------------------


def lookup(sku: SharedSku, event: Lookup, given: Given) -> Merged:  # noqa: ARG001
    """Take the answer to the question that is open; any other changes nothing."""
    facts = sku.stores.get(event.store)
    ask = facts.ask if facts is not None else None
    asked = (event.kind, event.value, event.nonce)
    if facts is None or ask is None or asked != (ask.kind, ask.value, ask.nonce):
        return Merged(sku, "observation", STALE)
    if event.state != "answered" and event.kind != RESTRICTION:
        return Merged(sku, "observation")
    found = [_kept(c) for c in event.candidates[:CANDIDATES]]
    answer = Answered(event.kind, event.value, ask.condition, found, event.restriction, ask.at)
    others = [a for a in facts.answers if (a.kind, a.value) != (event.kind, event.value)]
    facts = replace(facts, answers=[*others, answer], ask=None)
    return Merged(with_store(sku, event.store, facts), "observation")


def _kept(found: FoundCandidate) -> FoundCandidate:
    """Keep of a found item what a person chooses by; why it was offered, its answer tells."""
    title = (found.title or "")[:TITLE] or None
    return replace(found, title=title, why=None, gtins=[], children=found.children[:CANDIDATES])


def match(sku: SharedSku, event: Match, given: Given) -> Merged:  # noqa: ARG001
    """Take the products that claim an identifier for which the listing is registered."""
    facts = sku.stores.get(event.store)
    if facts is None or event.identifier not in facts.asked:
        return Merged(sku, "observation", NOBODYS)
    before = facts.matches.get(event.identifier)
    if before is not None and before.sequence >= event.sequence:
        return Merged(sku, "observation", STALE)
    told = Matched(event.sequence, event.products, event.claims, event.many)
    matches = {**facts.matches, event.identifier: told}
    return Merged(with_store(sku, event.store, replace(facts, matches=matches)), "observation")
