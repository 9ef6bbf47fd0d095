"""Seed documents: what they may say, and worlds made from a file or a number."""

import json
from collections import Counter
from typing import Any

import pytest

from deploy.sandbox.generate import check_digit, listings, numbered, products, rows, state_of
from deploy.sandbox.seed import Generate, SeedAccount, begin, decode, populate
from tests.support.amazon import ACCOUNTS, NOW, Desk, lamp, seed


def planted(document: dict[str, Any]) -> None:
    read = decode(json.dumps(document).encode())
    populate(begin(read).world, read, NOW)


@pytest.mark.parametrize(
    ("document", "why"),
    [
        pytest.param(seed(lamp(account="nobody")), r"no account.*listings\[0\]", id="account"),
        pytest.param(seed(lamp(), lamp(marketplace="US")), r"listings\[1\]", id="marketplace"),
        pytest.param(seed(lamp(marketplace="XX")), "no marketplace", id="no such marketplace"),
        pytest.param(seed(lamp(status="tired")), "status is one of", id="status"),
        pytest.param(seed(lamp(condition="mint")), "no condition", id="item condition"),
        pytest.param(seed(lamp(sku="BadSKU")), "reserved", id="reserved SKU"),
        pytest.param(seed(lamp(colour="red")), "colour", id="misspelt field"),
        pytest.param(seed(lamp(price="cheap")), "price", id="price"),
        pytest.param(seed(profile="kind"), "profile is one of", id="profile"),
        pytest.param(seed(settings={"speed": 1}), "speed", id="setting"),
        pytest.param(seed(faults=[{"kind": "x"}]), "fault is one of", id="fault"),
        pytest.param(
            seed(accounts={"a": ACCOUNTS["acme-eu"] | {"region": "NA"}}), "region NA", id="region"
        ),
    ],
)
def test_a_seed_is_refused(document: dict[str, Any], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        planted(document)


@pytest.mark.parametrize(
    "price",
    [
        pytest.param("12.9", id="text"),
        pytest.param(12.9, id="number"),
        pytest.param({"amount": "12.90", "currency": "EUR"}, id="money"),
    ],
)
def test_a_price_may_be_spelled_in_three_ways(price: Any) -> None:
    desk = Desk(seed(lamp(price=price)))

    assert desk.truth("LAMP/12")["price"] == {"amount": "12.90", "currency": "EUR"}


def test_one_delay_may_stand_for_all() -> None:
    desk = Desk(seed(profile="real", apply_seconds=3))

    manners = desk.amazon.world.profile
    assert (manners.price_seconds, manners.existence_seconds, manners.sigma) == (3, 3, 0)


def test_a_listing_brings_its_product_along() -> None:
    desk = Desk(seed(lamp(asin="B0UNKNOWN0", title="Odd thing"), catalogue=[]))

    assert desk.amazon.world.products["B0UNKNOWN0"].title == "Odd thing"


CSV = """sku,store_view_code,product_type,name,price,qty,additional_attributes
A-1,,simple,Lamp,12.90,5.0000,"color=red,upc=036000291452"
A-1,fr,,Lampe,,,
A-2,,configurable,Shirt,20,,
A-3,,simple,"Pen, blue",x,,
"""


def test_the_simple_products_of_a_catalogue_file_are_read() -> None:
    found = [
        (row.sku, row.title, str(row.price), row.quantity, row.gtins)
        for row in rows(CSV.splitlines())
    ]

    assert found == [
        ("A-1", "Lamp", "12.90", 5, ["036000291452"]),
        ("A-3", "Pen, blue", "9.99", 0, []),
    ]


EU = SeedAccount(region="EU", merchant_token="A", refresh_token="R", marketplaces=["DE"])


def test_states_come_in_the_shares_asked_for() -> None:
    share = {"suppressed": 0.2, "third_party": 0.1, "absent": 0.1, "fba": 0.1}
    made = list(listings(7, numbered("P-", 2000), Generate(share=share), {"acme": EU}))

    states = Counter(row.status or ("fba" if row.channel else "third") for row in made)
    assert {name: round(number / 2000, 1) for name, number in states.items()} == {
        "active": 0.5,
        "suppressed": 0.2,
        "third": 0.1,
        "fba": 0.1,
    }


def test_a_generated_world_is_the_same_each_time() -> None:
    first, second = (list(products(7, numbered("P-", 50))) for _ in range(2))

    assert (first == second, len({row.asin for row in first})) == (True, 50)


def test_generated_numbers_are_valid() -> None:
    numbers = [row.gtins[0] for row in numbered("P-", 50)]

    assert all(number[-1] == check_digit(number[:-1]) for number in numbers)


def test_a_share_of_no_state_is_refused() -> None:
    with pytest.raises(ValueError, match="no state"):
        list(listings(7, numbered("P-", 1), Generate(share={"tired": 1}), {"acme": EU}))


def test_what_the_shares_leave_is_active() -> None:
    assert state_of(7, "x", {}) == "active"
