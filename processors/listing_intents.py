"""People's commands about a shared SKU: admitted, or refused with a code (`listings.md` 4.9).

A command is judged by the decision as it stands before it. One that was handled once is
known by its id and does nothing again: it neither acts nor refuses twice.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any, Literal

import msgspec
from msgspec.structs import replace

from processors.listing_inputs import of_store, with_store
from processors.rules.evaluate import Outlook, decide
from processors.rules.known import Command, SharedSku, StoreFacts, micros
from processors.rules.observed import CONDITIONS
from schemas.errors import Refused
from schemas.identifiers import MalformedIdentifier, asin
from schemas.money import EXACT
from schemas.reasons import Reason
from schemas.requests import Intent
from schemas.settings import Settings
from schemas.tabs import Status, Tab

HANDLED = 200
"""Ids of intents that are kept: more than a month of one listing's commands."""


class Refusal(msgspec.Struct, frozen=True):
    """One store for which a command was not admissible, and why."""

    store: str
    reason: Reason


class Obeyed(msgspec.Struct, frozen=True):
    """The facts after a command, and where it was refused."""

    sku: SharedSku
    refusals: tuple[Refusal, ...] = ()
    duplicate: bool = False


class _Asked(msgspec.Struct, frozen=True):
    """A command in one store: what is known there, and the decision as it was."""

    intent: Intent
    id: str
    was: Outlook | None
    facts: StoreFacts


Admit = Callable[[_Asked], StoreFacts | Reason]


def obey(sku: SharedSku, intent: Intent, id: str, settings: Settings, now: datetime) -> Obeyed:  # noqa: A002
    """Carry out *intent* in each store it speaks of, or refuse it there."""
    if id in sku.handled:
        return Obeyed(sku, duplicate=True)
    before = {o.store: o for o in decide(sku, settings, now).listings}
    admit = ADMIT.get(intent.kind, _unsupported)
    refusals = []
    for store in _targets(sku, intent, settings):
        answer = admit(_Asked(intent, id, before.get(store), of_store(sku, store)))
        if isinstance(answer, Reason):
            refusals.append(Refusal(store, answer))
        else:
            sku = with_store(sku, store, replace(answer, known=True))
    handled = [*sku.handled, id][-HANDLED:]
    return Obeyed(replace(sku, handled=handled), tuple(refusals))


def _targets(sku: SharedSku, intent: Intent, settings: Settings) -> list[str]:
    stores = settings.stores_of(intent.account)
    if not stores:
        raise Refused(Reason("UNKNOWN_ACCOUNT", {"account": intent.account}))
    if intent.store is None:
        return [s for s in stores if s in sku.stores] or list(stores)[:1]
    if intent.store not in stores:
        raise Refused(Reason("UNKNOWN_STORE", {"store": intent.store}))
    return [intent.store]


# --- one function per kind ----------------------------------------------------------------


def _publish(ask: _Asked) -> StoreFacts | Reason:
    if ask.was is None or ask.was.place.tab not in {Tab.READY_TO_LIST, Tab.ENDED}:
        return _not_ready(ask.was)
    if ask.was.place.tab is Tab.ENDED and (ask.was.excluded or ask.was.draft.candidate is None):
        codes = ", ".join(r.code for r in ask.was.excluded) or "NO_PRODUCT"
        return Reason("EXCLUDED", {"reasons": codes})
    return _commanded(ask, "publish")


def _end(ask: _Asked) -> StoreFacts | Reason:
    if ask.was is None or not _endable(ask.was):
        return Reason("NOT_ON_AMAZON")
    return _commanded(ask, "end")


def _endable(was: Outlook) -> bool:
    if was.place.status is Status.LIST_IN_PROGRESS:
        return True
    return was.draft.published and was.draft.candidate is not None


def _commanded(ask: _Asked, kind: Literal["publish", "end"]) -> StoreFacts:
    told = Command(kind, micros(ask.intent.at), ask.intent.by, ask.id)
    before = ask.facts.command
    if before is not None and (before.at, before.id) > (told.at, told.id):
        return ask.facts
    return replace(ask.facts, command=told)


def _assign(ask: _Asked) -> StoreFacts | Reason:
    product = ask.intent.arguments.get("product") or ask.intent.arguments.get("sku")
    if not isinstance(product, str):
        return Reason("PRODUCT_UNKNOWN", {"product": str(product)[:100]})
    linked = ask.was is not None and ask.was.draft.candidate is not None
    if ask.was is None or not (linked or ask.was.place.tab is Tab.NEW_THIRD_PARTY):
        return _not_ready(ask.was)
    return replace(ask.facts, assigned=product)


