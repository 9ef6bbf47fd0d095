"""From offers to ledger rows: newest wins, equal is no work, hands off is hands off."""

from datetime import timedelta
from typing import Any

import pytest

from consumers.amazon.desired import accept, wants, withdraw
from consumers.amazon.outcome import accepted, begun, invalid, seen
from consumers.amazon.row import changed, moved
from schemas.offers import StoreOffer
from tests.consumers.amazon.offers import (
    EXISTENCE,
    HANDS_OFF,
    NOW,
    PRICE,
    QUANTITY,
    after,
    here,
    lanes,
    live,
    offer,
    shows,
    states,
    with_change,
)

LATER = NOW + timedelta(minutes=1)
GONE = StoreOffer(manage=True, existence="absent")
NOT_THERE = here(None, "absent", exists=False)


def test_right_values_send_nothing_when_an_account_is_connected() -> None:
    rows = after(offer(acme_de=live()))

    assert (lanes(rows), {r.state for r in rows.values()}) == ({}, {"confirmed"})


def test_equal_decimals_in_another_spelling_are_equal() -> None:
    assert lanes(after(offer(acme_de=live("44.9", shows="44.900")))) == {}


@pytest.mark.parametrize(
    ("wanted", "work"),
    [
        pytest.param(offer(acme_de=live("39.90")), {PRICE}, id="another price"),
        pytest.param(offer(quantity=7, acme_de=live()), {QUANTITY}, id="another quantity"),
        pytest.param(offer(acme_de=here()), {EXISTENCE}, id="not there: created whole"),
        pytest.param(offer(quantity=None, acme_de=live()), set(), id="quantity unknown"),
        pytest.param(offer(acme_de=HANDS_OFF), set(), id="hands off"),
        pytest.param(offer(acme_de=live("39.90", manage=False)), set(), id="no longer managed"),
        pytest.param(
            offer(quantity=7, channel="AMAZON_EU", acme_de=live()), set(), id="QTY6: FBA stock"
        ),
        pytest.param(offer(quantity=0, acme_de=here()), {EXISTENCE}, id="QTY4: no zero of its own"),
        pytest.param(offer(acme_de=here(None)), set(), id="no price: not created"),
        pytest.param(offer(acme_de=GONE), {EXISTENCE}, id="ended, perhaps not there"),
        pytest.param(offer(acme_de=NOT_THERE), set(), id="ended and not there"),
    ],
)
def test_what_an_offer_asks_for_at_first_sight(wanted: Any, work: set[Any]) -> None:
    assert set(lanes(after(wanted))) == work


def test_a_repeat_and_an_older_offer_change_nothing() -> None:
    rows = after(offer(2, acme_de=live("39.90")))

    assert [
        accept(o, rows, LATER).rows == rows
        for o in (offer(2, acme_de=live("39.90")), offer(1, acme_de=live("1.00")))
    ] == [True, True]


def test_a_newer_offer_replaces_what_was_not_sent_and_says_so() -> None:
    rows = after(offer(1, acme_de=live("39.90")))
    change = accept(offer(2, acme_de=live("38.90")), rows, LATER)

    told = [(s.aspect, s.state, s.value) for s in change.said]
    assert (change.rows[PRICE].wanted, told) == ("38.9 EUR", [("price", "superseded", "39.9 EUR")])


def test_back_to_what_amazon_shows_is_no_work() -> None:
    rows = after(offer(1, acme_de=live("39.90")), offer(2, acme_de=live("44.90")))

    assert lanes(rows) == {}


def sent(rows: Any, key: Any) -> Any:
    row = begun(rows[key], fence=1, now=NOW)
    return with_change(rows | {key: row}, accepted(row, "s-1", now=NOW))


def test_what_is_in_flight_is_not_superseded() -> None:
    rows = sent(after(offer(1, acme_de=live("39.90"))), PRICE)
    change = accept(offer(2, acme_de=live("38.90")), rows, LATER)

    assert (change.said, change.rows[PRICE].state, change.rows[PRICE].sent) == (
        (),
        "awaiting",
        "39.9 EUR",
    )


def test_what_waits_behind_a_flight_is_superseded_by_the_next() -> None:
    rows = sent(after(offer(1, acme_de=live("39.90"))), PRICE)
    rows = after(offer(2, acme_de=live("38.90")), rows=rows)
    change = accept(offer(3, acme_de=live("37.90")), rows, LATER)

    assert [s.value for s in change.said] == ["38.9 EUR"]


