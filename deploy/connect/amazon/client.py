"""The one Selling Partner client: our stores and SKUs in, our observations out.

It raises one of the four classes of `schemas.errors` and neither repeats (but once, after a
refreshed token) nor sleeps. Everything it needs is handed in. C1 to C17 are `amazon.md` 13.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Protocol, TypeVar
from urllib.parse import quote

import msgspec
import structlog

from deploy.connect.amazon import attributes
from deploy.connect.amazon.address import Query, encoded_sku, joined
from deploy.connect.amazon.documents import (
    KEPT_ISSUES,
    AmazonIssue,
    CatalogItems,
    Item,
    Items,
    Restrictions,
    Submitted,
)
from deploy.connect.amazon.exchange import Answer, Exchange, silent
from deploy.connect.amazon.failures import Call, CallLater, CallRefused, CallUnanswered
from deploy.connect.amazon.observed import absence, issue, observation
from deploy.connect.amazon.operations import OPERATIONS, Operation
from schemas import imports
from schemas.amazon import Observation
from schemas.marketplaces import marketplace
from schemas.settings import Account, Settings

T = TypeVar("T")

READ_PARTS = ("summaries", "offers", "fulfillmentAvailability", "issues")
"""The live parts of a SKU, and its issues; `attributes` proves nothing: it echoes what was sent."""
SEARCHED = 20
"""SKUs that one search may name, and rows of a page."""
INTERNAL = "4000000"
"""Amazon's code for an error of its own."""
OWN_ERROR_PAUSE = 5.0
"""Seconds to wait after an error of Amazon's own."""

_encode = msgspec.json.Encoder(decimal_format="number").encode
_log = structlog.get_logger(__name__)


