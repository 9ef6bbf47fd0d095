"""searchListingsItems: filters, sort, pages; nothing beyond 1,000 SKUs (S19)."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from deploy.sandbox.call import Call
from deploy.sandbox.checks import Query, stores
from deploy.sandbox.exchange import Reply, answer, bad_request
from deploy.sandbox.render import READ_PARTS, shown
from deploy.sandbox.status import statuses
from deploy.sandbox.world import Listing, Sku, World

MOST = 1000
"""SKUs that one search can reach, over all its pages (`amazon.md` 5)."""
IDENTIFIERS = ("ASIN", "EAN", "FNSKU", "GTIN", "ISBN", "JAN", "MINSAN", "SKU", "UPC")
STATUSES = ("BUYABLE", "DISCOVERABLE")
SORTS = ("sku", "createdDate", "lastUpdatedDate")


class Filters(msgspec.Struct, kw_only=True):
    """What one search asks for."""

    stores: list[str]
    identifiers: list[str]
    kind: str | None
    created: tuple[int | None, int | None]
    updated: tuple[int | None, int | None]
    severities: list[str]
    having: list[str]
    lacking: list[str]
    none: bool


def search(call: Call) -> Reply:
    """Give one page of an account's SKUs."""
    query = Query(call.request)
    call.stores = stores(query, call.account)
    filters = _filters(query, call.stores)
    sort = query.text("sortBy", SORTS) or "lastUpdatedDate"
    descending = (query.text("sortOrder", ("ASC", "DESC")) or "DESC") == "DESC"
    size = query.number("pageSize", default=10, most=20)
    parts = query.array("includedData", choices=READ_PARTS) or ["summaries"]
    start = offset(query.text("pageToken"))
    found = sorted(_matching(call, filters), key=_order(sort, filters), reverse=descending)[:MOST]
    page = [
        shown(call.world, call.account, sku, stores=call.stores, parts=parts, now=call.now)
        for sku in found[start : start + size]
    ]
    told = {"numberOfResults": len(found), "items": page}
    return answer(told | pagination(start, size, len(found)))


def offset(token: str | None) -> int:
    """Read a page token. Raises a 400."""
    if token is None:
        return 0
    try:
        text = urlsafe_b64decode(token.encode()).decode()
        return int(text.removeprefix("page:")) if text.startswith("page:") else _no_token()
    except ValueError:
        return _no_token()


def _no_token() -> int:
    raise bad_request("'pageToken' is not one of ours.")


def pagination(start: int, size: int, total: int) -> dict[str, Any]:
    """Give the tokens of the neighbouring pages, if there are any."""
    tokens = {}
    if start + size < total:
        tokens["nextToken"] = _token(start + size)
    if start > 0:
        tokens["previousToken"] = _token(max(0, start - size))
    return {"pagination": tokens} if tokens else {}


def _token(start: int) -> str:
    return urlsafe_b64encode(f"page:{start}".encode()).decode()


def _filters(query: Query, asked: list[str]) -> Filters:
    identifiers = query.array("identifiers", most=20)
    kind = query.text("identifiersType", IDENTIFIERS)
    relatives = [query.text(name) for name in ("variationParentSku", "packageHierarchySku")]
    if bool(identifiers) != bool(kind):
        raise bad_request("'identifiers' and 'identifiersType' need each other.")
    if sum(map(bool, (identifiers, *relatives))) > 1:
        raise bad_request("Only one of identifiers, variationParentSku, packageHierarchySku.")
    return Filters(
        stores=asked,
        identifiers=identifiers,
        kind=kind,
        created=(query.date("createdAfter"), query.date("createdBefore")),
        updated=(query.date("lastUpdatedAfter"), query.date("lastUpdatedBefore")),
        severities=query.array("withIssueSeverity", choices=("WARNING", "ERROR")),
        having=query.array("withStatus", choices=STATUSES),
        lacking=query.array("withoutStatus", choices=STATUSES),
        none=any(relatives),
    )


def _matching(call: Call, filters: Filters) -> Iterable[Sku]:
    if filters.none:
        return []
    shelf = call.world.shelves[call.account.id]
    if filters.kind == "SKU":
        candidates = [shelf[name] for name in filters.identifiers if name in shelf]
    else:
        candidates = list(shelf.values())
    asins = _asins(call.world, filters)
    return [sku for sku in candidates if _matches(call, sku, filters, asins)]


def _asins(world: World, filters: Filters) -> set[str] | None:
    if filters.kind is None or filters.kind == "SKU":
        return None
    if filters.kind == "ASIN":
        return set(filters.identifiers)
    numbers = (number.zfill(14) for number in filters.identifiers)
    return {asin for number in numbers for asin in world.gtins.get(number, [])}


def _matches(call: Call, sku: Sku, filters: Filters, asins: set[str] | None) -> bool:
    return any(
        _listing_matches(call, sku, listing, filters) and (asins is None or listing.asin in asins)
        for listing in sku.listings
        if listing.marketplace in filters.stores
    )


def _listing_matches(call: Call, sku: Sku, listing: Listing, filters: Filters) -> bool:
    dated = _within(listing.created, filters.created) and _within(listing.updated, filters.updated)
    if not dated or not _severe(listing, filters):
        return False
    if not filters.having and not filters.lacking:
        return True
    shows = set(statuses(call.account, sku, listing, call.now))
    return set(filters.having) <= shows and not shows & set(filters.lacking)


def _severe(listing: Listing, filters: Filters) -> bool:
    severities = {issue["severity"] for issue in listing.issues}
    return not filters.severities or bool(severities & set(filters.severities))


def _within(at: int, bounds: tuple[int | None, int | None]) -> bool:
    after, before = bounds
    return (after is None or at >= after) and (before is None or at <= before)


def _order(sort: str, filters: Filters) -> Callable[[Sku], tuple[Any, str]]:
    if sort == "sku":
        return lambda sku: (0, sku.sku)
    field = {"createdDate": "created", "lastUpdatedDate": "updated"}[sort]
    return lambda sku: (
        max(getattr(row, field) for row in sku.listings if row.marketplace in filters.stores),
        sku.sku,
    )
