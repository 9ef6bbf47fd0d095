"""What writes do to a listing, and when."""

import json
from typing import Any

import pytest

from tests.support.amazon import DE, FR, Desk, lamp, offer, price, quantity, seed


def shown(desk: Desk, sku: str = "LAMP/12") -> tuple[Any, ...]:
    read = desk.read(sku)
    available = read["fulfillmentAvailability"][0].get("quantity")
    return read["offers"][0]["price"]["amount"], available, read["summaries"][0]["status"]


def test_an_accepted_patch_takes_effect_later() -> None:
    desk = Desk(seed())

    told = desk.patch("LAMP/12", price(11.5), quantity(3))
    at_once = shown(desk)
    desk.wait(1)

    both = ["BUYABLE", "DISCOVERABLE"]
    assert (told["status"], at_once, shown(desk)) == (
        "ACCEPTED",
        ("12.90", 5, both),
        ("11.50", 3, both),
    )


def test_attributes_echo_what_was_sent_before_it_is_live() -> None:
    desk = Desk(seed())

    desk.patch("LAMP/12", price(11.5))

    sent = desk.read("LAMP/12", "attributes")["attributes"]["purchasable_offer"]
    assert sent[0]["our_price"] == [{"schedule": [{"value_with_tax": 11.5}]}]


def test_quantity_is_shared_by_the_stores_and_price_is_not() -> None:
    desk = Desk(seed(lamp(), lamp(marketplace="FR", price="14.00")))

    desk.patch("LAMP/12", price(11.5), quantity(3))
    desk.wait(1)

    france, germany = desk.truth("LAMP/12", FR), desk.truth("LAMP/12", DE)
    assert [(row["price"]["amount"], row["quantity"]) for row in (germany, france)] == [
        ("11.50", 3),
        ("14.00", 3),
    ]


def test_price_and_quantity_come_apart_where_the_profile_says_so() -> None:
    settings = {"apart": True, "quantity_seconds": 1.0, "price_seconds": 5.0}
    desk = Desk(seed(settings=settings))

    desk.patch("LAMP/12", price(11.5), quantity(3))
    desk.wait(1)
    first = shown(desk)[:2]
    desk.wait(4)

    assert (first, shown(desk)[:2]) == (("12.90", 3), ("11.50", 3))


def test_writes_to_one_sku_take_effect_in_their_order() -> None:
    desk = Desk(seed(settings={"sigma": 2.0}))

    for units in range(1, 21):
        desk.patch("LAMP/12", quantity(units))
        desk.wait(0.3)
    due = [row["due"] for row in desk.truth("LAMP/12")["pending"]]
    desk.wait(3600)

    history = [change["quantity"] for change in desk.truth("LAMP/12")["history"]]
    assert (due, history) == (sorted(due), list(range(1, 21)))


def test_a_put_creates_an_offer_that_is_not_there_before_its_time() -> None:
    desk = Desk(seed())

    told = desk.put("NEW-1", offer())
    before = desk.listing("GET", "NEW-1").status
    desk.wait(1)

    both = ["BUYABLE", "DISCOVERABLE"]
    assert (told["status"], before, shown(desk, "NEW-1")) == ("ACCEPTED", 404, ("19.50", 3, both))


def test_a_waiting_creation_is_read_as_a_stub_where_the_profile_says_so() -> None:
    desk = Desk(seed(settings={"stubs": True}))

    desk.put("NEW-1", offer())

    assert desk.read("NEW-1", "summaries") == {"sku": "NEW-1", "summaries": []}


def test_a_patch_may_follow_a_put_that_still_waits() -> None:
    desk = Desk(seed())

    desk.put("NEW-1", offer())
    told = desk.patch("NEW-1", quantity(9))
    desk.wait(2)

    assert (told["status"], shown(desk, "NEW-1")[1]) == ("ACCEPTED", 9)


def test_a_put_loses_what_it_leaves_out() -> None:
    desk = Desk(seed(lamp(business_price="11.00", title="My lamp")))

    desk.put("LAMP/12", offer())
    desk.wait(1)

    truth = desk.truth("LAMP/12")
    assert (truth["business_price"], truth["title"]) == (None, "Desk lamp")


