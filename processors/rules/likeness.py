"""How alike a listing and a product are, where no identifier tells: suggestions, never a link.

They meet at a part number, or at two long words that both names hold (`listings.md` 6.4 step
5). Which of those that meet are alike is told by part number, brand and the names' words.
"""

import re
from collections.abc import Iterable
from itertools import combinations

from schemas.links import Likeness
from schemas.listings import Choice
from schemas.money import Number

MPN, TITLE = "mpn:", "title:"
POINTS = (MPN, TITLE)
"""What such a meeting point begins with."""

LONGEST = 4
"""Words of a listing's title of which two may be a product's longest."""

LEAST_WORD = 3
"""Characters of a word that says something."""

WEIGHTS = {"part number": Number("0.5"), "brand": Number("0.2"), "title": Number("0.3")}
LEAST = Number("0.2")
"""A score below which nothing is suggested."""

SHOWN = 5
_WORD = re.compile(r"\w+")
_NOTHING = Number(0)


def words(text: str | None) -> list[str]:
    """Give the words of *text* that say something, each once, the longest first."""
    found = {w for w in _WORD.findall((text or "").casefold()) if len(w) >= LEAST_WORD}
    return sorted(found, key=lambda word: (-len(word), word))


def of_product(about: Likeness) -> list[str]:
    """Give the points at which a product waits to be suggested."""
    return [*_part(about.mpn), *(_pairs(words(about.name)[:2]))]


def of_listing(about: Likeness) -> list[str]:
    """Give the points at which a listing looks for products that may be it."""
    return [*_part(about.mpn), *_pairs(words(about.name)[:LONGEST])]


def _part(mpn: str | None) -> list[str]:
    plain = re.sub(r"[\W_]", "", (mpn or "").casefold())
    return [f"{MPN}{plain}"] if len(plain) >= LEAST_WORD else []


def _pairs(some: list[str]) -> list[str]:
    return [f"{TITLE}{' '.join(sorted(pair))}" for pair in combinations(some, 2)]


def suggestions(listing: Likeness, products: Iterable[tuple[str, Likeness]]) -> tuple[Choice, ...]:
    """Give the products that are most like *listing*, the likest first, each with its score."""
    judged = [_judged(listing, product, about) for product, about in dict(products).items()]
    alike = [c for c in judged if c.score is not None and c.score >= LEAST]
    return tuple(sorted(alike, key=lambda c: (-(c.score or _NOTHING), c.product or ""))[:SHOWN])


def _judged(listing: Likeness, product: str, about: Likeness) -> Choice:
    agree = {
        "part number": _equal(_part(listing.mpn), _part(about.mpn)),
        "brand": _equal(words(listing.brand), words(about.brand)),
        "title": _share(words(listing.name), words(about.name)),
    }
    score = sum((WEIGHTS[name] * share for name, share in agree.items()), _NOTHING)
    told = ", ".join(f"{name} {share:.0%}" for name, share in agree.items() if share)
    return Choice(
        product=product,
        title=about.name,
        brand=about.brand,
        mpn=about.mpn,
        score=Number(f"{score:.2f}"),
        why=told or None,
    )


def _equal(ours: list[str], theirs: list[str]) -> Number:
    return Number(int(bool(ours) and ours == theirs))


def _share(ours: list[str], theirs: list[str]) -> Number:
    """Give the share of the product's words that the listing's title holds."""
    return Number(len(set(ours) & set(theirs)) / len(theirs)) if theirs else _NOTHING
