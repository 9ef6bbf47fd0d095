"""What Amazon tells unasked: when, in which shape, how late, how often. Judged by its schemas."""

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator

from deploy.sandbox.events import Act, happen
from deploy.sandbox.queues import Queue
from tests.support.amazon import DE, FR, lamp, offer, price, quantity
from tests.support.office import BUS, QUEUE, STATUS, Office

ISSUES = "LISTINGS_ITEM_ISSUES_CHANGE"
QUANTITY = "LISTINGS_ITEM_MFN_QUANTITY_CHANGE"
PRODUCT_TYPE = "ITEM_PRODUCT_TYPE_CHANGE"
DEFINITIONS = "PRODUCT_TYPE_DEFINITIONS_CHANGE"
REPORT = "REPORT_PROCESSING_FINISHED"
SCHEMAS = Path(__file__).parents[3] / "../shared/data/amazon/schemas/notifications"
FILES = {
    STATUS: "ListingsItemStatusChangeNotification.json",
    ISSUES: "ListingsItemIssuesChangeNotification_2023-12-13.json",
    QUANTITY: "ListingsItemMfnQuantityChange.json",
    PRODUCT_TYPE: "ItemProductTypeChangeNotification.json",
    DEFINITIONS: "ProductTypeDefinitionsChangeNotification.json",
    REPORT: "ReportProcessingFinishedNotification.json",
}
VERSIONS = {ISSUES: "2023-12-13", REPORT: "2020-09-04"}


class Ear:
    """An office with a subscription to every type, and what it heard."""

    def __init__(self, *rows: dict[str, Any], types: Any = tuple(FILES), **more: Any) -> None:
        self.office = Office(listings=list(rows or [lamp()]), **more)
        self.desk = self.office.desk
        bus, queue = self.office.destination(BUS), self.office.destination(QUEUE)
        for name in types:
            where = queue if name == REPORT else bus
            self.office.subscribe(name, where, VERSIONS.get(name, "1.0"))
        self.desk.token = self.office.own

    def event(self, kind: str, **act: Any) -> None:
        about = {"account": "acme-eu", "sku": "LAMP/12", "marketplace": "DE"} | act
        happen(self.desk.amazon, Act(type=kind, **about), self.desk.now)

    def heard(self) -> list[dict[str, Any]]:
        """Give the notifications that came, unwrapped, with lower-case first letters."""
        self.desk.wait(0)
        return [plain(body) for body in self.bodies()]

    def bodies(self) -> Iterator[dict[str, Any]]:
        for name in ("notifications", "mail"):
            for row in self.desk.amazon.queues.named(name).peek():
                yield json.loads(row.body)

    def told(self) -> list[tuple[str, Any]]:
        """Give each type, and the part of its payload that tells what changed."""
        return [(told["notificationType"], changed(told["payload"])) for told in self.heard()]


def changed(payload: dict[str, Any]) -> Any:
    parts = ("Status", "Severities", "Quantity", "CurrentProductType", "NewProductTypes")
    return next((payload[part] for part in parts if part in payload), None)


def plain(body: dict[str, Any]) -> dict[str, Any]:
    body = body.get("detail", body)
    return {name[0].lower() + name[1:]: value for name, value in body.items()}


def test_a_write_that_takes_effect_is_told() -> None:
    ear = Ear()
    ear.desk.patch("LAMP/12", quantity(0))
    ear.desk.wait(0.5)
    early = ear.told()
    ear.desk.wait(0.5)

    assert early == []
    assert ear.told() == [(STATUS, ["DISCOVERABLE"]), (QUANTITY, 0)]


