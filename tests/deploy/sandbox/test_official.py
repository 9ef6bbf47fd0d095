"""The stand-in against Amazon's own models: example pairs, and the shape of every reply."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from jsonschema import Draft4Validator

from deploy.sandbox.exchange import Reply, Request
from deploy.sandbox.reports import Order
from deploy.sandbox.subscriptions import Destination
from deploy.sandbox.wishes import WISHES
from tests.support.amazon import Desk, lamp, price, quantity, seed

MODELS = Path(__file__).parents[3] / "../shared/data/amazon/models"
FILES = {
    "listingsItems_2021-08-01.json": 14,
    "listingsRestrictions_2021-08-01.json": 2,
    "catalogItems_2022-04-01.json": 4,
    "reports_2021-06-30.json": 18,
    "notifications.json": 9,
    "sellers.json": 3,
}
"""The models of what is served, and how many example pairs each holds."""
US = "ATVPDKIKX0DER"
Target = tuple[dict[str, Any], str, str, dict[str, Any]]
QUEUE = {"sqs": {"arn": "arn:aws:sqs:us-east-2:444455556666:queue1"}}
SUBSCRIBE = {"destinationId": "d", "payloadVersion": "1.0"}
GRANTLESS = {
    "createDestination",
    "getDestinations",
    "getDestination",
    "deleteDestination",
    "getSubscriptionById",
    "deleteSubscriptionById",
}
ACCOUNT = {
    "region": "NA",
    "merchant_token": "SellerId",
    "refresh_token": "Atzr|official",
    "marketplaces": ["US", "CA"],
}
ROW = {"account": "official", "marketplace": "US", "sku": "GM-ZDPI-9B4E"}
ROW |= {"asin": "B07N4M94X4", "price": "100.00", "quantity": 100}
ASIN = "B07N4M94X4"
PRODUCT = {"asin": ASIN, "title": "SAMSUNG TV", "gtins": ["887276302195"], "pack": 1}
BODIES = {
    "putListingsItem": {
        "productType": "PRODUCT",
        "requirements": "LISTING_OFFER_ONLY",
        "attributes": {
            "merchant_suggested_asin": [{"value": "B07N4M94X4"}],
            "condition_type": [{"value": "new_new"}],
            "purchasable_offer": [
                {"currency": "USD", "our_price": [{"schedule": [{"value_with_tax": 100}]}]}
            ],
        },
    },
    "patchListingsItem": {"productType": "PRODUCT", "patches": [quantity(3)]},
    "createDestination": {"name": "SQSDestination", "resourceSpecification": QUEUE},
}
STAND_INS = {
    "cancelReport": "a waiting report",
    "getReport": "a finished report",
    "getReportDocument": "its document",
    "getReportSchedule": "a schedule",
    "cancelReportSchedule": "a schedule",
}
"""Whose ids the world makes: what stands in for the examples', which nobody judges."""
PROVOKED = {
    "getAccount": "its 400 is the very request of its 200: asked without a user agent",
    "cancelReport": "its 400 names no report: asked with an id that is none",
    "cancelReportSchedule": "its 400 names no schedule: asked with an id that is none",
}
"""Examples of a refusal whose request says nothing of why."""


def operations() -> Iterator[tuple[dict[str, Any], str, str, dict[str, Any]]]:
    for file in FILES:
        if (MODELS / file).exists():
            yield from of_model(json.loads((MODELS / file).read_text()))


def of_model(model: dict[str, Any]) -> Iterator[tuple[dict[str, Any], str, str, dict[str, Any]]]:
    for path, methods in model["paths"].items():
        for method, operation in methods.items():
            if isinstance(operation, dict) and "operationId" in operation:
                yield model, path, method.upper(), operation


def static(response: dict[str, Any]) -> list[dict[str, Any]]:
    return list(response.get("x-amzn-api-sandbox", {}).get("static", []))


def pairs() -> list[Any]:
    found = [
        pytest.param(
            (model, path, method, operation),
            int(status),
            pair["request"].get("parameters", {}),
            id=f"{operation['operationId']} {status} {number}",
        )
        for model, path, method, operation in operations()
        for status, response in operation["responses"].items()
        for number, pair in enumerate(static(response))
    ]
    absent = pytest.mark.skip(reason="Amazon's models are not at ../shared/data/amazon")
    return found or [pytest.param(None, 0, {}, marks=absent, id="no models")]


