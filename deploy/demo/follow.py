"""Following one change from the broker's acknowledgement to Amazon's ground truth, timed."""

import time
from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

import httpx2
import msgspec

PATIENCE = 30.0
"""Seconds after which a change is said not to have arrived."""

WRITES = ("patchListingsItem", "putListingsItem")


class Followed(msgspec.Struct, frozen=True):
    """One change and how long it took; None = it did not arrive in time."""

    change: str
    event_to_request_ms: float | None
    event_to_confirmed_ms: float | None


class Truth:
    """The stand-in's control plane: its journal, and what it holds."""

    def __init__(self, control: str) -> None:
        self._client = httpx2.Client(base_url=control, timeout=30)

    def report(self, account: str, marketplace: str) -> bytes:
        """Give the all-listings report of one store, as Amazon would write it."""
        wanted = {"account": account, "marketplace": marketplace}
        return self._client.get("/truth/report", params=wanted).content

    def writes(self, account: str, sku: str, since_ms: float) -> list[dict[str, Any]]:
        """Give the writes to one SKU since a moment (epoch ms), the first one first."""
        wanted = {"account": account, "sku": sku}
        found = self._client.get("/requests", params=wanted).json()["requests"]
        return [r for r in found if r["operation"] in WRITES and r["received_ms"] >= since_ms]

    def listing(self, account: str, marketplace: str, sku: str) -> Mapping[str, Any]:
        """Give what Amazon holds of one listing."""
        wanted = {"account": account, "marketplace": marketplace, "sku": sku}
        found = self._client.get("/truth/listings", params=wanted).json()["listings"]
        return found[0] if found else {}


def follow(
    change: str, acked_ms: float, request: Callable[[], float | None], shown: Callable[[], bool]
) -> Followed:
    """Wait until Amazon got the request, and until it shows the value."""
    received = _until(request)
    arrived = _until(lambda: time.time() * 1000 if shown() else None)
    return Followed(
        change,
        None if received is None else round(received - acked_ms, 1),
        None if arrived is None else round(arrived - acked_ms, 1),
    )


def _until(look: Callable[[], float | None]) -> float | None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if (found := look()) is not None:
            return found
        time.sleep(0.02)
    return None


def same(shown: object, wanted: Decimal) -> bool:
    """Tell whether what Amazon shows is *wanted*, as decimals."""
    amount = shown.get("amount") if isinstance(shown, dict) else shown
    try:
        return Decimal(str(amount)) == wanted
    except InvalidOperation:
        return False
