"""Asking Amazon what the listings ask: catalogue searches, restrictions, reads of one SKU.

A question's answer has an id made from the question's, so that one that is read again after
a crash is answered under the same id.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Literal, Protocol
from uuid import NAMESPACE_URL, uuid5

import msgspec
from msgspec.structs import replace

from producers.amazon.answers import correlated
from producers.amazon.batches import SEARCHED, TOGETHER, Batch, Waiting
from schemas import codec, keys
from schemas.amazon import FoundCandidate, Lookup, Observation, Restriction
from schemas.errors import NotAllowed, Refused, TryAgain
from schemas.reasons import Reason
from schemas.record import Record
from schemas.requests import LookupRequested, ReadRequested
from schemas.settings import Settings

SOURCE = "/listwire/producers/amazon"

LOOKUP, READ = "listing.lookup-requested.v1", "listing.read-requested.v1"

KEYWORDS = frozenset({"keywords", "general"})
FAMILY = "children"
"""Kind by which the children of a variation parent (the value) are asked for."""

RESTRICTION = "restriction"
KINDS = SEARCHED | KEYWORDS | {FAMILY, RESTRICTION}

MAX_PAGES = 50
"""Pages that one search is followed for; the same token again ends it, too."""


class Page(msgspec.Struct, frozen=True):
    """One page of a search: its items, how many Amazon counts in all, where it goes on."""

    items: list[FoundCandidate]
    total: int
    token: str | None = None


class Seller(Protocol):
    """What this room needs of Amazon. Raises the four classes of `schemas.errors`."""

    def search(
        self, account: str, store: str, kind: str, values: Sequence[str], token: str | None
    ) -> Page:
        """Give one page of what the catalogue has for identifiers of one kind, or keywords."""

    def restriction(
        self, account: str, store: str, asin: str, condition: str | None
    ) -> Restriction | None:
        """Tell why the account may not list *asin* in that condition; None = it may."""

    def observe(self, account: str, seller_sku: str, stores: Sequence[str]) -> Observation | None:
        """Read one SKU in *stores*; None = nothing was said."""


Outcome = Literal["halves", "more"] | list[tuple[Waiting, Lookup | Observation | None]]
"""What one call came to: ask in halves, one more page, or an answer for each question."""


Judge = Callable[[ReadRequested, Observation | None], None]
"""Hears of every read before anybody else does; raises `TryAgain` to have it read again."""


class Lookups:
    """Questions in, answers out; one call of Amazon's at a time."""

    def __init__(
        self,
        seller: Seller,
        settings: Callable[[], Settings],
        clock: Callable[[], datetime],
        judge: Judge = lambda *_: None,
    ) -> None:
        self._seller = seller
        self._settings = settings
        self._clock = clock
        self._judge = judge

    # --- questions ---

    def question(self, record: Record, since: float) -> Waiting:
        """Give the question in *record*. Raises `Refused` for one that nobody can ask."""
        if record.topic == LOOKUP:
            return Waiting(record=record, asked=self._lookup(record), since=since)
        return Waiting(record=record, asked=self._read(record), since=since)

    def _lookup(self, record: Record) -> LookupRequested:
        asked = codec.decode(record, LookupRequested)
        if asked is None:
            raise Refused(Reason("TOMBSTONE_FORBIDDEN", {"topic": record.topic}))
        self._known(asked.account, asked.store)
        if asked.kind not in KINDS:
            why = f"kind {asked.kind!r} cannot be searched for"
            raise Refused(Reason("MALFORMED", {"event": "LookupRequested", "why": why}))
        return asked

    def _read(self, record: Record) -> ReadRequested:
        asked = codec.decode(record, ReadRequested)
        if asked is None:
            raise Refused(Reason("TOMBSTONE_FORBIDDEN", {"topic": record.topic}))
        for store in asked.stores:
            self._known(asked.account, store)
        return asked

    def _known(self, account: str, store: str) -> None:
        found = self._settings().store(store)
        if found is None or found.account != account:
            raise Refused(Reason("UNKNOWN_STORE", {"store": store}))

    # --- calls ---

    def call(self, batch: Batch) -> Outcome:
        """Make one call of *batch*. Raises what Amazon's client raises, but `NotAllowed`."""
        first = batch.first
        try:
            if isinstance(first, ReadRequested):
                seen = self._seller.observe(first.account, first.seller_sku, first.stores)
                self._judge(first, seen)
                return [(w, seen) for w in batch.of]
            return _CALLS.get(first.kind, Lookups._search)(self, batch, first)
        except NotAllowed:
            return failed(batch)

    def _search(self, batch: Batch, first: LookupRequested) -> Outcome:
        page = self._seller.search(
            first.account, first.store, first.kind, batch.values, batch.token
        )
        batch.items += page.items
        batch.pages += 1
        if first.kind in KEYWORDS:  # the best hits stand on the first page
            return _answered(batch, {first.value: batch.items})
        if page.token is not None and page.token != batch.token and batch.pages < MAX_PAGES:
            batch.token = page.token
            return "more"
        items, batch.items, batch.token, batch.pages = batch.items, [], None, 0
        cut = len(items) < page.total
        found = None if cut else correlated(first.kind, batch.values, items)
        if found is not None:
            return _answered(batch, found)
        if len(batch.values) == 1:
            raise TryAgain(f"{len(items)} of {page.total} items came", after=5.0)
        return "halves"

    def _family(self, batch: Batch, first: LookupRequested) -> Outcome:
        """Ask for the parent, then for its first twenty children.

        Each is a call of its own: one that needed two of the budget at once never got them.
        """
        asked = _children(batch) or [first.value]
        page = self._seller.search(first.account, first.store, "asin", asked, None)
        if len(page.items) < page.total:
            raise TryAgain(f"{len(page.items)} of {page.total} of a family came", after=5.0)
        if not batch.items:
            batch.items = page.items
            return "more" if _children(batch) else _answered(batch, {})
        why = f"child of {first.value}"
        found = [replace(item, why=why) for item in page.items if item.asin in asked]
        return _answered(batch, {first.value: found})

    def _restriction(self, batch: Batch, first: LookupRequested) -> Outcome:
        told = self._seller.restriction(first.account, first.store, first.value, first.condition)
        return [(w, reply(w.asked, "answered", restriction=told)) for w in batch.of]

    # --- answers ---

    def answer(self, waiting: Waiting, event: Lookup | Observation) -> Record:
        """Give the record that answers a question."""
        topic = "amazon.lookup.v1" if isinstance(event, Lookup) else "amazon.listing.v1"
        asked = codec.header(waiting.record, "ce_id")
        return codec.encode(
            event,
            topic=topic,
            key=keys.shared(event.account, event.seller_sku),
            id=str(uuid5(NAMESPACE_URL, f"{topic}\n{asked}")),
            source=SOURCE,
            subject=event.seller_sku,
            time=self._clock(),
        )


