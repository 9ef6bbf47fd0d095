"""A listing that Amazon denies while it denies too many others: not believed to be gone.

A wave of 404s is an incident of the account (`listings.md` 5.3). While it stands, a 404 read
since it began proves nothing, unless somebody had asked for the end, or the listing was never
seen to be there; a later answer of Amazon's counts as always.
"""

from msgspec.structs import replace

from processors.rules.known import READ, SharedSku, StoreFacts, micros
from schemas.settings import Settings


def believed(sku: SharedSku, settings: Settings) -> SharedSku:
    """Give the facts to decide with: without the 404s that are not believed."""
    state = settings.states.get(sku.account)
    if state is None or state.absences is None:
        return sku
    since = micros(state.absences.since)
    stores = {s: _believed(facts, since) for s, facts in sku.stores.items()}
    return replace(sku, stores=stores)


def _believed(facts: StoreFacts, since: int) -> StoreFacts:
    gone = facts.gone
    if gone is None or not facts.vanished or gone.rank != READ or gone.at < since:
        return facts
    return facts if _asked_for(facts) else replace(facts, gone=None, denied=gone)


def _asked_for(facts: StoreFacts) -> bool:
    """Tell whether it was we who wanted it gone: a person's end, a removal of ours."""
    command, sent = facts.command, facts.sent.get("existence")
    ended = command is not None and command.kind == "end"
    removed = sent is not None and sent.value == "absent"
    return ended or removed or facts.procedure is not None
