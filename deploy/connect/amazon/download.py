"""Downloading documents from presigned addresses (C12, C13 of `amazon.md` 13).

No token, no redirect, only to hosts that are allowed; streamed to disk within limits of size
and time. The address is a secret and stands in no message.
"""

import codecs
import time
from collections.abc import Callable, Sequence
from ipaddress import ip_address
from pathlib import Path

import httpx2

from producers.amazon.ports import Fetched
from schemas.errors import Refused, TryAgain
from schemas.reasons import Reason

MOST = 512 * 1024 * 1024
"""Bytes of a document as it comes, still packed (security S51)."""
SECONDS = 300.0
"""Seconds in which a document must have come whole (C11)."""
TIMEOUT = httpx2.Timeout(connect=5.0, read=30.0, write=30.0, pool=5.0)


class Expired(TryAgain):
    """The address does not hold any more; another one must be asked for."""


class Downloads:
    """Downloads from *hosts* (a leading dot: all below), and from this machine if *local*."""

    def __init__(
        self,
        http: httpx2.Client,
        hosts: Sequence[str],
        *,
        local: bool = False,
        most: int = MOST,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._http = http
        self._hosts = tuple(hosts)
        self._local = local
        self._most = most
        self._clock = clock

    def fetch(self, url: str, into: Path) -> Fetched:
        """Write what is at *url* to *into*, as it comes.

        Raises `Expired`; `TryAgain` where it did not come whole; `Refused` for an address
        that may not be called, a redirect, and what is too large.
        """
        host = self._allowed(url)
        try:
            with self._http.stream("GET", url, timeout=TIMEOUT, follow_redirects=False) as answer:
                _judge(answer, host)
                size = self._write(answer, into)
                return Fetched(charset=_charset(answer), size=size)
        except httpx2.TransportError as error:
            why = f"the document did not come whole from {host}: {type(error).__name__}"
            raise TryAgain(why, after=5.0) from error

    def _write(self, answer: httpx2.Response, into: Path) -> int:
        deadline, size = self._clock() + SECONDS, 0
        with into.open("wb") as file:
            for chunk in answer.iter_raw():
                size += len(chunk)
                if size > self._most:
                    raise _refused(f"the document has more than {self._most} bytes")
                if self._clock() > deadline:
                    raise TryAgain(f"the document did not come in {SECONDS:.0f} s", after=60.0)
                file.write(chunk)
        return size

    def _allowed(self, url: str) -> str:
        try:
            where = httpx2.URL(url)
        except httpx2.InvalidURL as error:
            raise _refused("the document's address is none") from error
        if not self._known(where):
            raise _refused(f"documents are not fetched from {where.scheme}://{where.host}")
        return where.host

    def _known(self, where: httpx2.URL) -> bool:
        if on_this_machine(where.host):
            return self._local and where.scheme in ("http", "https")
        return where.scheme == "https" and any(_below(where.host, h) for h in self._hosts)


def _judge(answer: httpx2.Response, host: str) -> None:
    status = answer.status_code
    if status in (403, 404, 410):
        raise Expired(f"{host} answers {status}: the address does not hold any more", after=5.0)
    if status >= 500 or status in (408, 429):
        raise TryAgain(f"{host} answers {status}", after=5.0)
    if status != 200:
        raise _refused(f"{host} answers {status} where the document should be")


def _charset(answer: httpx2.Response) -> str | None:
    """Give the declared character set, if it is one."""
    try:
        return codecs.lookup(answer.charset_encoding or "").name
    except LookupError:
        return None


def on_this_machine(host: str) -> bool:
    """Tell whether *host* is this machine itself, as a stand-in of Amazon is."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _below(host: str, allowed: str) -> bool:
    return host.endswith(allowed) if allowed.startswith(".") else host == allowed


def _refused(why: str) -> Refused:
    return Refused(Reason("MALFORMED", {"event": "Report", "why": why}))
