"""How a call of the shop fails: the four classes of `schemas.errors`, with the shop's own words."""

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from schemas.errors import NotAllowed, Refused, TryAgain, Unanswered
from schemas.reasons import Reason

KEPT_TEXT = 2_000
"""Characters of the shop's words that a failure keeps."""

_PLACE = re.compile(r"%(\w+)")


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of one call: *status* 0 = no answer. *told* is what the shop says."""

    operation: str
    view: str
    status: int = 0
    told: str = ""

    def __str__(self) -> str:
        answer = f"{self.status} {self.told}" if self.status else "no answer"
        return f"{self.operation} of view {self.view}: {answer}"


class ShopRefused(Refused):
    """The shop will never take this; its words say why."""

    def __init__(self, call: Call) -> None:
        super().__init__(
            Reason("SHOP_REJECTED", {"status": str(call.status), "message": call.told})
        )
        self.call = call


class ShopLater(TryAgain):
    """Not now."""

    def __init__(self, call: Call, why: str, *, after: float) -> None:
        super().__init__(f"{why}: {call}", after=after)
        self.call = call


class ShopUnanswered(Unanswered):
    """A write was sent, and nothing that can be trusted came back."""

    def __init__(self, call: Call, why: str) -> None:
        super().__init__(f"{why}: {call}")
        self.call = call


class ShopNotAllowed(NotAllowed):
    """The shop does not let us do that: its token is gone, or lacks a resource."""

    def __init__(self, call: Call) -> None:
        super().__init__(str(call))
        self.call = call


def told(body: bytes) -> str:
    """Give what an error says: its message with the parameters in, and those it lists.

    A trace (a shop in developer mode sends one) is left out; a page of HTML says nothing.
    """
    try:
        document = msgspec.json.decode(body)
    except (ValueError, RecursionError):
        return f"{len(body)} bytes that are no JSON"
    if not isinstance(document, dict):
        return f"{len(body)} bytes that are no error of the shop"
    nested = document.get("errors")
    errors = [document, *(nested if isinstance(nested, list) else [])]
    said = [_sentence(e) for e in errors if isinstance(e, dict)]
    return "; ".join(s for s in said if s)[:KEPT_TEXT]


def _sentence(error: Mapping[str, Any]) -> str:
    message, parameters = str(error.get("message", "")), error.get("parameters")
    named: dict[str, str] = {}
    if isinstance(parameters, list):
        named = {str(n): str(p) for n, p in enumerate(parameters, 1)}
    elif isinstance(parameters, dict):
        named = {str(name): str(p) for name, p in parameters.items()}
    return _PLACE.sub(lambda found: named.get(found[1], found[0]), message)
