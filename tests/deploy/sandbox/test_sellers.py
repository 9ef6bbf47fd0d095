"""Where an account sells, and what it may not list."""

import json
from typing import Any

import pytest

from deploy.sandbox.events import Act, happen
from tests.support.amazon import CATALOGUE, DE, FR, US, Desk, seed

PARTICIPATIONS = "/sellers/v1/marketplaceParticipations"
RESTRICTIONS = "/listings/2021-08-01/restrictions"


@pytest.mark.parametrize(
    ("act", "told"),
    [
        pytest.param(None, {DE: (True, False), FR: (True, False)}, id="all is well"),
        pytest.param("suspend_store", {DE: (True, True), FR: (True, False)}, id="suspended"),
        pytest.param("leave_store", {DE: (False, False), FR: (True, False)}, id="left"),
    ],
)
def test_participations_tell_of_each_store(act: str | None, told: dict[str, Any]) -> None:
    desk = Desk(seed())
    if act is not None:
        happen(desk.amazon, Act(type=act, account="acme-eu", marketplace="DE"), desk.now)

    rows = json.loads(desk.ask("GET", PARTICIPATIONS).body)["payload"]

    found = {
        row["marketplace"]["id"]: (
            row["participation"]["isParticipating"],
            row["participation"]["hasSuspendedListings"],
        )
        for row in rows
    }
    assert found == told
    assert rows[0]["marketplace"] == {
        "id": DE,
        "name": "Amazon.de",
        "countryCode": "DE",
        "defaultCurrencyCode": "EUR",
        "defaultLanguageCode": "de_DE",
        "domainName": "www.amazon.de",
    }


SHOE = {"asin": "B0SHOE", "restricted": {"conditions": ["used_good"], "reasons": ["NOT_ELIGIBLE"]}}


def reasons(asin: str, **query: str) -> list[tuple[str, str | None, str]]:
    desk = Desk(seed(catalogue=[*CATALOGUE, SHOE]))
    asked = {"asin": asin, "sellerId": "A1EXAMPLE", "marketplaceIds": DE} | query
    rows = json.loads(desk.ask("GET", RESTRICTIONS, asked).body)["restrictions"]
    return [
        (row["marketplaceId"], row.get("conditionType"), row["reasons"][0]["reasonCode"])
        for row in rows
    ]


@pytest.mark.parametrize(
    ("asin", "query", "told"),
    [
        pytest.param("B000000001", {}, [], id="free"),
        pytest.param("B000000004", {}, [(DE, None, "APPROVAL_REQUIRED")], id="gated"),
        pytest.param(
            "B000000004",
            {"conditionType": "new_new", "marketplaceIds": f"{DE},{FR}"},
            [(DE, "new_new", "APPROVAL_REQUIRED"), (FR, "new_new", "APPROVAL_REQUIRED")],
            id="gated in two stores",
        ),
        pytest.param("B0NONE", {}, [(DE, None, "ASIN_NOT_FOUND")], id="unknown"),
        pytest.param(
            "B000000006", {"marketplaceIds": FR}, [(FR, None, "ASIN_NOT_FOUND")], id="elsewhere"
        ),
        pytest.param("B000000005", {}, [(DE, None, "NOT_ELIGIBLE")], id="a parent"),
        pytest.param("B0SHOE", {}, [(DE, "used_good", "NOT_ELIGIBLE")], id="one condition"),
        pytest.param("B0SHOE", {"conditionType": "new_new"}, [], id="another condition"),
    ],
)
def test_restrictions_say_what_may_not_be_listed(
    asin: str, query: dict[str, str], told: list[Any]
) -> None:
    assert reasons(asin, **query) == told


@pytest.mark.parametrize(
    ("change", "status"),
    [
        pytest.param({"asin": "BAD_ASIN"}, 400, id="no ASIN"),
        pytest.param({"sellerId": ""}, 400, id="no seller"),
        pytest.param({"sellerId": "A2EXAMPLE"}, 403, id="another seller"),
        pytest.param({"conditionType": "shiny"}, 400, id="unknown condition"),
        pytest.param({"marketplaceIds": US}, 400, id="another region's marketplace"),
    ],
)
@pytest.mark.parametrize("envelope", [False, True])
def test_a_refusal_is_a_bare_array_unless_the_seed_says_otherwise(
    change: dict[str, str], status: int, envelope: bool
) -> None:
    desk = Desk(seed(settings={"restrictions_envelope": envelope}))
    asked = {"asin": "B000000001", "sellerId": "A1EXAMPLE", "marketplaceIds": DE} | change

    reply = desk.ask("GET", RESTRICTIONS, asked)

    told = json.loads(reply.body)
    assert (reply.status, isinstance(told, dict)) == (status, envelope)
    assert (told["errors"] if envelope else told)[0]["message"]


@pytest.mark.parametrize("kind", ["throttled", "forbidden", "error_500"])
def test_a_fault_refuses_in_the_same_shape(kind: str) -> None:
    desk = Desk(seed(faults=[{"kind": kind}]))
    asked = {"asin": "B000000001", "sellerId": "A1EXAMPLE", "marketplaceIds": DE}

    told = json.loads(desk.ask("GET", RESTRICTIONS, asked).body)

    assert [sorted(row) for row in told] == [["code", "details", "message"]]
