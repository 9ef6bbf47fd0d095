"""What the lookups need of Amazon, over the client: pages of searches, families, restrictions.

A catalogue item as Amazon shows it (Catalog Items 2022-04-01) → the candidate we judge.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol, TypeVar

import structlog

from deploy.connect.amazon.documents import CatalogItems, Restrictions
from producers.amazon.lookup import KEYWORDS, Page
from schemas.amazon import FoundCandidate, Observation, Restriction
from schemas.errors import Refused, TryAgain, Unanswered

_log = structlog.get_logger(__name__)

MAX_KEYWORDS = 20
"""Keywords that a search takes (`amazon.md` 6)."""

VARYING = ("color", "size", "style")
"""Members of a summary in which the children of a variation parent may differ."""

T = TypeVar("T")


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

    def restrictions(
        self, account: str, store: str, asin: str, condition: str | None
    ) -> Restrictions:
        """Tell what keeps the account from listing an ASIN."""

    def read(self, account: str, seller_sku: str, stores: Sequence[str]) -> Observation:
        """Read one SKU."""

    def complete(self, seen: Observation) -> Observation:
        """Give what was read with what import mappings name beside it."""


class Seller:
    """One account's view of Amazon. Raises the four classes of `schemas.errors`."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def search(
        self, account: str, store: str, kind: str, values: Sequence[str], token: str | None
    ) -> Page:
        """Give one page of what the catalogue has for identifiers of one kind, or keywords."""
        if kind in KEYWORDS:
            how: dict[str, Any] = {"keywords": words(values[0])}
        else:
            how = {"kind": kind.upper(), "identifiers": values}
        page = _again(lambda: self._client.search_catalog(account, store, token=token, **how))
        items = [candidate(item, kind) for item in page.items]
        then = page.pagination.next_token if page.pagination else None
        return Page(items, page.number_of_results, then)

    def restriction(
        self, account: str, store: str, asin: str, condition: str | None
    ) -> Restriction | None:
        """Tell why the account may not list *asin* in that condition; None = it may."""
        told = _again(lambda: self._client.restrictions(account, store, asin, condition))
        reasons = [
            reason
            for one in told.restrictions
            if condition is None or one.condition_type in (None, condition)
            for reason in one.reasons
        ]
        first = next(iter(sorted(reasons, key=lambda r: GRAVITY.get(r.reason_code or "", 0))), None)
        if first is None:
            return None
        link = next((one.resource for one in first.links if one.resource), None)
        return Restriction(
            code=first.reason_code or "NOT_ELIGIBLE", message=first.message[:300], link=link
        )

    def observe(self, account: str, seller_sku: str, stores: Sequence[str]) -> Observation | None:
        """Read one SKU in *stores*, and from the catalogue what import mappings name.

        Where the catalogue does not answer now, the read stands without.
        """
        seen = _again(lambda: self._client.read(account, seller_sku, stores))
        try:
            return self._client.complete(seen)
        except (TryAgain, Unanswered, Refused) as later:
            _log.info("read without attributes", seller_sku=seller_sku, why=str(later)[:200])
            return seen


GRAVITY = {"ASIN_NOT_FOUND": -3, "NOT_ELIGIBLE": -2, "APPROVAL_REQUIRED": -1}
"""Which of several reasons counts: the one that approval would not lift."""


def _again(call: Callable[[], T]) -> T:
    """Make a call that changes nothing: without an answer it may be made again."""
    try:
        return call()
    except Unanswered as silent:
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
        varies={name: told for name in VARYING if (told := _text(summary.get(name)))},
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
