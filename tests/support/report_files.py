"""Report files in every form Amazon gives them, and the bad ones of the corpus (57-80)."""

import gzip
import io
import tomllib
import zipfile
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from producers.amazon.document import document
from producers.amazon.lines import RefusedRow
from producers.amazon.report import Origin, Rows
from producers.amazon.survey import survey
from schemas import reports
from tests.support.bad_input import FOLDER

AS_OF = datetime(2026, 11, 25, 9, 50, tzinfo=UTC)
ORIGIN = Origin(
    report="R1",
    account="acme-eu",
    store="acme-de",
    currency="EUR",
    as_of=AS_OF,
    seller="A1EXAMPLE",
)
COLUMNS = (
    "item-name item-description listing-id seller-sku price quantity open-date image-url "
    "item-is-marketplace product-id-type zshop-shipping-fee item-note item-condition "
    "zshop-category1 zshop-browse-path zshop-storefront-feature asin1 asin2 asin3 "
    "will-ship-internationally expedited-shipping zshop-boldface product-id "
    "bid-for-featured-placement add-delete pending-quantity fulfillment-channel "
    "merchant-shipping-group status"
).split()
"""The header of the report of all listings in English."""

LAMP = {
    "item-name": "Desk lamp",
    "seller-sku": "LAMP-12",
    "price": "49.90",
    "quantity": "5",
    "open-date": "29/09/2025 16:19:39 BST",
    "product-id-type": "3",
    "item-condition": "11",
    "asin1": "B000000001",
    "product-id": "036000291452",
    "fulfillment-channel": "DEFAULT",
    "status": "Active",
}
BOWL = LAMP | {
    "item-name": "Schale",
    "seller-sku": "BOWL",
    "price": "12.00",
    "quantity": "",
    "product-id-type": "1",
    "asin1": "B000000002",
    "product-id": "B000000002",
    "fulfillment-channel": "AMAZON_EU",
    "status": "Inactive",
}


def file(
    *rows: Mapping[str, str],
    columns: Sequence[str] = COLUMNS,
    header: Sequence[str] | None = None,
    end: str = "\r\n",
) -> str:
    """Give a report with *rows*; *header* are the columns in other words."""
    lines = [list(header or columns), *([row.get(c, "") for c in columns] for row in rows)]
    return "".join("\t".join(line) + end for line in lines)


class Parsed(msgspec.Struct):
    """What became of a document: each observation as it travels, and what was set aside."""

    values: list[bytes]
    aside: list[RefusedRow]
    notes: tuple[str, ...]


def parse(
    data: bytes,
    *,
    declared: str | None = None,
    type_: str = reports.ALL,
    last_rows: int | None = None,
    origin: Origin = ORIGIN,
) -> Parsed:
    """Read a document as the pipeline does. Raises `Refused`."""
    doc = document(lambda: io.BytesIO(data), declared=declared)
    found = survey(doc, type_=type_, last_rows=last_rows)
    rows = Rows(doc, found, origin)
    every = list(rows)
    values = [row[1] for row in every if not isinstance(row, RefusedRow)]
    aside = [row for row in every if isinstance(row, RefusedRow)]
    return Parsed(values, aside, (*found.notes, *rows.notes))


# --- the corpus ---------------------------------------------------------------------------


def _members(data: bytes) -> bytes:
    return gzip.compress(data[:90]) + gzip.compress(data[90:])


def _zip(data: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("../../etc/listwire", data)
    return packed.getvalue()


WRAPS: Mapping[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "members": _members,
    "truncated": lambda data: data[:-9],
    "trailing": lambda data: data + b"what is this",
    "bom": lambda data: b"\xef\xbb\xbf" + data,
    "zip": _zip,
}
"""What a case does to its bytes, by the word its file uses."""


class Bad(msgspec.Struct, frozen=True):
    """One bad report with what must become of it."""

    number: int
    name: str
    verdict: str
    stated: dict[str, Any]

    @property
    def why(self) -> str:
        """What its refusal must say."""
        return str(self.stated.get("why", ""))

    def rows(self) -> list[str]:
        """Give its bad rows; a row is the lamp's with other cells, or a line as it stands."""
        given = self.stated.get("rows", [])
        return [row if isinstance(row, str) else self._row(row) for row in given]

    def _row(self, cells: Mapping[str, str]) -> str:
        cells = {name: self._cell(cell) for name, cell in cells.items()}
        return "\t".join((LAMP | cells).get(column, "") for column in self.columns)

    @staticmethod
    def _cell(cell: Any) -> str:
        return cell if isinstance(cell, str) else str(cell["of"]) * int(cell["times"])

    @property
    def columns(self) -> list[str]:
        without = self.stated.get("without", [])
        return [*(c for c in COLUMNS if c not in without), *self.stated.get("more", [])]

    def document(self, good: int) -> bytes:
        """Give its bytes, with *good* good rows around the bad ones."""
        if "hex" in self.stated:
            return bytes.fromhex(self.stated["hex"])
        if "text" in self.stated:
            return str(self.stated["text"]).encode()
        if "zeros" in self.stated:
            return gzip.compress(bytes(self.stated["zeros"]))
        data = self._table(good)
        for word in self.stated.get("wraps", []):
            data = WRAPS[word](data)
        return data

    def _table(self, good: int) -> bytes:
        rows = ["\t".join(row.get(c, "") for c in self.columns) for row in goods(good)]
        middle = len(rows) // 2
        rows[middle:middle] = self.rows()
        header = [self.stated.get("names", {}).get(c, c) for c in self.columns]
        text = "".join(line + "\r\n" for line in ["\t".join(header), *rows])
        data = text.encode(self.stated.get("charset", "utf-8"))
        for old, new in self.stated.get("bytes", []):
            data = data.replace(bytes.fromhex(old), bytes.fromhex(new))
        return data


def goods(count: int) -> list[dict[str, str]]:
    """Give so many good rows of different SKUs."""
    return [LAMP | {"seller-sku": f"GOOD-{n}"} for n in range(count)]


def cases(verdict: str) -> list[Bad]:
    """Give every bad report of the corpus that must come to *verdict*, in order."""
    return [bad for number in range(57, 81) for bad in _read(number) if bad.verdict == verdict]


def _read(number: int) -> list[Bad]:
    told = tomllib.loads((FOLDER / f"{number:03d}.toml").read_text())
    return [
        Bad(number, case["name"], case.get("verdict", told["verdict"]), case)
        for case in told["case"]
    ]
