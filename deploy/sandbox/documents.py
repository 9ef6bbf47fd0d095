"""Document storage: presigned URLs that live five minutes, and XML when they do not hold (S21)."""

from datetime import UTC, datetime
from typing import NamedTuple
from urllib.parse import quote, urlencode

import msgspec

from deploy.sandbox.chance import Chance, fixed
from deploy.sandbox.exchange import Reply, Request
from deploy.sandbox.when import instant

PATH = "/documents/"
LIFETIME = 300
"""Seconds that a presigned URL is good for (`amazon.md` 7, 8)."""


class Stored(msgspec.Struct, frozen=True):
    """What lies in storage: the bytes as they leave, compressed or not."""

    body: bytes
    content_type: str
    gzip: bool


class Refusal(NamedTuple):
    """Why storage gives nothing."""

    status: int
    code: str
    text: str

    def reply(self) -> Reply:
        """Give it in the shape of the storage, which is not the API's."""
        told = f"<Error><Code>{self.code}</Code><Message>{self.text}</Message></Error>"
        body = f'<?xml version="1.0" encoding="UTF-8"?>\n{told}'.encode()
        return Reply(self.status, body, {"content-type": "application/xml"})


class Documents:
    """The documents of one world, and their URLs."""

    def __init__(self, chance: Chance) -> None:
        self._chance = chance
        self._stored: dict[str, Stored] = {}

    def add(self, document: Stored, entity: str) -> str:
        """Store a document; give its id."""
        number = self._chance.identity("document", entity)
        name = f"amzn1.spdoc.1.4.{number}"
        self._stored[name] = document
        return name

    def find(self, name: str) -> Stored | None:
        """Find a document by its id."""
        return self._stored.get(name)

    def drop(self, name: str) -> None:
        """Forget a document."""
        self._stored.pop(name, None)

    def url(self, name: str, host: str, *, now: int, encoded: bool) -> str:
        """Give a URL that works for five minutes.

        *encoded* asks for `Content-Encoding: gzip` on what it gives.
        """
        date = f"{datetime.fromtimestamp(now // 1000, UTC):%Y%m%dT%H%M%SZ}"
        query = {"X-Amz-Date": date, "X-Amz-Expires": str(LIFETIME)}
        if encoded:
            query["response-content-encoding"] = "gzip"
        signed = query | {"X-Amz-Signature": self._signature(name, query)}
        return f"http://{host}{PATH}{quote(name, safe='')}?{urlencode(signed)}"

    def _signature(self, name: str, query: dict[str, str]) -> str:
        return fixed(self._chance.seed, "signature", f"{name}|{sorted(query.items())}").hex()

    def answer(self, request: Request, now: int) -> Reply:
        """Serve a URL: 403 once it is old or altered, 404 for what is not there."""
        name = "/".join(request.segments()[1:])
        query = {key: values[0] for key, values in request.parameters().items()}
        given = query.pop("X-Amz-Signature", None)
        if given != self._signature(name, query):
            return _FORGED.reply()
        if now >= instant(query["X-Amz-Date"]) + LIFETIME * 1000:
            return _OLD.reply()
        document = self._stored.get(name)
        if document is None:
            return _GONE.reply()
        headers = {"content-type": document.content_type}
        if document.gzip and "response-content-encoding" in query:
            headers["content-encoding"] = "gzip"
        return Reply(200, document.body, headers)


_FORGED = Refusal(403, "SignatureDoesNotMatch", "The signature does not match.")
_OLD = Refusal(403, "AccessDenied", "Request has expired")
_GONE = Refusal(404, "NoSuchKey", "The specified key does not exist.")
