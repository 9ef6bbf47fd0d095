"""What a person may pick from where nothing may be decided without one (`listings.md` 6.3, 6.4)."""

from collections.abc import Iterable

from schemas.amazon import FoundCandidate
from schemas.listings import Choice

SHOWN = 20
"""Choices that travel with a status."""


def items(found: Iterable[FoundCandidate]) -> tuple[Choice, ...]:
    """Give items of Amazon's catalogue as choices, each with why it was offered."""
    return tuple(_item(item) for item in list(found)[:SHOWN])


def _item(item: FoundCandidate) -> Choice:
    return Choice(
        asin=item.asin,
        title=item.title,
        brand=item.brand,
        mpn=item.mpn,
        pack=item.pack,
        parent=item.parent,
        children=item.children,
        varies=item.varies,
        why=item.why,
    )


def products(names: Iterable[str], why: str) -> tuple[Choice, ...]:
    """Give products that fit equally well as choices."""
    return tuple(Choice(product=name, why=why) for name in list(names)[:SHOWN])
