"""Listing report rows → observations (`listings.md` 15.3, `amazon.md` 8, `records.md` 4).

Tab-separated without quoting; columns by name with aliases, never by position. The whole
document is looked at before its first row is believed: what is not complete is refused
whole, because a row may confirm presence and a damaged report confirms nothing.
"""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import TypeVar

import msgspec
from msgspec import UNSET, UnsetType

from producers.amazon.document import Document, lines
from schemas.amazon import Observation, ObservedStore, ProductId
from schemas.errors import Refused
from schemas.money import Money, Number, number
from schemas.reasons import Reason

REPORT_TYPES = ("GET_MERCHANT_LISTINGS_ALL_DATA",)
"""Report types whose rows are read here."""

ALIASES = {"fulfilment-channel": "fulfillment-channel"}
"""Other spellings of a column (models#4140)."""

REQUIRED = ("seller-sku", "status")
"""Without these a report is not complete (`amazon.md` 8)."""

NEEDED = ("seller-sku", "asin1", "price", "quantity", "status", "fulfillment-channel")

CONDITIONS = {
    "1": "used_like_new",
    "2": "used_very_good",
    "3": "used_good",
    "4": "used_acceptable",
    "5": "collectible_like_new",
    "6": "collectible_very_good",
    "7": "collectible_good",
    "8": "collectible_acceptable",
    "10": "refurbished_refurbished",
    "11": "new_new",
}
"""Condition numbers of reports (`listings.md` 6.7)."""

PRODUCT_IDS = {"1": "asin", "2": "isbn", "3": "upc", "4": "ean"}
"""Kinds of product id by their number (a convention of these reports)."""

MAX_FIELD = 131_072
MAX_UNDECODABLE = Decimal("0.01")
"""Share of rows that may be undecodable (guard G7)."""
MIN_ROWS = Decimal("0.80")
"""Rows of a report to those of the last accepted one (guard G7)."""


class RefusedRow(msgspec.Struct, frozen=True):
    """A row that was set aside: its line and why."""

    line: int
    why: str


class Survey(msgspec.Struct, frozen=True):
    """What one look at the whole document found: columns, rows, what stands twice."""

    columns: dict[str, int]
    width: int
    rows: int
    twice: frozenset[str]
    refused: tuple[RefusedRow, ...]


class Origin(msgspec.Struct, frozen=True, kw_only=True):
    """Whose report it is, and as of when."""

    report: str
    account: str
    store: str
    currency: str
    as_of: datetime


def survey(document: Document, *, last_rows: int | None = None) -> Survey:
    """Look at the whole document. Raises `Refused` where it is not complete (guard G7)."""
    numbered = lines(document)
    columns, width = _header(next(numbered, (1, ""))[1])
    seen: set[str] = set()
    twice: set[str] = set()
    refused: list[RefusedRow] = []
    rows = undecodable = 0
    for line, text in numbered:
        if text == "":
            continue
        rows += 1
        undecodable += text is None
        why = _damage(text, columns, width)
        if why or text is None:
            refused.append(RefusedRow(line, why or "cannot be decoded"))
            continue
        sku = text.split("\t")[columns["seller-sku"]]
        (twice if sku in seen else seen).add(sku)
    _complete(rows, undecodable, last_rows)
    return Survey(columns, width, rows, frozenset(twice), tuple(refused))


def observations(
    document: Document, found: Survey, origin: Origin
) -> Iterator[Observation | RefusedRow]:
    """Give one observation a row, in order, and each row that is set aside."""
    numbered = lines(document)
    next(numbered)
    for line, text in numbered:
        if text == "":
            continue
        why = _damage(text, found.columns, found.width)
        if why or text is None:
            yield RefusedRow(line, why or "cannot be decoded")
            continue
        cells = text.split("\t")
        sku = cells[found.columns["seller-sku"]]
        if sku in found.twice:
            yield RefusedRow(line, f"seller SKU {sku[:40]!r} stands twice in this report")
        else:
            yield observation(_Row(found.columns, cells), origin)


