"""Destinations and subscriptions, and which token each operation takes."""

import json
from typing import Any

import pytest

from tests.support.office import BUS, DESTINATIONS, QUEUE, STATUS, SUBSCRIPTIONS, Office

REPORT = "REPORT_PROCESSING_FINISHED"


def test_a_destination_is_made_read_listed_and_deleted() -> None:
    office = Office()
    made = office.destination(BUS)
    path = f"{DESTINATIONS}/{made}"

    shown = office.payload("GET", path)

    assert shown["resource"]["eventBridge"] == {
        "name": "aws.partner/sellingpartnerapi.amazon.com/123456789012/"
        "amzn1.sellerapps.app.sandbox",
        "accountId": "123456789012",
        "region": "eu-west-1",
    }
    assert office.payload("GET", DESTINATIONS) == [shown]
    assert [office.ask(method, path).status for method in ("DELETE", "GET")] == [200, 404]


@pytest.mark.parametrize(
    ("resource", "status"),
    [
        pytest.param(QUEUE, 200, id="a queue"),
        pytest.param(BUS, 409, id="a second bus of one AWS account"),
        pytest.param({"eventBridge": {"accountId": "9", "region": "x"}}, 200, id="another account"),
        pytest.param({"sqs": {"arn": "arn:aws:sns:a:b:c"}}, 400, id="no queue"),
        pytest.param({"eventBridge": {"accountId": "9"}}, 400, id="no region"),
        pytest.param(QUEUE | BUS, 400, id="both"),
        pytest.param({}, 400, id="neither"),
        pytest.param("sqs", 400, id="no object"),
        pytest.param({"sqs": None}, 400, id="nothing in it"),
    ],
)
def test_a_second_destination_is_answered_with(resource: Any, status: int) -> None:
    office = Office()
    office.destination(BUS)

    body = {"name": "second", "resourceSpecification": resource}

    assert office.ask("POST", DESTINATIONS, body).status == status


def test_an_account_subscribes_once_to_a_type() -> None:
    office = Office()
    where = office.destination(BUS)
    made = office.subscribe(where=where)
    body = {"destinationId": where, "payloadVersion": "1.0"}

    again = office.ask("POST", f"{SUBSCRIPTIONS}/{STATUS}", body)

    told = {"subscriptionId": made, "payloadVersion": "1.0", "destinationId": where}
    one = f"{SUBSCRIPTIONS}/{STATUS}/{made}"
    assert again.status == 409
    assert office.payload("GET", f"{SUBSCRIPTIONS}/{STATUS}") == told
    assert office.payload("GET", f"{SUBSCRIPTIONS}?notificationTypes={STATUS}") == {
        "subscriptions": [told]
    }
    assert office.payload("GET", one) == told
    assert office.ask("DELETE", f"{DESTINATIONS}/{where}").status == 409
    assert [office.ask(method, one).status for method in ("DELETE", "GET")] == [200, 404]
    assert office.ask("GET", f"{SUBSCRIPTIONS}/{STATUS}").status == 404


FILTER = {"eventFilterType": "ANY_OFFER_CHANGED", "marketplaceIds": ["x"]}


@pytest.mark.parametrize(
    ("kind", "change", "status"),
    [
        pytest.param(STATUS, {}, 200, id="good"),
        pytest.param("SOMETHING", {}, 400, id="unknown type"),
        pytest.param(STATUS, {"payloadVersion": "2.0"}, 400, id="unknown version"),
        pytest.param(STATUS, {"payloadVersion": None}, 400, id="no version"),
        pytest.param(STATUS, {"destinationId": "x"}, 404, id="unknown destination"),
        pytest.param(REPORT, {"payloadVersion": "2020-09-04"}, 400, id="by SQS, to a bus"),
        pytest.param(STATUS, {"processingDirective": {}}, 200, id="an empty directive"),
        pytest.param(STATUS, {"processingDirective": []}, 400, id="no directive"),
        pytest.param(STATUS, {"processingDirective": {"eventFilter": FILTER}}, 200, id="a filter"),
        pytest.param(STATUS, {"processingDirective": {"eventFilter": {}}}, 400, id="no filter"),
        pytest.param(
            STATUS, {"processingDirective": {"filterExpression": "a" * 257}}, 400, id="long"
        ),
        pytest.param(STATUS, {"processingDirective": {"filterExpression": ""}}, 400, id="short"),
        pytest.param(
            STATUS,
            {"processingDirective": {"filterExpression": "a", "eventFilter": FILTER}},
            400,
            id="two ways at once",
        ),
    ],
)
def test_a_subscription_is_answered_with(kind: str, change: dict[str, Any], status: int) -> None:
    office = Office()
    body = {"destinationId": office.destination(BUS), "payloadVersion": "1.0"} | change

    assert office.ask("POST", f"{SUBSCRIPTIONS}/{kind}", body).status == status


