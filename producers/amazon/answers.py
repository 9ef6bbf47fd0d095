"""Which answer belongs to which question: by trade item number or ASIN, never by position.

Amazon neither echoes what was asked nor keeps an order, and an item may come that names none
of the identifiers asked for (a parent instead of its child). Such an item belongs to the
question that was asked alone; until then nothing is decided (`listings.md` 6.2 step 6).
"""

from collections.abc import Sequence

from msgspec.structs import replace

from schemas.amazon import FoundCandidate
from schemas.identifiers import claim

Found = dict[str, list[FoundCandidate]]


def correlated(kind: str, values: Sequence[str], items: Sequence[FoundCandidate]) -> Found | None:
    """Give for each of *values* its items; None while an item belongs to nobody known.

    Whatever comes for a question asked alone is its answer.
    """
    once = list({item.asin: item for item in items}.values())
    if len(values) == 1:
        return {values[0]: [_because(i, kind, values[0]) for i in once]}
    found: Found = {value: [] for value in values}
    for item in once:
        mine = [value for value in values if names(item, kind, value)]
        if not mine:
            return None
        for value in mine:
            found[value].append(_because(item, kind, value))
    return found


def names(item: FoundCandidate, kind: str, value: str) -> bool:
    """Tell whether *item* carries the identifier *value* of *kind*."""
    if kind == "asin":
        return item.asin == value
    return claim(kind, value).gtin14 in item.gtins


def _because(item: FoundCandidate, kind: str, value: str) -> FoundCandidate:
    return replace(item, why=f"{kind} {value}")