@pytest.mark.parametrize(
    ("act", "told"),
    [
        pytest.param(("sell", {"quantity": 2}), [(QUANTITY, 3)], id="a sale"),
        pytest.param(("edit", {"price": Decimal("9.99")}), [], id="a price, that nobody tells"),
        pytest.param(("delete", {}), [(STATUS, ["DELETED"])], id="an end"),
        pytest.param(
            ("suppress", {}), [(STATUS, ["DISCOVERABLE"]), (ISSUES, ["ERROR"])], id="not buyable"
        ),
        pytest.param(
            ("suppress", {"action": "SEARCH_SUPPRESSED"}), [(ISSUES, ["ERROR"])], id="not found"
        ),
        pytest.param(("suspend_store", {}), [(STATUS, ["DISCOVERABLE"])], id="a store off"),
        pytest.param(
            ("change_product_type", {"product_type": "LAMP"}), [(PRODUCT_TYPE, "LAMP")], id="type"
        ),
        pytest.param(
            ("new_definition", {"product_type": "SHOES"}), [(DEFINITIONS, ["SHOES"])], id="schema"
        ),
    ],
)
def test_what_happens_is_told(act: tuple[str, dict[str, Any]], told: list[Any]) -> None:
    ear = Ear()

    ear.event(act[0], **act[1])

    assert ear.told() == told


def test_a_new_offer_is_told_with_its_status_and_quantity() -> None:
    ear = Ear()
    ear.desk.put("NEW", offer())
    ear.desk.wait(1)

    assert ear.told() == [(STATUS, ["BUYABLE", "DISCOVERABLE"]), (QUANTITY, 3)]


def test_stock_is_told_once_and_buyability_per_store() -> None:
    ear = Ear(lamp(), lamp(marketplace="FR"))
    ear.desk.patch("LAMP/12", quantity(0))
    ear.desk.wait(1)

    stores = [told["payload"].get("MarketplaceId") for told in ear.heard()]

    assert stores == [DE, FR, None]


def test_what_only_time_changes_is_told_for_dates_and_never_for_exemptions() -> None:
    soon = {"status": "EXEMPT_UNTIL_EXPIRY_DATE", "expiryDate": "2026-11-25T10:00:30Z"}
    ear = Ear(lamp(offer_to="2026-11-25T10:01:00Z"))
    ear.event("suppress", action="SEARCH_SUPPRESSED", exemption=soon)
    ear.desk.wait(59)
    before = ear.told()
    ear.desk.wait(2)

    assert before == [(ISSUES, ["ERROR"])]
    assert ear.told()[1:] == [(STATUS, [])]
    assert ear.heard()[1]["eventTime"] == "2026-11-25T10:01:00.000Z"


def test_a_report_that_ended_is_told_raw_and_in_its_own_spelling() -> None:
    ear = Ear()
    body = {"reportType": "GET_MERCHANT_LISTINGS_ALL_DATA", "marketplaceIds": [DE]}
    number = json.loads(ear.desk.ask("POST", "/reports/2021-06-30/reports", body=body).body)
    ear.desk.wait(2)

    raw = next(ear.bodies())
    told = raw["payload"]["reportProcessingFinishedNotification"]
    assert (told["reportId"], told["processingStatus"]) == (number["reportId"], "DONE")
    assert "reportDocumentId" in told


def test_an_envelope_names_type_bus_and_account() -> None:
    ear = Ear()
    ear.event("sell")
    ear.desk.wait(0)

    told = next(ear.bodies())

    assert (told["detail-type"], told["account"], told["region"]) == (
        QUANTITY,
        "123456789012",
        "eu-west-1",
    )
    assert told["source"].startswith("aws.partner/sellingpartnerapi.amazon.com/123456789012/")
    assert told["detail"]["NotificationType"] == QUANTITY


def test_only_what_is_subscribed_is_sent() -> None:
    ear = Ear(types=(QUANTITY,))
    ear.event("suppress")
    ear.event("sell")

    assert ear.told() == [(QUANTITY, 4)]


def test_a_revoked_seller_is_told_of_no_longer() -> None:
    ear = Ear()
    ear.event("revoke_token")
    ear.event("sell")

    assert ear.told() == []


@pytest.mark.parametrize(
    ("rates", "least", "most", "different"),
    [
        pytest.param({"notice_loss": 0.5}, 10, 30, None, id="lost"),
        pytest.param({"notice_duplicates": 0.5}, 50, 70, 40, id="doubled"),
        pytest.param(
            {"notice_duplicates": 1.0, "notice_copies": 9}, 400, 400, 40, id="ten times each"
        ),
        pytest.param({}, 40, 40, 40, id="once each"),
    ],
)
def test_notifications_are_lost_and_doubled_at_the_rates_of_the_seed(
    rates: dict[str, float], least: int, most: int, different: int | None
) -> None:
    ear = Ear(lamp(quantity=99), types=(QUANTITY,), settings=rates)
    for _ in range(40):
        ear.event("sell")

    ids = [told["notificationMetadata"]["NotificationId"] for told in ear.heard()]

    assert least <= len(ids) <= most
    assert different in (None, len(set(ids)))


