"""How fast each operation may be called: requests a second and burst, per account.

The smallest of Amazon's three official sources (the models' usage plans, the documentation
pages, `rate-limits.yml` of Amazon's SDK), as of `amazon.md` 3, column *default*. Settings
override; a test compares with `rate-limits.yml`.
"""

import msgspec


class Rate(msgspec.Struct, frozen=True):
    """A token bucket's measures."""

    per_second: float
    burst: float

    def times(self, factor: float) -> "Rate":
        """Give the rate for quotas that are *factor* times as large."""
        return Rate(self.per_second * factor, max(1.0, self.burst * factor))


RATES: dict[str, Rate] = {
    "getListingsItem": Rate(5, 5),
    "searchListingsItems": Rate(5, 5),
    "putListingsItem": Rate(5, 5),
    "patchListingsItem": Rate(5, 5),
    "deleteListingsItem": Rate(5, 5),
    "getListingsRestrictions": Rate(5, 10),
    "searchCatalogItems": Rate(2, 2),
    "getMarketplaceParticipations": Rate(0.016, 15),
    "createReport": Rate(1 / 60, 15),
    "getReport": Rate(2, 15),
    "getReports": Rate(0.0222, 10),
    "getReportDocument": Rate(1 / 60, 15),
    "getDestinations": Rate(1, 5),
    "createDestination": Rate(1, 5),
    "getSubscription": Rate(1, 5),
    "createSubscription": Rate(1, 5),
}
"""Per account and application."""

APPLICATION: dict[str, Rate] = {"patchListingsItem": Rate(500, 500)}
"""Per application, over all its accounts (`amazon.md` 3, ceilings); offer changes face no other."""

SHARES: dict[str, dict[str, float]] = {
    "push": {"getListingsItem": 0.6},
    "intake": {"getListingsItem": 0.4},
    "reports": {},
    "notifications": {},
    "accounts": {},
}
"""An operation that two roles call is split, so that no bucket has two owners: 3/s and 2/s."""
