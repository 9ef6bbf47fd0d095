"""What the catalogue's topics say of each SKU: what was told last, by whom, in which version.

The topics themselves are the memory of what was told, by whatever door: so nothing that is
unchanged is told again, and a row that was read before a live event of its key is ignored
(`reliability.md` L.c). Newer is what products calls newer: the version, then nothing.
"""

from collections.abc import Iterator, Mapping
from hashlib import sha256
from sys import intern
from typing import Protocol

import msgspec

from schemas import codec, keys
from schemas.catalog import Price, Product, Stock
from schemas.errors import Refused
from schemas.event import ENCODER, Event
from schemas.record import Record

PRODUCT, STOCK, PRICE = TOPICS = ("catalog.product.v1", "catalog.stock.v1", "catalog.price.v1")

TOPIC: dict[type, str] = {Product: PRODUCT, Stock: STOCK, Price: PRICE}

Marks = Mapping[tuple[str, int], int]
"""Topic and partition → the offset that comes next."""

UNREAD = b"?"
"""Content of a record that cannot be read: it equals nothing."""


class Known(msgspec.Struct, frozen=True):
    """The newest that a topic says of one SKU; *content* None = deleted."""

    content: bytes | None
    sequence: int
    stated: bool
    partition: int
    offset: int
    source: str
    shop_id: str | None = None
    parent: str | None = None


def content_of(event: Event) -> bytes:
    """Give the bytes by which two values of one SKU are told apart, whatever their order.

    Read again first: whether a default value is written depends on which text object it is.
    """
    read = codec.decoder(type(event)).decode(ENCODER.encode(event))
    plain = msgspec.json.decode(ENCODER.encode(read))
    return sha256(msgspec.json.encode(plain, order="sorted")).digest()[:16]


class Told:
    """The newest of each SKU in each of the three topics."""

    def __init__(self) -> None:
        self._known: dict[str, dict[str, Known]] = {topic: {} for topic in TOPICS}
        self._by_id: dict[str, str] = {}

    def fold(self, record: Record) -> None:
        """Take *record* in, unless it is older than what is known; it may have come before."""
        try:
            (sku,) = keys.split(record.key or b"")
            version = codec.version(record)
        except (ValueError, Refused):
            return  # no door of ours writes such a key: it is a dead letter of its readers
        before = self._known[record.topic].get(sku)
        if (known := _newer(record, version, before)) is not None:
            self._known[record.topic][sku] = known
            if known.shop_id:
                self._by_id[known.shop_id] = sku

    def of(self, topic: str, sku: str) -> Known | None:
        """Give the newest that *topic* says of *sku*."""
        return self._known[topic].get(sku)

    def sku_of(self, shop_id: str) -> str | None:
        """Give the SKU of the live product with this id in the shop."""
        sku = self._by_id.get(shop_id)
        known = self.of(PRODUCT, sku) if sku else None
        return sku if known and known.content and known.shop_id == shop_id else None

    def live(self, shop: str) -> Iterator[str]:
        """Give the SKUs of the products that *shop* told, and that are not deleted."""
        for sku, known in self._known[PRODUCT].items():
            if known.content is not None and shop_of(known.source) == shop:
                yield sku

    def children(self, parent: str) -> Iterator[str]:
        """Give the ids in the shop of the products that were told to belong to *parent*."""
        for known in self._known[PRODUCT].values():
            if known.parent == parent and known.shop_id and known.content is not None:
                yield known.shop_id

    def parent_of(self, shop_id: str) -> str | None:
        """Give the parent that was told of the product with this id."""
        sku = self._by_id.get(shop_id)
        known = self.of(PRODUCT, sku) if sku else None
        return known.parent if known else None


class Topics(Protocol):
    """The catalogue's topics, read whole: a consumer without a group, or a list in a test."""

    @property
    def told(self) -> Told:
        """What they said up to the last `catch_up`."""

    def catch_up(self) -> Marks:
        """Read to their present ends, and give these."""

    def value(self, topic: str, known: Known) -> bytes | None:
        """Give the value of the record that *known* speaks of, None if it is gone."""


def shop_of(source: str) -> str:
    """Give the shop that a `ce_source` names: `//acme/pull` → acme."""
    return source.removeprefix("//").partition("/")[0] if source.startswith("//") else ""


def _newer(record: Record, version: int, before: Known | None) -> Known | None:
    stated = codec.header(record, "ce_sequence") is not None
    deleted = record.value is None or codec.header(record, "ce_op") == "D"
    if deleted and not stated and (before is None or before.stated):
        version = before.sequence if before else version
    elif before is not None and before.sequence >= version:
        return None
    source = codec.header(record, "ce_source") or ""
    event = None if deleted else _event(record)
    return Known(
        content=None if deleted else (UNREAD if event is None else content_of(event)),
        sequence=version,
        stated=stated,
        partition=record.partition,
        offset=record.offset,
        source=intern(source) or (before.source if before else ""),
        shop_id=getattr(event, "shop_id", None),
        parent=getattr(event, "parent", None),
    )


_EVENTS: dict[str, type[Event]] = {topic: event for event, topic in TOPIC.items()}


def _event(record: Record) -> Event | None:
    try:
        return codec.decode(record, _EVENTS[record.topic])
    except Refused:
        return None


def overtaken(known: Known | None, marks: Marks, topic: str, source: str) -> bool:
    """Tell whether somebody else told of this key since the reading began at *marks*."""
    if known is None or known.source == source:
        return False
    return known.offset >= marks.get((topic, known.partition), 0)
