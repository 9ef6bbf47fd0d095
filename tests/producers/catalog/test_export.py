"""The shop's export → events: scopes, stock, prices, views, parents (`records.md` 2)."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest

from producers.catalog.refusal import UnknownFile
from producers.catalog.rows import Known
from schemas.events import Price, Product
from schemas.money import number
from schemas.settings import Attribute, Settings, Shop, Website
from tests.support.loading import edge, loaded, written

FULL = {
    "sku": "LAMP-12",
    "store_view_code": "",
    "attribute_set_code": "Top",
    "product_type": "simple",
    "categories": "Default Category/Home",
    "product_websites": "base",
    "name": "Desk lamp",
    "product_online": "1",
    "price": "49.90",
}
SETTINGS = Settings(
    records={
        "website": {
            "base": Website(id=1, zone="UTC", currency="EUR", views={"default": 1, "de": 2}),
            "fr": Website(id=2, zone="UTC", currency="EUR", views={"fr": 3}),
        },
        "attribute": {
            "color": Attribute(
                type="dropdown", options={"49": "Black", "50": "Blue", "51": "Blue"}
            ),
            "climate": Attribute(type="multiselect", options={"1": "Cool", "2": "Indoor"}),
            "note": Attribute(type="text"),
            "sale_until": Attribute(type="date"),
            "on_sale": Attribute(type="yes_no"),
            "floor": Attribute(type="price"),
        },
    }
)


def export(*rows: dict[str, str]) -> str:
    columns = list(dict.fromkeys(c for row in rows for c in row))
    out = io.StringIO()
    writer = csv.DictWriter(out, columns, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def told(folder: Path, *rows: dict[str, str], **more: Any) -> dict[str, Any]:
    """Give the events of a file by topic's second word and SKU: `product LAMP-12`."""
    settings = more.pop("settings", SETTINGS)
    _, taken = loaded(written(folder, export(*rows)), settings=settings, **more)
    return {
        f"{r.topic.split('.')[1]} {(r.key or b'').decode()}": json.loads(r.value or b"null")
        for r in taken.settled
    }


def refused(folder: Path, *rows: dict[str, str], **more: Any) -> list[tuple[int, Any, str]]:
    tally, _ = loaded(written(folder, export(*rows)), settings=SETTINGS, on_bad="skip", **more)
    return [(r.line, r.field, r.rule) for r in tally.refusals]


def test_a_full_row_tells_the_whole_product(tmp_path: Path) -> None:
    events = told(tmp_path, FULL | {"weight": "1", "upc": "036000291452"})

    assert events == {
        "product LAMP-12": {
            "sku": "LAMP-12",
            "name": "Desk lamp",
            "type": "simple",
            "enabled": {"global": True},
            "websites": ["base"],
            "categories": [{"path": "Default Category/Home"}],
            "attribute_set": "Top",
            "attributes": {
                "name": {"global": "Desk lamp"},
                "weight": {"global": "1"},
                "upc": {"global": "036000291452"},
            },
        },
        "price LAMP-12": {"sku": "LAMP-12", "prices": {"price": {"global": "49.90"}}},
    }


@pytest.mark.parametrize(
    ("cells", "quantity"),
    [
        pytest.param({"qty": "5"}, "5", id="as it stands"),
        pytest.param({"qty": " 5.0000 "}, "5.0000", id="outer blanks"),
        pytest.param({"qty": " -4.0000"}, "0", id="less than nothing"),
        pytest.param({"qty": "1.5"}, "1.5", id="a part"),
        pytest.param({"qty": ""}, "0", id="empty"),
        pytest.param(
            {"qty": "5", "out_of_stock_qty": "2", "use_config_min_qty": "0"},
            "3",
            id="own threshold",
        ),
        pytest.param(
            {"qty": "5", "out_of_stock_qty": "2", "use_config_min_qty": "1"}, "5", id="as the shop"
        ),
        pytest.param(
            {"qty": "5", "out_of_stock_qty": "2"}, "5", id="without its column, as the shop"
        ),
        pytest.param(
            {"qty": "5", "out_of_stock_qty": "-9", "use_config_min_qty": "0"},
            "5",
            id="backorders offer no more",
        ),
        pytest.param(
            {"qty": "5", "out_of_stock_qty": "9", "use_config_min_qty": "0"},
            "0",
            id="below the threshold",
        ),
    ],
)
def test_quantity_is_what_may_be_sold(cells: dict[str, str], quantity: str, tmp_path: Path) -> None:
    events = told(tmp_path, FULL | {"is_in_stock": "1"} | cells)

    assert events["stock LAMP-12"]["websites"]["*"].get("quantity", "0") == quantity


