"""Both CSV forms → events, one row at a time: what an import iterates over.

An export's rows come in any order: a view's row or a configurable's list of children may
stand before or behind the row they speak of. So the file is read twice, and `survey` keeps
from the first reading what the second needs: views, parents, and the order of dates.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import BinaryIO

import msgspec

from producers.catalog import cells as cell
from producers.catalog import change, dates, sample
from producers.catalog.change import Events, Known
from producers.catalog.dialect import Dialect
from producers.catalog.file import Row, table
from producers.catalog.header import FORMS, Form, recognise
from producers.catalog.refusal import Refusal, Unfit, UnknownFile
from producers.catalog.views import View, with_views
from schemas.catalog import Price, Product, Stock, sku_of

DATED = (
    "special_price_from_date",
    "special_price_to_date",
    "special_from_date",
    "special_to_date",
    "new_from_date",
    "new_to_date",
    "custom_design_from",
    "custom_design_to",
    "created_at",
    "updated_at",
)
"""Columns whose dates prove in which order the file writes them."""

Before = Callable[[str], Known]
"""What was told of a SKU before; an update file is laid over it."""


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """The events of one row. A row that another one takes in (a view's) has none."""

    line: int
    sku: str
    events: tuple[Product | Stock | Price, ...] = ()


class Survey(msgspec.Struct, frozen=True, kw_only=True):
    """What the first reading of a file tells: its form, views, parents and dates."""

    form: Form
    rows: int = 0
    views: dict[str, list[tuple[int, dict[str, str]]]] = {}
    parents: dict[str, str] = {}
    full: frozenset[str] = frozenset()
    proof: dates.Proof


def survey(stream: BinaryIO, dialect: Dialect, encoding: str = "utf-8") -> Survey:
    """Read *stream* once. Raises `UnknownFile` for a file that is no catalogue."""
    found = table(stream, encoding)
    form = recognise(found.header, keep=dialect.keep)
    dated = [c for c in found.header if c in DATED or _is_date(c, dialect)]
    proof, rows, full = dates.Proof(), 0, set()
    views: dict[str, list[tuple[int, dict[str, str]]]] = {}
    parents: dict[str, str] = {}
    for row in found.rows:
        rows += 1
        if isinstance(row, Refusal):
            continue
        cells = cells_of(found.header, row)
        for column in dated:
            proof.look(row.line, column, cells[column])
        if form == "sample":
            continue
        if cells.get("store_view_code", "").strip():
            views.setdefault(cells["sku"], []).append((row.line, _stated(cells)))
        else:
            full.add(cells["sku"])
            parents.update(_children(cells))
    return Survey(
        form=form, rows=rows, views=views, parents=parents, full=frozenset(full), proof=proof
    )


def cells_of(header: tuple[str, ...], row: Row) -> dict[str, str]:
    """Give the cells of *row* by column, without the guard against formulas."""
    return {column: cell.unguarded(text) for column, text in zip(header, row.cells, strict=True)}


def _is_date(column: str, dialect: Dialect) -> bool:
    known = dialect.attributes.get(column)
    return known is not None and known.type == "date"


def _stated(cells: Mapping[str, str]) -> dict[str, str]:
    return {column: text for column, text in cells.items() if text.strip()}


def _children(cells: Mapping[str, str]) -> dict[str, str]:
    text = cells.get("configurable_variations", "")
    try:
        found = cell.variations("configurable_variations", text)
    except Unfit:
        return {}  # the second reading refuses this row
    return dict.fromkeys(found, cells["sku"])


def told(
    stream: BinaryIO,
    known: Survey,
    dialect: Dialect,
    *,
    encoding: str = "utf-8",
    start: int = 1,
    before: Before | None = None,
) -> Iterator[Told | Refusal]:
    """Read *stream* a second time: the events of each row from line *start* on, or why none."""
    found = table(stream, encoding)
    for row in found.rows:
        if row.line < start:
            continue
        if isinstance(row, Refusal):
            yield row
            continue
        cells = cells_of(found.header, row)
        try:
            yield _told(row.line, cells, known, dialect, before)
        except Unfit as unfit:
            yield _refusal(row.line, cells, unfit.field, unfit.rule)
        except ValueError as error:
            yield _refusal(row.line, cells, None, str(error))


def _refusal(line: int, cells: Mapping[str, str], field: str | None, rule: str) -> Refusal:
    return Refusal(line=line, field=field, rule=rule, sku=cells.get("sku", "")[:64] or None)


def _told(
    line: int, cells: dict[str, str], known: Survey, dialect: Dialect, before: Before | None
) -> Told:
    sku = _sku(cells)
    if known.form == "sample":
        return Told(line=line, sku=sku, events=_there(sample.events(sku, cells, dialect)))
    old = before(sku) if before and dialect.keep else Known()
    if cells.get("store_view_code", "").strip():
        return _view(line, sku, cells, known, dialect, old)
    events = full(sku, cells, dialect, known.parents.get(sku), old)
    views = (_read(at, row, dialect) for at, row in known.views.get(sku, ()))
    return Told(line=line, sku=sku, events=_there(with_views(sku, events, views, dialect)))


def _sku(cells: Mapping[str, str]) -> str:
    try:
        return sku_of(cells["sku"])
    except ValueError as error:
        raise Unfit("sku", str(error)) from None


def _there(events: Events) -> tuple[Product | Stock | Price, ...]:
    return tuple(event for event in events if event is not None)


def full(
    sku: str, cells: dict[str, str], dialect: Dialect, parent: str | None, old: Known
) -> Events:
    """Give what a row without store view code states. Raises `Unfit`."""
    cell.variations("configurable_variations", cells.get("configurable_variations", ""))
    said = change.statement(cells, dialect, sparse=dialect.keep)
    goods = None
    if not dialect.keep or change.tells_product(cells, said):
        _whole(cells, dialect, old)
        goods = change.product(sku, cells, said, dialect, parent=parent, before=old.product)
    in_stock = change.stock(sku, cells, dialect, old.stock)
    return goods, in_stock, change.price(sku, said, old.price)


def _whole(cells: Mapping[str, str], dialect: Dialect, old: Known) -> None:
    needed = [c for c in FORMS["export"][1] if not cells.get(c, "").strip()]
    if dialect.keep and old.product is None and needed:
        why = f"an update of a product that nobody has told whole: {', '.join(needed)} is missing"
        raise Unfit(needed[0], why)


def _view(
    line: int, sku: str, cells: dict[str, str], known: Survey, dialect: Dialect, old: Known
) -> Told:
    view = _read(line, _stated(cells), dialect)
    if sku in known.full:
        return Told(line=line, sku=sku)
    if not old.product:
        raise Unfit("store_view_code", f"view {view.code} of a product that has no row of its own")
    events = with_views(sku, (old.product, None, old.price), [view], dialect)
    return Told(line=line, sku=sku, events=_there(events))


def _read(line: int, cells: dict[str, str], dialect: Dialect) -> View:
    try:
        said = change.statement(cells, dialect, sparse=True)
    except Unfit as unfit:
        raise Unfit(unfit.field, f"line {line}: {unfit.rule}") from None
    return View(line=line, code=cells["store_view_code"].strip(), says=said)


def order_of(known: Survey, dialect: Dialect, stated: dates.Order | None) -> dates.Order:
    """Give the order in which the file writes dates. Raises `UnknownFile`."""
    try:
        return known.proof.order(stated, dialect.shop.dates)
    except ValueError as error:
        raise UnknownFile(str(error)) from None
