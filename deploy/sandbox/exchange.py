"""One request and one reply of HTTP, as values, and the shapes of Amazon's errors."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any
from urllib.parse import unquote, unquote_plus

import msgspec

encoder = msgspec.json.Encoder(decimal_format="number")
decoder = msgspec.json.Decoder(float_hook=Decimal)


class Request(msgspec.Struct, frozen=True):
    """What a client sent: the path is raw, header names are lower case."""

    method: str
    path: str
    query: str = ""
    headers: dict[str, str] = {}
    body: bytes = b""

    def segments(self) -> list[str]:
        """Split the raw path, then decode each segment: `a%2Fb` stays one SKU (S2)."""
        return [unquote(part) for part in self.path.split("/")[1:]]

    def parameters(self) -> dict[str, list[str]]:
        """Give each query parameter's values, decoded, in the order they came."""
        found: dict[str, list[str]] = {}
        for pair in filter(None, self.query.split("&")):
            name, _, value = pair.partition("=")
            found.setdefault(unquote_plus(name), []).append(unquote_plus(value))
        return found


class Reply(msgspec.Struct):
    """What goes back, and how: `act` is send, reset, truncate or hang; delay in seconds."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = {}
    act: str = "send"
    delay: float = 0.0


class Problem(Exception):
    """A refusal with Amazon's error shape; raised within a request, answered at its edge."""

    def __init__(self, status: int, code: str, text: str, details: str = "") -> None:
        super().__init__(text)
        self.status, self.code, self.text, self.details = status, code, text, details
        self.headers: dict[str, str] = {}

    def reply(self) -> Reply:
        """Give it as a reply."""
        error = {"code": self.code, "message": self.text, "details": self.details}
        reply = answer({"errors": [error]}, self.status)
        reply.headers |= self.headers
        return reply


def bad_request(details: str) -> Problem:
    """Make the 400 of a request that breaks the model."""
    return Problem(400, "InvalidInput", "Request has missing or invalid parameters.", details)


def forbidden(details: str) -> Problem:
    """Make the 403 of a request without the right."""
    return Problem(403, "Unauthorized", "Access to requested resource is denied.", details)


def not_allowed(methods: Iterable[str]) -> Problem:
    """Make the 405 of a path that knows only *methods*, which its `Allow` header tells."""
    problem = Problem(405, "MethodNotAllowed", "The method is not allowed for this path.")
    problem.headers["allow"] = ", ".join(sorted(methods))
    return problem


def answer(value: Any, status: int = 200) -> Reply:
    """Make a JSON reply."""
    return Reply(status, encoder.encode(value), {"content-type": "application/json"})
