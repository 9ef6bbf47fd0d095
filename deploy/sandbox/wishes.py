"""Wished statuses: the words of a seed, and the facts that each stands for."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from deploy.sandbox.pending import enforced
from deploy.sandbox.validation import issue, missing
from deploy.sandbox.world import Listing, Sku


def wish(sku: Sku, listing: Listing, *, word: str | None, now: int) -> None:
    """Turn a wished status into facts. Raises `ValueError` for an unknown word."""
    word = (word or "active").lower()
    if word not in WISHES:
        raise ValueError(f"status is one of {', '.join(WISHES)}, not {word!r}")
    for name, value in WISHES[word](Wished(listing, now)):
        if name == "quantity":
            sku.quantity, sku.fba_stock = (value if sku.quantity is not None else None), value
        else:
            setattr(listing, name, value)


Facts = Iterator[tuple[str, Any]]


class Wished(NamedTuple):
    """The listing that a status is wished for, and the time."""

    listing: Listing
    now: int


def _plain(_: Wished) -> Facts:
    yield from ()


def _held(wished: Wished) -> Facts:
    if not wished.listing.issues:
        yield "held", True


def _empty(_: Wished) -> Facts:
    yield "quantity", 0


def _closed(wished: Wished) -> Facts:
    yield "end", wished.listing.end or wished.now - 86_400_000


def _future(wished: Wished) -> Facts:
    yield "start", wished.listing.start or wished.now + 30 * 86_400_000


def _incomplete(wished: Wished) -> Facts:
    lacking = wished.listing.missing or ("product_description",)
    yield "missing", lacking
    if not wished.listing.issues:
        yield "issues", tuple(missing(name) for name in lacking)


def _unpriced(wished: Wished) -> Facts:
    yield "price", None
    yield "issues", (*wished.listing.issues, missing("purchasable_offer"))


def _suppressed(wished: Wished) -> Facts:
    trouble = issue("INVALID_IMAGE", "The main image breaks the guidelines.", code="18027")
    yield "issues", (*wished.listing.issues, enforced(trouble, "LISTING_SUPPRESSED"))


def _hidden(wished: Wished) -> Facts:
    trouble = issue("INVALID_IMAGE", "The main image breaks the guidelines.", code="18027")
    yield "issues", (*wished.listing.issues, enforced(trouble, "SEARCH_SUPPRESSED"))


def _removed(wished: Wished) -> Facts:
    trouble = issue("INVALID_ATTRIBUTE", "Restricted products policy violation.", code="18742")
    yield "issues", (*wished.listing.issues, enforced(trouble, "CATALOG_ITEM_REMOVED"))


def _restricted(wished: Wished) -> Facts:
    trouble = issue("QUALIFICATION_REQUIRED", "You need approval to list this product.")
    yield "issues", (*wished.listing.issues, enforced(trouble, "LISTING_SUPPRESSED"))


WISHES = {
    "active": _plain,
    "inactive": _held,
    "out_of_stock": _empty,
    "closed": _closed,
    "not_started": _future,
    "incomplete": _incomplete,
    "no_price": _unpriced,
    "suppressed": _suppressed,
    "search_suppressed": _hidden,
    "removed": _removed,
    "restricted": _restricted,
    "ended": _plain,
}
"""What may be wished, in the words of the seed (and of a report's status column)."""