class Asking(Protocol):
    """The call of the client for operations that are not about one SKU."""

    def ask(
        self,
        operation: str,
        account: str,
        query: Query,
        *,
        parts: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> Answer:
        """Call one operation."""


class AmazonClient:
    """Calls Amazon for all accounts of the settings; safe for threads, keeps no state of calls.

    *settings* gives the snapshot in force; *regions* where the API of NA, EU, FE is: a path
    in front of Amazon's own is kept.
    """

    def __init__(
        self, exchange: Exchange, settings: Callable[[], Settings], regions: Mapping[str, str]
    ) -> None:
        self._exchange = exchange
        self._settings = settings
        self._regions = dict(regions)

    def pause(self, operation: str, account: str) -> float:
        """Give the seconds until *operation* may be called for *account*; 0 = now."""
        return self._exchange.limits.pause(operation, account)

    # --- writes ---

    def put(self, account: str, seller_sku: str, store: str, body: Mapping[str, Any]) -> str:
        """Create or replace the offer of *store*; give the submission's id."""
        return self._write("putListingsItem", account, seller_sku, store, body)

    def patch(self, account: str, seller_sku: str, store: str, body: Mapping[str, Any]) -> str:
        """Change parts of the listing of *store*; give the submission's id."""
        return self._write("patchListingsItem", account, seller_sku, store, body)

    def delete(self, account: str, seller_sku: str, store: str) -> str:
        """Take the listing of *store* away; give the submission's id."""
        return self._write("deleteListingsItem", account, seller_sku, store, None)

    def _write(
        self,
        operation: str,
        account: str,
        seller_sku: str,
        store: str,
        body: Mapping[str, Any] | None,
    ) -> str:
        query = {"marketplaceIds": list(self._places(account, [store]).values())}
        answer = self._call(operation, account, query, seller_sku=seller_sku, body=body)
        submitted = read_as(answer, Submitted)
        if submitted.sku != seller_sku:
            raise _stranger(answer)
        if submitted.status == "ACCEPTED":
            return submitted.submission_id
        if submitted.status == "INVALID":
            raise _invalid(answer.call(), submitted)
        raise CallUnanswered(answer.call(), f"status {submitted.status[:40]!r}")

    # --- reads ---

    def read(self, account: str, seller_sku: str, stores: Sequence[str]) -> Observation:
        """Read one SKU; one that Amazon answers with 404 exists in none of *stores*."""
        places = self._places(account, stores)
        mapped = self._mapped(places)
        query = {"marketplaceIds": list(places.values()), "includedData": _parts(mapped)}
        asked_at = self._exchange.amazons_now()
        answer = self._call("getListingsItem", account, query, seller_sku=seller_sku)
        if answer.status == 404:
            return absence(account, seller_sku, places, asked_at)
        item = read_as(answer, Item)
        if item.sku != seller_sku:
            raise _stranger(answer)
        return observation(item, account, places, asked_at, mapped=mapped)

    def read_many(
        self, account: str, seller_skus: Sequence[str], stores: Sequence[str]
    ) -> dict[str, Observation]:
        """Read up to 20 SKUs at once; one that is not in the answer is not proven gone.

        Raises ValueError for more than 20, or a SKU with a comma: `read` is for those.
        """
        if len(seller_skus) > SEARCHED:
            raise ValueError(f"at most {SEARCHED} SKUs at once, not {len(seller_skus)}")
        places = self._places(account, stores)
        mapped = self._mapped(places)
        query: Query = {
            "marketplaceIds": list(places.values()),
            "identifiers": seller_skus,
            "identifiersType": "SKU",
            "includedData": _parts(mapped),
            "pageSize": str(SEARCHED),
        }
        asked_at = self._exchange.amazons_now()
        page = read_as(self._call("searchListingsItems", account, query), Items)
        mine = [item for item in page.items if item.sku in seller_skus]
        return {
            item.sku: observation(item, account, places, asked_at, mapped=mapped) for item in mine
        }

    def search_catalog(
        self,
        account: str,
        store: str,
        *,
        kind: str | None = None,
        identifiers: Sequence[str] = (),
        keywords: Sequence[str] = (),
        parts: Sequence[str] = ("summaries", "identifiers", "relationships", "productTypes"),
        token: str | None = None,
    ) -> CatalogItems:
        """Search Amazon's catalogue by identifiers of one *kind*, or by keywords; one page."""
        query: dict[str, str | Sequence[str]] = {
            "marketplaceIds": list(self._places(account, [store]).values()),
            "includedData": parts,
            "pageSize": str(SEARCHED),
        }
        if kind is None:
            query["keywords"] = keywords
        else:
            query |= {"identifiers": identifiers, "identifiersType": kind}
        if kind == "SKU":
            query["sellerId"] = self._account(account).merchant_token
        if token is not None:
            query["pageToken"] = token
        return read_as(self._call("searchCatalogItems", account, query), CatalogItems)

    def complete(self, seen: Observation) -> Observation:
        """Give *seen* with what import mappings name and a read does not tell.

        An offer's own attributes are few; the rest stand in Amazon's catalogue, by ASIN.
        What stands nowhere is stated as none, so that nobody asks for it again.
        """
        return attributes.completed(seen, self._settings(), self._catalogued)

    def _catalogued(self, account: str, store: str, asin: str) -> Mapping[str, Any]:
        page = self.search_catalog(
            account, store, kind="ASIN", identifiers=[asin], parts=("attributes",)
        )
        rows = next((one.get("attributes") for one in page.items if one.get("asin") == asin), None)
        return rows if isinstance(rows, dict) else {}

    def _mapped(self, places: Mapping[str, str]) -> dict[str, frozenset[str]]:
        """Give what the import mappings of each store name."""
        settings = self._settings()
        named = {s: settings.imports(marketplace(place)) for s, place in places.items()}
        return {store: imports.to_read(names) for store, names in named.items()}

    def restrictions(
        self, account: str, store: str, asin: str, condition: str | None
    ) -> Restrictions:
        """Tell what keeps *account* from listing *asin* in a condition; empty = nothing."""
        query: dict[str, str | Sequence[str]] = {
            "asin": asin,
            "sellerId": self._account(account).merchant_token,
            "marketplaceIds": list(self._places(account, [store]).values()),
        }
        if condition is not None:
            query["conditionType"] = condition
        return read_as(self._call("getListingsRestrictions", account, query), Restrictions)

    # --- what else is called, and addressing ---

    def ask(
        self,
        operation: str,
        account: str,
        query: Query,
        *,
        parts: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> Answer:
        """Call an operation that is not about one SKU; *parts* are the ids in its path."""
        what = OPERATIONS[operation]
        named = {name: encoded_sku(value) for name, value in (parts or {}).items()}
        url = self._at(account, what.path.format(**named), query)
        return self._exchange.call(what, account, url, None if body is None else _encode(body))

    def _call(
        self,
        operation: str,
        account: str,
        query: Query,
        *,
        seller_sku: str | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> Answer:
        what = OPERATIONS[operation]
        url = self._url(what, account, query, seller_sku)
        return self._exchange.call(what, account, url, None if body is None else _encode(body))

    def _url(self, operation: Operation, account: str, query: Query, seller_sku: str | None) -> str:
        mine = self._account(account)
        sku = "" if seller_sku is None else encoded_sku(seller_sku)
        path = operation.path.format(seller=quote(mine.merchant_token, safe=""), sku=sku)
        return self._at(account, path, query)

    def _at(self, account: str, path: str, query: Query) -> str:
        region = self._regions[self._account(account).region].rstrip("/")
        return f"{region}{path}?{joined(query)}" if query else region + path

    def _account(self, account: str) -> Account:
        found: Account | None = self._settings().of("account").get(account)
        if found is None:
            raise ValueError(f"no account {account!r} in the settings")
        return found

    def amazons_now(self) -> datetime:
        """Give the present on Amazon's clock."""
        return self._exchange.amazons_now()

    def _places(self, account: str, stores: Sequence[str]) -> dict[str, str]:
        """Give the marketplace ids of *stores*, in their order.

        Raises ValueError for none, for a store of another account, or of another region.
        """
        if not stores:
            raise ValueError(f"no store of {account!r} was named")
        return {name: self.place(account, name) for name in stores}

    def place(self, account: str, name: str) -> str:
        """Give the marketplace id of a store. Raises ValueError unless it is *account*'s."""
        store = self._settings().store(name)
        if store is None or store.account != account:
            raise ValueError(f"{name!r} is no store of {account!r}")
        place, region = marketplace(store.marketplace), self._account(account).region
        if place.region != region:
            raise ValueError(f"{name!r} lies in {place.region}, {account!r} in {region}")
        return place.id


def _parts(mapped: Mapping[str, frozenset[str]]) -> tuple[str, ...]:
    return (*READ_PARTS, "attributes") if any(mapped.values()) else READ_PARTS


def read_as(answer: Answer, shape: type[T]) -> T:
    """Give the body of *answer* as *shape*; what is none is no answer that can be trusted."""
    try:
        return msgspec.json.Decoder(shape, float_hook=Decimal).decode(answer.body)
    except (ValueError, RecursionError) as error:
        raise silent(answer.operation, answer.call(), error) from error


def _stranger(answer: Answer) -> Exception:
    """Give the failure of an answer that speaks about another SKU."""
    _log.warning("another SKU answered", operation=answer.operation.id, request=answer.request_id)
    return silent(answer.operation, answer.call(), ValueError("another SKU"))


def _invalid(call: Call, submitted: Submitted) -> Exception:
    """Give the failure of a 200 that says INVALID: Amazon's own trouble may be tried again."""
    kept = submitted.issues[:KEPT_ISSUES]
    faults = [i for i in kept if i.severity == "ERROR"] or kept
    if faults and all(_internal(i) for i in faults):
        return CallLater(call, "Amazon's own error", after=OWN_ERROR_PAUSE)
    return CallRefused(call, [issue(i) for i in kept], submitted.submission_id)


def _internal(stated: AmazonIssue) -> bool:
    return stated.code == INTERNAL or not stated.categories


def quiet_http() -> None:
    """Keep the HTTP libraries from logging URLs: a presigned query is a secret (S22)."""
    for name in ("httpx2", "httpcore2"):
        logging.getLogger(name).setLevel(logging.WARNING)