def test_the_shops_threshold_counts_where_the_row_has_none(tmp_path: Path) -> None:
    shop = Settings(records={"shop": {"default": Shop(out_of_stock_threshold=number("2"))}})

    events = told(tmp_path, FULL | {"qty": "5"}, settings=shop)

    assert events["stock LAMP-12"]["websites"]["*"]["quantity"] == "3"


@pytest.mark.parametrize(
    ("cells", "managed"),
    [
        pytest.param({"manage_stock": "0", "use_config_manage_stock": "0"}, False, id="own: no"),
        pytest.param({"manage_stock": "0", "use_config_manage_stock": "1"}, True, id="as the shop"),
        pytest.param({"manage_stock": "0"}, True, id="without its column, as the shop"),
    ],
)
def test_managed_counts_only_beside_use_config_0(
    cells: dict[str, str], managed: bool, tmp_path: Path
) -> None:
    events = told(tmp_path, FULL | {"qty": "5", "is_in_stock": "0"} | cells)

    stock = events["stock LAMP-12"]["websites"]["*"]
    assert (stock["managed"], stock["salable"]) == (managed, False)


def test_a_view_states_itself_only_before_or_behind_its_product(tmp_path: Path) -> None:
    blank = dict.fromkeys(FULL, "") | {"sku": "LAMP-12"}
    german = blank | {"store_view_code": "de", "name": "Schreibtischlampe"}
    french = blank | {"store_view_code": "fr", "price": "44.90", "product_online": "2"}

    before, behind = told(tmp_path, german, FULL, french), told(tmp_path, FULL, french, german)

    product = before["product LAMP-12"]
    assert before.keys() == {"product LAMP-12", "price LAMP-12"}
    assert product["attributes"]["name"] == {"global": "Desk lamp", "view:de": "Schreibtischlampe"}
    assert (product["enabled"], product["websites"]) == (
        {"global": True, "website:fr": False},
        ["base"],
    )
    assert before["price LAMP-12"]["prices"]["price"] == {"global": "49.90", "website:fr": "44.90"}
    assert behind == before


def test_a_view_may_take_a_value_away(tmp_path: Path) -> None:
    view = {"sku": "LAMP-12", "store_view_code": "fr", "special_price": "__EMPTY__VALUE__"}

    events = told(tmp_path, FULL | {"special_price": "44.90"}, view)

    stated = {"global": "44.90", "website:fr": None}
    assert events["price LAMP-12"]["prices"]["special_price"] == stated


def test_a_view_of_no_known_website_keeps_its_own_scope(tmp_path: Path) -> None:
    view = {"sku": "LAMP-12", "store_view_code": "xx", "price": "1"}

    assert told(tmp_path, FULL, view)["price LAMP-12"]["prices"]["price"]["view:xx"] == "1"


def test_two_views_of_one_website_must_agree_on_its_price(tmp_path: Path) -> None:
    views = [
        {"sku": "LAMP-12", "store_view_code": "default", "price": "1"},
        {"sku": "LAMP-12", "store_view_code": "de", "price": "2"},
    ]

    ((line, field, rule),) = refused(tmp_path, FULL, *views)

    assert (line, field) == (2, "price")
    assert "line 4: two views of website:base" in rule


def test_a_view_without_its_product_is_refused(tmp_path: Path) -> None:
    view = dict.fromkeys(FULL, "") | {"sku": "LAMP-12", "store_view_code": "de", "name": "Lampe"}

    assert refused(tmp_path, FULL | {"sku": "OTHER"}, view)[0][:2] == (3, "store_view_code")


def test_a_product_whose_view_cannot_be_read_is_not_told_in_part(tmp_path: Path) -> None:
    view = {"sku": "LAMP-12", "store_view_code": "de", "price": "1,50"}

    assert [(line, field) for line, field, _ in refused(tmp_path, FULL, view)] == [
        (2, "price"),
        (3, "price"),
    ]


def test_children_know_their_parent_wherever_it_stands(tmp_path: Path) -> None:
    parent = FULL | {
        "sku": "TEE",
        "product_type": "configurable",
        "configurable_variations": "sku=TEE-S,size=S|sku=TEE-M,size=M",
    }

    events = told(tmp_path, FULL | {"sku": "TEE-S"}, parent, FULL | {"sku": "TEE-M"})

    parents = [events[f"product {s}"].get("parent") for s in ("TEE-S", "TEE", "TEE-M")]
    assert parents == ["TEE", None, "TEE"]


