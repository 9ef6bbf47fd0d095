"""Which calls go wrong, in which way, and whether the write took its effect."""

import json
from typing import Any

import pytest

from deploy.sandbox.exchange import Reply
from deploy.sandbox.faults import KINDS, Fault
from tests.support.amazon import Desk, lamp, quantity, seed

BODY = {"productType": "PRODUCT", "patches": [quantity(3)]}


def patched(*faults: dict[str, Any], sku: str = "LAMP/12") -> tuple[Reply, int]:
    desk = Desk(seed(lamp(sku=sku), faults=list(faults)))
    reply = desk.listing("PATCH", sku, BODY)
    desk.wait(1)
    return reply, desk.truth(sku)["quantity"]


@pytest.mark.parametrize(
    ("fault", "status", "act", "units"),
    [
        pytest.param({"kind": "html_503"}, 503, "send", 5, id="gateway, nothing happened"),
        pytest.param(
            {"kind": "html_503", "effect": True}, 503, "send", 3, id="gateway, the write happened"
        ),
        pytest.param({"kind": "error_500"}, 500, "send", 5, id="internal error"),
        pytest.param({"kind": "empty_429"}, 429, "send", 5, id="empty 429"),
        pytest.param({"kind": "throttled"}, 429, "send", 5, id="429 below the limit"),
        pytest.param({"kind": "forbidden"}, 403, "send", 5, id="forbidden"),
        pytest.param({"kind": "redirect"}, 307, "send", 5, id="redirect"),
        pytest.param({"kind": "reset"}, 200, "reset", 5, id="reset before"),
        pytest.param({"kind": "lost"}, 200, "reset", 3, id="reply lost after"),
        pytest.param({"kind": "lost", "effect": False}, 200, "reset", 5, id="lost before"),
        pytest.param({"kind": "lost", "how": "hang"}, 200, "hang", 3, id="no answer ever"),
        pytest.param({"kind": "truncated"}, 200, "truncate", 3, id="cut short"),
    ],
)
def test_a_fault_strikes(fault: dict[str, Any], status: int, act: str, units: int) -> None:
    reply, held = patched(fault)

    assert (reply.status, reply.act, held) == (status, act, units)


@pytest.mark.parametrize(
    ("fault", "seen"),
    [
        pytest.param({"kind": "slow", "seconds": 7}, {"delay": 7.0}, id="slow"),
        pytest.param({"kind": "wrong_content_type"}, {"type": "text/plain"}, id="content type"),
        pytest.param({"kind": "wrong_date"}, {"date": "Tue, 24 Nov 2026 10:00:00 GMT"}, id="date"),
        pytest.param({"kind": "unknown_enum"}, {"status": "SOMETHING_NEW"}, id="enum"),
        pytest.param({"kind": "unknown_field"}, {"new": True}, id="field"),
        pytest.param({"kind": "missing_field", "field": "status"}, {"status": None}, id="missing"),
    ],
)
def test_a_reply_is_spoiled(fault: dict[str, Any], seen: dict[str, Any]) -> None:
    reply, _ = patched(fault)
    told = json.loads(reply.body)

    found = {
        "delay": reply.delay,
        "type": reply.headers["content-type"],
        "date": reply.headers["date"],
        "status": told.get("status"),
        "new": "somethingNew" in told,
    }
    assert {name: found[name] for name in seen} == seen


def struck(fault: dict[str, Any], calls: int = 6, **query: Any) -> list[int]:
    desk = Desk(seed(faults=[{"kind": "html_503"} | fault], quota_factor=None))
    found = []
    for call in range(calls):
        found += [call] if desk.listing("GET", "LAMP/12", **query).status == 503 else []
        desk.wait(1)
    return found


@pytest.mark.parametrize(
    ("fault", "calls"),
    [
        pytest.param({"nth": 3}, [2], id="the third call"),
        pytest.param({"every": 2}, [1, 3, 5], id="each second call"),
        pytest.param({"times": 2}, [0, 1], id="twice"),
        pytest.param({"operation": "getListingsItem"}, [0, 1, 2, 3, 4, 5], id="this operation"),
        pytest.param({"operation": "putListingsItem"}, [], id="another operation"),
        pytest.param({"account": "acme-eu", "sku": "LAMP/12", "times": 1}, [0], id="this SKU"),
        pytest.param({"sku": "OTHER"}, [], id="another SKU"),
        pytest.param({"account": "acme-na"}, [], id="another account"),
        pytest.param({"after": "2026-11-25T10:00:04Z"}, [4, 5], id="from then on"),
        pytest.param({"before": "2026-11-25T10:00:02Z"}, [0, 1], id="until then"),
        pytest.param({"probability": 0.0}, [], id="never"),
    ],
)
def test_a_fault_strikes_the_calls_it_matches(fault: dict[str, Any], calls: list[int]) -> None:
    assert struck(fault) == calls


def test_a_probability_is_met_the_same_way_each_time() -> None:
    first, second = (struck({"probability": 0.3}, 100) for _ in range(2))

    assert (first == second, 15 < len(first) < 45) == (True, True)


def test_a_login_can_go_wrong() -> None:
    desk = Desk(seed())
    desk.amazon.faults.add(Fault(kind="html_503", operation="lwa.token", times=1))

    with pytest.raises(json.JSONDecodeError):
        desk.login("Atzr|acme")


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param({"kind": "tired"}, id="unknown kind"),
        pytest.param({"kind": "lost", "how": "softly"}, id="unknown way"),
        pytest.param({"kind": "lost", "after": "soon"}, id="no time"),
    ],
)
def test_a_fault_that_cannot_be_is_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"fault|how|Invalid"):
        Fault(**fields)


def test_the_hostile_profile_does_most_of_them_unasked() -> None:
    kinds = {rule.kind for rule in Desk(seed(profile="hostile")).amazon.faults.rules}

    assert (kinds <= KINDS.keys(), len(kinds) > 8) == (True, True)
