"""A seller SKU can be damaged too: `TEE-M?L` in a report is no new listing (REP1)."""

from typing import Any

import pytest

from schemas.amazon import Observation, ObservedStore
from tests.support import history as support
from tests.support.history import DE, History, settings

LOST = "TEE-M?L"


@pytest.fixture(autouse=True)
def _of_this_sku(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(support, "SKU", LOST)


def shown(history: History, source: Any, *, exists: bool = True) -> None:
    event = Observation(
        account="acme-eu",
        seller_sku=LOST,
        source=source,
        as_of=history.now,
        stores={DE: ObservedStore(exists=exists, asin="B000000001", status=["BUYABLE"])},
    )
    history.take("amazon.listing.v1", event)


def test_a_report_alone_makes_a_damaged_sku_no_new_listing() -> None:
    history = History(settings())

    shown(history, "report")

    assert (history.place(), history.codes()) == ("not_listed/not_listed", ["DAMAGED_SKU"])
    assert history.reads() == ["DAMAGED_SKU"]
    assert history.told("listing.match-request.v1") == []


def test_a_read_that_finds_it_admits_it() -> None:
    history = History(settings())
    shown(history, "report")
    history.later(minutes=1)

    shown(history, "read")

    assert history.place() == "new_third_party/awaiting_assignment"
    assert history.reads() == []


def test_a_read_that_finds_nothing_leaves_it_out() -> None:
    history = History(settings())
    shown(history, "report")
    history.later(minutes=1)

    shown(history, "read", exists=False)

    assert (history.place(), history.codes()) == ("not_listed/not_listed", ["GONE_ON_AMAZON"])
    assert history.reads() == []


def test_a_question_mark_in_a_sku_of_the_catalogue_is_no_damage() -> None:
    history = History(settings())
    shown(history, "report")

    history.candidate()

    assert history.place().startswith("active/")
