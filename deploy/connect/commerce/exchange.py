"""One call of the shop: paid for, sent once, read to its end, and judged by its status.

No answer that can be trusted means *unanswered* for a write, *later* for a read. Nothing is
repeated and nothing sleeps here; a redirect is not followed, as it would take the token along.
"""

from datetime import datetime
from decimal import Decimal
from typing import Any

import httpx2
import msgspec

from deploy.connect.amazon.exchange import NEVER_SENT, TIMEOUT, told_at, whole
from deploy.connect.commerce.failures import (
    Call,
    ShopLater,
    ShopNotAllowed,
    ShopRefused,
    ShopUnanswered,
    told,
)
from deploy.connect.commerce.login import Login
from deploy.connect.commerce.operations import Operation
from deploy.connect.limits import Limits

LANE = "shop"
"""The one bucket of a shop: all operations share it, as all of them cost its web server."""

_DECODER = msgspec.json.Decoder(float_hook=Decimal)


class Exchange:
    """Sends calls to one shop and judges its answers; safe for threads."""

    def __init__(self, http: httpx2.Client, login: Login, limits: Limits, *, agent: str) -> None:
        self._http = http
        self._login = login
        self._limits = limits
        self._agent = agent
        self.date: datetime | None = None
        """The shop's clock by its last answer."""

    def call(self, operation: Operation, view: str, url: str, content: bytes | None) -> Any:
        """Give the document that answers, None for *absent*. Raises what any other means."""
        call = Call(operation=operation.id, view=view)
        if (pause := self._limits.take(LANE, "")) > 0:
            raise ShopLater(call, "no token in the bucket", after=pause)
        try:
            status, retry, body = self._transmit(operation, url, content)
        except NEVER_SENT as error:
            raise ShopLater(call, type(error).__name__, after=1.0) from error
        except (httpx2.TransportError, httpx2.DecodingError) as error:
            raise _silent(operation, call, error) from error
        return self._judged(operation, call, status, retry, body)

    def _transmit(
        self, operation: Operation, url: str, content: bytes | None
    ) -> tuple[int, str | None, bytes]:
        headers = {
            "authorization": self._login(operation.method, url),
            "accept": "application/json",
            "user-agent": self._agent,
        }
        if content is not None:
            headers["content-type"] = "application/json"
        with self._http.stream(
            operation.method,
            url,
            content=content,
            headers=headers,
            timeout=TIMEOUT,
            follow_redirects=False,
        ) as response:
            self.date = told_at(response.headers.get("date"))
            return response.status_code, response.headers.get("retry-after"), whole(response)

    def _judged(
        self, operation: Operation, call: Call, status: int, retry: str | None, body: bytes
    ) -> Any:
        if status == 200:
            self._limits.succeeded(LANE, "", None)
            return _document(operation, call, body)
        if status == 404 and operation.absent and _is_the_shops(body):
            return None
        answered = Call(operation=call.operation, view=call.view, status=status, told=told(body))
        if status == 429 or (status == 503 and not operation.write):
            after = self._limits.throttled(LANE, "", retry_after=retry)
            raise ShopLater(answered, "throttled", after=after)
        if status in (401, 403):
            raise ShopNotAllowed(answered)
        if status < 500 and status != 408:
            raise ShopRefused(answered)
        raise _silent(operation, answered, None)


def _document(operation: Operation, call: Call, body: bytes) -> Any:
    try:
        return _DECODER.decode(body)
    except (ValueError, RecursionError) as error:
        raise _silent(operation, call, error) from error


def _is_the_shops(body: bytes) -> bool:
    """Tell a 404 of the shop from one of a web server that knows nothing of it."""
    try:
        document = msgspec.json.decode(body)
    except (ValueError, RecursionError):
        return False
    return isinstance(document, dict) and document.get("message", NO_ROUTE) != NO_ROUTE


NO_ROUTE = "Request does not match any route."
"""What the shop says of an address it does not have: that is no product that is missing."""


def _silent(operation: Operation, call: Call, error: Exception | None) -> Exception:
    why = "no trustworthy answer" if error is None else f"{type(error).__name__}: {error}"[:200]
    if operation.write:
        return ShopUnanswered(call, why)
    return ShopLater(call, why, after=1.0)
