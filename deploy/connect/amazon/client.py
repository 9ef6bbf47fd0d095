"""The one Selling Partner client: a call is addressed, paid for, sent once and judged.

It raises one of the four classes of `schemas.errors` and neither repeats (but once, after
a refreshed token) nor sleeps. Everything it needs is handed in. C1 to C17 are `amazon.md` 13.

Long because addressing, sending and judging of a call read best in one place.
"""

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar
from urllib.parse import quote

import httpx2
import msgspec
import structlog

from deploy.connect.amazon.documents import (
    KEPT_ISSUES,
    AmazonIssue,
    CatalogItems,
    Item,
    Items,
    Submitted,
    errors,
)
from deploy.connect.amazon.failures import (
    Call,
    CallLater,
    CallNotAllowed,
    CallRefused,
    CallUnanswered,
)
from deploy.connect.amazon.lwa import Tokens
from deploy.connect.amazon.observed import absence, issue, observation
from deploy.connect.amazon.operations import OPERATIONS, Operation
from deploy.connect.limits import Limits
from schemas.amazon import Observation
from schemas.marketplaces import marketplace
from schemas.settings import Account, Settings

T = TypeVar("T")

TIMEOUT = httpx2.Timeout(connect=5.0, read=30.0, write=30.0, pool=5.0)
LONGEST_ANSWER = 60.0
"""Seconds in which an answer must have come whole, however slowly it drips."""
LARGEST_ANSWER = 64 * 1024 * 1024
"""Bytes of an answer, unpacked; beyond, it is not read on."""
SKEW_ALARM = 60.0
"""Seconds between Amazon's clock and ours that somebody should know about."""
SKEW_NOISE = 2.0
"""Seconds that Amazon's whole-second `Date` and the way may account for."""
KEPT_BODY = 65_536

READ_PARTS = ("summaries", "offers", "fulfillmentAvailability", "issues")
"""The live parts of a SKU, and its issues; `attributes` would only echo what was sent."""
SEARCHED = 20
"""SKUs that one search may name."""
INTERNAL = "4000000"
"""Amazon's code for an error of its own."""

NEVER_SENT = (
    httpx2.ConnectError,
    httpx2.ConnectTimeout,
    httpx2.PoolTimeout,
    httpx2.UnsupportedProtocol,
    httpx2.ProxyError,
)
"""Failures before the first byte of a request."""

_encoder = msgspec.json.Encoder(decimal_format="number")
_log = structlog.get_logger()


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """One answer of Amazon's, whole: what every judgement and metric asks for."""

    operation: Operation
    account: str
    status: int
    body: bytes
    request_id: str | None
    rate: str | None
    retry_after: str | None
    at: datetime

    def call(self) -> Call:
        """Give what a failure keeps of it."""
        return Call(
            operation=self.operation.id,
            account=self.account,
            status=self.status,
            request_id=self.request_id,
            errors=errors(self.body) if self.status >= 400 else (),
            body=self.body[:KEPT_BODY],
        )


class Addresses(msgspec.Struct, frozen=True):
    """Where each region's API is, by NA, EU, FE; a path before Amazon's own is kept."""

    regions: dict[str, str]


