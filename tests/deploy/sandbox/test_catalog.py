"""Searching the catalogue: no, one, several products."""

import json
from typing import Any

import pytest

from deploy.sandbox.catalog import isbn13, spellings
from tests.support.amazon import DE, FR, Desk, seed

PATH = "/catalog/2022-04-01/items"


def found(desk: Desk, **query: Any) -> Any:
    reply = desk.ask("GET", PATH, {"marketplaceIds": DE} | query)
    return [row["asin"] for row in json.loads(reply.body)["items"]]


@pytest.mark.parametrize(
    ("query", "asins"),
    [
        pytest.param(
            {"identifiers": "036000291452", "identifiersType": "UPC"}, ["B000000001"], id="one"
        ),
        pytest.param(
            {"identifiers": "0036000291452", "identifiersType": "EAN"},
            ["B000000001"],
            id="the same number as EAN",
        ),
        pytest.param(
            {"identifiers": "4006381333931", "identifiersType": "EAN"},
            ["B000000002", "B000000003"],
            id="several products with one number",
        ),
        pytest.param({"identifiers": "12345670", "identifiersType": "EAN"}, [], id="none"),
        pytest.param(
            {"identifiers": "00036000291452", "identifiersType": "JAN"},
            ["B000000001"],
            id="another kind and spelling of the same number",
        ),
        pytest.param(
            {"identifiers": "036000291452", "identifiersType": "MINSAN"}, [], id="no trade number"
        ),
        pytest.param(
            {"identifiers": "B000000004,B0NONE", "identifiersType": "ASIN"},
            ["B000000004"],
            id="by ASIN",
        ),
        pytest.param(
            {"identifiers": "LAMP/12", "identifiersType": "SKU", "sellerId": "A1EXAMPLE"},
            ["B000000001"],
            id="by SKU",
        ),
        pytest.param(
            {"identifiers": "LAMP/12", "identifiersType": "SKU", "sellerId": "A2EXAMPLE"},
            [],
            id="by another's SKU",
        ),
        pytest.param({"keywords": "pen"}, ["B000000002", "B000000003"], id="a word"),
        pytest.param({"keywords": "PEN,set"}, ["B000000002"], id="two words"),
        pytest.param({"keywords": "lamp", "brandNames": "Nix"}, [], id="another brand"),
        pytest.param({"keywords": "p-1"}, ["B000000003"], id="a part number"),
    ],
)
def test_a_search_finds(query: dict[str, str], asins: list[str]) -> None:
    assert sorted(found(Desk(seed()), **query)) == asins


@pytest.mark.parametrize(
    "query",
    [
        pytest.param({}, id="nothing asked"),
        pytest.param({"identifiers": "1"}, id="no kind"),
        pytest.param({"identifiersType": "EAN", "keywords": "x"}, id="kind without identifiers"),
        pytest.param({"identifiers": "1", "identifiersType": "EAN", "keywords": "x"}, id="both"),
        pytest.param({"identifiers": ",".join("x" * 21), "identifiersType": "EAN"}, id="21"),
        pytest.param({"identifiers": "x", "identifiersType": "SKU"}, id="SKU without seller"),
        pytest.param({"identifiers": "x", "identifiersType": "ean"}, id="unknown kind"),
        pytest.param({"keywords": "x", "pageSize": "21"}, id="page of 21"),
        pytest.param({"keywords": "x", "pageToken": "x"}, id="a token of nobody"),
        pytest.param({"keywords": "x", "marketplaceIds": f"{DE},{FR}"}, id="two marketplaces"),
    ],
)
def test_a_search_is_refused(query: dict[str, str]) -> None:
    assert Desk(seed()).ask("GET", PATH, {"marketplaceIds": DE} | query).status == 400


def many() -> Desk:
    products = [
        {"asin": f"B1{n:08d}", "gtins": ["4006381333931"], "title": "Pen"} for n in range(25)
    ]
    return Desk(seed(catalogue=products, listings=[], quota_factor=None))


def test_pages_together_hold_every_product_once() -> None:
    desk, seen, token = many(), [], None
    query = {"marketplaceIds": DE, "identifiers": "4006381333931", "identifiersType": "EAN"}
    sizes = []
    while True:
        more = {"pageToken": token} if token else {}
        page = json.loads(desk.ask("GET", PATH, query | more).body)
        seen += [row["asin"] for row in page["items"]]
        sizes.append((len(page["items"]), page["numberOfResults"]))
        token = page.get("pagination", {}).get("nextToken")
        if token is None:
            break

    assert (sizes, len(set(seen))) == ([(10, 25), (10, 25), (5, 25)], 25)


