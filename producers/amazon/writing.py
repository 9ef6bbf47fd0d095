"""What the rows of one batch state, written as it travels (`records.md` 4).

Members stand in the order of `schemas.amazon`; a test holds that each observation is byte
for byte what our encoder makes of it.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from datetime import datetime
from itertools import repeat

import msgspec

from producers.amazon import cells as reading
from producers.amazon.cells import Pieces
from producers.amazon.columns import Header
from producers.amazon.lines import Cells
from schemas.amazon import Enforcement, Issue
from schemas.event import ENCODER
from schemas.text import all_whole, damaged

Writer = Callable[[Cells, Header], Iterable[bytes]]
"""Rows → the observation of each."""


class Frame(msgspec.Struct, frozen=True):
    """What every observation of a report has in common: before and behind the seller SKU."""

    start: bytes
    middle: bytes


def frame(account: str, store: str, report: str, as_of: datetime) -> Frame:
    """Write what stands around each seller SKU, up to what its store shows."""
    names = (account, as_of, report, store)
    named, dated, told, where = (ENCODER.encode(name) for name in names)
    middle = b'","source":"report","as_of":%b,"report":%b,"stores":{%b:{"exists":'
    return Frame(
        b'{"account":%b,"seller_sku":"' % named,
        middle % (dated, told, where),
    )


def gone(around: Frame) -> Writer:
    """Write rows of listings that are no more: they state that, and nothing else."""

    def write(cells: Cells, head: Header) -> Iterable[bytes]:
        return [
            b"".join((around.start, sku, around.middle, b"false}}}"))
            for sku in _texts(cells, head, "seller-sku", strip=False)
        ]

    return write


def suppressed(around: Frame) -> Writer:
    """Write rows that each tell one thing that is wrong with a listing."""
    names = ("status", "reason", "issue description")

    def write(cells: Cells, head: Header) -> Iterable[bytes]:
        told = zip(*(cells.column(head.at.get(name)) for name in names), strict=True)
        issues = [ENCODER.encode([_issue(*map(bytes.decode, row))]) for row in told]
        skus = _texts(cells, head, "seller-sku", strip=False)
        for sku, asin, issue in zip(skus, _asins(cells, head), issues, strict=True):
            known = b'true,"asin":"%b"' % asin if asin else b"true"
            yield b"".join((around.start, sku, around.middle, known, b',"issues":', issue, b"}}}"))

    return write


SUPPRESSED = "SUPPRESSED"
"""Our code for an issue of the report of suppressed listings: there it has none."""


def _issue(status: str, reason: str, text: str) -> Issue:
    told = (status.strip(), reason.strip(), text.strip())
    hidden = "search" in status.lower()
    return Issue(
        code=SUPPRESSED,
        message=": ".join(filter(None, told)),
        severity="WARNING",
        enforcements=Enforcement(actions=["SEARCH_SUPPRESSED"]) if hidden else None,
    )


# --- offers -------------------------------------------------------------------------------


def offered(around: Frame, *, currency: str, status: str | None, left_out: Counter[str]) -> Writer:
    """Write rows that stand for offers; *status* is what standing in the report says.

    Cells that hold something else than a value are counted in *left_out*, by column.
    """
    pieces = {
        "status": Pieces(b',"report_status":', reading.word),
        "price": Pieces(b',"price":', reading.price_in(currency)),
        "item-condition": Pieces(b',"condition":', reading.condition),
        "product-id-type": Pieces(b',"product_id":{"type":', reading.product_id_kind),
        "fulfillment-channel": Pieces(b',"channel":', reading.word),
        "quantity": Pieces(b',"quantity":', reading.quantity),
    }
    stands = pieces["status"][(status or "").encode()]

    def write(cells: Cells, head: Header) -> Iterable[bytes]:
        columns = {name: cells.column(head.at.get(name)) for name in pieces}
        said = {name: pieces[name].of(column) for name, column in columns.items()}
        if "status" not in head.at:
            said["status"] = repeat(stands, len(cells.numbers))
        rows = _rows(
            around,
            zip(
                _texts(cells, head, "seller-sku", strip=False),
                _asins(cells, head),
                said["status"],
                said["price"],
                said["item-condition"],
                said["product-id-type"],
                _texts(cells, head, "product-id"),
                _titles(cells, head, left_out),
                said["fulfillment-channel"],
                said["quantity"],
                strict=True,
            ),
        )
        for name in ("price", "quantity", "item-condition"):
            left_out[name] += pieces[name].lost(columns[name])
        return rows

    return write


def _rows(around: Frame, columns: Iterable[tuple[bytes, ...]]) -> list[bytes]:
    start, middle, join = around.start, around.middle + b"true", b"".join
    return [
        join(
            (
                start,
                sku,
                middle,
                b',"asin":"' + asin + b'"' if asin else b"",
                status,
                price,
                condition,
                kind + b',"value":"' + number + b'"}' if kind and number else b"",
                b',"title":"' + title + b'"' if title else b"",
                b"}}",
                channel,
                quantity,
                b"}",
            )
        )
        for (
            sku,
            asin,
            status,
            price,
            condition,
            kind,
            number,
            title,
            channel,
            quantity,
        ) in columns
    ]


# --- text ---------------------------------------------------------------------------------


def _texts(cells: Cells, head: Header, name: str, *, strip: bool = True) -> list[bytes]:
    """Give the cells of one column as the inside of JSON strings."""
    column = cells.column(head.at.get(name))
    if strip:
        column = list(map(bytes.strip, column))
    if b'"' in cells.text or b"\\" in cells.text:
        return [cell.replace(b"\\", b"\\\\").replace(b'"', b'\\"') for cell in column]
    return column


def _asins(cells: Cells, head: Header) -> list[bytes]:
    """Give the ASINs: from their column, else the product ids that are said to be one."""
    if "asin1" in head.at:
        return _texts(cells, head, "asin1")
    products = _texts(cells, head, "product-id")
    if "product-id-type" not in head.at:
        return [product if reading.ASIN.fullmatch(product) else b"" for product in products]
    kinds = _texts(cells, head, "product-id-type")
    return [p if kind == b"1" else b"" for p, kind in zip(products, kinds, strict=True)]


def _titles(cells: Cells, head: Header, left_out: Counter[str]) -> list[bytes]:
    """Give the names, without those that lost letters on their way (REP1)."""
    titles = _texts(cells, head, "item-name")
    if all_whole(b"\n".join(titles)):
        return titles
    whole = [b"" if _damaged(title) else title for title in titles]
    left_out["item-name"] += whole.count(b"") - titles.count(b"")
    return whole


def _damaged(title: bytes) -> bool:
    return not (title.isascii() and b"?" not in title) and damaged(title.decode())
