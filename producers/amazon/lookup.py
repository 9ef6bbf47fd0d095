"""Answering what the listings ask of Amazon: a catalogue search, or a read of one SKU.

One request a record; the answer's id is made from the request's, so that a request that is
read again after a crash is answered under the same id.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol
from uuid import NAMESPACE_URL, uuid5

from schemas import codec, keys
from schemas.amazon import FoundCandidate, Lookup, Observation
from schemas.errors import NotAllowed, Refused
from schemas.reasons import Reason
from schemas.record import Record
from schemas.requests import LookupRequested, ReadRequested
from schemas.settings import Settings

SOURCE = "/listwire/producers/amazon"

IDENTIFIERS = frozenset({"asin", "upc", "isbn", "ean", "jan", "gtin"})
"""Kinds that Amazon's catalogue search takes as identifiers (`listings.md` 6.2)."""

KEYWORDS = frozenset({"keywords", "general"})


class Seller(Protocol):
    """What this room needs of Amazon. Raises the four classes of `schemas.errors`."""

    def search(self, account: str, store: str, kind: str, value: str) -> Sequence[FoundCandidate]:
        """Search the catalogue by one identifier, or by keywords."""

    def observe(self, account: str, seller_sku: str, stores: Sequence[str]) -> Observation | None:
        """Read one SKU in *stores*; None = nothing was said."""


Handle = Callable[[Record], Sequence[Record]]


class Lookups:
    """Requests in, answers out."""

    def __init__(
        self, seller: Seller, settings: Callable[[], Settings], clock: Callable[[], datetime]
    ) -> None:
        self._seller = seller
        self._settings = settings
        self._clock = clock
        self._handlers: dict[str, Handle] = {
            "listing.lookup-requested.v1": self._lookup,
            "listing.read-requested.v1": self._read,
        }

    def handle(self, record: Record) -> Sequence[Record]:
        """Give the answers to *record*. Raises `Refused` or `TryAgain`."""
        return self._handlers[record.topic](record)

    def _lookup(self, record: Record) -> Sequence[Record]:
        asked = codec.decode(record, LookupRequested)
        if asked is None:
            raise Refused(Reason("TOMBSTONE_FORBIDDEN", {"topic": record.topic}))
        self._known(asked.store)
        if asked.kind not in IDENTIFIERS | KEYWORDS:
            why = f"kind {asked.kind!r} cannot be searched for"
            raise Refused(Reason("MALFORMED", {"event": "LookupRequested", "why": why}))
        try:
            found = self._seller.search(asked.account, asked.store, asked.kind, asked.value)
        except NotAllowed:
            return [self._answer(record, "amazon.lookup.v1", _reply(asked, None))]
        return [self._answer(record, "amazon.lookup.v1", _reply(asked, found))]

    def _read(self, record: Record) -> Sequence[Record]:
        asked = codec.decode(record, ReadRequested)
        if asked is None:
            raise Refused(Reason("TOMBSTONE_FORBIDDEN", {"topic": record.topic}))
        for store in asked.stores:
            self._known(store)
        try:
            seen = self._seller.observe(asked.account, asked.seller_sku, asked.stores)
        except NotAllowed:
            return []
        return [] if seen is None else [self._answer(record, "amazon.listing.v1", seen)]

    def _known(self, store: str) -> None:
        if self._settings().store(store) is None:
            raise Refused(Reason("UNKNOWN_STORE", {"store": store}))

    def _answer(self, asked: Record, topic: str, event: Lookup | Observation) -> Record:
        return codec.encode(
            event,
            topic=topic,
            key=keys.shared(event.account, event.seller_sku),
            id=str(uuid5(NAMESPACE_URL, f"{topic}\n{codec.header(asked, 'ce_id')}")),
            source=SOURCE,
            subject=event.seller_sku,
            time=self._clock(),
        )


def _reply(asked: LookupRequested, found: Sequence[FoundCandidate] | None) -> Lookup:
    return Lookup(
        account=asked.account,
        seller_sku=asked.seller_sku,
        store=asked.store,
        kind=asked.kind,
        value=asked.value,
        condition=asked.condition,
        nonce=asked.nonce,
        state="failed" if found is None else "answered",
        candidates=list(found or ()),
    )
