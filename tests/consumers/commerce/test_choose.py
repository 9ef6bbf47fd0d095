"""Which value a place receives: the same one, in whatever order the listings come."""

from datetime import date
from itertools import permutations
from typing import Any

import pytest

from consumers.commerce.choose import chosen, offered
from schemas.listings import AttributesImported, ImportedValue
from schemas.settings import Settings, Store


def store(created: date) -> Store:
    return Store(account="a", marketplace="DE", website="base", created=created)


SETTINGS = Settings(
    records={"store": {"old": store(date(2024, 1, 1)), "new": store(date(2025, 1, 1))}}
)


def value(text: Any, of: str = "old", attribute: str = "brand", scope: str = "global") -> Any:
    source = {"store": of, "amazon_attribute": "Brand"}
    return ImportedValue(attribute=attribute, scope=scope, value=text, source=source)


def event(seller_sku: str, *values: ImportedValue, account: str = "a") -> AttributesImported:
    return AttributesImported(
        sku="LAMP", account=account, seller_sku=seller_sku, values=list(values)
    )


@pytest.mark.parametrize(
    ("events", "winner"),
    [
        pytest.param([event("LAMP", value("A"))], "A", id="alone"),
        pytest.param(
            [event("LAMP", value("A", "new")), event("K-2", value("B", "old"))],
            "B",
            id="the older store",
        ),
        pytest.param(
            [event("A-1", value("A")), event("LAMP", value("B"))], "B", id="the product's own SKU"
        ),
        pytest.param([event("K-2", value("A")), event("K-1", value("B"))], "B", id="then by name"),
        pytest.param(
            [event("K", value("A"), account="b"), event("K", value("B"), account="a")],
            "B",
            id="account before seller SKU",
        ),
        pytest.param(
            [event("LAMP", value("A", "gone")), event("K-2", value("B", "new"))],
            "B",
            id="a store that is no more comes last",
        ),
        pytest.param(
            [event("LAMP", value(None)), event("K-2", value("B"))], "B", id="nothing never wins"
        ),
        pytest.param([event("LAMP", value("A"), value("B"))], "A", id="the first of one listing"),
    ],
)
def test_one_value_stands_in_every_order(events: list[AttributesImported], winner: str) -> None:
    found = [chosen(offered(order, SETTINGS)) for order in permutations(events)]

    assert [f["global", "brand"].said.value for f in found] == [winner] * len(found)


def test_each_place_has_a_value_of_its_own() -> None:
    rows = [value("A"), value("B", scope="view:fr"), value("C", attribute="label")]

    found = chosen(offered([event("LAMP", *rows)], SETTINGS))

    assert {place: o.said.value for place, o in found.items()} == {
        ("global", "brand"): "A",
        ("view:fr", "brand"): "B",
        ("global", "label"): "C",
    }
