"""One row → what it states → Product, Stock and Price events (`records.md` 2). Pure.

A row states values in one scope: a full row the global ones, a row with a store view code
that view's, which `views.py` lays over them, so that an event always tells everything.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from producers.catalog import cells as cell
from producers.catalog.dialect import DAYS, STRUCTURE, Dialect, day_of, price_attribute, value
from producers.catalog.refusal import Unfit
from schemas.catalog import Category, Price, Product, Stock, Value, WebsiteStock
from schemas.money import Number
from schemas.settings import Shop

Events = tuple[Product | None, Stock | None, Price | None]
"""What one row states of the three."""


class Statement(msgspec.Struct, frozen=True, kw_only=True):
    """What one row says in its scope: an absent name is not stated, None is *none there*."""

    attributes: dict[str, Value] = {}
    prices: dict[str, Number | None] = {}
    days: dict[str, str | None] = {}
    enabled: bool | None = None


def statement(row: Mapping[str, str], dialect: Dialect, *, sparse: bool) -> Statement:
    """Read what *row* states; *sparse*: a blank cell states nothing. Raises `Unfit`."""
    attributes: dict[str, Value] = {}
    prices: dict[str, Number | None] = {}
    days: dict[str, str | None] = {}
    for column, text in row.items():
        if sparse and not text.strip():
            continue
        if column in DAYS:
            days[DAYS[column]] = day_of(column, text, dialect.order)
        elif code := price_attribute(column, dialect):
            prices[code] = None if cell.is_empty(text) else cell.price(column, text)
        elif column not in STRUCTURE and column:
            attributes[column] = value(column, [text], dialect)
    for code, texts in cell.attributes(*_more(row)).items():
        if named := price_attribute(code, dialect):
            prices[named] = None if cell.is_empty(texts[0]) else cell.price(code, texts[0])
        else:
            attributes[code] = value(code, texts, dialect)
    online = row.get("product_online", "")
    status = cell.enabled("product_online", online) if online.strip() else None
    return Statement(attributes=attributes, prices=prices, days=days, enabled=status)


def _more(row: Mapping[str, str]) -> tuple[str, str]:
    return "additional_attributes", row.get("additional_attributes", "")


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """What was told of a product before; only an update file needs it."""

    product: Product | None = None
    stock: Stock | None = None
    price: Price | None = None


def tells_product(row: Mapping[str, str], said: Statement) -> bool:
    """Tell whether an update states anything of the product itself."""
    stated = [column for column in _MEMBERS if row.get(column, "").strip()]
    return bool(stated or said.attributes or said.enabled is not None)


def product(
    sku: str,
    row: Mapping[str, str],
    said: Statement,
    dialect: Dialect,
    *,
    parent: str | None = None,
    before: Product | None = None,
) -> Product:
    """Give the product that a full *row* states, over *before* where it is an update."""
    plain: dict[str, Any] = {
        "parent": parent or (before.parent if before else None),
        "attributes": scoped(before.attributes if before else {}, "global", said.attributes),
        "enabled": dict(before.enabled) if before else {},
    }
    if said.enabled is not None:
        plain["enabled"]["global"] = said.enabled
    for column, (member, read) in _MEMBERS.items():
        if column in row and not (dialect.keep and not row[column].strip()):
            plain[member] = read(column, row[column])
    if (steps := sold_by(row)) is not None:
        plain["sold_by"] = steps
    return msgspec.structs.replace(before or Product(sku=sku), **plain)


def _type(field: str, text: str) -> str:
    known = ("simple", "virtual", "configurable", "bundle", "grouped", "downloadable", "giftcard")
    if text.strip() not in known:
        raise Unfit(field, f"{text[:40]!r} is no product type: {', '.join(known)}")
    return text.strip()


def _plain(_: str, text: str) -> str | None:
    return None if cell.is_empty(text) else text


def _paths(_: str, text: str) -> list[Category]:
    return [] if cell.is_empty(text) else [Category(path=p) for p in cell.categories(text)]


_MEMBERS: dict[str, tuple[str, Any]] = {
    "product_type": ("type", _type),
    "name": ("name", _plain),
    "attribute_set_code": ("attribute_set", _plain),
    "entity_id": ("shop_id", _plain),
    "product_websites": ("websites", lambda _, text: cell.names(text)),
    "categories": ("categories", _paths),
    "custom_options": ("required_options", cell.has_required_option),
}


def sold_by(row: Mapping[str, str]) -> Number | None:
    """Give the number that *row* says the product is sold in, None if it says nothing."""
    steps = (
        ("qty_increments", "use_config_qty_increments", "enable_qty_increments"),
        ("min_cart_qty", "use_config_min_sale_qty", None),
    )
    if not any(column in row for column, _, _ in steps):
        return None
    found = [
        cell.amount(column, row[column])
        for column, shops, switch in steps
        if row.get(column, "").strip() and _own(row, shops) and _on(row, switch)
    ]
    return max([Number(1), *found])


def _own(row: Mapping[str, str], shops: str) -> bool:
    return row.get(shops, "").strip() == "0"


def _on(row: Mapping[str, str], switch: str | None) -> bool:
    return switch is None or row.get(switch, "").strip() == "1"


def stock(
    sku: str, row: Mapping[str, str], dialect: Dialect, before: Stock | None = None
) -> Stock | None:
    """Give the stock that a full *row* states, None if it states none.

    *Quantity* is what may be sold: never more than there is, whatever the threshold.
    """
    stated = {c for c in ("qty", "is_in_stock", "manage_stock") if c in row}
    if dialect.keep:
        stated = {c for c in stated if row[c].strip()}
    if not stated:
        return None
    old = before.websites.get("*") if before else None
    known = old or WebsiteStock(managed=dialect.shop.manage_stock)
    managed = known.managed
    if "manage_stock" in stated or not old:
        managed = _managed(row, dialect.shop)
    salable = known.salable
    if "is_in_stock" in stated:
        salable = _flag(row, "is_in_stock")
    quantity = sellable(row, dialect.shop) if "qty" in stated else known.quantity
    mine = WebsiteStock(managed=managed, salable=salable, quantity=quantity)
    return Stock(sku=sku, websites=(before.websites if before else {}) | {"*": mine})


def _managed(row: Mapping[str, str], shop: Shop) -> bool:
    if _own(row, "use_config_manage_stock") and row.get("manage_stock", "").strip():
        return _flag(row, "manage_stock")
    return shop.manage_stock


def _flag(row: Mapping[str, str], column: str) -> bool:
    return not cell.is_empty(row[column]) and cell.flag(column, row[column])


def sellable(row: Mapping[str, str], shop: Shop) -> Number:
    """Give max(0, min(on hand, on hand − threshold)) of *row*. Raises `Unfit`."""
    text = row.get("qty", "")
    on_hand = Number(0) if cell.is_empty(text) else cell.amount("qty", text)
    threshold = shop.out_of_stock_threshold
    own = row.get("out_of_stock_qty", "")
    if _own(row, "use_config_min_qty") and own.strip():
        threshold = cell.amount("out_of_stock_qty", own)
    return Number(max(Number(0), min(on_hand, on_hand - threshold)))


def price(sku: str, said: Statement, before: Price | None = None) -> Price | None:
    """Give the prices that a full row states, None if it states none."""
    if not said.prices and not said.days:
        return None
    return Price(
        sku=sku,
        prices=scoped(before.prices if before else {}, "global", said.prices),
        special_from=dated(before.special_from if before else {}, "global", said.days, "from"),
        special_to=dated(before.special_to if before else {}, "global", said.days, "to"),
    )


def scoped(before: Mapping[str, Mapping[str, Any]], scope: str, said: Mapping[str, Any]) -> Any:
    """Give *before* with what was *said* in *scope* put in."""
    merged: dict[str, Any] = {code: dict(values) for code, values in before.items()}
    for code, stated in said.items():
        merged.setdefault(code, {})[scope] = stated
    return merged


def dated(
    before: Mapping[str, str | None], scope: str, days: Mapping[str, str | None], end: str
) -> dict[str, str | None]:
    """Give the days of one *end* of the window, with those said in *scope* put in."""
    return dict(before) | ({scope: days[end]} if end in days else {})
