"""Searching a seller's own SKUs."""

import json
from typing import Any

import pytest

from tests.support.amazon import DE, FR, Desk, lamp, quantity, seed

PATH = "/listings/2021-08-01/items/A1EXAMPLE"
ROWS = [
    lamp(sku="A", created="2026-01-01"),
    lamp(sku="B", created="2026-02-01", status="suppressed"),
    lamp(sku="C", created="2026-03-01", asin="B000000002", quantity=0),
    lamp(sku="D", created="2026-04-01", marketplace="FR"),
]


def found(desk: Desk, **query: Any) -> list[str]:
    reply = desk.ask("GET", PATH, {"marketplaceIds": DE} | query)
    return [row["sku"] for row in json.loads(reply.body)["items"]]


@pytest.mark.parametrize(
    ("query", "skus"),
    [
        pytest.param({}, ["C", "B", "A"], id="all of the store, newest first"),
        pytest.param({"sortBy": "sku", "sortOrder": "ASC"}, ["A", "B", "C"], id="by SKU"),
        pytest.param({"marketplaceIds": f"{DE},{FR}"}, ["D", "C", "B", "A"], id="two stores"),
        pytest.param({"identifiers": "A,X", "identifiersType": "SKU"}, ["A"], id="by SKUs"),
        pytest.param({"identifiers": "B000000002", "identifiersType": "ASIN"}, ["C"], id="by ASIN"),
        pytest.param(
            {"identifiers": "036000291452", "identifiersType": "UPC"}, ["B", "A"], id="by number"
        ),
        pytest.param({"withStatus": "BUYABLE"}, ["A"], id="buyable"),
        pytest.param({"withoutStatus": "BUYABLE"}, ["C", "B"], id="not buyable"),
        pytest.param({"withIssueSeverity": "ERROR"}, ["B"], id="with errors"),
        pytest.param({"withIssueSeverity": "WARNING"}, [], id="with warnings"),
        pytest.param({"createdAfter": "2026-02-01T00:00:00Z"}, ["C", "B"], id="created after"),
        pytest.param({"createdBefore": "2026-02-01T00:00:00Z"}, ["B", "A"], id="created before"),
        pytest.param({"variationParentSku": "A"}, [], id="children of nobody"),
    ],
)
def test_a_search_finds(query: dict[str, str], skus: list[str]) -> None:
    assert found(Desk(seed(*ROWS)), **query) == skus


@pytest.mark.parametrize(
    "query",
    [
        pytest.param({"identifiers": "A"}, id="identifiers without kind"),
        pytest.param({"identifiersType": "SKU"}, id="kind without identifiers"),
        pytest.param({"identifiers": ",".join("x" * 21), "identifiersType": "SKU"}, id="21"),
        pytest.param({"pageSize": "0"}, id="page of none"),
        pytest.param({"createdAfter": "yesterday"}, id="no date"),
        pytest.param({"sortBy": "price"}, id="unknown sort"),
        pytest.param({"withStatus": "SOLD"}, id="unknown status"),
        pytest.param(
            {"identifiers": "A", "identifiersType": "SKU", "variationParentSku": "A"}, id="two ways"
        ),
    ],
)
def test_a_search_is_refused(query: dict[str, str]) -> None:
    assert Desk(seed()).ask("GET", PATH, {"marketplaceIds": DE} | query).status == 400


def test_nothing_is_found_beyond_a_thousand() -> None:
    desk = Desk(seed(*(lamp(sku=f"S{n:04d}") for n in range(1010)), quota_factor=None))
    seen, token, total = [], None, 0
    while True:
        query = {"marketplaceIds": DE, "pageSize": "20"} | ({"pageToken": token} if token else {})
        page = json.loads(desk.ask("GET", PATH, query).body)
        seen += [row["sku"] for row in page["items"]]
        total, token = page["numberOfResults"], page.get("pagination", {}).get("nextToken")
        if token is None:
            break

    assert (total, len(set(seen))) == (1000, 1000)


def test_a_write_brings_its_sku_to_the_front() -> None:
    desk = Desk(seed(*ROWS))

    desk.patch("A", quantity(1))
    desk.wait(1)

    assert found(desk)[0] == "A"