@pytest.mark.parametrize(
    ("method", "path", "grantless"),
    [
        pytest.param("GET", DESTINATIONS, True, id="getDestinations"),
        pytest.param("POST", DESTINATIONS, True, id="createDestination"),
        pytest.param("GET", f"{DESTINATIONS}/x", True, id="getDestination"),
        pytest.param("DELETE", f"{DESTINATIONS}/x", True, id="deleteDestination"),
        pytest.param("GET", f"{SUBSCRIPTIONS}/{STATUS}/x", True, id="getSubscriptionById"),
        pytest.param("DELETE", f"{SUBSCRIPTIONS}/{STATUS}/x", True, id="deleteSubscriptionById"),
        pytest.param(
            "POST", f"{SUBSCRIPTIONS}/{STATUS}/testNotification", True, id="sendTestNotification"
        ),
        pytest.param("GET", f"{SUBSCRIPTIONS}/{STATUS}", False, id="getSubscription"),
        pytest.param("POST", f"{SUBSCRIPTIONS}/{STATUS}", False, id="createSubscription"),
        pytest.param(
            "GET", f"{SUBSCRIPTIONS}?notificationTypes={STATUS}", False, id="getSubscriptions"
        ),
    ],
)
def test_each_operation_takes_one_kind_of_token(method: str, path: str, grantless: bool) -> None:
    office = Office()
    right, wrong = (office.free, office.own) if grantless else (office.own, office.free)

    statuses = [office.ask(method, path, {}, token).status for token in (right, wrong, "none")]

    assert statuses[0] in (200, 400, 404)
    assert statuses[1:] == [403, 403]


@pytest.mark.parametrize(
    ("query", "status"),
    [
        pytest.param(f"notificationTypes={STATUS}", 200, id="one type"),
        pytest.param("pageSize=30", 400, id="no type"),
        pytest.param(f"notificationTypes={STATUS},{REPORT}", 400, id="two types"),
        pytest.param(f"notificationTypes={STATUS}&pageSize=29", 400, id="page too small"),
        pytest.param(f"notificationTypes={STATUS}&pageSize=101", 400, id="page too large"),
        pytest.param("notificationTypes=SOMETHING", 400, id="unknown type"),
    ],
)
def test_a_listing_of_subscriptions_names_one_type(query: str, status: int) -> None:
    assert Office().ask("GET", f"{SUBSCRIPTIONS}?{query}").status == status


def test_a_destination_of_another_region_is_not_there() -> None:
    office = Office()
    made = office.destination(BUS)
    office.desk.region = "na"

    assert office.ask("GET", f"{DESTINATIONS}/{made}").status == 404
    assert office.payload("GET", DESTINATIONS) == []


def test_a_test_notification_goes_to_its_destination() -> None:
    office = Office()
    where = office.destination(QUEUE)
    body = {"destinationId": where, "testNotification": {"payloadVersion": "2020-09-04"}}

    office.payload("POST", f"{SUBSCRIPTIONS}/{REPORT}/testNotification", body)
    office.desk.wait(0)

    waiting = office.desk.amazon.queues.named("mail").peek()
    assert [json.loads(row.body)["notificationType"] for row in waiting] == [REPORT]