def test_a_zero_behind_an_accepted_quantity_asks_at_once_what_became_of_it() -> None:
    rows = sent(after(offer(1, quantity=7, acme_de=live())), QUANTITY)
    rows = after(offer(2, quantity=0, acme_de=live()), rows=rows, now=LATER)

    assert (rows[QUANTITY].state, rows[QUANTITY].due_at) == ("unknown", LATER)


def test_a_refused_price_goes_out_again_once_another_one_is_wanted() -> None:
    rows = after(offer(1, acme_de=live("39.90")))
    row = begun(rows[PRICE], fence=1, now=NOW)
    rows = with_change(rows, invalid(row, [], "no", now=NOW))
    same = after(offer(2, acme_de=live("39.90")), rows=rows)
    other = after(offer(3, acme_de=live("38.90")), rows=same)

    assert (lanes(same), set(lanes(other))) == ({}, {PRICE})


@pytest.mark.parametrize(
    ("changed_offer", "work"),
    [
        pytest.param(offer(2, acme_de=here("39.90")), {EXISTENCE}, id="another price"),
        pytest.param(offer(2, acme_de=here(asin="B000000002")), {EXISTENCE}, id="another ASIN"),
        pytest.param(offer(2, quantity=9, acme_de=here()), set(), id="stock alone"),
        pytest.param(offer(2, acme_de=here()), set(), id="nothing else"),
    ],
)
def test_a_refused_creation_is_tried_again_once_anything_in_it_changed(
    changed_offer: Any, work: set[Any]
) -> None:
    rows = after(offer(1, acme_de=here()))
    row = begun(rows[EXISTENCE], fence=1, now=NOW)
    rows = with_change(rows, invalid(row, [], "no", now=NOW))

    assert set(lanes(after(changed_offer, rows=rows))) == work


def test_drift_is_ours_again() -> None:
    rows = after(offer(1, acme_de=live()))
    rows = after(offer(2, acme_de=live(shows="49.90", as_of=LATER)), rows=rows)

    assert (states(rows)[PRICE], set(lanes(rows))) == (("idle", "44.9 EUR", "49.9 EUR"), {PRICE})


def test_what_was_seen_before_a_confirmation_is_no_drift() -> None:
    rows = sent(after(offer(1, acme_de=live("39.90"))), PRICE)
    read = shows("39.90", 5, as_of=LATER)
    rows = with_change(rows, seen(rows, read, asked_at=LATER, now=LATER))
    rows = after(offer(2, acme_de=live("39.90", shows="44.90", as_of=NOW)), rows=rows)

    assert (states(rows)[PRICE][0], lanes(rows)) == ("confirmed", {})


def test_hands_off_takes_waiting_work_back() -> None:
    rows = after(offer(1, acme_de=live("39.90")), offer(2, acme_de=HANDS_OFF))

    assert (lanes(rows), rows[PRICE].wanted) == ({}, None)


def test_a_deleted_offer_is_hands_off() -> None:
    rows = after(offer(1, acme_de=live("39.90")))
    change = withdraw(rows, LATER)

    assert {r.wanted for r in change.rows.values()} == {None}
    assert [s.state for s in change.said] == ["superseded"]


@pytest.mark.parametrize(
    ("stores", "quantity"),
    [
        pytest.param({"acme_de": GONE}, "0", id="ended in its only store"),
        pytest.param({"acme_de": GONE, "acme_fr": live()}, "5", id="another store keeps it"),
        pytest.param({"acme_de": GONE, "acme_fr": GONE}, "0", id="ended in both"),
        pytest.param(
            {"acme_de": GONE, "acme_fr": live(manage=False)}, "5", id="a foreign store keeps it"
        ),
        pytest.param({"acme_de": GONE, "acme_fr": HANDS_OFF}, "0", id="the other never had it"),
        pytest.param({"acme_de": HANDS_OFF}, None, id="hands off"),
    ],
)
def test_quantity_0_first_only_where_no_store_keeps_the_sku(
    stores: dict[str, Any], quantity: str | None
) -> None:
    assert wants(offer(5, **stores))[QUANTITY].value == quantity


def test_a_hold_ends_when_nothing_is_to_be_held() -> None:
    rows = after(offer(1, acme_de=live("39.90")))
    rows = with_change(rows, _held(rows))

    assert (
        after(offer(2, acme_de=live("38.90")), rows=rows)[PRICE].state,
        after(offer(2, acme_de=live("44.90")), rows=rows)[PRICE].state,
    ) == ("held", "idle")


def _held(rows: Any) -> Any:
    from consumers.amazon.row import Change

    return Change({PRICE: moved(changed(rows[PRICE], note="GUARD_HOLD"), "held")})
