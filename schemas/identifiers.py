"""Identifiers of trade items: valid if they exist, equal as GTIN-14, never repaired.

`listings.md` 6.2 step 4 and 15.1. Lengths, check digit, UPC-E and restricted circulation:
GS1 General Specifications; ISBN: ISO 2108. What a person typed is a fact: `claim` gives an
invalid identifier back with why, it refuses nothing.
"""

import re
import unicodedata
from functools import lru_cache

import msgspec

from schemas.candidates import IdentifierClaim

SEARCHABLE = frozenset(["asin", "ean", "gtin", "isbn", "jan", "minsan", "sku", "upc"])
"""Kinds that Amazon's catalogue search accepts. A GCID is not among them and never sent."""

KINDS = ("asin", "upc", "isbn", "gcid", "ean", "jan", "gtin")
"""Kinds a product attribute may be mapped to, in the order in which they are asked."""

RESTRICTED = ("02", "04", *(str(n) for n in range(20, 30)))
"""Prefixes of in-store numbers in the 13-digit form; a UPC gains a 0 in front there."""

REPORT_TYPES = {"1": "asin", "2": "isbn", "3": "upc", "4": "ean"}
"""What a listing report's product-id-type means."""

_BETWEEN = re.compile(r"(?<=[0-9A-Za-z])[ \t\u2010-\u2013-]+(?=[0-9A-Za-z])")
_ASIN = re.compile("[A-Z0-9]{10}")
_ISBN_10 = re.compile("[0-9]{9}[0-9Xx]")
_DIGITS = re.compile("[0-9]+")
_GTIN = re.compile("[0-9]{8}|[0-9]{12,14}")  # \d takes others too


class MalformedIdentifier(ValueError):
    """It cannot be this identifier; the text says why."""


class Gtin(msgspec.Struct, frozen=True):
    """A trade item number, valid if it exists, in the spelling it arrived in.

    Raises `MalformedIdentifier`.
    """

    digits: str

    def __post_init__(self) -> None:
        if not _GTIN.fullmatch(self.digits):
            raise MalformedIdentifier(_wrong_length(self.digits))
        if (expected := check_digit(self.digits[:-1])) != self.digits[-1]:
            raise MalformedIdentifier(f"check digit should be {expected}")
        if not self.digits.strip("0"):
            raise MalformedIdentifier("zeros only")

    @property
    def gtin14(self) -> str:
        """The form in which trade item numbers are equal."""
        return self.digits.zfill(14)

    @property
    def restricted(self) -> bool:
        """Whether it is an in-store number: two shops use it for two things."""
        start = self.digits if len(self.digits) == 8 else self.gtin14[1:]
        return start.startswith(RESTRICTED)


def check_digit(digits: str) -> str:
    """Give the check digit that belongs behind *digits* (weights 3, 1, 3, … from the right)."""
    values = bytes(reversed(digits.encode()))  # each is 48 more than its digit
    weighted = (
        3 * sum(values[::2]) + sum(values[1::2]) - 48 * (3 * len(values[::2]) + len(values[1::2]))
    )
    return str(-weighted % 10)


def _wrong_length(text: str) -> str:
    if text and not _DIGITS.fullmatch(text):
        return "a character that is no digit"
    if len(text) == 11 and check_digit("0" + text[:-1]) == text[-1]:
        return f"11 digits; if a leading zero was lost it is 0{text}"
    return f"{len(text)} digits, not 8, 12, 13 or 14"


def normalise(typed: str) -> str:
    """Give *typed* in one spelling: NFKC, outer blanks off, none between letters or digits.

    Hyphens between letters or digits go too. A line end is no blank.
    """
    return _BETWEEN.sub("", unicodedata.normalize("NFKC", typed).strip(" \t"))


# --- UPC-E, ISBN, ASIN --------------------------------------------------------------------


def expand(upc_e: str) -> str:
    """Give the UPC-A that the eight digits *upc_e* stand for. Raises `MalformedIdentifier`."""
    if not re.fullmatch("[01][0-9]{7}", upc_e):
        raise MalformedIdentifier("a UPC-E has 8 digits and starts with 0 or 1")
    system, six, check = upc_e[0], upc_e[1:7], upc_e[7]
    upc = system + _widen(six) + check
    return Gtin(upc).digits


def _widen(six: str) -> str:
    last = six[5]
    if last in "012":
        return f"{six[:2]}{last}0000{six[2:5]}"
    if last == "3":
        return f"{six[:3]}00000{six[3:5]}"
    if last == "4":
        return f"{six[:4]}00000{six[4]}"
    return f"{six[:5]}0000{last}"


def isbn13(isbn: str) -> str:
    """Give the 13 digits of an ISBN of either length. Raises `MalformedIdentifier`."""
    if len(isbn) == 10:
        return _from_isbn10(isbn)
    if not re.fullmatch("97[89][0-9]{10}", isbn):
        raise MalformedIdentifier("an ISBN has 10 digits, or 13 that start with 978 or 979")
    return Gtin(isbn).digits


