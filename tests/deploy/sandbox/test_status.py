"""What a seeded listing shows: computed from facts, never stored."""

from typing import Any

import pytest

from tests.support.amazon import NOW, Desk, lamp, price, seed

BOTH, FOUND, NEITHER = ["BUYABLE", "DISCOVERABLE"], ["DISCOVERABLE"], []


@pytest.mark.parametrize(
    ("fields", "status", "word"),
    [
        pytest.param({}, BOTH, "Active", id="nothing in the way"),
        pytest.param({"status": "Active"}, BOTH, "Active", id="the report's own word"),
        pytest.param({"status": "inactive"}, FOUND, "Inactive", id="inactive, no reason told"),
        pytest.param({"quantity": 0}, FOUND, "Inactive", id="quantity 0"),
        pytest.param({"status": "out_of_stock"}, FOUND, "Inactive", id="out of stock"),
        pytest.param({"status": "suppressed"}, FOUND, "Inactive", id="suppressed"),
        pytest.param({"status": "search_suppressed"}, ["BUYABLE"], "Active", id="hidden"),
        pytest.param({"status": "removed"}, NEITHER, "Inactive", id="product removed"),
        pytest.param({"status": "restricted"}, FOUND, "Inactive", id="approval needed"),
        pytest.param({"status": "closed"}, FOUND, "Inactive", id="closed"),
        pytest.param({"status": "not_started"}, FOUND, "Inactive", id="not yet begun"),
        pytest.param({"status": "incomplete"}, FOUND, "Incomplete", id="incomplete"),
        pytest.param({"status": "no_price"}, FOUND, "Incomplete", id="no price"),
        pytest.param({"asin": None}, NEITHER, "Incomplete", id="no product"),
        pytest.param({"channel": "FBA"}, BOTH, "Active", id="stock at Amazon"),
        pytest.param({"channel": "FBA", "quantity": 0}, FOUND, "Inactive", id="none at Amazon"),
    ],
)
def test_a_seeded_listing_shows(fields: dict[str, Any], status: list[str], word: str) -> None:
    desk = Desk(seed(lamp(**fields)))

    truth = desk.truth("LAMP/12")

    assert (truth["status"], truth["report_status"]) == (status, word)


def test_an_ended_listing_is_not_there() -> None:
    desk = Desk(seed(lamp(status="ended")))

    assert (desk.listing("GET", "LAMP/12").status, desk.truth("LAMP/12")["exists"]) == (404, False)


def enforced(status: str, expiry: str | None = None) -> dict[str, Any]:
    exemption = {"status": status} | ({"expiryDate": expiry} if expiry else {})
    enforcements = {"actions": [{"action": "LISTING_SUPPRESSED"}], "exemption": exemption}
    return {"code": "18027", "message": "Image.", "enforcements": enforcements}


def test_an_exemption_expires_by_itself() -> None:
    until = enforced("EXEMPT_UNTIL_EXPIRY_DATE", "2026-11-25T11:00:00Z")
    desk = Desk(seed(lamp(issues=[until])))
    before = desk.truth("LAMP/12")["status"]

    desk.wait(3600)

    assert (before, desk.truth("LAMP/12")["status"], desk.now - NOW) == (BOTH, FOUND, 3_600_000)


def test_an_exempt_issue_is_not_in_force() -> None:
    desk = Desk(seed(lamp(issues=[enforced("EXEMPT")])))

    assert desk.truth("LAMP/12")["status"] == BOTH


def test_what_was_missing_is_complete_once_supplied() -> None:
    desk = Desk(seed(lamp(status="incomplete", missing=["color"])))
    change = {"op": "replace", "path": "/attributes/color", "value": [{"value": "red"}]}

    desk.patch("LAMP/12", change)
    desk.wait(1)

    assert desk.truth("LAMP/12")["report_status"] == "Active"


def test_the_issue_of_what_was_missing_goes_once_it_is_supplied() -> None:
    desk = Desk(seed(lamp(status="no_price")))
    before = desk.truth("LAMP/12")["issues"][0]["categories"]

    desk.patch("LAMP/12", price(12.5))
    desk.wait(1)

    assert (before, desk.truth("LAMP/12")["issues"]) == (["MISSING_PRICE"], [])


def test_a_price_alone_does_not_complete_what_lacks_something_else() -> None:
    desk = Desk(seed(lamp(status="incomplete", missing=["color"])))

    desk.patch("LAMP/12", {"op": "replace", "path": "/attributes/item_name", "value": TITLE})
    desk.wait(1)

    assert desk.truth("LAMP/12")["report_status"] == "Incomplete"


TITLE = [{"value": "Lamp", "language_tag": "de_DE"}]


def test_a_suspended_store_sells_nothing() -> None:
    desk = Desk(seed())

    desk.amazon.world.accounts["acme-eu"].suspended = {"A1PA6795UKMFR9"}

    assert desk.truth("LAMP/12")["status"] == FOUND
