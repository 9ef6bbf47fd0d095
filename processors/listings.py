"""The listings role: everything known of one shared SKU in, every word about it out.

Merge the input, decide over all stores, keep what must be known next time (links made,
questions open, what was shown), and give every record that follows. What is unchanged is
not sent: the runtime compares.
"""

from datetime import datetime
from typing import Any

import msgspec
from msgspec.structs import replace

from processors import listing_imports
from processors import listing_inputs as inputs
from processors import listing_outputs as outputs
from processors import listing_questions as questions
from processors import listing_requests as requests
from processors import listing_sent as sent
from processors.listing_facts import SharedSkuFacts
from processors.listing_inputs import Given, Merge, Merged
from processors.listing_intents import Obeyed, Refusal, obey
from processors.rules import permission, renaming, situation
from processors.rules import price as pricing
from processors.rules.evaluate import Decision, Outlook, decide
from processors.rules.known import Linked, SharedSku, Shown, StoreFacts, instant, micros
from processors.rules.offer import rules_of, zone_of
from processors.step import Cause, Change, Output, Scan
from schemas import codec, keys
from schemas.candidates import StoreCandidate
from schemas.errors import Refused
from schemas.event import Event
from schemas.events import Candidate, Intent, Lookup, Match, Observation, Submission
from schemas.reasons import Reason
from schemas.record import Record
from schemas.settings import Settings

INTENT = "listing.intent.v1"
MERGES: dict[str, tuple[type[Event], Merge]] = {
    "listing.candidate.v1": (Candidate, inputs.candidate),
    "listing.match.v1": (Match, inputs.match),
    "amazon.listing.v1": (Observation, inputs.observation),
    "amazon.lookup.v1": (Lookup, inputs.lookup),
    "amazon.submission.v1": (Submission, sent.submission),
}
"""Inputs, the event each carries, and how it is merged; commands are judged first."""

SCANS = {
    "settings.v1": "settings",
    "amazon.report.v1": "observation",
    "amazon.account.v1": "observation",
}
"""What moved an offer that a scan moved, by the topic behind the scan."""


class Listings:
    """Merges, decides and speaks for one shared SKU; see `processors.step.Role`."""

    name = "listings"
    inputs = (*MERGES, INTENT)
    facts = SharedSkuFacts

    def step(
        self, record: Record, facts: SharedSkuFacts, settings: Settings, now: datetime
    ) -> Change[SharedSkuFacts]:
        """Merge *record* into *facts* and decide. Raises `Refused` for a dead letter."""
        cause = cause_of(record)
        if record.topic == INTENT:
            return self._command(record, facts, settings, now, cause)
        event_type, merge = MERGES[record.topic]
        event: Any = read(record, event_type)
        merged: Merged = merge(_named(facts.known, event), event, Given(cause.event, settings))
        if merged.filtered is not None:
            return Change(facts, filtered=merged.filtered)
        return _decided(facts, merged.sku, _Step(settings, now, cause, merged.kind))

    def _command(
        self,
        record: Record,
        facts: SharedSkuFacts,
        settings: Settings,
        now: datetime,
        cause: Cause,
    ) -> Change[SharedSkuFacts]:
        intent: Any = read(record, Intent)
        obeyed: Obeyed = obey(_named(facts.known, intent), intent, cause.event, settings, now)
        if obeyed.duplicate:
            return Change(facts, filtered=inputs.DUPLICATE)
        return _decided(facts, obeyed.sku, _Step(settings, now, cause, "person", obeyed.refusals))

    def review(
        self, facts: SharedSkuFacts, settings: Settings, now: datetime, cause: Cause
    ) -> Change[SharedSkuFacts]:
        """Decide again without a new input: a scan reached this key, or its time came."""
        kind = SCANS.get(cause.topic, "rule")
        return _decided(facts, facts.known, _Step(settings, now, cause, kind))

    def due(self, facts: SharedSkuFacts, settings: Settings) -> datetime | None:  # noqa: ARG002
        """Give the next instant at which `review` would decide otherwise, if there is one."""
        return None if facts.known.due is None else instant(facts.known.due)

    def touches(self, facts: SharedSkuFacts, scan: Scan) -> bool:
        """Tell whether *scan* concerns this key."""
        sku = facts.known
        if scan.kind in {"store", "listing", "third_party", "report"}:
            return scan.id in sku.stores
        if scan.kind == "pricing_rule":
            return any(scan.id in mine.pricing_rules for mine in _said_by_products(sku))
        if scan.kind == "account":
            return scan.id == sku.account
        if scan.kind == "import_mapping":
            return bool(sku.stores)
        return scan.kind in {"rates", "website"} and bool(sku.candidates)