PICKING = frozenset({Status.UNABLE_TO_ASSIGN, Status.MULTIPLE_MATCHES, Status.HAS_VARIANTS})


def _asin(ask: _Asked) -> StoreFacts | Reason:
    stated = str(ask.intent.arguments.get("asin", ""))
    if not _to_be_picked(ask.was):
        return _not_ready(ask.was)
    try:
        chosen = asin(stated)
    except MalformedIdentifier as error:
        return Reason("ASIN_INVALID", {"asin": stated[:40], "why": str(error)})
    found = (c for a in ask.facts.answers for c in a.candidates if c.asin == chosen)
    if any(c.children for c in found):
        return Reason("ASIN_IS_PARENT", {"asin": chosen})
    return replace(ask.facts, asin=chosen)


def _to_be_picked(was: Outlook | None) -> bool:
    if was is None or was.place.tab is not Tab.INCOMPLETE:
        return False
    return was.place.status in PICKING


def _condition(ask: _Asked) -> StoreFacts | Reason:
    chosen = str(ask.intent.arguments.get("condition", ""))
    if ask.was is None or ask.was.place.status is not Status.MISSING_CONDITION:
        return _not_ready(ask.was)
    if chosen not in CONDITIONS:
        return Reason("CONDITION_UNKNOWN", {"condition": chosen[:40]})
    return replace(ask.facts, condition=chosen)


def _retry_match(ask: _Asked) -> StoreFacts | Reason:
    """Start again with current data; the answers so far are asked for anew."""
    if ask.was is None:
        return _not_ready(ask.was)
    if ask.was.place.tab is not Tab.NEW_THIRD_PARTY and not _to_be_picked(ask.was):
        return _not_ready(ask.was)
    return replace(ask.facts, answers=[], ask=None)


def _alias(ask: _Asked) -> StoreFacts | Reason:
    """Declare that a duplicate is meant."""
    if ask.was is None or ask.was.place.line != 39:
        return _not_ready(ask.was)
    return replace(ask.facts, alias=True)


PLAIN = frozenset({"price", "handling_days"})
"""Overrides that go out as plain updates; the others need the offer to be written anew."""


def _override(ask: _Asked) -> StoreFacts | Reason:
    """Set what is stated, take away what is stated as none, keep the rest."""
    stated = ask.intent.arguments
    if ask.was is None or ask.was.place.tab not in {Tab.ACTIVE, Tab.INACTIVE, Tab.INELIGIBLE}:
        return _not_ready(ask.was)
    if ask.was.draft.fba and not stated.keys().isdisjoint({"handling_days", "condition"}):
        return Reason("FBA_NOT_ALLOWED")
    if not stated or not stated.keys() <= PLAIN or not _sound(stated):
        return Reason("INTENT_UNSUPPORTED", {"kind": f"override of {', '.join(sorted(stated))}"})
    overrides = {**ask.facts.overrides, **stated}
    return replace(ask.facts, overrides={k: v for k, v in overrides.items() if v is not None})


def _sound(stated: dict[str, Any]) -> bool:
    price, days = stated.get("price"), stated.get("handling_days")
    priced = price is None or (isinstance(price, str) and EXACT.fullmatch(price) is not None)
    handled = days is None or (isinstance(days, int) and not isinstance(days, bool) and days >= 0)
    return priced and handled


def _import(ask: _Asked) -> StoreFacts | Reason:
    """Ask Amazon again for what the import mappings name."""
    if ask.was is None or not ask.was.draft.published:
        return Reason("NOT_ON_AMAZON")
    return replace(ask.facts, import_at=max(ask.facts.import_at, micros(ask.intent.at)))


def _unsupported(ask: _Asked) -> StoreFacts | Reason:
    return Reason("INTENT_UNSUPPORTED", {"kind": ask.intent.kind[:40]})


def _not_ready(was: Outlook | None) -> Reason:
    place = f"{was.place.tab.value}/{was.place.status.value}" if was else "nowhere"
    return Reason("NOT_READY", {"status": place})


ADMIT: dict[str, Admit] = {
    "publish": _publish,
    "end": _end,
    "assign": _assign,
    "asin": _asin,
    "condition": _condition,
    "retry_match": _retry_match,
    "declare_alias": _alias,
    "override": _override,
    "import": _import,
}
"""Kinds of commands that can be carried out; every other one is refused by name."""
