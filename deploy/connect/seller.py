"""What the lookups need of Amazon, over the client: searches with all pages, and reads.

A catalogue item as Amazon shows it (Catalog Items 2022-04-01) → the candidate we judge.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

from deploy.connect.amazon.documents import CatalogItems
from schemas.amazon import FoundCandidate, Observation
from schemas.errors import TryAgain, Unanswered

MAX_PAGES = 50
"""Pages that one search is followed for; the same token again ends it, too."""

MAX_KEYWORDS = 20
"""Keywords that a search takes (`amazon.md` 6)."""


class Client(Protocol):
    """The calls of Amazon's client that are used here."""

    def search_catalog(
        self,
        account: str,
        store: str,
        *,
        kind: str | None = None,
        identifiers: Sequence[str] = (),
        keywords: Sequence[str] = (),
        token: str | None = None,
    ) -> CatalogItems:
        """Give one page of a catalogue search."""

    def read(self, account: str, seller_sku: str, stores: Sequence[str]) -> Observation:
        """Read one SKU."""


class Seller:
    """One account's view of Amazon. Raises the four classes of `schemas.errors`."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def search(self, account: str, store: str, kind: str, value: str) -> list[FoundCandidate]:
        """Search the catalogue by one identifier, or by keywords; all pages."""
        if kind in ("keywords", "general"):
            how: dict[str, Any] = {"keywords": words(value)}
        else:
            how = {"kind": kind.upper(), "identifiers": [value]}
        return [candidate(item, kind) for item in self._items(account, store, how)]

    def observe(self, account: str, seller_sku: str, stores: Sequence[str]) -> Observation | None:
        """Read one SKU in *stores*."""
        return self._client.read(account, seller_sku, stores)

    def _items(self, account: str, store: str, how: Mapping[str, Any]) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = []
        tokens: list[str | None] = [None]
        while len(tokens) <= MAX_PAGES:
            page = self._page(account, store, {**how, "token": tokens[-1]})
            items += page.items
            token = page.pagination.next_token if page.pagination else None
            if token is None or token in tokens:
                break
            tokens.append(token)
        if len(items) < page.number_of_results and tokens[-1] is None:
            raise TryAgain(f"{len(items)} of {page.number_of_results} items came", after=5.0)
        return items

    def _page(self, account: str, store: str, how: Mapping[str, Any]) -> CatalogItems:
        try:
            return self._client.search_catalog(account, store, **how)
        except Unanswered as silent:  # a search changes nothing: it may be asked again
            raise TryAgain(str(silent), after=5.0) from silent


def words(text: str) -> list[str]:
    """Give the keywords of *text*: no comma may stand in one (`amazon.md` 13, C1)."""
    return [word for word in re.split(r"[\s,]+", text) if word][:MAX_KEYWORDS]


def candidate(item: Mapping[str, Any], kind: str) -> FoundCandidate:
    """Give the candidate that *item* is; what Amazon leaves out stays unknown."""
    summary = _first(item.get("summaries"))
    related = [r for group in _all(item, "relationships") for r in group.get("relationships", ())]
    return FoundCandidate(
        asin=str(item["asin"]),
        title=_text(summary.get("itemName")),
        brand=_text(summary.get("brand")),
        mpn=_text(summary.get("partNumber")) or _text(summary.get("modelNumber")),
        pack=_whole(summary.get("packageQuantity")),
        parent=next((a for r in related for a in r.get("parentAsins", ())), None),
        children=[a for r in related for a in r.get("childAsins", ())],
        gtins=sorted({_gtin14(n) for n in _numbers(item) if n.isascii() and n.isdigit()}),
        product_type=_text(_first(item.get("productTypes")).get("productType")),
        why=kind,
    )


def _numbers(item: Mapping[str, Any]) -> Iterable[str]:
    groups = _all(item, "identifiers")
    stated = [one for group in groups for one in group.get("identifiers", ())]
    return [str(one.get("identifier", "")) for one in stated]


def _gtin14(number: str) -> str:
    return number.zfill(14)


def _all(item: Mapping[str, Any], part: str) -> Sequence[Mapping[str, Any]]:
    found = item.get(part)
    return found if isinstance(found, list) else ()


def _first(part: Any) -> Mapping[str, Any]:
    return part[0] if isinstance(part, list) and part else {}


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None


def _whole(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None