def _said_by_products(sku: SharedSku) -> list[StoreCandidate]:
    return [mine for c in sku.candidates.values() for mine in c.stores.values()]


def read(record: Record, event_type: type[Event]) -> Any:
    """Give the event of *record*. Raises `Refused` for a tombstone or another SKU's key."""
    event: Any = codec.decode(record, event_type)
    if event is None:
        raise Refused(Reason("TOMBSTONE_FORBIDDEN", {"topic": record.topic}))
    if record.key is not None and record.key != keys.shared(event.account, event.seller_sku):
        expected = f"{event.account}|{event.seller_sku}"
        key = record.key.decode(errors="replace")[:200]
        raise Refused(Reason("KEY_MISMATCH", {"key": key, "expected": expected}))
    return event


def cause_of(record: Record) -> Cause:
    """Give the cause that an input is for what it changes."""
    place = f"{record.topic}/{record.partition}/{record.offset}"
    return Cause(
        kind="input",
        event=codec.header(record, "ce_id") or place,
        type=codec.header(record, "ce_type") or record.topic,
        topic=record.topic,
        partition=record.partition,
        offset=record.offset,
    )


def _named(sku: SharedSku, event: Any) -> SharedSku:
    if sku.account:
        return sku
    return replace(sku, account=event.account, seller_sku=event.seller_sku)


# --- one decision -------------------------------------------------------------------------


class _Step(msgspec.Struct, frozen=True):
    """What a decision is made with, why, and which commands it refuses."""

    settings: Settings
    now: datetime
    cause: Cause
    kind: str
    refusals: tuple[Refusal, ...] = ()


def _decided(facts: SharedSkuFacts, sku: SharedSku, step: _Step) -> Change[SharedSkuFacts]:
    decision = decide(sku, step.settings, step.now)
    kept, moved = _kept(sku, decision, step)
    said = _said(facts.known, kept, decision, step, moved)
    kept = replace(_without_deleted(kept, step.settings), due=_due(kept, decision, step))
    return Change(facts=replace(facts, known=kept), outputs=tuple(said))


def _kept(sku: SharedSku, decision: Decision, step: _Step) -> tuple[SharedSku, dict[str, Any]]:
    """Give the facts with what this decision made known, and which listings it moved."""
    stores = dict(sku.stores)
    moved: dict[str, str | None] = {}
    identities = _identities(sku)
    for outlook in decision.listings:
        facts = stores[outlook.store]
        shown, has_moved = _shown(facts, outlook, step.now)
        if has_moved:
            moved[outlook.store] = shown.previous
        facts = requests.asking(_matching(facts, outlook, identities), outlook, step.now)
        identities = []  # asked for once, whatever the number of stores
        if outlook.draft.published and facts.answers and _settled(outlook):
            facts = replace(facts, answers=[])
        stores[outlook.store] = replace(
            facts, linked=_linked(outlook), assigned=_assigned(facts, outlook), shown=shown
        )
    return requests.reading(replace(sku, stores=stores), decision.listings, step.now), moved


def _shown(facts: StoreFacts, outlook: Outlook, now: datetime) -> tuple[Shown, bool]:
    tab, status = outlook.place.tab.value, outlook.place.status.value
    before = facts.shown
    if before is not None and (before.tab, before.status) == (tab, status):
        return before, False
    previous = before.place if before else None
    return Shown(tab, status, micros(now), previous, outlook.draft.record.place.id), True


def _settled(outlook: Outlook) -> bool:
    """Tell whether what the catalogue answered has served its purpose."""
    linked = outlook.draft.link.linked
    return linked is not None and linked.firm


