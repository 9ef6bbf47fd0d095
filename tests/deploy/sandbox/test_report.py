"""The listing report as Amazon writes it."""

import pytest

from deploy.sandbox.report import ALL_DATA, report
from tests.support.amazon import ACCOUNTS, DE, US, Desk, lamp, seed

ALL = "GET_MERCHANT_LISTINGS_ALL_DATA"
ROWS = [
    lamp(created="2026-01-05T08:00:00Z", condition="used_good"),
    lamp(sku="FBA", channel="FBA", quantity=7),
    lamp(sku="HALF", status="no_price"),
    lamp(sku="GONE", status="ended"),
    lamp(sku="SHUT", status="closed"),
    lamp(sku="EAN", product_id={"type": "ean", "value": "0036000291452"}, title="Tab\there"),
    lamp(sku="FR", marketplace="FR"),
]


def rows(desk: Desk, kind: str = ALL, store: str = DE) -> list[dict[str, str]]:
    account = desk.amazon.world.accounts[desk.account]
    text = report(desk.amazon.world, account, store, kind=kind, now=desk.now)
    header, *lines = text.split("\r\n")[:-1]
    return [dict(zip(header.split("\t"), line.split("\t"), strict=True)) for line in lines]


def test_it_has_the_29_columns_of_amazon() -> None:
    assert (len(ALL_DATA), list(rows(Desk(seed()))[0])) == (29, ALL_DATA)


def test_a_row_says_what_amazon_holds() -> None:
    row = rows(Desk(seed(*ROWS)))[0]

    told = {name: value for name, value in row.items() if value}
    assert told == {
        "item-name": "Desk lamp",
        "listing-id": told["listing-id"],
        "seller-sku": "LAMP/12",
        "price": "12.90",
        "quantity": "5",
        "open-date": "05/01/2026 09:00:00 CET",
        "item-is-marketplace": "y",
        "product-id-type": "1",
        "item-condition": "3",
        "asin1": "B000000001",
        "will-ship-internationally": "1",
        "expedited-shipping": "N",
        "product-id": "B000000001",
        "pending-quantity": "0",
        "fulfillment-channel": "DEFAULT",
        "merchant-shipping-group": "Migrated Template",
        "status": "Active",
    }


def test_each_store_has_its_rows_in_its_states() -> None:
    found = [
        (
            row["seller-sku"],
            row["price"],
            row["quantity"],
            row["fulfillment-channel"],
            row["status"],
        )
        for row in rows(Desk(seed(*ROWS)))
    ]

    assert found == [
        ("LAMP/12", "12.90", "5", "DEFAULT", "Active"),
        ("FBA", "12.90", "", "AMAZON_EU", "Active"),
        ("HALF", "", "5", "DEFAULT", "Incomplete"),
        ("SHUT", "12.90", "5", "DEFAULT", "Inactive"),
        ("EAN", "12.90", "5", "DEFAULT", "Active"),
    ]


def test_a_row_stays_one_row() -> None:
    row = rows(Desk(seed(*ROWS)))[-1]

    assert (row["item-name"], row["product-id-type"], row["product-id"]) == (
        "Tab here",
        "4",
        "0036000291452",
    )


@pytest.mark.parametrize(
    ("kind", "skus"),
    [
        pytest.param("GET_MERCHANT_LISTINGS_DATA", ["LAMP/12", "FBA", "EAN"], id="active"),
        pytest.param("GET_MERCHANT_LISTINGS_INACTIVE_DATA", ["SHUT"], id="inactive"),
        pytest.param("GET_MERCHANT_CANCELLED_LISTINGS_DATA", ["GONE"], id="cancelled"),
    ],
)
def test_other_reports_hold_their_part(kind: str, skus: list[str]) -> None:
    assert [row["seller-sku"] for row in rows(Desk(seed(*ROWS)), kind)] == skus


def test_dates_are_those_of_the_region() -> None:
    row = lamp(account="acme-na", marketplace="US", created="2026-07-05T08:00:00Z")
    desk = Desk(seed(row, accounts=ACCOUNTS), "acme-na")

    assert rows(desk, store=US)[0]["open-date"] == "2026-07-05 01:00:00 PDT"


def test_an_unknown_report_is_refused() -> None:
    with pytest.raises(ValueError, match="report type"):
        rows(Desk(seed()), "GET_EVERYTHING")
