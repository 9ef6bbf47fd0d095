"""Days as shops write them: ISO, or by month or day first, as the file itself proves.

`6/15/26` can only be June; `6/7/26` may be either, so a whole file is read before its
first date is (`records.md` 2). A date that cannot be read is never *no date*.
"""

import re
from collections.abc import Callable
from datetime import date
from typing import Literal

Order = Literal["month-first", "day-first"]

_CLOCK = r"[0-9]{1,2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?"
_TIME = rf"(?:,?[ T\u202f\u00a0]+{_CLOCK}(?:[ \u202f\u00a0]?[AaPp][Mm])?)?"
_ISO = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})"
    r"(?:[ T][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?(?:Z|[+-][0-9]{2}:?[0-9]{2})?)?"
)
_LOCAL = re.compile(r"([0-9]{1,2})([/.-])([0-9]{1,2})\2([0-9]{4}|[0-9]{2})" + _TIME)


def day(text: str, order: Order) -> str:
    """Give the day in *text* as 2026-11-20; a time of day is left out.

    Raises ValueError with the rule.
    """
    found = _ISO.fullmatch(text.strip())
    if found:
        return _iso(int(found[1]), int(found[2]), int(found[3]), text)
    found = _LOCAL.fullmatch(text.strip())
    if not found:
        raise ValueError(f"{text[:40]!r} is no date: write 2026-11-20")
    first, second, year = int(found[1]), int(found[3]), int(found[4])
    month, of_month = (first, second) if order == "month-first" else (second, first)
    return _iso(year + 2000 if year < 100 else year, month, of_month, f"{text} ({order})")


def proves(text: str) -> Order | None:
    """Tell which order *text* can only be read in, None if both or neither will do."""
    found = _LOCAL.fullmatch(text.strip())
    if not found:
        return None
    first, second = int(found[1]), int(found[3])
    if first > 12 >= second:
        return "day-first"
    return "month-first" if second > 12 >= first else None


class Proof:
    """What the dates of one file prove about their order: the first place for either."""

    def __init__(self) -> None:
        self.places: dict[Order, tuple[int, str, str]] = {}

    def look(self, line: int, field: str, text: str) -> None:
        """Take in one date."""
        if (order := proves(text)) and order not in self.places:
            self.places[order] = (line, field, text)

    def order(self, stated: Order | None, otherwise: Order) -> Order:
        """Give the order: as stated, else as proved, else *otherwise*.

        Raises ValueError if the file proves both and none is stated.
        """
        if stated:
            return stated
        if len(self.places) < 2:
            return next(iter(self.places), otherwise)
        parts = (f"line {n}, {field}: {t!r} is {o}" for o, (n, field, t) in self.places.items())
        raise ValueError(f"dates in both orders: {'; '.join(parts)}. Say --dates, or write ISO")


Reader = Callable[[str], str]


def reader(order: Order) -> Reader:
    """Give the function that reads a day in *order*."""
    return lambda text: day(text, order)


def _iso(year: int, month: int, of_month: int, text: str) -> str:
    try:
        return date(year, month, of_month).isoformat()
    except ValueError:
        raise ValueError(f"{text[:60]!r} is no day of the calendar") from None