def _linked(outlook: Outlook) -> Linked | None:
    """Give the link to remember: one that sleeps too, but not that of a row that merged."""
    link, own = outlook.draft.link, outlook.draft
    if link.linked is None:
        return None
    if own.published or link.kind == "product" or link.linked.by == "person":
        return link.linked
    asleep = any(r.code in {"PRODUCT_DELETED", "MATCHING"} for r in link.reasons)
    return link.linked if asleep else None


def _assigned(facts: StoreFacts, outlook: Outlook) -> str | None:
    """Keep a person's assignment, under the SKU that the product has now."""
    linked = outlook.draft.link.linked
    return facts.assigned if facts.assigned is None or linked is None else linked.product


def _identities(sku: SharedSku) -> list[str]:
    """Give the identities of all products that ever spoke of this SKU, whatever their names.

    Of those it is not linked to as well: else it would forget who they are now, and take
    their next word for that of a stranger.
    """
    found = {renaming.identity(candidate) for candidate in sku.candidates.values()}
    return sorted(each for each in found if each is not None)


def _matching(facts: StoreFacts, outlook: Outlook, identities: list[str]) -> StoreFacts:
    """Register with matching for what identifies a listing that nobody has claimed yet."""
    asks = [*outlook.draft.link.asks, *identities]
    if outlook.place.line == 5 or not outlook.draft.published:
        asks = identities
    if asks == facts.asked:
        return facts
    matches = {i: m for i, m in facts.matches.items() if i in asks}
    return replace(facts, asked=asks, matches=matches)


def _said(
    before: SharedSku, sku: SharedSku, decision: Decision, step: _Step, moved: dict[str, Any]
) -> list[Output]:
    """Give every record that follows from a decision."""
    told = outputs.told(step.cause)
    by_store = {o.store: o for o in decision.listings}
    said = [outputs.status(sku, o, step.settings, told) for o in decision.listings]
    said += [
        outputs.changed(sku, by_store[store], told, step.now, previous)
        for store, previous in moved.items()
    ]
    said += [
        outputs.refused(
            sku, r, by_store.get(r.store), step.cause.event, told, step.now, step.settings
        )
        for r in step.refusals
    ]
    gone = [s for s in sku.stores if s not in by_store and step.settings.store(s) is None]
    endings = [outputs.forgotten(sku, sku.stores[s]) for s in gone]
    said += [ending for ending in endings if ending is not None]
    said.append(outputs.offer(sku, decision, step.kind, told))
    said += questions.links(sku, before, decision)
    said += questions.questions(sku, before)
    said += listing_imports.imports(sku, before, decision, step.settings)
    return said


def _without_deleted(sku: SharedSku, settings: Settings) -> SharedSku:
    kept = {s: f for s, f in sku.stores.items() if settings.store(s) is not None}
    return sku if len(kept) == len(sku.stores) else replace(sku, stores=kept)


# --- time ---------------------------------------------------------------------------------


def _due(sku: SharedSku, decision: Decision, step: _Step) -> int | None:
    """Give the first instant after now at which time alone changes something."""
    moments = [sku.reading.again] if sku.reading is not None else []
    moments += [f.ask.again for f in sku.stores.values() if f.ask is not None]
    for outlook in decision.listings:
        moments += [micros(m) for m in _turns(sku, outlook, step)]
    return min((m for m in moments if m > micros(step.now)), default=None)


def _turns(sku: SharedSku, outlook: Outlook, step: _Step) -> list[datetime]:
    own = outlook.draft
    found = situation.lapses(own.shows.issues)
    found += [d for d in (own.shows.offer_from, own.shows.offer_to) if d is not None]
    if own.published:
        found += situation.turns(sku, situation.seconds(own.listing.graces.quantity))
    if outlook.place.line in permission.DEPENDING:
        answer = permission.told(own, outlook.match.asin, outlook.wish.condition)
        found += [permission.expiry(own, answer)] if answer is not None else []
    rules = rules_of(own, step.settings)
    if rules:
        edge = pricing.next_change(rules, zone_of(own, step.settings), step.now)
        found += [edge] if edge is not None else []
    return found