def _children(batch: Batch) -> list[str]:
    return [child for item in batch.items for child in item.children][:TOGETHER]


_CALLS = {
    FAMILY: Lookups._family,
    RESTRICTION: Lookups._restriction,
}


def failed(batch: Batch) -> Outcome:
    """Give the outcome of a call that nobody will make again: a read is asked for anew."""
    return [
        (w, reply(w.asked, "failed") if isinstance(w.asked, LookupRequested) else None)
        for w in batch.of
    ]


def _answered(batch: Batch, found: dict[str, list[FoundCandidate]]) -> Outcome:
    return [(w, reply(w.asked, "answered", found.get(w.value, []))) for w in batch.of]


def reply(
    asked: LookupRequested | ReadRequested,
    state: Literal["answered", "failed"],
    found: Sequence[FoundCandidate] = (),
    *,
    restriction: Restriction | None = None,
) -> Lookup:
    """Give the answer to *asked*, which repeats the question. Raises TypeError for a read."""
    if not isinstance(asked, LookupRequested):
        raise TypeError("a read is answered by an observation")
    return Lookup(
        account=asked.account,
        seller_sku=asked.seller_sku,
        store=asked.store,
        kind=asked.kind,
        value=asked.value,
        condition=asked.condition,
        nonce=asked.nonce,
        state=state,
        candidates=list(found),
        restriction=restriction,
    )