def test_notifications_come_late_and_out_of_order() -> None:
    ear = Ear(lamp(quantity=40), types=(QUANTITY,), settings={"notice_disorder": 0.5})
    for _ in range(20):
        ear.event("sell")
        ear.desk.wait(1)
    early = [told for _, told in ear.told()]
    ear.desk.wait(600)
    late = [told for _, told in ear.told()]

    assert len(early) < 20 == len(late)
    assert late != sorted(late, reverse=True)
    assert sorted(late, reverse=True) == list(range(39, 19, -1))


def test_the_same_seed_sends_the_same_bytes() -> None:
    def heard() -> list[bytes]:
        ear = Ear(lamp(quantity=40), settings={"notice_disorder": 0.5, "notice_loss": 0.2})
        for _ in range(20):
            ear.event("sell")
        ear.desk.wait(1000)
        return [row.body for row in ear.desk.amazon.queues.named("notifications").peek()]

    assert heard() == heard()


def test_the_truth_tells_what_became_of_each() -> None:
    ear = Ear(settings={"notice_loss": 1.0})
    ear.event("sell")
    ear.desk.wait(0)

    fates = ear.desk.amazon.notices.fates

    assert [(row.kind, row.lost, row.delivered) for row in fates] == [(QUANTITY, True, [])]


def judge(name: str) -> Draft7Validator:
    path = SCHEMAS / FILES[name]
    if not path.exists():
        pytest.skip("Amazon's schemas are not at ../shared/data/amazon")
    schema = json.loads(path.read_text())
    kind = schema["properties"].get("NotificationType")
    if name == STATUS and kind:
        kind["enum"] = [STATUS]  # the published enum says ..._CHANGED; its example does not
    return Draft7Validator(schema)


@pytest.mark.parametrize("name", FILES)
def test_amazons_schema_finds_nothing_in_any_body_that_is_sent(name: str) -> None:
    judged = judge(name)
    ear = Ear(lamp(), lamp(sku="TWO", marketplace="FR", status="suppressed"))
    ear.event("suppress")
    ear.event("exempt", exemption={"status": "EXEMPT"})
    ear.event("lift")
    ear.event("sell")
    ear.event("change_product_type", product_type="LAMP")
    ear.event("new_definition")
    ear.desk.put("NEW", offer())
    ear.desk.patch("LAMP/12", quantity(0), price(5))
    body = {"reportType": "GET_MERCHANT_LISTINGS_ALL_DATA", "marketplaceIds": [DE]}
    ear.desk.ask("POST", "/reports/2021-06-30/reports", body=body)
    ear.desk.wait(5)
    ear.event("delete")
    ear.desk.wait(0)

    found = [body.get("detail", body) for body in ear.bodies()]
    found = [told for told in found if plain(told)["notificationType"] == name]

    assert found
    assert [error.message for told in found for error in judged.iter_errors(told)] == []


def test_the_judge_refuses_a_body_that_lacks_what_is_required() -> None:
    told = {"NotificationType": STATUS, "Payload": {"SellerId": "x", "Status": ["GONE"]}}

    assert len(list(judge(STATUS).iter_errors(told))) > 2


def test_a_received_body_is_hidden_for_a_while_then_comes_again() -> None:
    ear = Ear()
    queue = Queue("q", ear.desk.amazon.world.chance)
    for number in range(12):
        queue.add(b"%d" % number, 0)

    first = queue.receive(0)
    second = queue.receive(0)
    late = queue.receive(30_000, most=1)

    assert [row.body for row in first] == [b"%d" % n for n in range(10)]
    assert [row.body for row in second] == [b"10", b"11"]
    assert (late[0].body, late[0].count) == (b"0", 2)
    receipts = (f"{late[0].id}:1", late[0].id)
    assert [queue.delete(receipt) for receipt in receipts] == [True, False]
    assert len(queue) == 11
