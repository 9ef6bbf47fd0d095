"""What a read tells of the attributes that import mappings name: one marketplace's plain text."""

from decimal import Decimal
from typing import Any

import httpx2
import msgspec
import pytest
from msgspec import UNSET

from deploy.connect.amazon.attributes import LONGEST, names, value
from deploy.connect.seller import Seller
from schemas.settings import ImportMapping
from tests.deploy.connect import amazon_double
from tests.deploy.connect.amazon_double import Double, client_over

DE, FR = "A1PA6795UKMFR9", "A13V1IB3VIYZZH"


@pytest.mark.parametrize(
    ("rows", "name", "found"),
    [
        pytest.param([{"value": "Acme"}], "brand", "Acme", id="plain"),
        pytest.param([{"value": " Acme "}], "brand", "Acme", id="outer blanks"),
        pytest.param([{"value": "A"}, {"value": "B"}], "brand", ["A", "B"], id="several rows"),
        pytest.param([{"value": 12}], "brand", "12", id="a whole number"),
        pytest.param([{"value": Decimal("1.50")}], "brand", "1.50", id="an exact number"),
        pytest.param([{"value": True}], "brand", "true", id="yes"),
        pytest.param([{"value": 2, "unit": "kg"}], "brand", "2 kg", id="with its unit"),
        pytest.param([{"value": 2, "unit": "kg"}], "brand.value", "2", id="a way to the number"),
        pytest.param([{"value": 2, "unit": "kg"}], "brand.unit", "kg", id="a way to the unit"),
        pytest.param([{"size": [{"value": "M"}]}], "brand.size", "M", id="a list of one inside"),
        pytest.param([{"length": {"value": 1}}], "brand", None, id="parts are no text"),
        pytest.param([{"length": {"value": 1}}], "brand.depth", None, id="a way to nowhere"),
        pytest.param([{"value": ""}], "brand", None, id="empty"),
        pytest.param([], "brand", None, id="no row"),
        pytest.param("Acme", "brand", None, id="no rows at all"),
        pytest.param(["Acme"], "brand", None, id="rows that are no objects"),
        pytest.param([{"value": "x" * (LONGEST + 1)}], "brand", None, id="too long to be text"),
        pytest.param(
            [{"value": "Acme", "marketplace_id": FR}], "brand", None, id="another marketplace's"
        ),
        pytest.param(
            [
                {"value": "Lampe", "marketplace_id": DE, "language_tag": "de_DE"},
                {"value": "Lamp", "marketplace_id": DE, "language_tag": "en_GB"},
            ],
            "brand",
            "Lampe",
            id="the marketplace's language",
        ),
        pytest.param(
            [{"value": "Lamp", "marketplace_id": DE, "language_tag": "en_GB"}],
            "brand",
            "Lamp",
            id="the only language there is",
        ),
    ],
)
def test_rows_become_text(rows: Any, name: str, found: Any) -> None:
    assert value({"brand": rows}, name, DE) == found


def test_an_attribute_that_is_not_there_is_none() -> None:
    assert value({}, "brand", DE) is None


def test_every_way_to_a_text_is_a_name_that_a_mapping_can_use() -> None:
    attributes = {
        "brand": [{"value": "Acme", "marketplace_id": DE, "language_tag": "de_DE"}],
        "item_weight": [{"value": 2, "unit": "kg", "marketplace_id": DE}],
        "item_dimensions": [{"length": {"value": 10, "unit": "cm"}, "marketplace_id": DE}],
        "apparel_size": [{"size": [{"value": "M"}], "size_class": "alpha"}],
        "elsewhere": [{"value": "x", "marketplace_id": FR}],
        "strange": "text",
    }

    assert names(attributes, DE) == {
        "brand": "Acme",
        "item_weight": "2 kg",
        "item_dimensions.length": "10 cm",
        "apparel_size.size": "M",
        "apparel_size.size_class": "alpha",
    }


def answer() -> httpx2.Response:
    summary = {
        "marketplaceId": DE,
        "status": [],
        "asin": "B000000001",
        "itemName": "Lampe",
        "productType": "LAMP",
        "mainImage": {"link": "https://m.example/1.jpg", "height": 1, "width": 1},
    }
    body = {
        "sku": "LAMP-12",
        "summaries": [summary],
        "attributes": {"brand": [{"value": "Acme"}], "item_weight": [{"value": 1.50}]},
    }
    return httpx2.Response(200, content=msgspec.json.encode(body))


CATALOGUE = {
    "numberOfResults": 1,
    "items": [{"asin": "B000000001", "attributes": {"binding": [{"value": "Paperback"}]}}],
}


def asked(monkeypatch: pytest.MonkeyPatch, *names: str, catalogue: Any = CATALOGUE) -> Any:
    """Observe with a mapping of each of *names*; give the attributes, and what was asked."""
    known = amazon_double.SETTINGS
    for name in names:
        known = known.with_record("import_mapping", f"DE/{name}", ImportMapping(target="t"))
    monkeypatch.setattr(amazon_double, "SETTINGS", known)
    more = catalogue if isinstance(catalogue, Exception) else httpx2.Response(200, json=catalogue)
    double = Double(answer(), more)
    seen = Seller(client_over(double)).observe("acme-eu", "LAMP-12", ["acme-de"])
    assert seen is not None
    return seen.stores["acme-de"].attributes, [dict(r.url.params) for r in double.asked]


def test_without_a_mapping_no_attributes_are_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    told, calls = asked(monkeypatch)

    assert (told, ["attributes" in c["includedData"] for c in calls]) == (UNSET, [False])


def test_what_the_listing_itself_tells_costs_no_further_call(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    names = ["Brand", "Title", "ProductTypeName", "Image", "ASIN", "item_weight.value"]

    told, calls = asked(monkeypatch, *names)

    assert ["attributes" in c["includedData"] for c in calls] == [True]
    assert told == {
        "brand": "Acme",
        "item_name": "Lampe",
        "product_type": "LAMP",
        "main_image": "https://m.example/1.jpg",
        "item_weight.value": "1.5",
    }


def test_the_rest_stands_in_amazons_catalogue_or_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    told, calls = asked(monkeypatch, "Brand", "Binding", "Colour")

    assert told == {"brand": "Acme", "binding": "Paperback", "colour": None}
    assert calls[1] | {"pageSize": ""} == {
        "marketplaceIds": DE,
        "includedData": "attributes",
        "identifiers": "B000000001",
        "identifiersType": "ASIN",
        "pageSize": "",
    }


@pytest.mark.parametrize(
    ("catalogue", "binding"),
    [
        pytest.param({"numberOfResults": 0, "items": []}, None, id="no such item"),
        pytest.param(
            {"numberOfResults": 1, "items": [{"asin": "B000000009", "attributes": {}}]},
            None,
            id="another item",
        ),
        pytest.param(httpx2.ReadTimeout("slow"), UNSET, id="no answer: not stated, asked again"),
    ],
)
def test_what_the_catalogue_does_not_answer_is_not_called_none(
    monkeypatch: pytest.MonkeyPatch, catalogue: Any, binding: Any
) -> None:
    told, _ = asked(monkeypatch, "Brand", "Binding", catalogue=catalogue)

    assert told.get("binding", UNSET) is binding
