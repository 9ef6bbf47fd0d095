"""One cell of a report → the piece of an observation it states, or nothing.

An empty cell is not zero and a damaged one is not a value (REP4, REP6). What cells say is
mostly said again, so a piece is written once and remembered.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from msgspec import UNSET, UnsetType

from schemas.event import ENCODER
from schemas.identifiers import REPORT_TYPES as PRODUCT_IDS
from schemas.money import Money, Number, number

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

ASIN = re.compile(rb"[A-Z0-9]{10}")
REMEMBERED = 50_000
"""Different cells of one column that are kept."""

Read = Callable[[str], Any]
"""The text of a cell, outer blanks off → its value; UNSET if it states none."""


class Pieces(dict[bytes, bytes]):
    """Cells of one column → *start* and the value as an observation has it, or nothing.

    *unread* are cells that hold something which is no value.
    """

    def __init__(self, start: bytes, read: Read) -> None:
        super().__init__()
        self._start = start
        self._read = read
        self.unread: set[bytes] = set()

    def __missing__(self, cell: bytes) -> bytes:
        if len(self) >= REMEMBERED:
            self.clear()
            self.unread.clear()
        value = self._read(text := cell.decode().strip())
        if value is UNSET and text:
            self.unread.add(cell)
        piece = self[cell] = b"" if value is UNSET else self._start + ENCODER.encode(value)
        return piece

    def of(self, column: Iterable[bytes]) -> Iterator[bytes]:
        """Give the piece of each cell of *column*."""
        return map(self.__getitem__, column)

    def lost(self, column: Iterable[bytes]) -> int:
        """Count cells of *column*, whose pieces were taken, that could not be read."""
        return sum(map(self.unread.__contains__, column)) if self.unread else 0


def price_in(currency: str) -> Read:
    """Give what reads prices in *currency*: exact, above 0, with a point or none."""

    def price(text: str) -> Money | UnsetType:
        amount = _exact(text)
        return UNSET if amount is UNSET or amount <= 0 else Money(amount, currency)

    return price


def quantity(text: str) -> int | UnsetType:
    """Read a quantity: whole, 0 or more."""
    amount = _exact(text)
    return UNSET if amount is UNSET or amount < 0 or amount != int(amount) else int(amount)


def word(text: str) -> str | UnsetType:
    """Read a word as it stands."""
    return text or UNSET


def condition(text: str) -> str | UnsetType:
    """Read the number of an item condition."""
    return CONDITIONS.get(text, UNSET)


def product_id_kind(text: str) -> str | UnsetType:
    """Read the number of a kind of product id."""
    return PRODUCT_IDS.get(text, UNSET)


def _exact(text: str) -> Number | UnsetType:
    try:
        return number(text) if text else UNSET
    except ValueError:
        return UNSET
