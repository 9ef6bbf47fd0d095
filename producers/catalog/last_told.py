"""What the catalogue's topics last told of a few products, found by reading them once. Pure.

Nothing is kept but what was asked for, so memory does not grow with the catalogue; the time
does: each look reads the topic of products to its end (some 50,000 records a second), and of
the other two those records whose keys were found. Who has many products lets the shop be
asked (`ways.Rereading`).
"""

import re
from collections.abc import Callable, Iterable, Sequence

import msgspec

from producers.catalog.shop import Whole
from schemas import codec, keys
from schemas.catalog import Price, Product, Saved, Stock
from schemas.errors import Refused
from schemas.event import Event
from schemas.record import Record

PRODUCT, STOCK, PRICE = "catalog.product.v1", "catalog.stock.v1", "catalog.price.v1"

Read = Callable[[str], Iterable[Record]]
"""Gives every record of a topic up to its present end, of each key in its order."""

_ID = re.compile(rb'"shop_id"\s*:\s*"([^"]*)"')


class _Newest(msgspec.Struct, frozen=True):
    """A version and what it tells; version None: a delete that keeps the last one seen."""

    version: int | None
    event: Event | None


class LastTold:
    """The products that were looked for, as they were last told."""

    def __init__(self, wholes: Sequence[tuple[int, Whole]] = ()) -> None:
        self._by_sku = {whole.product.sku: whole for _, whole in wholes}
        self._by_id = {w.product.shop_id: w for _, w in sorted(wholes, key=lambda pair: pair[0])}

    def whole(self, *, shop_id: str | None = None, sku: str | None = None) -> Whole | None:
        """Give the product of this id or SKU; of several under one id, the one told last."""
        return self._by_id.get(shop_id) if shop_id is not None else self._by_sku.get(sku or "")


def look(read: Read, saves: Sequence[Saved]) -> LastTold:
    """Give what was last told of the products that *saves* speak of."""
    if not saves:
        return LastTold()
    ids = {s.shop_id.encode() for s in saves if s.shop_id}
    wanted = {keys.join(s.sku) for s in saves if s.sku}
    products = _newest(read(PRODUCT), Product, lambda r: r.key in wanted or _is_one(r, ids))
    live = {key: found for key, found in products.items() if found.event is not None}
    stock = _newest(read(STOCK), Stock, lambda r: r.key in live)
    price = _newest(read(PRICE), Price, lambda r: r.key in live)
    return LastTold(
        [(f.version or 0, _whole(f, stock.get(k), price.get(k))) for k, f in live.items()]
    )


def _is_one(record: Record, ids: set[bytes]) -> bool:
    found = _ID.search(record.value or b"")
    return found is not None and found[1] in ids


def _newest(
    records: Iterable[Record], event: type[Event], wanted: Callable[[Record], bool]
) -> dict[bytes, _Newest]:
    newest: dict[bytes, _Newest] = {}
    for record in records:
        key = record.key or b""
        if key not in newest and not wanted(record):
            continue
        found = _read(record, event)
        if found is not None:
            newest[key] = _newer(found, newest.get(key))
    return newest


def _newer(found: _Newest, before: _Newest | None) -> _Newest:
    last = -1 if before is None or before.version is None else before.version
    if found.version is None:
        return _Newest(last, None)
    return found if before is None or found.version > last else before


def _read(record: Record, event: type[Event]) -> _Newest | None:
    """Give what *record* tells; None for what its readers would set aside."""
    try:
        deleted = record.value is None or codec.header(record, "ce_op") == "D"
        stated = codec.header(record, "ce_sequence") is not None
        version = codec.version(record) if stated or not deleted else None
        return _Newest(version, None if deleted else codec.decode(record, event))
    except Refused:
        return None


def _whole(product: _Newest, stock: _Newest | None, price: _Newest | None) -> Whole:
    parts = {"stock": stock, "price": price}
    told = {name: None if part is None else part.event for name, part in parts.items()}
    return Whole(product=product.event, **told)  # type: ignore[arg-type]
