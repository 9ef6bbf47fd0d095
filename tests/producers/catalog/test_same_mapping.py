"""The same catalogue by file and by REST gives the same products, prices and stock."""

import csv
import itertools
from pathlib import Path
from typing import Any

import msgspec
import pytest

from schemas.settings import Attribute, Settings
from tests.support.loading import loaded
from tests.support.luma import ABSENT, EXPORT, LUMA, PRESENT
from tests.support.pulling import Town

pytestmark = pytest.mark.skipif(not PRESENT, reason=ABSENT)

SAME = ("sku", "name", "type", "enabled", "websites", "parent", "sold_by", "required_options")


KNOWN = Settings(records={"attribute": {"material": Attribute(type="multiselect")}})
"""What the shop itself knows, a file does not tell."""

COUNT = 240
"""Rows of the export that are compared: some twenty configurables, behind their children."""


def rows() -> list[dict[str, str]]:
    with (LUMA / EXPORT).open(newline="", encoding="utf-8") as file:
        return list(itertools.islice(csv.DictReader(file), COUNT))


def more(row: dict[str, str]) -> dict[str, str]:
    """Give the plain attributes of an export's row: one value, no comma."""
    pairs = [pair.split("=", 1) for pair in row["additional_attributes"].split(",")]
    codes = [pair[0] for pair in pairs if len(pair) == 2]
    return {p[0]: p[1] for p in pairs if len(p) == 2 and "|" not in p[1] and codes.count(p[0]) == 1}


def stocked(found: list[dict[str, str]]) -> Town:
    """Give a shop that holds what the export says."""
    town = Town(size=100)
    town.settings = KNOWN
    ids: dict[str, int] = {}
    for row in found:
        children = [
            v.split("=", 1)[1].split(",")[0] for v in row["configurable_variations"].split("|") if v
        ]
        given: dict[str, Any] = {"type": row["product_type"], "websites": [1]}
        if row["product_type"] == "configurable":
            given["children"] = [ids[sku] for sku in children if sku in ids]
        values = {"name": row["name"], "description": row["description"] or None} | more(row)
        values["price"] = row["price"] or None
        ids[row["sku"]] = town.shop.add(
            row["sku"],
            units=int(float(row["qty"] or 0)),
            status=int(row["product_online"]),
            **given,
            **values,
        )
    return town


def newest(records: Any, topic: str) -> dict[str, Any]:
    return {
        (r.key or b"").decode(): msgspec.json.decode(r.value) for r in records if r.topic == topic
    }


def test_a_file_and_the_shop_itself_tell_the_same(tmp_path: Path) -> None:
    found = rows()
    by_file = loaded(LUMA / EXPORT, settings=KNOWN, runs=tmp_path, on_bad="skip")[1].taken
    town = stocked(found)
    town.pull.full()
    by_rest = town.producer.taken

    told = [newest(records, "catalog.product.v1") for records in (by_file, by_rest)]
    assert len(told[1]) == len(found)
    for row in found:
        file, rest = (t[row["sku"]] for t in told)
        assert {n: file.get(n) for n in SAME} == {n: rest.get(n) for n in SAME}
        for code in ("description", *more(row)):
            assert rest["attributes"].get(code) == file["attributes"].get(code), (row["sku"], code)


def test_a_file_and_the_shop_itself_tell_the_same_prices_and_stock(tmp_path: Path) -> None:
    found = [row for row in rows() if row["product_type"] == "simple"]
    by_file = loaded(LUMA / EXPORT, settings=KNOWN, runs=tmp_path, on_bad="skip")[1].taken
    town = stocked(found)
    town.pull.full()
    by_rest = town.producer.taken
    price, stock = "catalog.price.v1", "catalog.stock.v1"

    wanted = {row["sku"] for row in found}
    filed, rested = newest(by_file, price), newest(by_rest, price)
    assert {s: float(filed[s]["prices"]["price"]["global"]) for s in wanted} == {
        s: float(rested[s]["prices"]["price"]["global"]) for s in wanted
    }
    filed, rested = newest(by_file, stock), newest(by_rest, stock)
    assert {s: float(filed[s]["websites"]["*"]["quantity"]) for s in wanted} == {
        s: float(rested[s]["websites"]["base"]["quantity"]) for s in wanted
    }
