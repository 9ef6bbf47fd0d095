"""What we call of the shop is what Adobe publishes, and the judge of it refuses what is not."""

import re
from typing import Any

import httpx2
import pytest

from deploy.connect.commerce.operations import OPERATIONS
from tests.support import commerce_schema as published
from tests.support.commerce import CommerceShop
from tests.support.commerce_schema import problems

LAMP: dict[str, Any] = {
    "id": 1,
    "sku": "LAMP",
    "price": 9.5,
    "custom_attributes": [{"attribute_code": "color", "value": "49"}],
}


def test_our_operations_are_published_ones() -> None:
    ours = {o.id: (o.method, "/V1/" + o.path) for o in OPERATIONS.values()}

    assert ours == {id_: told[:2] for id_, told in published.OPERATIONS.items()}


def test_a_document_of_the_published_shape_has_no_problem() -> None:
    assert problems(LAMP, "@product") == []


@pytest.mark.parametrize(
    ("change", "kind", "problem"),
    [
        pytest.param({"sku": None}, "@product", "", id="null is absent, as the shop sends it"),
        pytest.param({"id": "1"}, "@product", "$.id: '1' is no integer", id="text for a number"),
        pytest.param({"price": "9"}, "@product", "$.price: '9' is no number", id="no number"),
        pytest.param({"colour": 1}, "@product", "$.colour: unknown", id="unknown member"),
        pytest.param({"status": True}, "@product", "$.status: True is no integer", id="boolean"),
        pytest.param(
            {"custom_attributes": [{"value": 1}]},
            "@product",
            "$.custom_attributes[0].attribute_code: missing",
            id="missing deep inside",
        ),
        pytest.param({}, "[]@product", "$: no list", id="no list"),
    ],
)
def test_the_judge_names_what_does_not_fit(change: dict[str, Any], kind: str, problem: str) -> None:
    assert problems(LAMP | change, kind) == ([problem] if problem else [])


def test_the_stand_in_takes_down_a_parameter_that_nobody_publishes() -> None:
    shop = CommerceShop()

    shop(httpx2.Request("GET", "https://shop.test/rest/all/V1/products?pageSize=3"))

    assert shop.breaches == ["GetV1Products pageSize: unknown"]


def test_the_stand_in_knows_no_other_address() -> None:
    answer = CommerceShop()(httpx2.Request("GET", "https://shop.test/rest/all/V1/nothing"))

    assert (answer.status_code, answer.json()["message"]) == (
        404,
        "Request does not match any route.",
    )


def test_every_document_that_is_named_is_written_down() -> None:
    named = set(re.findall(r"@([\w-]+)", " ".join(published.DEFINITIONS.values())))

    assert named - published.DEFINITIONS.keys() == set()