def _from_isbn10(isbn: str) -> str:
    if not _ISBN_10.fullmatch(isbn):
        raise MalformedIdentifier("an ISBN-10 has 9 digits and a tenth, or X")
    if (expected := _isbn10_check(isbn[:9])) != isbn[9].upper():
        raise MalformedIdentifier(f"check digit should be {expected}")
    return f"978{isbn[:9]}{check_digit('978' + isbn[:9])}"


def _isbn10_check(nine: str) -> str:
    rest = -sum(int(d) * weight for d, weight in zip(nine, range(10, 1, -1), strict=True)) % 11
    return "X" if rest == 10 else str(rest)


def isbn10(isbn: str) -> str | None:
    """Give the ISBN-10 of an ISBN-13; 979 has none. Raises `MalformedIdentifier`."""
    digits = isbn13(isbn)
    return f"{digits[3:12]}{_isbn10_check(digits[3:12])}" if digits.startswith("978") else None


def asin(typed: str) -> str:
    """Give the ASIN: 10 upper-case letters and digits. Raises `MalformedIdentifier`."""
    text = normalise(typed)
    if not _ASIN.fullmatch(text):
        raise MalformedIdentifier("an ASIN has 10 upper-case letters and digits")
    return text


# --- claims -------------------------------------------------------------------------------


@lru_cache(maxsize=1 << 14)  # a product is judged again whenever its stock or price moves
def claim(kind: str, typed: str) -> IdentifierClaim:
    """Judge what a product says its identifier of *kind* is; *invalid* carries why it is none.

    A valid UPC-E comes back as the UPC it stands for; twelve digits declared EAN or JAN are
    a UPC. *kind* `gtin` declares nothing: eight digits must have exactly one valid reading.
    """
    text = normalise(typed)
    try:
        return _READ.get(kind, _undeclared)(kind, text)
    except MalformedIdentifier as why:
        return IdentifierClaim(kind=kind, value=typed, invalid=str(why))


def _gtin(kind: str, digits: str) -> IdentifierClaim:
    number = Gtin(digits)
    why = "restricted circulation: an in-store number" if number.restricted else None
    return IdentifierClaim(kind=kind, value=digits, gtin14=number.gtin14, invalid=why)


def _asin(kind: str, text: str) -> IdentifierClaim:
    return IdentifierClaim(kind=kind, value=asin(text))


def _isbn(kind: str, text: str) -> IdentifierClaim:
    gtin14 = Gtin(isbn13(text)).gtin14
    return IdentifierClaim(kind=kind, value=text.upper(), gtin14=gtin14)


def _gcid(kind: str, text: str) -> IdentifierClaim:
    return IdentifierClaim(kind=kind, value=text)


def _upc(kind: str, text: str) -> IdentifierClaim:
    if len(text) == 8:
        return _gtin("upc", expand(text))
    return _gtin("ean" if len(text) == 13 else kind, _unpacked(text))


def _ean(kind: str, text: str) -> IdentifierClaim:
    return _gtin("upc" if len(text) == 12 else kind, _unpacked(text))


def _unpacked(text: str) -> str:
    if len(text) == 14 and text[0] != "0":
        raise MalformedIdentifier("14 digits that name a case of several units")
    return text


def _undeclared(kind: str, text: str) -> IdentifierClaim:
    if len(text) != 8 or not _DIGITS.fullmatch(text):
        return _gtin(kind, text)
    as_ean, as_upc = _reading(text), _expansion(text)
    if as_ean and as_upc:
        why = f"ambiguous: UPC-E of {as_upc}, or an EAN-8; declare which"
        raise MalformedIdentifier(why)
    return _gtin("upc" if as_upc else kind, as_upc or text)


def _reading(text: str) -> str | None:
    try:
        return Gtin(text).digits
    except MalformedIdentifier:
        return None


def _expansion(text: str) -> str | None:
    try:
        return expand(text)
    except MalformedIdentifier:
        return None


_READ = {
    "asin": _asin,
    "isbn": _isbn,
    "gcid": _gcid,
    "upc": _upc,
    "upc-e": _upc,
    "ean": _ean,
    "jan": _ean,
    "gtin": _undeclared,
}


def searchable(claimed: IdentifierClaim) -> bool:
    """Tell whether Amazon's catalogue may be asked for it."""
    return claimed.invalid is None and claimed.kind in SEARCHABLE


def identifier(claimed: IdentifierClaim) -> str | None:
    """Give the key under which listings and products meet: `asin:…` or `gtin:<14 digits>`."""
    if claimed.invalid is not None:
        return None
    if claimed.kind == "asin":
        return f"asin:{claimed.value}"
    return f"gtin:{claimed.gtin14}" if claimed.gtin14 else None
