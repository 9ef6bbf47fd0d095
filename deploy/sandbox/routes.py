"""Which operation a raw path and a method mean, as the official models declare them."""

from collections.abc import Callable
from typing import NamedTuple

from deploy.sandbox import (
    catalog,
    listings,
    notifying,
    reporting,
    restrictions,
    search,
    sellers,
)
from deploy.sandbox.call import Call
from deploy.sandbox.exchange import Problem, Reply, Request, not_allowed
from deploy.sandbox.lwa import SCOPES

REGIONS = {"na": "NA", "eu": "EU", "fe": "FE"}
LISTING_ROLES = ("Product Listing", "Inventory and Order Tracking")
CATALOG_ROLES = ("Product Listing",)


class Operation(NamedTuple):
    """One operation of the models: what answers it, and what allows it.

    *roles*: one of these; none: any. *scope*: that of a grantless token, in place of an
    account's.
    """

    name: str
    handle: Callable[[Call], Reply]
    roles: tuple[str, ...] = LISTING_ROLES
    scope: str | None = None


class Route(NamedTuple):
    """Where a request goes: operation, region of its path, and the path's variables."""

    operation: Operation
    region: str
    names: dict[str, str]

    @property
    def subject(self) -> str:
        """The SKU or ASIN that the path names, or nothing."""
        return self.names.get("sku") or self.names.get("asin") or ""


Methods = dict[str, Operation]


def _grantless(name: str, handle: Callable[[Call], Reply]) -> Operation:
    return Operation(name, handle, (), SCOPES[0])


def _of_account(name: str, handle: Callable[[Call], Reply]) -> Operation:
    return Operation(name, handle, ())


_LISTINGS = "listings/2021-08-01/items/{sellerId}"
_CATALOG = "catalog/2022-04-01/items"
_REPORTS = "reports/2021-06-30"
_SUBSCRIPTIONS = "notifications/v1/subscriptions"
_DESTINATIONS = "notifications/v1/destinations"
PATHS: dict[str, Methods] = {
    _LISTINGS: {"GET": Operation("searchListingsItems", search.search)},
    f"{_LISTINGS}/{{sku}}": {
        "GET": Operation("getListingsItem", listings.get),
        "PUT": Operation("putListingsItem", listings.put),
        "PATCH": Operation("patchListingsItem", listings.patch),
        "DELETE": Operation("deleteListingsItem", listings.delete),
    },
    "listings/2021-08-01/restrictions": {
        "GET": Operation("getListingsRestrictions", restrictions.restrictions),
    },
    "sellers/v1/marketplaceParticipations": {
        "GET": _of_account("getMarketplaceParticipations", sellers.participations),
    },
    "sellers/v1/account": {"GET": _of_account("getAccount", sellers.account)},
    _CATALOG: {"GET": Operation("searchCatalogItems", catalog.search, CATALOG_ROLES)},
    f"{_CATALOG}/{{asin}}": {"GET": Operation("getCatalogItem", catalog.one, CATALOG_ROLES)},
    f"{_REPORTS}/reports": {
        "GET": Operation("getReports", reporting.many),
        "POST": Operation("createReport", reporting.create),
    },
    f"{_REPORTS}/reports/{{reportId}}": {
        "GET": Operation("getReport", reporting.one),
        "DELETE": Operation("cancelReport", reporting.cancel),
    },
    f"{_REPORTS}/schedules": {
        "GET": Operation("getReportSchedules", reporting.schedules),
        "POST": Operation("createReportSchedule", reporting.schedule),
    },
    f"{_REPORTS}/schedules/{{reportScheduleId}}": {
        "GET": Operation("getReportSchedule", reporting.one_schedule),
        "DELETE": Operation("cancelReportSchedule", reporting.unschedule),
    },
    f"{_REPORTS}/documents/{{reportDocumentId}}": {
        "GET": Operation("getReportDocument", reporting.document),
    },
    _SUBSCRIPTIONS: {"GET": _of_account("getSubscriptions", notifying.subscriptions)},
    f"{_SUBSCRIPTIONS}/{{notificationType}}": {
        "GET": _of_account("getSubscription", notifying.subscription),
        "POST": _of_account("createSubscription", notifying.subscribe),
    },
    f"{_SUBSCRIPTIONS}/{{notificationType}}/testNotification": {
        "POST": _grantless("sendTestNotification", notifying.test),
    },
    f"{_SUBSCRIPTIONS}/{{notificationType}}/{{subscriptionId}}": {
        "GET": _grantless("getSubscriptionById", notifying.one_subscription),
        "DELETE": _grantless("deleteSubscriptionById", notifying.unsubscribe),
    },
    _DESTINATIONS: {
        "GET": _grantless("getDestinations", notifying.destinations),
        "POST": _grantless("createDestination", notifying.create_destination),
    },
    f"{_DESTINATIONS}/{{destinationId}}": {
        "GET": _grantless("getDestination", notifying.one_destination),
        "DELETE": _grantless("deleteDestination", notifying.delete_destination),
    },
}
OPERATIONS = {name.name for methods in PATHS.values() for name in methods.values()}
WITH_SKU = {operation.name for operation in PATHS[f"{_LISTINGS}/{{sku}}"].values()}


def _indexed() -> dict[tuple[str, int], list[tuple[list[str], Methods]]]:
    found: dict[tuple[str, int], list[tuple[list[str], Methods]]] = {}
    for template, methods in PATHS.items():
        parts = template.split("/")
        found.setdefault((parts[0], len(parts)), []).append((parts, methods))
    return found


_INDEX = _indexed()


def routed(request: Request) -> Route:
    """Find the operation of a raw path. Raises 404 for the path, 405 for the method."""
    region, *rest = request.segments()
    if region not in REGIONS or not rest:
        raise _no_path()
    for parts, methods in _INDEX.get((rest[0], len(rest)), ()):
        names = _matched(parts, rest)
        if names is not None:
            return _allowed(methods, request.method, REGIONS[region], names)
    raise _no_path()


def _matched(parts: list[str], given: list[str]) -> dict[str, str] | None:
    names: dict[str, str] = {}
    for part, value in zip(parts, given, strict=True):
        if part.startswith("{"):
            names[part[1:-1]] = value
        elif part != value:
            return None
    return names


def _allowed(methods: Methods, method: str, region: str, names: dict[str, str]) -> Route:
    if method not in methods:
        raise not_allowed(methods)
    return Route(methods[method], region, names)


def _no_path() -> Problem:
    return Problem(404, "NotFound", "The requested resource does not exist.")