class World:
    """A desk with what the examples speak of: a listing, reports, a subscription."""

    def __init__(self) -> None:
        document = seed(accounts={"official": ACCOUNT}, catalogue=[PRODUCT], listings=[ROW])
        self.desk = Desk(document, "official")
        self.own = self.desk.token
        self.free = self.desk.grantless().token
        self.values: dict[str, Any] = {"sellerId": "SellerId", "sku": ROW["sku"], "asin": ASIN}
        self.values |= {"marketplaceIds": [US], "notificationType": "ANY_OFFER_CHANGED"}

    def made(self, operation: str) -> None:
        """Make what one operation needs."""
        if operation in STAND_INS:
            self._reports(operation)
        if "ubscription" in operation or "estination" in operation:
            self._notices(operation)

    def _reports(self, operation: str) -> None:
        reports, account = self.desk.amazon.reports, self.desk.amazon.world.accounts["official"]
        order = Order(kind="GET_MERCHANT_LISTINGS_ALL_DATA", marketplaces=[US])
        report = reports.create(account, order, self.desk.now)
        schedule = reports.schedule(account, order, period="P1D", first=self.desk.now + 10**9)
        if operation != "cancelReport":
            self.desk.wait(2)
        self.values |= {"reportId": report.id, "reportDocumentId": report.document}
        self.values["reportScheduleId"] = schedule.id

    def _notices(self, operation: str) -> None:
        notices = self.desk.amazon.notices
        where = Destination(id="d", name="mail", region="NA", arn="arn:aws:sqs:a:b:other")
        notices.destinations["d"] = where
        account = self.desk.amazon.world.accounts["official"]
        self.values["destinationId"] = "d"
        if operation not in ("createSubscription", "deleteDestination"):
            row = notices.subscribe(account, "ANY_OFFER_CHANGED", destination="d", directive=None)
            self.values["subscriptionId"] = row.id

    def ask(self, target: Target, status: int, stated: dict[str, Any]) -> Reply:
        _, path, method, operation = target
        name = operation["operationId"]
        self.made(name)
        if name not in STAND_INS or status != 200:
            self.values |= {
                key: given["value"] for key, given in stated.items() if "value" in given
            }
        if name in PROVOKED and status == 400:
            self.values |= {"reportId": "none", "reportScheduleId": "none"}
        path, query = filled(path, operation, self.values)
        body = self.values.get("body", BODIES.get(name, SUBSCRIBE))
        grantless = name in GRANTLESS
        self.desk.token = self.free if grantless else self.own
        headers = self.desk.headers()
        if name == "getAccount" and status == 400:
            del headers["user-agent"]
        content = b"" if method in ("GET", "DELETE") else json.dumps(body).encode()
        return self.desk.send(Request(method, f"/na{path}", urlencode(query), headers, content))


def filled(
    path: str, operation: dict[str, Any], values: dict[str, Any]
) -> tuple[str, dict[str, str]]:
    """Fill what a pair leaves open from the world."""
    places = {row["name"]: row for row in operation.get("parameters", [])}
    for name, place in places.items():
        if place["in"] == "path":
            path = path.replace(f"{{{name}}}", quote(str(values[name]), safe=""))
    if "notificationTypes" in places:
        values = {"notificationTypes": ["ANY_OFFER_CHANGED"]} | values
    query = {
        name: ",".join(value) if isinstance(value, list) else str(value)
        for name, value in values.items()
        if places.get(name, {}).get("in") == "query"
    }
    return path, query


def desk() -> Desk:
    return World().desk


def breaches(model: dict[str, Any], operation: dict[str, Any], reply: Reply) -> list[str]:
    schema = operation["responses"][str(reply.status)].get("schema")
    if schema is None:
        return [] if reply.body == b"" else ["a body where the model declares none"]
    judge = Draft4Validator(schema | {"definitions": model["definitions"]})
    return [error.message for error in judge.iter_errors(json.loads(reply.body))]


@pytest.mark.parametrize(("target", "status", "stated"), pairs())
def test_an_official_example_is_answered_in_kind(
    target: Target, status: int, stated: dict[str, Any]
) -> None:
    reply = World().ask(target, status, stated)

    assert (reply.status, breaches(target[0], target[3], reply)) == (status, [])


def test_all_pairs_of_these_models_are_there() -> None:
    if not MODELS.exists():
        pytest.skip("Amazon's models are not at ../shared/data/amazon")

    assert len(pairs()) == sum(FILES.values()) == 50


ALL_PARTS = "summaries,attributes,issues,offers,fulfillmentAvailability,procurement,"
ALL_PARTS += "relationships,productTypes"
CATALOG_PARTS = "attributes,classifications,dimensions,identifiers,images,productTypes,"
CATALOG_PARTS += "relationships,salesRanks,summaries,vendorDetails"


def operation_of(name: str) -> tuple[dict[str, Any], dict[str, Any]]:
    for model, _, _, operation in operations():
        if operation["operationId"] == name:
            return model, operation
    pytest.skip("Amazon's models are not at ../shared/data/amazon")


@pytest.mark.parametrize("status", [word for word in WISHES if word != "ended"])
def test_a_listing_in_any_state_is_shown_as_the_model_says(status: str) -> None:
    model, operation = operation_of("getListingsItem")
    here = Desk(seed(lamp(status=status), lamp(marketplace="FR", channel="FBA")))

    reply = here.listing("GET", "LAMP/12", includedData=ALL_PARTS)

    assert (reply.status, breaches(model, operation, reply)) == (200, [])


def test_an_invalid_submission_is_told_as_the_model_says() -> None:
    model, operation = operation_of("patchListingsItem")
    body = {"productType": "PRODUCT", "patches": [price(0)]}

    reply = Desk(seed()).listing("PATCH", "LAMP/12", body)

    assert (reply.status, breaches(model, operation, reply)) == (200, [])


@pytest.mark.parametrize("asin", ["B000000001", "B000000002", "B000000005", "B000000006"])
def test_a_product_is_shown_as_the_model_says(asin: str) -> None:
    model, operation = operation_of("getCatalogItem")
    query = {"marketplaceIds": "A1PA6795UKMFR9", "includedData": CATALOG_PARTS}

    reply = Desk(seed()).ask("GET", f"/catalog/2022-04-01/items/{asin}", query)

    assert (reply.status, breaches(model, operation, reply)) == (200, [])


@pytest.mark.parametrize("name", ["getListingsItem", "patchListingsItem", "searchCatalogItems"])
def test_methods_that_no_model_declares_are_not_allowed(name: str) -> None:
    operation_of(name)
    known = {(path, method) for _, path, method, _ in operations()}
    path = next(path for _, path, _, operation in operations() if operation["operationId"] == name)
    url = "/na" + path.replace("{sellerId}", "SellerId").replace("{sku}", "x")

    for method in ("GET", "PUT", "POST", "PATCH", "DELETE", "HEAD", "OPTIONS"):
        here = desk()
        query = urlencode({"marketplaceIds": US})
        status = here.send(Request(method, url, query, here.headers())).status
        assert (status == 405) == ((path, method) not in known), method
