"""Rows of a report that can be read, and lines that are set aside, each with why.

A batch of lines is judged by its shape first; only where something is odd about it is each
of its lines looked at.
"""

from collections.abc import Sequence

import msgspec

from producers.amazon.columns import Header
from producers.amazon.document import MAX_FIELD, Batch
from schemas.text import REPLACEMENT

MAX_SKU = 40
"""Characters of a seller SKU at Amazon."""


class RefusedRow(msgspec.Struct, frozen=True):
    """A row that was set aside: its line and why; *foreign*: it is another seller's."""

    line: int
    why: str
    foreign: bool = False


class Cells(msgspec.Struct, frozen=True):
    """Rows with the same number of fields, as the flat list of their cells in UTF-8.

    *text* is all of them at once, *numbers* are the lines they stand in.
    """

    numbers: Sequence[int]
    flat: list[bytes]
    width: int
    text: bytes

    def column(self, place: int | None) -> list[bytes]:
        """Give the cells at *place* of every row; an absent column is empty everywhere."""
        if place is None:
            return [b""] * len(self.numbers)
        return self.flat[place :: self.width]


def sift(
    batch: Batch, head: Header, *, seller: str | None = None
) -> tuple[Cells, list[RefusedRow]]:
    """Part the rows of *batch* from what is set aside.

    Where a column names the seller, only the rows of *seller* stand.
    """
    foreign = None if seller is None else head.at.get("seller")
    end = None if foreign is not None else batch.fits(head.width)
    if end is not None:
        flat = batch.block.translate(_ENDS, b"\r").split(b"\t")
        del flat[-1]  # behind the last end
        numbers = range(batch.first, batch.first + len(flat) // head.width)
        cells = Cells(numbers, flat, head.width, batch.block)
        if _named(cells, head):
            return cells, []
    return _one_by_one(batch, head, foreign, seller)


def _named(cells: Cells, head: Header) -> bool:
    """Tell at once that every row has a seller SKU that can be one."""
    skus = cells.column(head.at["seller-sku"])
    return (
        max(map(len, skus), default=0) <= MAX_SKU
        and all(map(bytes.strip, skus))
        and _DAMAGE not in cells.text
    )


_DAMAGE = REPLACEMENT.encode()
_ENDS = bytes.maketrans(b"\n", b"\t")


def _one_by_one(
    batch: Batch, head: Header, foreign: int | None, seller: str | None
) -> tuple[Cells, list[RefusedRow]]:
    numbers, rows, aside = [], [], []
    for number, line in enumerate(batch.lines(), batch.first):
        if line == b"":
            continue
        if line is None:
            aside.append(RefusedRow(number, "cannot be decoded"))
        elif why := _damage(line.decode(), head):
            aside.append(RefusedRow(number, why))
        elif foreign is not None and _another(line.split(b"\t")[foreign], seller):
            aside.append(RefusedRow(number, "another seller's row", foreign=True))
        else:
            numbers.append(number)
            rows.append(line)
    text = b"\t".join(rows)
    return Cells(numbers, text.split(b"\t") if rows else [], head.width, text), aside


def _another(cell: bytes, seller: str | None) -> bool:
    return cell.decode().strip() not in ("", seller)


def _damage(line: str, head: Header) -> str | None:
    cells = line.split("\t")
    if len(cells) != head.width:
        return f"{len(cells)} fields, the header has {head.width}"
    sku = cells[head.at["seller-sku"]]
    checks = {
        "a field without end": any(len(cell) > MAX_FIELD for cell in cells),
        "a control character": any(c < " " or c == "\x7f" for c in line if c != "\t"),
        "no seller SKU": not sku.strip(),
        f"a seller SKU of more than {MAX_SKU} characters": len(sku) > MAX_SKU,
        "a damaged seller SKU": REPLACEMENT in sku,
    }
    return next((why for why, bad in checks.items() if bad), None)
