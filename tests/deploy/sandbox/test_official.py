"""The stand-in against Amazon's own models: example pairs, and the shape of every reply."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from jsonschema import Draft4Validator

from deploy.sandbox.exchange import Reply, Request
from deploy.sandbox.wishes import WISHES
from tests.support.amazon import Desk, lamp, price, quantity, seed

MODELS = Path(__file__).parents[3] / "../shared/data/amazon/models"
FILES = ("listingsItems_2021-08-01.json", "catalogItems_2022-04-01.json")
US = "ATVPDKIKX0DER"
ACCOUNT = {
    "region": "NA",
    "merchant_token": "SellerId",
    "refresh_token": "Atzr|official",
    "marketplaces": ["US", "CA"],
}
ROW = {"account": "official", "marketplace": "US", "sku": "GM-ZDPI-9B4E"}
ROW |= {"asin": "B07N4M94X4", "price": "100.00", "quantity": 100}
PRODUCT = {"asin": "B07N4M94X4", "title": "SAMSUNG TV", "gtins": ["887276302195"], "pack": 1}
BODIES = {
    "putListingsItem": {
        "productType": "PRODUCT",
        "requirements": "LISTING_OFFER_ONLY",
        "attributes": {
            "merchant_suggested_asin": [{"value": "B07N4M94X4"}],
            "condition_type": [{"value": "new_new"}],
            "purchasable_offer": [
                {"currency": "USD", "our_price": [{"schedule": [{"value_with_tax": 100}]}]}
            ],
        },
    },
    "patchListingsItem": {"productType": "PRODUCT", "patches": [quantity(3)]},
}


def operations() -> Iterator[tuple[dict[str, Any], str, str, dict[str, Any]]]:
    for file in FILES:
        if not (MODELS / file).exists():
            return
        model = json.loads((MODELS / file).read_text())
        for path, methods in model["paths"].items():
            for method, operation in methods.items():
                if method != "parameters":
                    yield model, path, method.upper(), operation


def pairs() -> list[Any]:
    found = [
        pytest.param(
            (model, path, method, operation),
            int(status),
            pair["request"].get("parameters", {}),
            id=f"{operation['operationId']} {status} {number}",
        )
        for model, path, method, operation in operations()
        for status, response in operation["responses"].items()
        for number, pair in enumerate(response.get("x-amzn-api-sandbox", {}).get("static", []))
    ]
    absent = pytest.mark.skip(reason="Amazon's models are not at ../shared/data/amazon")
    return found or [pytest.param(None, 0, {}, marks=absent, id="no models")]


def filled(
    path: str, method: str, operation: dict[str, Any], stated: dict[str, Any]
) -> tuple[str, dict[str, str], Any]:
    """Fill what a pair leaves open from the seed."""
    values = {"sellerId": "SellerId", "sku": ROW["sku"], "asin": "B07N4M94X4"}
    values |= {"marketplaceIds": [US]}
    values |= {name: given["value"] for name, given in stated.items() if "value" in given}
    places = {parameter["name"]: parameter["in"] for parameter in operation["parameters"]}
    for name, place in places.items():
        if place == "path":
            path = path.replace(f"{{{name}}}", quote(str(values[name]), safe=""))
    query = {
        name: ",".join(value) if isinstance(value, list) else str(value)
        for name, value in values.items()
        if places.get(name) == "query"
    }
    return path, query, BODIES.get(operation["operationId"])


def desk() -> Desk:
    document = seed(accounts={"official": ACCOUNT}, catalogue=[PRODUCT], listings=[ROW])
    return Desk(document, "official")


def breaches(model: dict[str, Any], operation: dict[str, Any], reply: Reply) -> list[str]:
    schema = operation["responses"][str(reply.status)]["schema"]
    judge = Draft4Validator(schema | {"definitions": model["definitions"]})
    return [error.message for error in judge.iter_errors(json.loads(reply.body))]


@pytest.mark.parametrize(("target", "status", "stated"), pairs())
def test_an_official_example_is_answered_in_kind(
    target: tuple[dict[str, Any], str, str, dict[str, Any]], status: int, stated: dict[str, Any]
) -> None:
    model, path, method, operation = target
    path, query, body = filled(path, method, operation, stated)

    reply = desk().ask(method, path, query, body)

    assert (reply.status, breaches(model, operation, reply)) == (status, [])


def test_all_pairs_of_the_two_models_are_there() -> None:
    if not MODELS.exists():
        pytest.skip("Amazon's models are not at ../shared/data/amazon")

    assert len(pairs()) == 14 + 4


ALL_PARTS = "summaries,attributes,issues,offers,fulfillmentAvailability,procurement,"
ALL_PARTS += "relationships,productTypes"
CATALOG_PARTS = "attributes,classifications,dimensions,identifiers,images,productTypes,"
CATALOG_PARTS += "relationships,salesRanks,summaries,vendorDetails"


def operation_of(name: str) -> tuple[dict[str, Any], dict[str, Any]]:
    for model, _, _, operation in operations():
        if operation["operationId"] == name:
            return model, operation
    pytest.skip("Amazon's models are not at ../shared/data/amazon")


@pytest.mark.parametrize("status", [word for word in WISHES if word != "ended"])
def test_a_listing_in_any_state_is_shown_as_the_model_says(status: str) -> None:
    model, operation = operation_of("getListingsItem")
    here = Desk(seed(lamp(status=status), lamp(marketplace="FR", channel="FBA")))

    reply = here.listing("GET", "LAMP/12", includedData=ALL_PARTS)

    assert (reply.status, breaches(model, operation, reply)) == (200, [])


def test_an_invalid_submission_is_told_as_the_model_says() -> None:
    model, operation = operation_of("patchListingsItem")
    body = {"productType": "PRODUCT", "patches": [price(0)]}

    reply = Desk(seed()).listing("PATCH", "LAMP/12", body)

    assert (reply.status, breaches(model, operation, reply)) == (200, [])


@pytest.mark.parametrize("asin", ["B000000001", "B000000002", "B000000005", "B000000006"])
def test_a_product_is_shown_as_the_model_says(asin: str) -> None:
    model, operation = operation_of("getCatalogItem")
    query = {"marketplaceIds": "A1PA6795UKMFR9", "includedData": CATALOG_PARTS}

    reply = Desk(seed()).ask("GET", f"/catalog/2022-04-01/items/{asin}", query)

    assert (reply.status, breaches(model, operation, reply)) == (200, [])


@pytest.mark.parametrize("name", ["getListingsItem", "patchListingsItem", "searchCatalogItems"])
def test_methods_that_no_model_declares_are_not_allowed(name: str) -> None:
    operation_of(name)
    known = {(path, method) for _, path, method, _ in operations()}
    path = next(path for _, path, _, operation in operations() if operation["operationId"] == name)
    url = "/na" + path.replace("{sellerId}", "SellerId").replace("{sku}", "x")

    for method in ("GET", "PUT", "POST", "PATCH", "DELETE", "HEAD", "OPTIONS"):
        here = desk()
        query = urlencode({"marketplaceIds": US})
        status = here.send(Request(method, url, query, here.headers())).status
        assert (status == 405) == ((path, method) not in known), method
