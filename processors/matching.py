"""The matching role: products and listings meet at an identifier.

One key is one identifier (`sku:…`, `asin:…`, `gtin:<14 digits>`). Every listing that asks is
told which products claim it in its store, again whenever that changes; nobody else is told.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import ClassVar

import msgspec

from processors.step import Cause, Change, Facts, Output, Scan
from schemas import codec, keys
from schemas.errors import Refused
from schemas.event import Event
from schemas.links import Claimant, IdentifierClaimed, Likeness, Match, MatchRequested
from schemas.reasons import Reason
from schemas.record import Record
from schemas.settings import Settings

CLAIM, REQUEST, MATCH = "catalog.identifier.v1", "listing.match-request.v1", "listing.match.v1"


IDENTITY = "shop:"
"""What the identity of a product in the shop begins with, which its SKU may change."""

MANY = 20
"""SKUs that may have borne one identity; beyond, somebody writes the same id everywhere."""


LIKENESS = ("mpn:", "title:")
"""What the points begin with at which products only wait to be suggested."""

ALIKE = 50
"""Products, and listings, that wait at one such point: words that more share tell nothing."""


class Claim(msgspec.Struct, frozen=True, array_like=True):
    """In which stores one product claims the identifier; none: it gave it up."""

    sequence: int
    stores: list[str] = []
    pack: int | None = None
    since: int = 0
    about: Likeness | None = None


class Ask(msgspec.Struct, frozen=True, array_like=True):
    """Whether one listing wants to know."""

    sequence: int
    asking: bool
    account: str
    seller_sku: str
    store: str


class MatchingFacts(Facts, frozen=True, kw_only=True, omit_defaults=True):
    """Who claims one identifier, by product, and who asks for it, by listing."""

    identifier: str = ""
    claims: dict[str, Claim] = {}
    asks: dict[str, Ask] = {}


class Matching:
    """Claims and questions in; the products of every listing that asks out."""

    name: ClassVar[str] = "matching"
    inputs: ClassVar[tuple[str, ...]] = (CLAIM, REQUEST)
    facts: ClassVar[type[MatchingFacts]] = MatchingFacts

    def step(
        self,
        record: Record,
        facts: MatchingFacts,
        settings: Settings,  # noqa: ARG002 - the interface's
        now: datetime,  # noqa: ARG002
    ) -> Change[MatchingFacts]:
        """Merge *record* into *facts* and answer. Raises `Refused` for a dead letter."""
        merge = _merge_claim if record.topic == CLAIM else _merge_ask
        newer = merge(record, facts)
        if newer is None:
            return Change(facts, (), "stale")
        full = (_many(newer) and _many(facts)) or _crowded(newer)
        return _once(newer, facts) if full else _answered(newer)

    def review(
        self,
        facts: MatchingFacts,
        settings: Settings,  # noqa: ARG002 - the interface's
        now: datetime,  # noqa: ARG002
        cause: Cause,  # noqa: ARG002
    ) -> Change[MatchingFacts]:
        """Answer again what is asked."""
        return _answered(facts)

    def due(self, facts: MatchingFacts, settings: Settings) -> datetime | None:  # noqa: ARG002
        """Give None: time changes no answer."""
        return None

    def touches(self, facts: MatchingFacts, scan: Scan) -> bool:  # noqa: ARG002
        """Give False: no setting changes an answer."""
        return False


def _merge_claim(record: Record, facts: MatchingFacts) -> MatchingFacts | None:
    event = codec.decode(record, IdentifierClaimed)
    if event is None:
        raise _no_tombstones(record)
    _same_key(record, event, event.identifier)
    known = facts.claims.get(event.product)
    if known is not None and known.sequence >= event.sequence:
        return None
    claim = Claim(event.sequence, event.stores, event.pack, event.since, event.about)
    claims = facts.claims | {event.product: claim}
    return msgspec.structs.replace(facts, identifier=event.identifier, claims=claims)


def _merge_ask(record: Record, facts: MatchingFacts) -> MatchingFacts | None:
    event = codec.decode(record, MatchRequested)
    if event is None:
        raise _no_tombstones(record)
    _same_key(record, event, event.identifier)
    who = keys.join(event.account, event.seller_sku, event.store).decode()
    known = facts.asks.get(who)
    if known is not None and known.sequence >= event.sequence:
        return None
    ask = Ask(event.sequence, event.asking, event.account, event.seller_sku, event.store)
    return msgspec.structs.replace(facts, identifier=event.identifier, asks=facts.asks | {who: ask})


def _no_tombstones(record: Record) -> Refused:
    return Refused(Reason("TOMBSTONE_FORBIDDEN", {"topic": record.topic}))


def _same_key(record: Record, event: Event, identifier: str) -> None:
    if record.key is None:
        raise Refused(Reason("KEY_MISSING"))
    if not identifier:
        facts = {"event": type(event).__name__, "why": "an identifier without text"}
        raise Refused(Reason("MALFORMED", facts))
    if record.key != keys.join(identifier):
        facts = {"key": repr(record.key[:80]), "expected": identifier}
        raise Refused(Reason("KEY_MISMATCH", facts))


def _many(facts: MatchingFacts) -> bool:
    """Tell whether so many claim it that it tells nothing of any."""
    if facts.identifier.startswith(IDENTITY):
        return len(facts.claims) > MANY
    return facts.identifier.startswith(LIKENESS) and len(facts.claims) > ALIKE


def _crowded(facts: MatchingFacts) -> bool:
    return facts.identifier.startswith(LIKENESS) and len(facts.asks) > ALIKE


def _once(newer: MatchingFacts, facts: MatchingFacts) -> Change[MatchingFacts]:
    """Tell who asks what is known, and keep nothing more: neither of claims nor of asks."""
    asking = [a for who, a in newer.asks.items() if a.asking and a != facts.asks.get(who)]
    return Change(facts, tuple(_answer(ask, facts) for ask in asking))


def _answered(facts: MatchingFacts) -> Change[MatchingFacts]:
    asking = [ask for ask in facts.asks.values() if ask.asking]
    return Change(facts, tuple(_answer(ask, facts) for ask in asking))


def _answer(ask: Ask, facts: MatchingFacts) -> Output:
    key = keys.shared(ask.account, ask.seller_sku)
    return Output(
        topic=MATCH,
        key=key,
        subject=f"{key.decode()}|{keys.join(facts.identifier, ask.store).decode()}",
        name=ask.seller_sku,
        event=Match(
            identifier=facts.identifier,
            account=ask.account,
            seller_sku=ask.seller_sku,
            store=ask.store,
            sequence=0,
            products=[] if _many(facts) else sorted(_claiming(ask.store, facts)),
            claims=[] if _many(facts) else _claims(ask.store, facts),
            many=_many(facts),
            asked=ask.sequence,
        ),
    )


def _claims(store: str, facts: MatchingFacts) -> list[Claimant]:
    """Give what is known beyond the names: of an identity all SKUs that ever bore it."""
    claims = sorted(facts.claims.items())
    if facts.identifier.startswith(IDENTITY):
        return [Claimant(product=p, since=c.since, stores=c.stores) for p, c in claims]
    return [
        Claimant(product=p, pack=c.pack, about=c.about)
        for p, c in claims
        if (c.pack, c.about) != (None, None) and store in c.stores
    ]


def _claiming(store: str, facts: MatchingFacts) -> Iterator[str]:
    return (product for product, claim in facts.claims.items() if store in claim.stores)
