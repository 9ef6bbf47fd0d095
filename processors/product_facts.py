"""What is known of one catalogue SKU: the newest of each record, and how a newer one counts.

| Input | Newer by |
|---|---|
| catalog.product, .stock, .price | version: the source's own, else Kafka's order |
| catalog.link | sequence, per account and seller SKU |
"""

from datetime import UTC, datetime, timedelta
from typing import TypeVar

import msgspec

from processors.rules.candidates import LinkFact
from processors.step import Facts
from schemas import codec, keys
from schemas.catalog import Price, Product, Stock
from schemas.errors import Refused
from schemas.links import Link, Renamed
from schemas.reasons import Reason
from schemas.record import Record

PRODUCT, STOCK, PRICE = "catalog.product.v1", "catalog.stock.v1", "catalog.price.v1"
LINK = "catalog.link.v1"

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Seen(msgspec.Struct, frozen=True, array_like=True):
    """What a record was accepted with: its version (*stated* by its source or not), its offset.

    *at* is its own time, in microseconds since 1970.
    """

    version: int
    stated: bool
    offset: int
    at: int = 0


class ProductFacts(Facts, frozen=True, kw_only=True, omit_defaults=True):
    """What is known of one catalogue SKU. A record that was seen and is None was deleted."""

    sku: str = ""
    product: Product | None = None
    product_seen: Seen | None = None
    stock: Stock | None = None
    stock_seen: Seen | None = None
    price: Price | None = None
    price_seen: Seen | None = None
    links: dict[str, LinkFact] = {}
    shop_id: str | None = None
    """The identity that this SKU bears, or bore when it was deleted."""
    since: int = 0
    """From when on it bears it (microseconds since 1970), by the shop's own time."""
    candidates: tuple[str, ...] = ()
    """Keys of the candidates that stand."""
    claims: tuple[str, ...] = ()
    """Identifiers that are claimed."""
    wake: datetime | None = None
    """When time alone changes an answer."""

    @property
    def renamed(self) -> Renamed | None:
        """The younger SKU that bears this one's identity, if there is one."""
        told = [f.renamed for f in self.links.values() if f.renamed is not None]
        newer = [r for r in told if r.shop_id == self.shop_id and r.since > self.since]
        return max(newer, key=lambda r: r.since) if newer else None

    @property
    def left(self) -> Renamed | None:
        """The SKU to which the last of its links has moved on; None while one is here."""
        return None if any(f.linked for f in self.links.values()) else self.renamed


E = TypeVar("E", Product, Stock, Price)
_replace = msgspec.structs.replace


def merged(record: Record, facts: ProductFacts) -> ProductFacts | None:
    """Give *facts* with *record*; None if they know as much already. Raises `Refused`."""
    return _MERGES[record.topic](record, facts)


def _merge_product(record: Record, facts: ProductFacts) -> ProductFacts | None:
    sku, product = _read(record, Product)
    seen = _newer(record, facts.product_seen, deleted=product is None)
    if seen is None:
        return None
    newer = _replace(facts, sku=sku, product=product, product_seen=seen)
    if product is not None and product.shop_id != facts.shop_id:
        return _replace(newer, shop_id=product.shop_id, since=seen.at)
    return _returned(newer)


def _returned(facts: ProductFacts) -> ProductFacts:
    """Let a SKU bear its identity anew that the shop spoke of after it was renamed."""
    renamed, seen = facts.renamed, facts.product_seen
    if renamed is None or seen is None or facts.product is None or seen.at <= renamed.since:
        return facts
    return _replace(facts, since=seen.at)


def _merge_stock(record: Record, facts: ProductFacts) -> ProductFacts | None:
    sku, stock = _read(record, Stock)
    seen = _newer(record, facts.stock_seen, deleted=stock is None)
    return None if seen is None else _replace(facts, sku=sku, stock=stock, stock_seen=seen)


def _merge_price(record: Record, facts: ProductFacts) -> ProductFacts | None:
    sku, price = _read(record, Price)
    seen = _newer(record, facts.price_seen, deleted=price is None)
    return None if seen is None else _replace(facts, sku=sku, price=price, price_seen=seen)


def _merge_link(record: Record, facts: ProductFacts) -> ProductFacts | None:
    link = codec.decode(record, Link)
    if link is None:
        raise Refused(Reason("TOMBSTONE_FORBIDDEN", {"topic": record.topic}))
    _same_key(record, link.product)
    name = keys.shared(link.account, link.seller_sku).decode()
    known = facts.links.get(name)
    if known is not None and known.sequence >= link.sequence:
        return None
    fact = LinkFact(
        link.account,
        link.seller_sku,
        link.sequence,
        link.linked,
        link.by,
        link.stores,
        link.renamed,
    )
    return _returned(_replace(facts, sku=link.product, links=facts.links | {name: fact}))


_MERGES = {
    PRODUCT: _merge_product,
    STOCK: _merge_stock,
    PRICE: _merge_price,
    LINK: _merge_link,
}


def _read(record: Record, event: type[E]) -> tuple[str, E | None]:
    found = codec.decode(record, event)
    if found is None:
        return _sku(record), None
    _same_key(record, found.sku)
    return found.sku, None if codec.header(record, "ce_op") == "D" else found


def _sku(record: Record) -> str:
    if record.key is None:
        raise Refused(Reason("KEY_MISSING"))
    try:
        (sku,) = keys.split(record.key)
    except ValueError as error:
        facts = {"key": repr(record.key[:80]), "expected": "one SKU"}
        raise Refused(Reason("KEY_MISMATCH", facts)) from error
    return sku


def _same_key(record: Record, sku: str) -> None:
    if record.key == sku.encode() and "%" not in sku and "|" not in sku:
        return  # the usual spelling, without another look
    if record.key is None:
        raise Refused(Reason("KEY_MISSING"))
    if record.key != keys.join(sku):
        facts = {"key": repr(record.key[:80]), "expected": sku}
        raise Refused(Reason("KEY_MISMATCH", facts))


def _newer(record: Record, known: Seen | None, *, deleted: bool) -> Seen | None:
    """Give what is seen now, None if *record* is older, or was seen before.

    A null without a version deletes and keeps the last version its source stated: the same
    stays deleted, only a higher one brings the key back (`reliability.md` 2.1). Read again
    behind what came later, it is known by its offset.
    """
    stated = codec.header(record, "ce_sequence") is not None
    if deleted and not stated and (known is None or known.stated):
        return _unversioned(record, known)
    seen = Seen(codec.version(record), stated, record.offset, _at(record))
    return None if known is not None and known.version >= seen.version else seen


def _at(record: Record) -> int:
    """Give the record's own time, which cannot lie behind the one at which Kafka got it."""
    at = (codec.time_of(record) - EPOCH) // timedelta(microseconds=1)
    return min(at, record.timestamp_ms * 1_000) if record.timestamp_ms > 0 else at


def _unversioned(record: Record, known: Seen | None) -> Seen | None:
    if known is None or record.offset <= known.offset:
        return None
    return _replace(known, offset=record.offset)
