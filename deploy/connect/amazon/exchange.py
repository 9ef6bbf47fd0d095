"""One call: paid for, sent once, read to its end, and judged by its status.

No answer that can be trusted means *unanswered* for a write, *later* for a read. Repeated is
only a call whose token was refused, once, with a new one. Nothing sleeps here.
"""

import time
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime

import httpx2
import msgspec
import structlog

from deploy.connect.amazon.documents import errors
from deploy.connect.amazon.failures import (
    Call,
    CallLater,
    CallNotAllowed,
    CallRefused,
    CallUnanswered,
)
from deploy.connect.amazon.lwa import Tokens
from deploy.connect.amazon.operations import Operation
from deploy.connect.limits import Limits

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
"""Bytes of an answer that a failure keeps."""

NEVER_SENT = (
    httpx2.ConnectError,
    httpx2.ConnectTimeout,
    httpx2.PoolTimeout,
    httpx2.ProxyError,
    httpx2.UnsupportedProtocol,
)
"""Failures before the first byte of a request."""

_log = structlog.get_logger(__name__)


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """One answer of Amazon's, whole: what every judgement and metric asks for."""

    operation: Operation
    account: str
    status: int
    body: bytes
    request_id: str | None
    rate: str | None
    retry_after: str | None
    date: str | None

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


class Exchange:
    """Sends calls and judges their answers; safe for threads.

    *observe* is told of every answer, before it is judged (metrics).
    """

    def __init__(
        self,
        http: httpx2.Client,
        tokens: Tokens,
        limits: Limits,
        *,
        agent: str,
        now: Callable[[], datetime],
        observe: Callable[[Answer], None] = lambda _: None,
    ) -> None:
        self._http = http
        self._tokens = tokens
        self.limits = limits
        self._agent = agent
        self._now = now
        self._observe = observe
        self.skew = timedelta(0)
        """Amazon's clock minus ours, by the last answer that told it."""

    def amazons_now(self) -> datetime:
        """Give the present on Amazon's clock."""
        told = abs(self.skew.total_seconds()) > SKEW_NOISE
        return self._now() + (self.skew if told else timedelta(0))

    def call(self, operation: Operation, account: str, url: str, content: bytes | None) -> Answer:
        """Give the answer that the contract names; raise what any other one means."""
        token = self._tokens.token(account, operation.scope)
        if (pause := self.limits.take(operation.id, account)) > 0:
            call = Call(operation=operation.id, account=account)
            raise CallLater(call, "no token in the bucket", after=pause, throttled=True)
        answer = self._send(operation, account, url, content, token)
        if answer.status in (401, 403):
            self._tokens.drop(token)
            token = self._tokens.token(account, operation.scope)
            self.limits.force(operation.id, account)
            answer = self._send(operation, account, url, content, token)
        self._judge(answer)
        return answer

    def _send(
        self, operation: Operation, account: str, url: str, content: bytes | None, token: str
    ) -> Answer:
        call = Call(operation=operation.id, account=account)
        try:
            answer = self._transmit(operation, account, url, content, self._headers(token, content))
        except NEVER_SENT as error:
            raise CallLater(call, type(error).__name__, after=1.0) from error
        except (httpx2.TransportError, httpx2.DecodingError) as error:
            raise silent(operation, call, error) from error
        self._learn_skew(answer.date)
        self._observe(answer)
        return answer

    def _headers(self, token: str, content: bytes | None) -> dict[str, str]:
        headers = {
            "x-amz-access-token": token,
            "x-amz-date": self._now().strftime("%Y%m%dT%H%M%SZ"),
            "user-agent": self._agent,
            "accept": "application/json",
        }
        return headers if content is None else headers | {"content-type": "application/json"}

    def _transmit(
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
            return Answer(
                operation=operation,
                account=account,
                status=response.status_code,
                body=whole(response),
                request_id=told.get("x-amzn-RequestId"),
                rate=told.get("x-amzn-RateLimit-Limit"),
                retry_after=told.get("retry-after"),
                date=told.get("date"),
            )

    def _judge(self, answer: Answer) -> None:
        """Raise what an answer means, unless it is one that the contract names."""
        status, operation = answer.status, answer.operation
        if status == 429:
            raise self._throttled(answer)
        if status < 500 and status not in (401, 403):
            self.limits.succeeded(operation.id, answer.account, answer.rate)
        if status in operation.ok or (status == 404 and operation.absent):
            return
        if status in (401, 403):
            why = "refused twice, the second time with a new token"
            raise CallNotAllowed(answer.call(), why)
        if 400 <= status < 500 and status != 408:
            raise CallRefused(answer.call())
        if 300 <= status < 400:
            _log.warning("redirect not followed", operation=operation.id, account=answer.account)
        raise silent(operation, answer.call(), None)

    def _throttled(self, answer: Answer) -> CallLater:
        call = answer.call()
        after = self.limits.throttled(
            answer.operation.id,
            answer.account,
            text="; ".join(call.errors),
            retry_after=answer.retry_after,
        )
        return CallLater(call, "throttled", after=after, throttled=True)

    def _learn_skew(self, date: str | None) -> None:
        if (told := told_at(date)) is None:
            return
        self.skew = told - self._now()
        if abs(self.skew.total_seconds()) > SKEW_ALARM:
            _log.warning("Amazon's clock differs", seconds=round(self.skew.total_seconds()))


def silent(operation: Operation, call: Call, error: Exception | None) -> Exception:
    """Give the failure of a call without an answer to trust: a read may simply be repeated."""
    why = "no trustworthy answer" if error is None else f"{type(error).__name__}: {error}"[:200]
    if operation.write:
        return CallUnanswered(call, why)
    return CallLater(call, why, after=1.0)


def told_at(date: str | None) -> datetime | None:
    """Give the time that a `Date` header tells, None if it tells none."""
    try:
        told = parsedate_to_datetime(date or "")
    except (ValueError, TypeError):
        return None
    return told if told.tzinfo else None


def whole(response: httpx2.Response) -> bytes:
    """Read an answer to its end; raise ReadError once it is too large or too slow."""
    deadline = time.monotonic() + LONGEST_ANSWER
    body = bytearray()
    for chunk in response.iter_bytes():
        body += chunk
        if len(body) > LARGEST_ANSWER or time.monotonic() > deadline:
            raise httpx2.ReadError(f"the answer does not end: {len(body)} bytes so far")
    return bytes(body)
