"""The sample-data form, and the Luma catalogue whole."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from producers.catalog.refusal import UnknownFile
from schemas.record import Record
from tests.support.loading import loaded, written
from tests.support.luma import ABSENT, EXPORT, GEAR, LUMA, PRESENT

luma = pytest.mark.skipif(not PRESENT, reason=ABSENT)


def events(records: list[Record]) -> dict[str, Any]:
    return {
        f"{r.topic.split('.')[1]} {(r.key or b'').decode()}": json.loads(r.value or b"null")
        for r in records
    }


def test_a_row_is_a_simple_product_on_base_and_line_breaks_part_values(tmp_path: Path) -> None:
    data = (
        "category,name,sku,price,qty,description,activity,material,special_price,attribute_set\n"
        '"Gear\nBags","Joust Bag",24-MB01,34,100,"<p>\n</p>","Gym\nTravel","\nNylon",,Bag\n'
    )
    _, taken = loaded(written(tmp_path, data))

    assert events(taken.settled) == {
        "product 24-MB01": {
            "sku": "24-MB01",
            "name": "Joust Bag",
            "enabled": {"global": True},
            "websites": ["base"],
            "categories": [{"path": "Gear"}, {"path": "Bags"}],
            "attribute_set": "Bag",
            "attributes": {
                "name": {"global": "Joust Bag"},
                "description": {"global": "<p>\n</p>"},
                "activity": {"global": ["Gym", "Travel"]},
                "material": {"global": "Nylon"},
            },
        },
        "stock 24-MB01": {
            "sku": "24-MB01",
            "websites": {"*": {"managed": True, "quantity": "100"}},
        },
        "price 24-MB01": {
            "sku": "24-MB01",
            "prices": {"price": {"global": "34"}, "special_price": {"global": None}},
        },
    }


@pytest.mark.parametrize(
    ("column", "type_"),
    [("bundle_options", "bundle"), ("associated_sku", "grouped")],
)
def test_a_set_of_products_is_no_simple_product(column: str, type_: str, tmp_path: Path) -> None:
    data = f"category,name,sku,price,qty,{column}\nGear,Kit,K1,,0,24-WG085\n"
    _, taken = loaded(written(tmp_path, data))

    found = events(taken.settled)
    assert found["product K1"]["type"] == type_
    assert found["stock K1"]["websites"]["*"] == {
        "managed": True,
        "salable": False,
        "quantity": "0",
    }
    assert found["price K1"]["prices"] == {"price": {"global": None}}


@luma
def test_every_row_of_lumas_export_is_accounted_for(tmp_path: Path) -> None:
    path = written(tmp_path, (LUMA / EXPORT).read_bytes())

    tally, taken = loaded(path)

    found = events(taken.settled)
    products = [v for k, v in found.items() if k.startswith("product ")]
    assert (tally.rows, tally.events, tally.refused) == (1_994, 5_982, 0)
    assert Counter(p.get("type", "simple") for p in products) == {
        "simple": 1_847,
        "configurable": 147,
    }
    assert {p.get("parent") for p in products if p["type"] == "simple"} <= {
        p["sku"] for p in products if p["type"] == "configurable"
    }
    assert found["product MH01-XS-Black"]["parent"] == "MH01"
    assert found["product MH01-XS-Black"]["attributes"]["color"] == {"global": "Black"}
    assert found["product MH01"]["attributes"]["climate"]["global"] == [
        "All-weather",
        "Cool",
        "Indoor",
        "Spring",
        "Windy",
    ]
    assert found["stock MH01-XS-Black"]["websites"]["*"] == {"managed": True, "quantity": "100"}


@luma
@pytest.mark.parametrize(
    ("file", "types"),
    [
        pytest.param(GEAR[0], {"simple": 14}, id="bags"),
        pytest.param(GEAR[1], {"simple": 9}, id="fitness equipment"),
        pytest.param(GEAR[2], {"simple": 9}, id="balls"),
        pytest.param(GEAR[3], {"simple": 3}, id="straps"),
        pytest.param(GEAR[4], {"simple": 9}, id="watches"),
        pytest.param(GEAR[5], {"bundle": 1}, id="bundle"),
        pytest.param(GEAR[6], {"grouped": 1}, id="grouped"),
    ],
)
def test_lumas_gear_is_read(file: str, types: dict[str, int], tmp_path: Path) -> None:
    tally, taken = loaded(written(tmp_path, (LUMA / file).read_bytes()))

    products = [json.loads(r.value or b"") for r in taken.settled if "product" in r.topic]
    assert Counter(p.get("type", "simple") for p in products) == types
    assert (tally.refused, tally.events) == (0, 3 * len(products))


@luma
@pytest.mark.parametrize(
    "file",
    ["MsrpSampleData_products_msrp.csv", "SalesSampleData_orders.csv", "LICENSE_AFL.txt"],
)
def test_what_is_no_catalogue_is_refused_whole(file: str, tmp_path: Path) -> None:
    with pytest.raises(UnknownFile):
        loaded(written(tmp_path, (LUMA / file).read_bytes()))