def test_a_deleted_listing_is_gone_later_and_a_row_of_the_cancelled_report() -> None:
    desk = Desk(seed())

    told = json.loads(desk.listing("DELETE", "LAMP/12").body)
    before = desk.listing("GET", "LAMP/12").status
    desk.wait(1)

    after = desk.listing("GET", "LAMP/12").status
    cancelled = list(desk.amazon.world.cancelled["acme-eu"])
    assert (told["status"], before, after, cancelled) == (
        "ACCEPTED",
        200,
        404,
        [("LAMP/12", DE)],
    )


def test_deleting_in_one_store_leaves_the_other() -> None:
    desk = Desk(seed(lamp(), lamp(marketplace="FR")))

    desk.listing("DELETE", "LAMP/12")
    desk.wait(1)

    assert (desk.truth("LAMP/12", DE)["exists"], desk.truth("LAMP/12", FR)["exists"]) == (
        False,
        True,
    )


def test_deleting_what_does_not_exist_is_accepted() -> None:
    assert json.loads(Desk(seed()).listing("DELETE", "NOBODY").body)["status"] == "ACCEPTED"


B2B = {"marketplace_id": DE, "currency": "EUR", "audience": "B2B"}


@pytest.mark.parametrize(
    ("change", "facts"),
    [
        pytest.param(
            price(11.5, end_at={"value": "2026-01-01"}),
            {"price": "11.50", "business_price": "11.00", "offer_to": "2026-01-01T00:00:00.000Z"},
            id="merge changes the named fields of one instance",
        ),
        pytest.param(
            price(11.5, "replace"),
            {"price": "11.50", "business_price": "11.00", "offer_to": None},
            id="replace sets one instance whole and leaves the others",
        ),
        pytest.param(
            {"op": "delete", "path": "/attributes/purchasable_offer", "value": [B2B]},
            {"price": "12.90", "business_price": None, "offer_to": None},
            id="delete by selectors takes that instance",
        ),
        pytest.param(
            {"op": "delete", "path": "/attributes/purchasable_offer"},
            {"price": "12.90", "business_price": "11.00", "offer_to": None},
            id="delete by name alone changes nothing",
        ),
    ],
)
def test_patches_honour_selectors(change: dict[str, Any], facts: dict[str, Any]) -> None:
    desk = Desk(seed(lamp(business_price="11.00")))

    told = desk.patch("LAMP/12", change)
    desk.wait(1)

    truth = desk.truth("LAMP/12")
    seen = {
        "price": truth["price"]["amount"],
        "business_price": truth["business_price"] and truth["business_price"]["amount"],
        "offer_to": truth["offer_to"],
    }
    assert (told["status"], seen) == ("ACCEPTED", facts)


def test_merging_null_removes_a_field() -> None:
    desk = Desk(seed(lamp(offer_to="2026-01-01")))

    desk.patch("LAMP/12", price(12.9, end_at=None))
    desk.wait(1)

    assert desk.truth("LAMP/12")["offer_to"] is None


def test_a_merge_of_quantity_keeps_the_handling_time_and_a_replace_does_not() -> None:
    desk = Desk(seed())

    desk.patch("LAMP/12", quantity(4, "replace", lead_time_to_ship_max_days=3))
    desk.patch("LAMP/12", quantity(5))
    desk.wait(1)
    merged = desk.truth("LAMP/12")["lead_time"]
    desk.patch("LAMP/12", quantity(6, "replace"))
    desk.wait(1)

    assert (merged, desk.truth("LAMP/12")["lead_time"]) == (3, None)


def test_a_past_end_closes_the_offer_and_keeps_the_sku() -> None:
    desk = Desk(seed())

    desk.patch("LAMP/12", price(12.9, end_at={"value": "2026-01-01T00:00:00Z"}))
    desk.wait(1)

    truth = desk.truth("LAMP/12")
    assert (truth["exists"], truth["status"], truth["report_status"]) == (
        True,
        ["DISCOVERABLE"],
        "Inactive",
    )


def test_clearing_a_past_end_fails_at_the_rate_of_the_profile() -> None:
    desk = Desk(seed(lamp(offer_to="2026-01-01"), settings={"failed_reopening": 1.0}))

    desk.patch("LAMP/12", price(12.9, end_at=None))
    desk.wait(1)

    assert desk.truth("LAMP/12")["status"] == ["DISCOVERABLE"]