@pytest.mark.parametrize(
    ("cells", "stated"),
    [
        pytest.param({"additional_attributes": "color=Black"}, {"color": "49"}, id="a label"),
        pytest.param({"additional_attributes": "color=50"}, {"color": "50"}, id="an id"),
        pytest.param({"additional_attributes": "color=Blue"}, {"color": "Blue"}, id="not unique"),
        pytest.param({"additional_attributes": "color=Red"}, {"color": "Red"}, id="unknown"),
        pytest.param({"color": "Black"}, {"color": "49"}, id="in a column"),
        pytest.param(
            {"additional_attributes": "climate=Cool|Indoor"}, {"climate": ["1", "2"]}, id="a list"
        ),
        pytest.param(
            {"additional_attributes": "climate=Cool"}, {"climate": ["1"]}, id="a list of one"
        ),
        pytest.param({"additional_attributes": "note=a|b"}, {"note": "a|b"}, id="a bar in text"),
        pytest.param({"additional_attributes": "on_sale=Yes"}, {"on_sale": "1"}, id="yes"),
        pytest.param({"additional_attributes": "on_sale=0"}, {"on_sale": "0"}, id="0"),
        pytest.param(
            {"additional_attributes": "sale_until=6/15/26"},
            {"sale_until": "2026-06-15"},
            id="a date",
        ),
        pytest.param(
            {"additional_attributes": "note=__EMPTY__VALUE__"}, {"note": None}, id="emptied"
        ),
        pytest.param({"note": ""}, {"note": None}, id="a blank cell is empty"),
    ],
)
def test_attributes_are_read_as_settings_say(
    cells: dict[str, str], stated: dict[str, Any], tmp_path: Path
) -> None:
    found = told(tmp_path, FULL | cells)["product LAMP-12"]["attributes"]

    assert {code: found[code]["global"] for code in stated} == stated


def test_a_price_of_settings_is_a_price(tmp_path: Path) -> None:
    events = told(tmp_path, FULL | {"additional_attributes": "floor=9.90", "msrp_price": "60"})

    assert events["price LAMP-12"]["prices"] == {
        "price": {"global": "49.90"},
        "msrp": {"global": "60"},
        "floor": {"global": "9.90"},
    }


def test_an_empty_price_is_stated_as_none_and_an_absent_one_not_at_all(tmp_path: Path) -> None:
    days = {"special_price_from_date": "", "special_price_to_date": "2026-11-30"}

    price = told(tmp_path, FULL | {"special_price": ""} | days)["price LAMP-12"]

    assert price["prices"] == {"price": {"global": "49.90"}, "special_price": {"global": None}}
    assert (price["special_from"], price["special_to"]) == (
        {"global": None},
        {"global": "2026-11-30"},
    )


@pytest.mark.parametrize(
    ("cells", "member", "value"),
    [
        pytest.param({"product_online": "2"}, "enabled", {"global": False}, id="disabled by 2"),
        pytest.param({"product_online": "0"}, "enabled", {"global": False}, id="disabled by 0"),
        pytest.param(
            {"custom_options": "name=A,required=1"}, "required_options", True, id="options"
        ),
        pytest.param(
            {"additional_attributes": "required_options=1"},
            "required_options",
            None,
            id="not the flag",
        ),
        pytest.param(
            {"min_cart_qty": "6", "use_config_min_sale_qty": "0"},
            "sold_by",
            "6",
            id="least quantity",
        ),
        pytest.param(
            {"min_cart_qty": "6", "use_config_min_sale_qty": "1"}, "sold_by", "1", id="as the shop"
        ),
        pytest.param(
            {"qty_increments": "4", "use_config_qty_increments": "0", "enable_qty_increments": "1"},
            "sold_by",
            "4",
            id="increments",
        ),
        pytest.param(
            {"qty_increments": "4", "use_config_qty_increments": "0", "enable_qty_increments": "0"},
            "sold_by",
            "1",
            id="increments switched off",
        ),
        pytest.param({"sku": " =LAMP"}, "sku", "=LAMP", id="a guarded SKU"),
        pytest.param({"sku": "S" * 64}, "sku", "S" * 64, id="a long SKU"),
        pytest.param({"product_type": "bundle"}, "type", "bundle", id="a bundle"),
    ],
)
def test_a_product_says(cells: dict[str, str], member: str, value: Any, tmp_path: Path) -> None:
    events = told(tmp_path, FULL | cells)

    product = next(v for k, v in events.items() if k.startswith("product"))
    assert product.get(member) == value