def test_results_come_shuffled_and_always_alike() -> None:
    query = {"identifiers": "4006381333931", "identifiersType": "EAN", "pageSize": "20"}

    first, second = found(many(), **query), found(many(), **query)

    assert (first == second, first != sorted(first)) == (True, True)


def test_a_page_may_be_cut_without_a_token() -> None:
    desk = Desk(seed(settings={"cut_pages": 1.0}))
    query = {"marketplaceIds": DE, "keywords": "pen"}

    page = json.loads(desk.ask("GET", PATH, query).body)

    assert (len(page["items"]), page["numberOfResults"], "pagination" in page) == (1, 2, False)


def test_a_summary_tells_what_children_differ_in() -> None:
    shirt = {"asin": "B000000006", "title": "Shirt", "color": "blue", "size": "M", "pack": 2}

    told = one(Desk(seed(listings=[], catalogue=[shirt])), "B000000006", "summaries")

    assert told["summaries"][0] == {
        "marketplaceId": DE,
        "itemClassification": "BASE_PRODUCT",
        "itemName": "Shirt",
        "packageQuantity": 2,
        "color": "blue",
        "size": "M",
    }


FAMILY = {"asin": "B000000006", "gtins": ["4006381333955"], "parent": "B000000005"}
PARENT = {"asin": "B000000005", "title": "Shirt", "children": ["B000000006"]}
CHILD = {"marketplaceIds": DE, "identifiers": "4006381333955", "identifiersType": "EAN"}


@pytest.mark.parametrize(
    ("rate", "asin"),
    [pytest.param(1.0, "B000000005", id="parent"), pytest.param(0.0, "B000000006", id="child")],
)
def test_a_parent_may_come_in_place_of_its_child(rate: float, asin: str) -> None:
    desk = Desk(seed(listings=[], catalogue=[PARENT, FAMILY], settings={"parent_results": rate}))

    page = json.loads(desk.ask("GET", PATH, CHILD).body)

    assert [item["asin"] for item in page["items"]] == [asin]


def test_a_result_may_lack_the_identifier_it_was_asked_by() -> None:
    desk = Desk(seed(settings={"hidden_identifiers": 1.0}))
    query = {"identifiers": "036000291452", "identifiersType": "UPC", "marketplaceIds": DE}

    page = json.loads(desk.ask("GET", PATH, query | {"includedData": "identifiers"}).body)

    assert page["items"] == [
        {"asin": "B000000001", "identifiers": [{"marketplaceId": DE, "identifiers": []}]}
    ]


def one(desk: Desk, asin: str, parts: str) -> Any:
    query = {"marketplaceIds": DE, "includedData": parts}
    return json.loads(desk.ask("GET", f"{PATH}/{asin}", query).body)


@pytest.mark.parametrize(
    ("asin", "kind", "relationship"),
    [
        pytest.param(
            "B000000005",
            "VARIATION_PARENT",
            [{"type": "VARIATION", "childAsins": ["B000000006"]}],
            id="a parent",
        ),
        pytest.param(
            "B000000006",
            "BASE_PRODUCT",
            [{"type": "VARIATION", "parentAsins": ["B000000005"]}],
            id="a child",
        ),
        pytest.param("B000000001", "BASE_PRODUCT", [], id="neither"),
    ],
)
def test_parents_and_children_name_each_other(
    asin: str, kind: str, relationship: list[Any]
) -> None:
    told = one(Desk(seed()), asin, "summaries,relationships")

    assert (told["summaries"][0]["itemClassification"], told["relationships"]) == (
        kind,
        [{"marketplaceId": DE, "relationships": relationship}],
    )


def test_a_product_of_another_marketplace_is_not_there() -> None:
    desk = Desk(seed())

    statuses = [
        desk.ask("GET", f"{PATH}/B000000006", {"marketplaceIds": store}).status
        for store in (DE, FR)
    ]

    assert statuses == [200, 404]


@pytest.mark.parametrize(
    ("number", "kinds"),
    [
        pytest.param("036000291452", ["GTIN", "EAN", "UPC"], id="UPC"),
        pytest.param("4006381333931", ["GTIN", "EAN"], id="EAN"),
        pytest.param("9783161484100", ["GTIN", "EAN", "ISBN"], id="ISBN"),
        pytest.param("14006381333938", ["GTIN"], id="a case of them"),
    ],
)
def test_a_number_is_listed_under_its_kinds(number: str, kinds: list[str]) -> None:
    assert [kind for kind, _ in spellings(number)] == kinds


def test_an_old_book_number_is_found_under_its_new_one() -> None:
    assert isbn13("316148410X") == "9783161484100"
