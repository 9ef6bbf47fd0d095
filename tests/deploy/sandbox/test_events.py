"""Unasked acts, and what they leave."""

from decimal import Decimal
from typing import Any

import pytest

from deploy.sandbox.events import Act, happen
from deploy.sandbox.truth import submissions
from tests.support.amazon import DE, Desk, lamp, offer, quantity, seed

ON = {"account": "acme-eu", "sku": "LAMP/12", "marketplace": "DE"}


def after(desk: Desk, *acts: dict[str, Any]) -> dict[str, Any]:
    for act in acts:
        happen(desk.amazon, Act(**(ON | act)), desk.now)
    return desk.truth("LAMP/12")


@pytest.mark.parametrize(
    ("acts", "facts"),
    [
        pytest.param([{"type": "sell", "quantity": 2}], {"quantity": 3}, id="sell"),
        pytest.param(
            [{"type": "sell", "quantity": 5}], {"quantity": 0, "status": ["DISCOVERABLE"]}, id="all"
        ),
        pytest.param(
            [{"type": "edit", "price": Decimal("9"), "quantity": 1, "title": "My lamp"}],
            {"price": {"amount": "9.00", "currency": "EUR"}, "quantity": 1, "title": "My lamp"},
            id="edit by hand",
        ),
        pytest.param([{"type": "delete"}], {"exists": False}, id="delete"),
        pytest.param([{"type": "suppress"}], {"status": ["DISCOVERABLE"]}, id="suppress"),
        pytest.param(
            [{"type": "suppress", "action": "SEARCH_SUPPRESSED"}],
            {"status": ["BUYABLE"]},
            id="hide",
        ),
        pytest.param(
            [{"type": "suppress"}, {"type": "exempt"}],
            {"status": ["BUYABLE", "DISCOVERABLE"]},
            id="exempt",
        ),
        pytest.param([{"type": "suppress"}, {"type": "lift"}], {"issues": []}, id="lift"),
        pytest.param([{"type": "suspend_store"}], {"status": ["DISCOVERABLE"]}, id="suspend"),
        pytest.param(
            [{"type": "suspend_store"}, {"type": "resume_store"}],
            {"status": ["BUYABLE", "DISCOVERABLE"]},
            id="resume",
        ),
    ],
)
def test_an_act_leaves(acts: list[dict[str, Any]], facts: dict[str, Any]) -> None:
    truth = after(Desk(seed()), *acts)

    assert {name: truth[name] for name in facts} == facts


def test_an_act_is_part_of_the_history() -> None:
    truth = after(Desk(seed()), {"type": "sell"}, {"type": "edit", "quantity": 9})

    causes = [(change["cause"], change["quantity"]) for change in truth["history"]]
    assert causes == [("event:sell", 4), ("event:edit", 9)]


@pytest.mark.parametrize(
    "act",
    [
        pytest.param({"type": "sell", "quantity": 6}, id="more than there is"),
        pytest.param({"type": "dance"}, id="unknown act"),
        pytest.param({"type": "sell", "sku": "NOBODY"}, id="unknown SKU"),
        pytest.param({"type": "revoke_token", "account": "nobody"}, id="unknown account"),
    ],
)
def test_an_act_that_cannot_be_is_refused(act: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"only 5|type is one of|no listing|no account"):
        after(Desk(seed()), act)


def test_a_revoked_account_is_shut_out_at_once() -> None:
    desk = Desk(seed())

    after(desk, {"type": "revoke_token"})

    assert desk.listing("GET", "LAMP/12").status == 403


def test_a_store_that_was_left_is_no_store_of_the_account() -> None:
    desk = Desk(seed())

    after(desk, {"type": "leave_store"})

    assert desk.listing("GET", "LAMP/12").status == 400


def test_a_product_restricted_later_cannot_be_offered() -> None:
    desk = Desk(seed())

    after(desk, {"type": "restrict", "asin": "B000000001"})

    assert desk.put("NEW-1", offer())["status"] == "INVALID"


def test_truth_says_what_amazon_will_hold_and_why() -> None:
    desk = Desk(seed(lamp()))

    told = desk.patch("LAMP/12", quantity(3))

    truth = desk.truth("LAMP/12")
    assert (truth["quantity"], truth["will"]["quantity"], truth["pending"]) == (
        5,
        3,
        [
            {
                "due": "2026-11-25T10:00:01.000Z",
                "aspect": "quantity",
                "cause": f"submission:{told['submissionId']}",
                "lost": False,
            }
        ],
    )


@pytest.mark.parametrize(
    ("rate", "seconds", "fate"),
    [
        pytest.param(0.0, 0, "pending", id="still to come"),
        pytest.param(0.0, 1, "applied", id="applied"),
        pytest.param(1.0, 1, "lost", id="lost"),
    ],
)
def test_truth_tells_the_fate_of_a_submission(rate: float, seconds: int, fate: str) -> None:
    desk = Desk(seed(settings={"lost_writes": rate}))
    told = desk.patch("LAMP/12", quantity(3))

    desk.wait(seconds)

    found = submissions(desk.amazon, {"submission": told["submissionId"]})["submissions"]
    assert [(row["sku"], row["marketplaces"], row["effects"][0]["fate"]) for row in found] == [
        ("LAMP/12", [DE], fate)
    ]