@pytest.mark.parametrize(
    ("cells", "field"),
    [
        pytest.param({"sku": ""}, "sku", id="no SKU"),
        pytest.param({"sku": "S" * 65}, "sku", id="a SKU too long"),
        pytest.param({"price": "12,99"}, "price", id="a comma"),
        pytest.param({"price": "$12.99"}, "price", id="a currency sign"),
        pytest.param({"price": "-1"}, "price", id="a negative price"),
        pytest.param({"qty": "many"}, "qty", id="a quantity in words"),
        pytest.param({"product_type": "gizmo"}, "product_type", id="an unknown type"),
        pytest.param({"product_online": "yes"}, "product_online", id="an unknown status"),
        pytest.param({"special_price_from_date": "soon"}, "special_price_from_date", id="no date"),
        pytest.param({"additional_attributes": "Black"}, "additional_attributes", id="no pairs"),
        pytest.param({"is_in_stock": "maybe"}, "is_in_stock", id="neither 1 nor 0"),
        pytest.param(
            {"configurable_variations": "size=S"}, "configurable_variations", id="no child"
        ),
    ],
)
def test_a_row_is_refused_by_line_and_column(
    cells: dict[str, str], field: str, tmp_path: Path
) -> None:
    found = refused(tmp_path, FULL | {"sku": "A"}, FULL | cells, FULL | {"sku": "B"})

    assert [(line, named) for line, named, _ in found] == [(3, field)]


def test_the_file_proves_how_it_writes_dates(tmp_path: Path) -> None:
    first = FULL | {"sku": "A", "special_price_to_date": "7/6/26"}
    proof = FULL | {"sku": "B", "special_price_to_date": "15/6/26"}

    assert told(tmp_path, first, proof)["price A"]["special_to"] == {"global": "2026-06-07"}


def test_a_file_that_writes_dates_both_ways_is_refused(tmp_path: Path) -> None:
    days = [FULL | {"sku": s, "special_price_to_date": s} for s in ("6/15/26", "15/6/26")]

    with pytest.raises(UnknownFile, match="both orders"):
        told(tmp_path, *days)


@pytest.mark.parametrize(
    ("columns", "says"),
    [
        pytest.param("sku,msrp", "nearest is the shop's export", id="not a catalogue"),
        pytest.param(
            "sku,prodct_type,product_websites,name,price",
            "'prodct_type' may be meant as 'product_type'",
            id="a typo",
        ),
        pytest.param(
            "category,name,sku,price", "sample-data form, which also has qty", id="sample"
        ),
        pytest.param("sku,qty", "needs --blank keep", id="an update file"),
        pytest.param("sku,sku,product_type", "stands twice", id="a column twice"),
    ],
)
def test_an_unknown_header_is_refused_with_the_nearest(
    columns: str, says: str, tmp_path: Path
) -> None:
    with pytest.raises(UnknownFile, match=says):
        loaded(written(tmp_path, columns + "\n"))


BEFORE = Known(
    product=Product(
        sku="LAMP-12",
        name="Desk lamp",
        enabled={"global": True},
        websites=["base"],
        attributes={"note": {"global": "old"}, "color": {"global": "49"}},
    ),
    price=Price(sku="LAMP-12", prices={"price": {"global": number("49.90")}}),
)


def test_an_update_file_leaves_what_it_does_not_state(tmp_path: Path) -> None:
    row = {"sku": "LAMP-12", "name": "", "special_price": "44.90", "note": "new"}

    events = told(tmp_path, row, blank="keep", at=edge(before=lambda _: BEFORE))

    assert events["product LAMP-12"]["name"] == "Desk lamp"
    assert events["product LAMP-12"]["attributes"] == {
        "note": {"global": "new"},
        "color": {"global": "49"},
    }
    assert events["price LAMP-12"]["prices"] == {
        "price": {"global": "49.90"},
        "special_price": {"global": "44.90"},
    }
    assert "stock LAMP-12" not in events


def test_an_update_of_an_unknown_product_is_refused(tmp_path: Path) -> None:
    row = {"sku": "LAMP-12", "name": "Lamp", "price": ""}

    found = refused(tmp_path, row, blank="keep", at=edge(before=lambda _: Known()))

    assert found[0][:2] == (2, "product_type")
