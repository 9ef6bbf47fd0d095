"""Exact numbers from exact text, and money: no float anywhere.

Numbers are read by one ASCII pattern, because `Decimal` itself takes `1_000`, full-width
digits, `NaN` and `1E+999999`. Bounds: `reliability.md` 4, numbers 13-26.
"""

import re
from decimal import ROUND_HALF_UP, Decimal

import msgspec

EXACT = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,12})?")
"""At most 15 digits before the point and 12 behind it: beyond is no price and no stock."""

MINOR_UNITS = {"JPY": 0}
"""Digits after the point, where a currency has not two (ISO 4217, of our marketplaces)."""

CURRENCIES = frozenset(
    [
        "USD",
        "CAD",
        "MXN",
        "BRL",
        "GBP",
        "EUR",
        "PLN",
        "SEK",
        "TRY",
        "AED",
        "SAR",
        "EGP",
        "ZAR",
        "INR",
        "JPY",
        "AUD",
        "SGD",
        "CHF",
        "NOK",
        "DKK",
        "CZK",
    ]
)
"""Currencies of the marketplaces we know, and of shops that sell there."""


class Number(Decimal):
    """A decimal that was read from exact text."""


def number(value: object) -> Number:
    """Give *value* (text, an integer, or a JSON number) as an exact number.

    Raises ValueError for anything that is not plain ASCII digits with an optional point.
    """
    if isinstance(value, bool) or not isinstance(value, (str, int, float, Decimal)):
        raise ValueError(f"a decimal number, not {type(value).__name__}")
    text = value if isinstance(value, str) else format(Decimal(str(value)), "f")
    if not EXACT.fullmatch(text):
        raise ValueError(f"{text[:40]!r} is no decimal number: digits, and a point if needed")
    return Number(text)


def zero() -> Number:
    """Give 0; as a factory, since a schema cannot show a default of our own type."""
    return Number(0)


class Money(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An exact amount in one currency. Raises ValueError for an unknown currency."""

    amount: Number
    currency: str

    def __post_init__(self) -> None:
        if self.currency not in CURRENCIES:
            raise ValueError(f"unknown currency {self.currency[:8]!r}")


def minor_units(currency: str) -> int:
    """Give how many digits *currency* has after the point."""
    return MINOR_UNITS.get(currency, 2)


def rounded(amount: Decimal, currency: str, rounding: str = ROUND_HALF_UP) -> Number:
    """Round *amount* to the minor unit of *currency*, half up unless told otherwise."""
    unit = Decimal(1).scaleb(-minor_units(currency))
    return Number(amount.quantize(unit, rounding=rounding))
