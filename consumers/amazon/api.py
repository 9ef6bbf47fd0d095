"""What the push needs from outside: Amazon's client, a publisher, a clock."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from schemas.amazon import Issue, Observation
from schemas.errors import Refused
from schemas.record import Record
from schemas.settings import Settings

Clock = Callable[[], datetime]
Publish = Callable[[Sequence[Record]], None]
"""Sends records and comes back once the broker has them all; raises otherwise."""

Snapshot = Callable[[], Settings]
"""Gives the settings in force."""


class ListingsApi(Protocol):
    """The calls of Amazon's Listings Items that a push needs.

    Each raises `Refused`, `TryAgain`, `Unanswered` or `NotAllowed` and never waits. A write
    gives the submission's id once Amazon said ACCEPTED.
    """

    def pause(self, operation: str, account: str) -> float:
        """Give the seconds until *operation* may be called for *account*; 0 = now."""

    def put(self, account: str, seller_sku: str, store: str, body: Mapping[str, Any]) -> str:
        """Create or replace the offer of *store*."""

    def patch(self, account: str, seller_sku: str, store: str, body: Mapping[str, Any]) -> str:
        """Change parts of the listing of *store*."""

    def delete(self, account: str, seller_sku: str, store: str) -> str:
        """Take the listing of *store* away."""

    def read(self, account: str, seller_sku: str, stores: Sequence[str]) -> Observation:
        """Read one SKU; a SKU that Amazon does not know exists in none of *stores*."""

    def read_many(
        self, account: str, seller_skus: Sequence[str], stores: Sequence[str]
    ) -> dict[str, Observation]:
        """Read up to 20 SKUs at once; one that is not in the answer is not proven gone."""


def reachable(settings: Settings, account: str) -> list[str]:
    """Give the stores of *account* in the region where it was authorised, oldest first."""
    mine = settings.of("account").get(account)
    if mine is None:
        return []
    stores = settings.stores_of(account)
    return [name for name, store in stores.items() if store.place.region == mine.region]


def issues_of(refused: Refused) -> list[Issue]:
    """Give Amazon's issues behind a refusal, if the client kept any."""
    return list(getattr(refused, "issues", ()))


def is_throttled(error: Exception) -> bool:
    """Tell whether the quota was the reason, so that no attempt is lost."""
    return bool(getattr(error, "throttled", False))
