"""Token buckets over operation × account × application, and the application's ceilings.

Numbers: `amazon.md` 3, column *default*. Time is an argument, in ms.
"""

from collections.abc import Iterable
from typing import Any, NamedTuple

import msgspec

NOTIFICATIONS = (
    "createDestination",
    "getDestinations",
    "getDestination",
    "deleteDestination",
    "createSubscription",
    "getSubscription",
    "getSubscriptions",
    "getSubscriptionById",
    "deleteSubscriptionById",
    "sendTestNotification",
)
RATES: dict[str, tuple[float, float]] = {
    "getListingsItem": (5, 5),
    "putListingsItem": (5, 5),
    "patchListingsItem": (5, 5),
    "deleteListingsItem": (5, 5),
    "searchListingsItems": (5, 5),
    "getListingsRestrictions": (5, 10),
    "getMarketplaceParticipations": (0.016, 15),
    "getAccount": (0.016, 15),
    "searchCatalogItems": (2, 2),
    "getCatalogItem": (2, 2),
    "createReport": (0.0167, 15),
    "getReport": (2, 15),
    "getReports": (0.0222, 10),
    "cancelReport": (0.0222, 10),
    "getReportDocument": (0.0167, 15),
    "createReportSchedule": (0.0222, 10),
    "getReportSchedules": (0.0222, 10),
    "getReportSchedule": (0.0222, 10),
    "cancelReportSchedule": (0.0222, 10),
    **dict.fromkeys(NOTIFICATIONS, (1, 5)),
}
CEILINGS: dict[str, tuple[float, float]] = {
    "patch": (500, 500),
    "product data": (100, 100),
    "relationships": (100, 100),
    "preview": (20, 20),
}
QUOTA_TEXT = "You exceeded your quota for the requested resource."
_GREATER = "The frequency of requests was greater than what is allowed for "
TEXTS = {
    "patch": _GREATER + "the application.",
    "product data": _GREATER + "product data.",
    "relationships": _GREATER + "relationships.",
}
OFFER_ATTRIBUTES = {"purchasable_offer", "fulfillment_availability"}
RELATIONSHIPS = {"child_parent_sku_relationship", "package_contains_sku"}


class Bucket(msgspec.Struct):
    """One token bucket and what became of the calls on it."""

    rate: float
    burst: float
    level: float
    at: int
    taken: int = 0
    refused: int = 0

    def refill(self, now: int) -> float:
        """Bring the level up to *now* and give it."""
        self.level = min(self.burst, self.level + max(0, now - self.at) * self.rate / 1000)
        self.at = max(now, self.at)
        return self.level


class Key(NamedTuple):
    """Which bucket: an operation of one account, or a ceiling of the application."""

    name: str
    account: str = ""


class Buckets:
    """All buckets of one application; *factor* multiplies every rate and burst.

    Factor None lifts the limits: nothing is refused and no rate is told.
    """

    def __init__(self, factor: float | None = 1.0) -> None:
        self.factor = factor
        self.rates = RATES | CEILINGS
        self._buckets: dict[Key, Bucket] = {}

    def take(self, keys: Iterable[Key], now: int) -> str | None:
        """Take a token from each of *keys*, or from none; give the 429 text then."""
        if self.factor is None:
            return None
        buckets = [(key, self._bucket(key, now)) for key in keys]
        for key, bucket in buckets:
            if bucket.refill(now) < 1:
                bucket.refused += 1
                return TEXTS.get(key.name, QUOTA_TEXT)
        for _, bucket in buckets:
            bucket.level -= 1
            bucket.taken += 1
        return None

    def rate(self, operation: str) -> float | None:
        """Give the pair's rate as the header tells it, or None without limits."""
        if self.factor is None or operation not in self.rates:
            return None
        return self.rates[operation][0] * self.factor

    def change(self, factor: float | None, rates: dict[str, tuple[float, float]]) -> None:
        """Change limits while running; levels start again at their bursts."""
        self.factor = factor
        self.rates |= rates
        self._buckets.clear()

    def snapshot(self, now: int) -> list[dict[str, Any]]:
        """Give level, taken and refused of every bucket that was touched."""
        return [
            {
                "bucket": key.name,
                "account": key.account or None,
                "level": round(bucket.refill(now), 3),
                "rate": bucket.rate,
                "burst": bucket.burst,
                "taken": bucket.taken,
                "refused": bucket.refused,
            }
            for key, bucket in sorted(self._buckets.items())
        ]

    def _bucket(self, key: Key, now: int) -> Bucket:
        bucket = self._buckets.get(key)
        if bucket is None:
            rate, burst = (number * (self.factor or 0) for number in self.rates[key.name])
            burst = max(1.0, burst)  # below one nothing would ever pass
            bucket = self._buckets[key] = Bucket(rate, burst, burst, now)
        return bucket


def keys_of(operation: str, account: str, *, attributes: set[str], preview: bool) -> list[Key]:
    """Give the buckets that one call draws on; *attributes* are those a PATCH names."""
    keys = [Key(operation, account)]
    if preview:
        keys.append(Key("preview"))
    if operation == "patchListingsItem":
        keys.append(Key("patch"))
        if attributes & RELATIONSHIPS:
            keys.append(Key("relationships"))
        if attributes - RELATIONSHIPS - OFFER_ATTRIBUTES:
            keys.append(Key("product data"))
    return keys