@pytest.mark.parametrize(
    ("second_channel", "channels"),
    [
        pytest.param(False, [{"fulfillmentChannelCode": "AMAZON_EU"}], id="nothing happens"),
        pytest.param(
            True,
            [
                {"fulfillmentChannelCode": "DEFAULT", "quantity": 3},
                {"fulfillmentChannelCode": "AMAZON_EU"},
            ],
            id="a second channel opens",
        ),
    ],
)
def test_a_default_quantity_on_an_fba_sku(second_channel: bool, channels: list[Any]) -> None:
    desk = Desk(seed(lamp(channel="FBA"), settings={"second_channel": second_channel}))

    told = desk.patch("LAMP/12", quantity(3))
    desk.wait(1)

    assert (told["status"], desk.read("LAMP/12")["fulfillmentAvailability"]) == (
        "ACCEPTED",
        channels,
    )


def test_a_lost_write_changes_nothing_but_the_echo() -> None:
    desk = Desk(seed(settings={"lost_writes": 1.0}))

    told = desk.patch("LAMP/12", quantity(3))
    desk.wait(1)

    truth = desk.truth("LAMP/12")
    assert (told["status"], truth["quantity"], truth["history"][0]["cause"]) == (
        "ACCEPTED",
        5,
        f"lost:{told['submissionId']}",
    )


def test_an_accepted_write_may_leave_an_issue_afterwards() -> None:
    desk = Desk(seed(settings={"later_issues": 1.0}))
    before = desk.read("LAMP/12", "issues")["issues"]

    desk.patch("LAMP/12", quantity(3))
    desk.wait(1)

    assert (before, len(desk.read("LAMP/12", "issues")["issues"])) == ([], 1)


def test_a_preview_applies_nothing() -> None:
    desk = Desk(seed())
    query = {"mode": "VALIDATION_PREVIEW", "includedData": "identifiers,issues"}

    told = desk.put("NEW-1", offer(), **query)
    desk.wait(60)

    assert (told["status"], told["identifiers"], desk.truth("NEW-1")["exists"]) == (
        "VALID",
        [{"marketplaceId": DE, "asin": "B000000001"}],
        False,
    )


def test_a_patch_of_two_stores_is_a_setting_of_the_account() -> None:
    desk = Desk(seed(lamp(), lamp(marketplace="FR")))
    refused = desk.listing("PATCH", "LAMP/12", PATCH_BODY, marketplaces=f"{DE},{FR}").status
    desk.amazon.world.accounts["acme-eu"].two_store_patch = True

    allowed = desk.listing("PATCH", "LAMP/12", PATCH_BODY, marketplaces=f"{DE},{FR}").status

    assert (refused, allowed) == (400, 200)


PATCH_BODY = {"productType": "PRODUCT", "patches": [quantity(2)]}


def test_a_read_of_several_stores_may_answer_for_one() -> None:
    desk = Desk(seed(lamp(), lamp(marketplace="FR"), settings={"partial_reads": 1.0}))

    reply = desk.listing("GET", "LAMP/12", marketplaces=f"{DE},{FR}")

    assert [row["marketplaceId"] for row in json.loads(reply.body)["summaries"]] == [DE]


def test_issues_alone_do_not_move_the_last_update() -> None:
    desk = Desk(seed())
    before = desk.truth("LAMP/12")["updated"]

    listing = desk.amazon.world.shelves["acme-eu"]["LAMP/12"].listings[0]
    listing.issues = ({"code": "1", "message": "", "severity": "ERROR", "categories": []},)

    assert desk.truth("LAMP/12")["updated"] == before


def test_a_whole_listing_makes_a_new_asin_or_finds_one_by_its_number() -> None:
    desk = Desk(seed())
    content = {
        name: [{"value": f"New {name}", "marketplace_id": DE}]
        for name in ("item_name", "brand", "product_description")
    }
    whole = offer() | content
    del whole["merchant_suggested_asin"]
    number = {"externally_assigned_product_identifier": [{"type": "upc", "value": "036000291452"}]}

    for sku, attributes in (("OWN", whole), ("KNOWN", whole | number)):
        body = {"productType": "LAMP", "requirements": "LISTING", "attributes": attributes}
        desk.listing("PUT", sku, body)
    desk.wait(1)

    own, known = desk.truth("OWN")["asin"], desk.truth("KNOWN")["asin"]
    assert (own in desk.amazon.world.products, known) == (True, "B000000001")
