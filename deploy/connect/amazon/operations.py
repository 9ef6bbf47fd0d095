"""The operations we call: method, path, and what limiter and retry rules ask about each."""

from typing import Literal

import msgspec


class Operation(msgspec.Struct, frozen=True, kw_only=True):
    """One operation. *write*: it changes something, so a lost answer means *unknown*.

    *absent*: a 404 is a fact. *ok*: the statuses the contract names for success. *scope*: it
    is asked with a token of the application alone, not of an account.
    """

    id: str
    method: Literal["GET", "PUT", "PATCH", "DELETE", "POST"]
    path: str
    client_class: str
    write: bool = False
    absent: bool = False
    scope: str = ""
    idempotent: bool = True
    ok: tuple[int, ...] = (200,)


_ONE = "/listings/2021-08-01/items/{seller}/{sku}"
_ALL = "/listings/2021-08-01/items/{seller}"
_ITEMS = "ListingsApi"
_REPORTS = "/reports/2021-06-30/reports"
_DESTINATIONS = "/notifications/v1/destinations"
_SUBSCRIPTION = "/notifications/v1/subscriptions/{type}"
_NOTICES = "NotificationsApi"
NOTIFYING = "sellingpartnerapi::notifications"
"""The scope of calls about notifications that are no account's."""

OPERATIONS: dict[str, Operation] = {
    o.id: o
    for o in (
        Operation(id="getListingsItem", method="GET", path=_ONE, client_class=_ITEMS, absent=True),
        Operation(id="searchListingsItems", method="GET", path=_ALL, client_class=_ITEMS),
        Operation(id="putListingsItem", method="PUT", path=_ONE, client_class=_ITEMS, write=True),
        Operation(
            id="patchListingsItem", method="PATCH", path=_ONE, client_class=_ITEMS, write=True
        ),
        Operation(
            id="deleteListingsItem", method="DELETE", path=_ONE, client_class=_ITEMS, write=True
        ),
        Operation(
            id="getListingsRestrictions",
            method="GET",
            path="/listings/2021-08-01/restrictions",
            client_class=_ITEMS,
        ),
        Operation(
            id="searchCatalogItems",
            method="GET",
            path="/catalog/2022-04-01/items",
            client_class="CatalogApi",
        ),
        Operation(
            id="getMarketplaceParticipations",
            method="GET",
            path="/sellers/v1/marketplaceParticipations",
            client_class="SellersApi",
        ),
        Operation(
            id="createReport",
            method="POST",
            path=_REPORTS,
            client_class="ReportsApi",
            write=True,
            idempotent=False,
            ok=(202,),
        ),
        Operation(id="getReports", method="GET", path=_REPORTS, client_class="ReportsApi"),
        Operation(
            id="getReport", method="GET", path=_REPORTS + "/{report}", client_class="ReportsApi"
        ),
        Operation(
            id="getReportDocument",
            method="GET",
            path="/reports/2021-06-30/documents/{document}",
            client_class="ReportsApi",
        ),
        Operation(
            id="getDestinations",
            method="GET",
            path=_DESTINATIONS,
            client_class=_NOTICES,
            scope=NOTIFYING,
        ),
        Operation(
            id="createDestination",
            method="POST",
            path=_DESTINATIONS,
            client_class=_NOTICES,
            write=True,
            idempotent=False,
            scope=NOTIFYING,
        ),
        Operation(
            id="getSubscription",
            method="GET",
            path=_SUBSCRIPTION,
            client_class=_NOTICES,
            absent=True,
        ),
        Operation(
            id="createSubscription",
            method="POST",
            path=_SUBSCRIPTION,
            client_class=_NOTICES,
            write=True,
            idempotent=False,
        ),
    )
}
"""By Amazon's operation id; *client_class* is the other half of its name in rate-limits.yml."""
