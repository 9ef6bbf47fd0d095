"""What may go out now, and in which order."""

from datetime import timedelta
from typing import Any

import pytest

from consumers.amazon.lanes import (
    CONTENT,
    DELETE,
    PATCH,
    PRICE_DOWN,
    PRICE_UP,
    PUT,
    QUANTITY_DOWN,
    QUANTITY_UP,
    ZERO,
    ready,
    scheduled,
)
from consumers.amazon.outcome import accepted, begun, seen
from consumers.amazon.row import changed
from schemas.offers import StoreOffer
from tests.consumers.amazon.offers import (
    EXISTENCE,
    NOW,
    PRICE,
    QUANTITY,
    after,
    here,
    lanes,
    live,
    offer,
    shows,
    with_change,
)

LATER = NOW + timedelta(seconds=1)
GONE = StoreOffer(manage=True, existence="absent")
FRENCH = ("price", "acme-fr")


@pytest.mark.parametrize(
    ("wanted", "key", "lane"),
    [
        pytest.param(offer(quantity=0, acme_de=live()), QUANTITY, (ZERO, PATCH), id="zero"),
        pytest.param(offer(acme_de=live("49.90")), PRICE, (PRICE_UP, PATCH), id="price up"),
        pytest.param(offer(3, 3, acme_de=live()), QUANTITY, (QUANTITY_DOWN, PATCH), id="fewer"),
        pytest.param(offer(acme_de=live("9.90")), PRICE, (PRICE_DOWN, PATCH), id="price down"),
        pytest.param(offer(1, 10, acme_de=live()), QUANTITY, (QUANTITY_UP, PATCH), id="more"),
        pytest.param(offer(acme_de=here()), EXISTENCE, (CONTENT, PUT), id="creation"),
    ],
)
def test_the_lane_is_what_waiting_costs(wanted: Any, key: Any, lane: tuple[int, str]) -> None:
    assert lanes(after(wanted)) == {key: lane}


def test_the_lanes_stand_in_the_order_of_their_urgency() -> None:
    assert [*range(6)] == [ZERO, PRICE_UP, QUANTITY_DOWN, PRICE_DOWN, QUANTITY_UP, CONTENT]


def test_prices_compare_as_numbers_not_as_text() -> None:
    assert lanes(after(offer(acme_de=live("100.00", shows="99.00")))) == {PRICE: (PRICE_UP, PATCH)}


def test_within_a_sku_the_most_urgent_goes_first() -> None:
    rows = after(offer(quantity=3, acme_de=live("49.90")))

    assert [r.key for r in ready(rows)] == [PRICE, QUANTITY]


def flying(rows: Any, key: Any) -> Any:
    row = begun(rows[key], fence=1, now=NOW)
    return scheduled(rows | {key: row})


@pytest.mark.parametrize("state", ["sending", "awaiting", "unknown"])
def test_one_effect_is_in_flight_per_sku(state: Any) -> None:
    rows = flying(after(offer(quantity=3, acme_de=live("49.90"), acme_fr=live("49.90"))), PRICE)
    rows = scheduled(rows | {PRICE: changed(rows[PRICE], state=state)})

    assert lanes(rows) == {}


def test_a_fall_to_zero_does_not_wait_for_a_flight() -> None:
    rows = flying(after(offer(quantity=0, acme_de=live("49.90"))), PRICE)

    assert set(lanes(rows)) == {QUANTITY}


def test_restocking_waits_for_the_price_to_be_confirmed() -> None:
    rows = after(offer(quantity=5, acme_de=live("49.90", quantity=0)))
    before = set(lanes(rows))
    row = begun(rows[PRICE], fence=1, now=NOW)
    rows = with_change(rows | {PRICE: row}, accepted(row, "s", now=NOW))
    meanwhile = set(lanes(rows))
    rows = with_change(rows, seen(rows, shows("49.90", 0), asked_at=LATER, now=LATER))

    assert (before, meanwhile, set(lanes(rows))) == ({PRICE}, set(), {QUANTITY})


def test_more_stock_of_what_is_on_sale_does_not_wait_for_the_price() -> None:
    assert set(lanes(after(offer(quantity=9, acme_de=live("49.90"))))) == {PRICE, QUANTITY}


def test_restocking_waits_for_the_prices_of_all_stores() -> None:
    rows = after(offer(quantity=5, acme_de=live(quantity=0), acme_fr=live("49.90", quantity=0)))

    assert set(lanes(rows)) == {FRENCH}


def test_ending_zeroes_first_and_deletes_once_that_is_confirmed() -> None:
    rows = after(offer(1, acme_de=live()), offer(2, 0, acme_de=GONE))
    before = lanes(rows)
    row = begun(rows[QUANTITY], fence=1, now=NOW)
    rows = with_change(rows | {QUANTITY: row}, accepted(row, "s", now=NOW))
    meanwhile = lanes(rows)
    rows = with_change(rows, seen(rows, shows("44.90", 0), asked_at=LATER, now=LATER))

    assert (before, meanwhile, lanes(rows)) == (
        {QUANTITY: (ZERO, PATCH)},
        {},
        {EXISTENCE: (CONTENT, DELETE)},
    )


def test_ending_where_another_store_keeps_the_sku_deletes_alone() -> None:
    both = offer(1, acme_de=live(), acme_fr=live())
    rows = after(both, offer(2, acme_de=GONE, acme_fr=live()))

    assert lanes(rows) == {EXISTENCE: (CONTENT, DELETE)}


def test_what_amazon_fulfils_is_deleted_without_a_quantity() -> None:
    fba = {"channel": "AMAZON_EU"}
    rows = after(offer(1, 5, acme_de=live(), **fba), offer(2, None, acme_de=GONE, **fba))

    assert lanes(rows) == {EXISTENCE: (CONTENT, DELETE)}


def test_a_second_store_is_created_while_the_first_is_live() -> None:
    rows = after(offer(acme_de=live(), acme_fr=here()))

    assert lanes(rows) == {("existence", "acme-fr"): (CONTENT, PUT)}


def test_a_store_without_offer_gets_no_price_of_its_own() -> None:
    rows = after(offer(acme_de=live("49.90"), acme_fr=here("49.90")))

    assert FRENCH not in lanes(rows)