class _Row:
    """The cells of one row by column name; an absent column is not an empty cell."""

    def __init__(self, columns: dict[str, int], cells: list[str]) -> None:
        self._columns = columns
        self._cells = cells

    def get(self, column: str) -> str | None:
        at = self._columns.get(column)
        return None if at is None else self._cells[at].strip()

    def exact(self, column: str) -> str:
        return self._cells[self._columns[column]]


def observation(row: _Row, origin: Origin) -> Observation:
    """Give what *row* states; a damaged field is left out, an empty quantity is not stated."""
    quantity = _whole(row.get("quantity"))
    return Observation(
        account=origin.account,
        seller_sku=row.exact("seller-sku"),
        source="report",
        as_of=origin.as_of,
        report=origin.report,
        stores={origin.store: _store(row, origin)},
        channel=row.get("fulfillment-channel") or UNSET,
        quantity=quantity,
    )


def _store(row: _Row, origin: Origin) -> ObservedStore:
    return ObservedStore(
        exists=True,
        asin=row.get("asin1") or UNSET,
        report_status=row.get("status") or UNSET,
        price=_price(row.get("price"), origin.currency),
        condition=CONDITIONS.get(row.get("item-condition") or "", UNSET),
        product_id=_product_id(row),
        title=_good(row.get("item-name")),
    )


def _product_id(row: _Row) -> ProductId | UnsetType:
    value = row.get("product-id")
    kind = PRODUCT_IDS.get(row.get("product-id-type") or "")
    return ProductId(type=kind, value=value) if value and kind else UNSET


def _good(text: str | None) -> str | UnsetType:
    return text if text and "\ufffd" not in text else UNSET


def _price(text: str | None, currency: str) -> Money | UnsetType:
    amount = _exact(text)
    return UNSET if amount is UNSET or amount <= 0 else Money(amount, currency)


def _whole(text: str | None) -> int | UnsetType:
    amount = _exact(text)
    return UNSET if amount is UNSET or amount < 0 or amount != int(amount) else int(amount)


def _exact(text: str | None) -> Number | UnsetType:
    try:
        return number(text) if text else UNSET
    except ValueError:
        return UNSET


T = TypeVar("T")


def _header(text: str | None) -> tuple[dict[str, int], int]:
    names = [] if text is None else [_column(n) for n in text.split("\t")]
    columns = {n: i for i, n in reversed(list(enumerate(names))) if n}
    if missing := [name for name in REQUIRED if name not in columns]:
        raise _refused(f"column {', '.join(missing)} is missing; the header is {_short(names)}")
    return columns, len(names)


def _column(name: str) -> str:
    plain = name.strip().lower()
    return ALIASES.get(plain, plain)


def _short(names: list[str]) -> str:
    return repr("\t".join(names)[:120])


def _damage(text: str | None, columns: dict[str, int], width: int) -> str | None:
    if text is None:
        return None
    cells = text.split("\t")
    if len(cells) != width:
        return f"{len(cells)} fields, the header has {width}"
    sku = cells[columns["seller-sku"]]
    checks = {
        "a field without end": any(len(cell) > MAX_FIELD for cell in cells),
        "a control character": any(c < " " or c == "\x7f" for c in text if c != "\t"),
        "no seller SKU": not sku.strip(),
        "a seller SKU of more than 40 characters": len(sku) > 40,
        "a damaged seller SKU": "\ufffd" in sku,
    }
    return next((why for why, bad in checks.items() if bad), None)


def _complete(rows: int, undecodable: int, last_rows: int | None) -> None:
    if rows == 0:
        raise _refused("a header and no row")
    if undecodable > MAX_UNDECODABLE * rows:
        raise _refused(f"{undecodable} of {rows} rows cannot be decoded")
    if last_rows is not None and rows < MIN_ROWS * last_rows:
        raise _refused(f"{rows} rows, the last accepted report had {last_rows} (guard G7)")


def _refused(why: str) -> Refused:
    return Refused(Reason("MALFORMED", {"event": "Report", "why": why}))
