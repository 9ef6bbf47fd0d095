"""What the listings role still has to ask, kept as open questions with their next attempt.

A question stays the same until it is answered or no longer needed; unanswered, it is asked
again with a higher nonce after a quarter of an hour, then ever later.
"""

from datetime import datetime, timedelta

from msgspec.structs import replace

from processors.rules.evaluate import Outlook
from processors.rules.known import Ask, Reading, SharedSku, StoreFacts, micros
from processors.rules.matching import Question

PATIENCE = timedelta(minutes=15)
"""How long an answer may take before the question is asked again."""

LONGEST = timedelta(hours=24)
"""The longest pause between two attempts."""


def pause(tries: int) -> int:
    """Give the microseconds after which attempt number *tries* + 1 is made."""
    return micros_of(min(PATIENCE * 2 ** min(tries, 20), LONGEST))


def micros_of(duration: timedelta) -> int:
    """Give the microseconds of *duration*."""
    return duration // timedelta(microseconds=1)


def asking(facts: StoreFacts, outlook: Outlook, now: datetime) -> StoreFacts:
    """Give the facts with the lookup that this decision needs, and no other, open."""
    question = outlook.ask if outlook.draft.record.active else None
    if question is None:
        return facts if facts.ask is None else replace(facts, ask=None)
    open_ = facts.ask
    wanted = (question.kind, question.value, question.condition)
    if open_ is None or (open_.kind, open_.value, open_.condition) != wanted:
        return _asked(facts, question, now, tries=0)
    return (
        _asked(facts, question, now, tries=open_.tries + 1) if open_.again <= micros(now) else facts
    )


def _asked(facts: StoreFacts, question: Question, now: datetime, *, tries: int) -> StoreFacts:
    nonce, at = facts.nonce + 1, micros(now)
    again = at + pause(tries)
    ask = Ask(question.kind, question.value, question.condition, nonce, at, again, tries)
    return replace(facts, ask=ask, nonce=nonce)


def reading(sku: SharedSku, outlooks: tuple[Outlook, ...], now: datetime) -> SharedSku:
    """Give the facts with one request to read the SKU open, if anything must be read."""
    needed = {o.store: o.read for o in outlooks if o.read is not None}
    open_ = sku.reading
    if not needed:
        return sku if open_ is None else replace(sku, reading=None)
    if open_ is None or not needed.keys() <= set(open_.stores):
        return _read(sku, needed, now, tries=0)
    if open_.again > micros(now) and not _too_early(sku, open_):
        return sku
    return _read(sku, needed, now, tries=open_.tries + 1)


def _too_early(sku: SharedSku, asked: Reading) -> bool:
    """Tell whether the read was made by a worker that did not know the mapping yet: once."""
    if asked.why != "IMPORT_ATTRIBUTES" or asked.tries:
        return False
    return all(sku.stores[s].read_at > asked.at for s in asked.stores if s in sku.stores)


def _read(sku: SharedSku, needed: dict[str, str], now: datetime, *, tries: int) -> SharedSku:
    nonce, at = sku.read_nonce + 1, micros(now)
    why = next(iter(needed.values()))
    request = Reading(sorted(needed), why, nonce, at, at + pause(tries), tries)
    return replace(sku, reading=request, read_nonce=nonce)
