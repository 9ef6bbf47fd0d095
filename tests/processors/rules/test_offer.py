"""The desired offer: which lines manage it, what it wants, how a wish is told from another."""

from typing import Any

import pytest

from processors.rules.known import Procedure, StoreFacts
from processors.rules.offer import existence_wanted
from schemas.candidates import Prices, SourcePrice
from schemas.money import Number
from schemas.offers import OfferHashes, StoreOffer
from schemas.settings import TierSetting
from tests.support.history import DE, History, euro, live, ready, said, settings

PRESENT = {8, *range(11, 25), 40}
ABSENT = {1, 9}


@pytest.mark.parametrize("line", range(1, 42))
def test_an_offer_is_managed_by_the_line_that_decided(line: int) -> None:
    wanted = existence_wanted(line, StoreFacts(), blocked=False)

    expected = "present" if line in PRESENT else "absent" if line in ABSENT else None
    assert wanted == expected


def test_a_relist_wants_what_its_step_wants() -> None:
    relisting = StoreFacts(procedure=Procedure("relisting", "CONDITION_CHANGE", "new", "used"))

    assert existence_wanted(10, relisting, blocked=False) == "present"


def test_nothing_is_wanted_while_something_must_be_known_first() -> None:
    assert existence_wanted(40, StoreFacts(), blocked=True) is None


def stored(history: History) -> StoreOffer:
    return history.offer.stores[DE]


def test_an_offer_that_is_not_managed_names_no_wish() -> None:
    history = live()
    history.later(minutes=1)

    history.gone()

    offer = stored(history)
    assert (offer.manage, offer.existence, offer.price) == (False, None, None)
    assert offer.hash == OfferHashes()


def changed(**told: Any) -> tuple[OfferHashes, OfferHashes]:
    history = ready()
    before = stored(history).hash
    history.candidate(**told)
    return before, stored(history).hash


def test_a_price_changes_the_hash_of_price_and_of_a_creation() -> None:
    before, after = changed(price="40.00")

    assert before.price != after.price
    assert before.existence != after.existence
    assert before.content == after.content


def test_stock_changes_no_hash() -> None:
    before, after = changed(stock="3")

    assert before == after


def test_a_hash_is_the_same_wherever_it_is_made() -> None:
    assert stored(ready()).hash == stored(ready()).hash
    assert len(stored(ready()).hash.price) == 16


def test_a_price_change_of_a_live_offer_leaves_its_existence_alone() -> None:
    history = live()
    before = stored(history).hash

    history.candidate(price="40.00")

    assert stored(history).hash.existence == before.existence
    assert stored(history).hash.price != before.price
    assert stored(history).hash.content == ""


def priced(**sides: str) -> Prices:
    sources = {
        name: SourcePrice(amount=Number(amount), currency="EUR", source=name)
        for name, amount in ({"source": "44.90"} | sides).items()
    }
    return Prices(**sources)


@pytest.mark.parametrize(
    ("msrp", "shown"),
    [
        pytest.param("59.90", euro("59.90"), id="above our price"),
        pytest.param("44.90", None, id="equal"),
        pytest.param("39.90", None, id="below: not sent"),
    ],
)
def test_a_list_price_is_sent_only_above_ours(msrp: str, shown: Any) -> None:
    history = live()

    history.candidate(prices=priced(msrp=msrp))

    assert stored(history).list_price == shown


def test_map_is_its_own_field_and_raises_the_price() -> None:
    history = live()

    history.candidate(prices=priced(map="49.90"))

    assert (stored(history).price, stored(history).map) == (euro("49.90"), euro("49.90"))


def test_a_business_price_follows_the_price_with_its_tiers() -> None:
    tiers = [
        TierSetting(quantity=5, percent=Number(3)),
        TierSetting(quantity=0, percent=Number(4)),
        TierSetting(quantity=9, percent=Number(5)),
    ]
    offer = stored(live(settings(b2b=True, tiers=tiers)))

    assert offer.b2b == euro("44.90")
    assert [t.quantity for t in offer.tiers] == [5, 9]


def test_no_business_price_below_one() -> None:
    history = live(settings(b2b=True))

    history.candidate(price="0.90")

    assert stored(history).b2b is None


def test_a_tax_code_goes_only_with_a_creation() -> None:
    given = settings(tax_code="A_GEN_NOTAX")

    assert stored(ready(given)).tax_code == "A_GEN_NOTAX"
    assert stored(live(given)).tax_code is None


def test_a_new_offer_fulfilled_by_amazon_carries_its_channel_and_no_quantity() -> None:
    history = ready(fulfilment="amazon")

    assert (history.offer.channel, history.offer.quantity) == ("AMAZON_EU", None)
    assert history.offer.handling_days is None


def test_a_new_offer_carries_its_condition_and_note() -> None:
    condition = said().condition
    history = ready(condition=type(condition)(code="used_good", note="Light wear."))

    assert (stored(history).condition, stored(history).note) == ("used_good", "Light wear.")


def test_a_live_offer_keeps_the_condition_that_amazon_shows() -> None:
    history = live(condition="used_good")

    assert stored(history).condition == "used_good"


def test_what_was_observed_travels_with_the_wish() -> None:
    history = live(price=euro("39.90"), quantity=9)

    seen = stored(history).observed
    assert (seen.price, seen.quantity, seen.exists) == (euro("39.90"), 9, True)