class AmazonClient:
    """Calls Amazon for all accounts of the settings; safe for threads, keeps no state of calls.

    *settings* gives the snapshot in force; *observe* is told of every answer (metrics).
    """

    def __init__(
        self,
        http: httpx2.Client,
        tokens: Tokens,
        limits: Limits,
        settings: Callable[[], Settings],
        *,
        addresses: Addresses,
        agent: str,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        observe: Callable[[Answer], None] = lambda _: None,
    ) -> None:
        self._http = http
        self._tokens = tokens
        self._limits = limits
        self._settings = settings
        self._addresses = addresses
        self._agent = agent
        self._now = now
        self._observe = observe
        self.skew = timedelta(0)
        """Amazon's clock minus ours, from the last answer that told it."""

    # --- the calls ---

    def pause(self, operation: str, account: str) -> float:
        """Give the seconds until *operation* may be called for *account*; 0 = now."""
        return self._limits.pause(operation, account)

    def put(self, account: str, seller_sku: str, store: str, body: Mapping[str, Any]) -> str:
        """Create or replace the offer of *store*; give the submission's id."""
        return self._write("putListingsItem", account, seller_sku, store, body)

    def patch(self, account: str, seller_sku: str, store: str, body: Mapping[str, Any]) -> str:
        """Change parts of the listing of *store*; give the submission's id."""
        return self._write("patchListingsItem", account, seller_sku, store, body)

    def delete(self, account: str, seller_sku: str, store: str) -> str:
        """Take the listing of *store* away; give the submission's id."""
        return self._write("deleteListingsItem", account, seller_sku, store, None)

    def read(self, account: str, seller_sku: str, stores: Sequence[str]) -> Observation:
        """Read one SKU; one that Amazon answers with 404 exists in none of *stores*."""
        places = self._places(account, stores)
        query = {"marketplaceIds": list(places.values()), "includedData": READ_PARTS}
        asked_at = self._as_of()
        answer = self._call("getListingsItem", account, query, seller_sku=seller_sku)
        if answer.status == 404:
            return absence(account, seller_sku, places, asked_at)
        item = _document(answer, Item)
        if item.sku != seller_sku:
            raise _stranger(answer)
        return observation(item, account, places, asked_at)

    def read_many(
        self, account: str, seller_skus: Sequence[str], stores: Sequence[str]
    ) -> dict[str, Observation]:
        """Read up to 20 SKUs at once; one that is not in the answer is not proven gone.

        Raises ValueError for more than 20, or a SKU with a comma: `read` is for those.
        """
        if len(seller_skus) > SEARCHED:
            raise ValueError(f"at most {SEARCHED} SKUs at once, not {len(seller_skus)}")
        places = self._places(account, stores)
        query = {
            "marketplaceIds": list(places.values()),
            "identifiers": seller_skus,
            "identifiersType": "SKU",
            "includedData": READ_PARTS,
            "pageSize": str(SEARCHED),
        }
        asked_at = self._as_of()
        answer = self._call("searchListingsItems", account, query)
        page = _document(answer, Items)
        asked = set(seller_skus)
        return {
            i.sku: observation(i, account, places, asked_at) for i in page.items if i.sku in asked
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
            "pageSize": "20",
        }
        if kind is not None:
            query |= {"identifiers": identifiers, "identifiersType": kind}
            if kind == "SKU":
                query["sellerId"] = self._account(account).merchant_token
        else:
            query["keywords"] = keywords
        if token is not None:
            query["pageToken"] = token
        answer = self._call("searchCatalogItems", account, query)
        return _document(answer, CatalogItems)

    # --- one call ---

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
        submitted = _document(answer, Submitted)
        if submitted.sku != seller_sku:
            raise _stranger(answer)
        if submitted.status == "ACCEPTED":
            return submitted.submission_id
        if submitted.status == "INVALID":
            raise _invalid(answer.call(), submitted)
        raise CallUnanswered(answer.call(), f"status {submitted.status[:40]!r}")

    def _call(
        self,
        operation: str,
        account: str,
        query: Mapping[str, str | Sequence[str]],
        *,
        seller_sku: str | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> Answer:
        what = OPERATIONS[operation]
        url = self._url(what, account, query, seller_sku)
        content = None if body is None else _encoder.encode(body)
        token = self._tokens.token(account)
        if (pause := self._limits.take(operation, account)) > 0:
            call = Call(operation=operation, account=account)
            raise CallLater(call, "no token in the bucket", after=pause, throttled=True)
        answer = self._send(what, account, url, content, token)
        if answer.status in (401, 403):
            self._tokens.drop(account, token)
            token = self._tokens.token(account)
            self._limits.force(operation, account)
            answer = self._send(what, account, url, content, token)
        self._judge(answer)
        return answer

    def _url(
        self,
        operation: Operation,
        account: str,
        query: Mapping[str, str | Sequence[str]],
        seller_sku: str | None,
    ) -> str:
        mine = self._account(account)
        base = self._addresses.regions[mine.region].rstrip("/")
        sku = "" if seller_sku is None else encoded_sku(seller_sku)
        path = operation.path.format(seller=quote(mine.merchant_token, safe=""), sku=sku)
        return f"{base}{path}?{joined(query)}"

    def _send(
        self, operation: Operation, account: str, url: str, content: bytes | None, token: str
    ) -> Answer:
        headers = {
            "x-amz-access-token": token,
            "x-amz-date": self._now().strftime("%Y%m%dT%H%M%SZ"),
            "user-agent": self._agent,
            "accept": "application/json",
        }
        if content is not None:
            headers["content-type"] = "application/json"
        try:
            answer = self._exchange(operation, account, url, content, headers)
        except NEVER_SENT as error:
            call = Call(operation=operation.id, account=account)
            raise CallLater(call, type(error).__name__, after=1.0) from error
        except (httpx2.TransportError, httpx2.DecodingError) as error:
            raise _silent(
                operation, Call(operation=operation.id, account=account), error
            ) from error
        self._observe(answer)
        return answer

    def _exchange(
        self,
        operation: Operation,
        account: str,
        url: str,
        content: bytes | None,
        headers: Mapping[str, str],
    ) -> Answer:
        with self._http.stream(
            operation.method,
            url,
            content=content,
            headers=headers,
            timeout=TIMEOUT,
            follow_redirects=False,
        ) as response:
            told = response.headers
            self._learn_skew(told.get("date"))
            return Answer(
                operation=operation,
                account=account,
                status=response.status_code,
                body=_whole(response, Call(operation=operation.id, account=account)),
                request_id=told.get("x-amzn-RequestId"),
                rate=told.get("x-amzn-RateLimit-Limit"),
                retry_after=told.get("retry-after"),
                at=self._now(),
            )

    # --- judging an answer ---

    def _judge(self, answer: Answer) -> None:
        """Raise what an answer means, unless it is the one that the contract names."""
        status, operation, call = answer.status, answer.operation, answer.call()
        if status == 429:
            raise self._throttled(answer, call)
        if status < 500 and status not in (401, 403):
            self._limits.succeeded(operation.id, answer.account, answer.rate)
        if status in operation.ok or (status == 404 and operation.absent):
            return
        if status in (401, 403):
            raise CallNotAllowed(call, "refused twice, the second time with a new token")
        if 400 <= status < 500 and status != 408:
            raise CallRefused(call)
        if 300 <= status < 400:
            _log.warning("redirect not followed", operation=operation.id, account=answer.account)
        raise _silent(operation, call, None)

    def _throttled(self, answer: Answer, call: Call) -> CallLater:
        after = self._limits.throttled(
            answer.operation.id,
            answer.account,
            text="; ".join(call.errors),
            retry_after=answer.retry_after,
        )
        return CallLater(call, "throttled", after=after, throttled=True)

    # --- what is ours ---

    def _account(self, account: str) -> Account:
        found = self._settings().of("account").get(account)
        if found is None:
            raise ValueError(f"no account {account!r} in the settings")
        return found  # type: ignore[no-any-return]

    def _places(self, account: str, stores: Sequence[str]) -> dict[str, str]:
        """Give the marketplace ids of *stores*.

        Raises ValueError for a store of another account, or of another region.
        """
        settings, mine = self._settings(), self._account(account)
        places = {}
        for name in stores:
            store = settings.store(name)
            if store is None or store.account != account:
                raise ValueError(f"{name!r} is no store of {account!r}")
            place = marketplace(store.marketplace)
            if place.region != mine.region:
                raise ValueError(f"{name!r} lies in {place.region}, {account!r} in {mine.region}")
            places[name] = place.id
        if not places:
            raise ValueError(f"no store of {account!r} was named")
        return places

    def _as_of(self) -> datetime:
        """Give the present on Amazon's clock."""
        big = abs(self.skew.total_seconds()) > SKEW_NOISE
        return self._now() + (self.skew if big else timedelta(0))

    def _learn_skew(self, date: str | None) -> None:
        try:
            told = parsedate_to_datetime(date or "")
        except (ValueError, TypeError):
            return
        if told.tzinfo is None:
            return
        self.skew = told - self._now()
        if abs(self.skew.total_seconds()) > SKEW_ALARM:
            _log.warning("Amazon's clock differs", seconds=round(self.skew.total_seconds()))


def encoded_sku(seller_sku: str) -> str:
    """Give *seller_sku* as one path segment. Raises ValueError for an empty one.

    `.` and `..` are escaped too: the HTTP library would take them for steps in the path.
    """
    if not seller_sku:
        raise ValueError("a SKU is not empty")
    if seller_sku in (".", ".."):
        return seller_sku.replace(".", "%2E")
    return quote(seller_sku, safe="")


def joined(query: Mapping[str, str | Sequence[str]]) -> str:
    """Give the query string: arrays joined by commas in one parameter.

    Raises ValueError for a member that holds a comma itself.
    """
    return "&".join(f"{name}={_value(value)}" for name, value in query.items())


def _value(value: str | Sequence[str]) -> str:
    if isinstance(value, str):
        return quote(value, safe="")
    if inside := [v for v in value if "," in v]:
        raise ValueError(f"{inside[0]!r} holds a comma and cannot stand in a list")
    return ",".join(quote(v, safe="") for v in value)


def _whole(response: httpx2.Response, call: Call) -> bytes:
    """Read an answer to its end, or raise once it is too large or too slow."""
    deadline = time.monotonic() + LONGEST_ANSWER
    body = bytearray()
    for chunk in response.iter_bytes():
        body += chunk
        if len(body) > LARGEST_ANSWER or time.monotonic() > deadline:
            raise httpx2.ReadError(f"the answer does not end: {len(body)} bytes so far, {call}")
    return bytes(body)


def _silent(operation: Operation, call: Call, error: Exception | None) -> Exception:
    """Give the failure of a call without an answer to trust: a read may simply be repeated."""
    why = "no trustworthy answer" if error is None else f"{type(error).__name__}: {error}"[:200]
    if operation.write:
        return CallUnanswered(call, why)
    return CallLater(call, why, after=1.0)


def _document(answer: Answer, shape: type[T]) -> T:
    try:
        return msgspec.json.Decoder(shape, float_hook=Decimal).decode(answer.body)
    except (ValueError, RecursionError) as error:
        raise _silent(answer.operation, answer.call(), error) from error


def _stranger(answer: Answer) -> Exception:
    """Give the failure of an answer that speaks about another SKU."""
    _log.warning(
        "answer about another SKU", operation=answer.operation.id, request=answer.request_id
    )
    return _silent(answer.operation, answer.call(), ValueError("another SKU"))


def _invalid(call: Call, submitted: Submitted) -> Exception:
    """Give the failure of a 200 that says INVALID: Amazon's own trouble may be tried again."""
    kept = submitted.issues[:KEPT_ISSUES]
    faults = [i for i in kept if i.severity == "ERROR"] or kept
    if faults and all(_internal(i) for i in faults):
        return CallLater(call, "Amazon's own error", after=5.0)
    return CallRefused(call, [issue(i) for i in kept], submitted.submission_id)


def _internal(stated: AmazonIssue) -> bool:
    return stated.code == INTERNAL or not stated.categories


def quiet_http() -> None:
    """Keep the HTTP libraries from logging URLs: a presigned query is a secret (S22)."""
    for name in ("httpx2", "httpcore2"):
        logging.getLogger(name).setLevel(logging.WARNING)
