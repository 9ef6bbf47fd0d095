"""Throttling: who draws on which bucket, and what a refusal says."""

import json

import pytest

from deploy.sandbox.buckets import Buckets, Key, keys_of
from tests.support.amazon import Desk, lamp, quantity, seed


def test_a_burst_passes_and_then_the_rate() -> None:
    buckets = Buckets()
    key = [Key("patchListingsItem", "acme-eu")]

    passed = [buckets.take(key, at) is None for at in (0, 0, 0, 0, 0, 0, 100, 200, 200)]

    assert passed == [True] * 5 + [False, False, True, False]


def test_each_account_has_its_own_bucket() -> None:
    buckets = Buckets()
    for _ in range(5):
        buckets.take([Key("patchListingsItem", "acme-eu")], 0)

    assert buckets.take([Key("patchListingsItem", "acme-na")], 0) is None


def test_a_refused_call_takes_from_none_of_its_buckets() -> None:
    buckets = Buckets()
    buckets.change(1, {"patch": (1, 1)})
    both = [Key("patchListingsItem", "acme-eu"), Key("patch")]
    buckets.take(both, 0)

    text = buckets.take(both, 0)

    levels = {row["bucket"]: row["level"] for row in buckets.snapshot(0)}
    assert (levels, "allowed for the application" in str(text)) == (
        {"patchListingsItem": 4, "patch": 0},
        True,
    )


@pytest.mark.parametrize(
    ("factor", "passed"),
    [
        pytest.param(1, 5, id="as Amazon"),
        pytest.param(20, 100, id="twenty times"),
        pytest.param(0.1, 1, id="a tenth still lets one pass"),
        pytest.param(None, 600, id="no limits"),
    ],
)
def test_the_factor_multiplies_every_limit(factor: float | None, passed: int) -> None:
    desk = Desk(seed(quota_factor=factor))

    statuses = [desk.listing("GET", "LAMP/12").status for _ in range(600)]

    assert statuses.count(200) == passed


def test_without_limits_no_rate_is_told() -> None:
    reply = Desk(seed(quota_factor=None)).listing("GET", "LAMP/12")

    assert "x-amzn-ratelimit-limit" not in reply.headers


@pytest.mark.parametrize(
    ("attributes", "preview", "names"),
    [
        pytest.param({"purchasable_offer"}, False, ["patch"], id="an offer"),
        pytest.param({"item_name"}, False, ["patch", "product data"], id="content"),
        pytest.param(
            {"child_parent_sku_relationship"}, False, ["patch", "relationships"], id="relationship"
        ),
        pytest.param({"purchasable_offer"}, True, ["preview", "patch"], id="preview"),
    ],
)
def test_a_patch_draws_on_the_ceilings_of_what_it_touches(
    attributes: set[str], preview: bool, names: list[str]
) -> None:
    keys = keys_of("patchListingsItem", "acme-eu", attributes=attributes, preview=preview)

    assert [key.name for key in keys[1:]] == names


def test_a_bad_request_costs_its_token() -> None:
    desk = Desk(seed())
    for _ in range(5):
        desk.listing("GET", "LAMP/12", marketplaces="")

    assert desk.listing("GET", "LAMP/12").status == 429


def test_a_spurious_429_has_the_usual_body() -> None:
    reply = Desk(seed(lamp(), settings={"spurious_429": 1.0})).listing("GET", "LAMP/12")

    error = json.loads(reply.body)["errors"][0]
    assert (reply.status, error["code"]) == (429, "QuotaExceeded")


def test_tokens_return_with_the_clock() -> None:
    desk = Desk(seed())
    for units in range(5):
        desk.patch("LAMP/12", quantity(units))
    body = {"productType": "PRODUCT", "patches": [quantity(9)]}
    spent = desk.listing("PATCH", "LAMP/12", body).status

    desk.wait(0.2)

    assert (spent, desk.listing("PATCH", "LAMP/12", body).status) == (429, 200)
