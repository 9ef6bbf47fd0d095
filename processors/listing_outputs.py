"""A decision as records: status per store, changes and refusals, one offer for all."""

from datetime import datetime

from processors.listing_intents import Refusal
from processors.rules.evaluate import Decision, Outlook
from processors.rules.known import SharedSku, StoreFacts, instant
from processors.step import Cause, Output
from schemas import keys
from schemas.event import Event
from schemas.listings import Cause as Told
from schemas.listings import ListingStatus, ListingStatusChanged, RefusedIntent, Standing, Wish
from schemas.offers import Offer, OfferCause
from schemas.settings import Settings
from schemas.tabs import Status, Tab

STATUS = "listing.status.v1"
CHANGED = "listing.status-changed.v1"
OFFER = "listing.offer.v1"


def output(topic: str, key: bytes, name: str, event: Event | None, *more: str) -> Output:
    """Give an output whose subject is its key, and *more* where several senders share a key."""
    subject = "|".join([key.decode(), *([keys.join(*more).decode()] if more else [])])
    return Output(topic=topic, key=key, subject=subject, name=name, event=event)


def told(cause: Cause) -> Told:
    """Give the cause as it travels."""
    return Told(
        event=cause.event,
        type=cause.type,
        topic=cause.topic,
        partition=cause.partition,
        offset=cause.offset,
    )


# --- status -------------------------------------------------------------------------------


def status(sku: SharedSku, outlook: Outlook, settings: Settings, cause: Told) -> Output:
    """Give what is publicly said about one listing."""
    facts, own = sku.stores[outlook.store], outlook.draft
    shown = facts.shown
    candidate = own.candidate
    event = ListingStatus(
        account=sku.account,
        store=outlook.store,
        marketplace=own.record.place.id,
        seller_sku=sku.seller_sku,
        sequence=0,
        tab=outlook.place.tab,
        status=outlook.place.status,
        reasons=list(outlook.reasons),
        flags=list(outlook.flags),
        asin=outlook.wish.asin,
        product=candidate.product if candidate else None,
        name=(candidate.name if candidate else None) or own.shows.title,
        previous=shown.previous if shown else None,
        since=instant(shown.since) if shown else None,
        cause=cause,
        desired=Wish(
            quantity=outlook.quantity,
            price=outlook.wish.price,
            condition=outlook.wish.condition,
        ),
        observed=outlook.observed,
        standing=standing(facts),
        choices=list(outlook.choices),
        steps=list(outlook.steps),
        settings=versions(outlook, settings),
    )
    key = keys.listing(sku.account, own.record.place.id, sku.seller_sku)
    return output(STATUS, key, sku.seller_sku, event)


def standing(facts: StoreFacts) -> Standing:
    """Give what people decided about the listing."""
    return Standing(
        intent=facts.command.kind if facts.command else None,
        assigned=facts.assigned,
        asin=facts.asin,
        overrides=facts.overrides,
    )


def versions(outlook: Outlook, settings: Settings) -> dict[str, int]:
    """Give the versions of the settings that the decision was made by."""
    own = outlook.draft.candidate
    found = dict(own.settings) if own else {}
    found[f"listing/{outlook.store}"] = settings.version("listing", outlook.store)
    return {name: version for name, version in found.items() if version}


def changed(
    sku: SharedSku, outlook: Outlook, cause: Told, now: datetime, previous: str | None
) -> Output:
    """Give one change of tab or status."""
    return _change(sku, outlook, cause, now, previous, None)


def refused(
    sku: SharedSku,
    refusal: Refusal,
    outlook: Outlook | None,
    intent: str,
    cause: Told,
    now: datetime,
    settings: Settings,
) -> Output:
    """Give one command that was not admissible."""
    reason = refusal.reason
    because = RefusedIntent(code=reason.code, intent=intent, facts=reason.facts)
    if outlook is not None:
        shown = sku.stores[outlook.store].shown
        return _change(sku, outlook, cause, now, shown.previous if shown else None, because)
    store = settings.stores_of(sku.account)[refusal.store]
    event = ListingStatusChanged(
        account=sku.account,
        store=refusal.store,
        marketplace=store.place.id,
        seller_sku=sku.seller_sku,
        sequence=0,
        tab=Tab.NOT_LISTED,
        status=Status.NOT_LISTED,
        cause=cause,
        at=now,
        refused=because,
    )
    key = keys.listing(sku.account, store.place.id, sku.seller_sku)
    return output(CHANGED, key, sku.seller_sku, event)


def _change(
    sku: SharedSku,
    outlook: Outlook,
    cause: Told,
    now: datetime,
    previous: str | None,
    because: RefusedIntent | None,
) -> Output:
    own = outlook.draft
    event = ListingStatusChanged(
        account=sku.account,
        store=outlook.store,
        marketplace=own.record.place.id,
        seller_sku=sku.seller_sku,
        sequence=0,
        tab=outlook.place.tab,
        status=outlook.place.status,
        reasons=list(outlook.reasons),
        flags=list(outlook.flags),
        previous=previous,
        cause=cause,
        at=now,
        refused=because,
    )
    key = keys.listing(sku.account, own.record.place.id, sku.seller_sku)
    return output(CHANGED, key, sku.seller_sku, event)


def forgotten(sku: SharedSku, facts: StoreFacts) -> Output | None:
    """Give the end of a listing whose store was deleted from the settings."""
    if facts.shown is None:
        return None
    key = keys.listing(sku.account, facts.shown.marketplace, sku.seller_sku)
    return output(STATUS, key, sku.seller_sku, None)


# --- offer --------------------------------------------------------------------------------


def offer(sku: SharedSku, decision: Decision, kind: str, cause: Told) -> Output:
    """Give the desired offer of every store of the shared SKU."""
    key = keys.shared(sku.account, sku.seller_sku)
    if not decision.listings:
        return output(OFFER, key, sku.seller_sku, None)
    candidates = [o.draft.candidate for o in decision.listings if o.draft.candidate is not None]
    event = Offer(
        account=sku.account,
        seller_sku=sku.seller_sku,
        sequence=0,
        product=candidates[0].product if candidates else None,
        channel=decision.channel,
        quantity=decision.quantity,
        handling_days=handling(decision),
        stores={o.store: o.offer for o in decision.listings},
        cause=OfferCause(kind=kind, event=cause.event),  # type: ignore[arg-type]
    )
    return output(OFFER, key, sku.seller_sku, event)


def handling(decision: Decision) -> int | None:
    """Give a person's handling time, or that of an offer we create; others keep Amazon's."""
    managed = [o.draft for o in decision.listings if o.offer.existence == "present"]
    if not managed or managed[0].fba:
        return None
    stated = [o.facts.overrides.get("handling_days") for o in managed]
    days: int | None = next((d for d in stated if d is not None), None)
    if days is not None or any(o.published for o in managed):
        return days
    return managed[0].listing.handling_days
