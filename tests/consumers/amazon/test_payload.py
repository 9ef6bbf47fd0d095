"""The bodies of PUT and PATCH, as they leave."""

import msgspec
import pytest

from consumers.amazon.payload import offer_put, price_patch, quantity_patch
from tests.consumers.amazon.offers import after, here, offer

DE = "A1PA6795UKMFR9"
ENCODER = msgspec.json.Encoder(decimal_format="number")


@pytest.mark.parametrize(
    ("value", "number"),
    [
        pytest.param("44.9 EUR", b"44.9", id="as it is"),
        pytest.param("0.1 EUR", b"0.1", id="no float"),
        pytest.param("1234567.89 EUR", b"1234567.89", id="large"),
        pytest.param("100 JPY", b"100", id="no decimals"),
    ],
)
def test_an_amount_travels_exactly(value: str, number: bytes) -> None:
    assert b'"value_with_tax":' + number + b"}" in ENCODER.encode(price_patch(value, DE))


def test_a_price_touches_the_offer_to_everybody_alone() -> None:
    assert ENCODER.encode(price_patch("44.9 EUR", DE)) == (
        b'{"productType":"PRODUCT","patches":[{"op":"merge",'
        b'"path":"/attributes/purchasable_offer","value":[{"marketplace_id":"A1PA6795UKMFR9",'
        b'"currency":"EUR","audience":"ALL",'
        b'"our_price":[{"schedule":[{"value_with_tax":44.9}]}]}]}]}'
    )


def test_a_quantity_touches_the_merchants_stock_and_not_its_lead_time() -> None:
    assert ENCODER.encode(quantity_patch("7")) == (
        b'{"productType":"PRODUCT","patches":[{"op":"merge",'
        b'"path":"/attributes/fulfillment_availability",'
        b'"value":[{"fulfillment_channel_code":"DEFAULT","quantity":7}]}]}'
    )


def test_a_new_offer_carries_price_and_quantity_and_what_it_is() -> None:
    rows = after(
        offer(
            quantity=5, handling_days=2, acme_de=here("44.90", note="Light wear.", tax_code="A_GEN")
        )
    )

    body = msgspec.json.decode(ENCODER.encode(offer_put(rows, "acme-de", DE, "de_DE")))
    assert body == {
        "productType": "PRODUCT",
        "requirements": "LISTING_OFFER_ONLY",
        "attributes": {
            "purchasable_offer": [
                {
                    "marketplace_id": DE,
                    "currency": "EUR",
                    "audience": "ALL",
                    "our_price": [{"schedule": [{"value_with_tax": 44.9}]}],
                }
            ],
            "fulfillment_availability": [
                {
                    "fulfillment_channel_code": "DEFAULT",
                    "quantity": 5,
                    "lead_time_to_ship_max_days": 2,
                }
            ],
            "condition_type": [{"value": "new_new", "marketplace_id": DE}],
            "merchant_suggested_asin": [{"value": "B000000001", "marketplace_id": DE}],
            "product_tax_code": [{"value": "A_GEN", "marketplace_id": DE}],
            "condition_note": [
                {"value": "Light wear.", "language_tag": "de_DE", "marketplace_id": DE}
            ],
        },
    }


def test_a_new_offer_that_amazon_ships_has_no_quantity() -> None:
    rows = after(offer(quantity=None, channel="AMAZON_EU", acme_de=here()))

    stock = offer_put(rows, "acme-de", DE, "de_DE")["attributes"]["fulfillment_availability"]
    assert stock == [{"fulfillment_channel_code": "AMAZON_EU"}]


def test_an_offer_without_price_cannot_be_made() -> None:
    with pytest.raises(KeyError):
        offer_put(after(offer(acme_de=here(None))), "acme-de", DE, "de_DE")
