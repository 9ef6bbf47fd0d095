"""Merging what Amazon reports, field by field (`listings.md` 5.1, 5.2)."""

from typing import Any

import pytest
from msgspec import UNSET

from processors.rules.known import NOTIFICATION, READ, REPORT, Mark, StoreFacts
from processors.rules.observed import Seen, merge, seen
from schemas.amazon import Issue, ObservedStore
from tests.support.history import euro


def stated(*told: tuple[int, int, dict[str, Any]]) -> Seen:
    facts = StoreFacts()
    for number, (at, rank, said) in enumerate(told):
        facts = merge(facts, Mark(at, rank, f"e{number}"), ObservedStore(**said))
    return seen(facts)


@pytest.mark.parametrize(
    ("told", "asin"),
    [
        pytest.param([(1, READ, "A"), (2, READ, "B")], "B", id="the newer wins"),
        pytest.param([(2, READ, "B"), (1, READ, "A")], "B", id="whatever order"),
        pytest.param([(1, READ, "A"), (1, NOTIFICATION, "B")], "A", id="read before notification"),
        pytest.param([(1, REPORT, "A"), (1, NOTIFICATION, "B")], "B", id="then the report"),
        pytest.param([(1, READ, "A"), (1, READ, "B")], "B", id="then the greater event id"),
    ],
)
def test_which_statement_of_a_field_stands(told: list[tuple[int, int, str]], asin: str) -> None:
    assert stated(*[(at, rank, {"asin": value}) for at, rank, value in told]).asin == asin


def test_a_field_that_is_not_stated_keeps_its_older_value() -> None:
    shows = stated((1, READ, {"asin": "A", "price": euro("9.90")}), (2, READ, {"asin": "B"}))

    assert (shows.asin, shows.price) == ("B", euro("9.90"))


def test_a_price_stated_as_none_is_none() -> None:
    shows = stated((1, READ, {"price": euro("9.90")}), (2, READ, {"price": None}))

    assert shows.price is None


def test_a_reports_text_never_replaces_text_that_was_read() -> None:
    shows = stated((1, READ, {"title": "Good"}), (2, REPORT, {"title": "From a report"}))

    assert shows.title == "Good"


@pytest.mark.parametrize("spoilt", ["gr\ufffdn", "Stehlampe gr?n", "Stehlampe grÃ¼n"])
@pytest.mark.parametrize("source", [READ, REPORT], ids=["read", "reported"])
def test_a_damaged_title_never_replaces_a_good_one(spoilt: str, source: int) -> None:
    shows = stated((1, REPORT, {"title": "Stehlampe grün"}), (2, source, {"title": spoilt}))
    turned = stated((2, source, {"title": spoilt}), (1, REPORT, {"title": "Stehlampe grün"}))

    assert (shows.title, turned.title) == ("Stehlampe grün", "Stehlampe grün")


def test_a_good_title_replaces_a_damaged_one_however_old() -> None:
    assert stated((2, READ, {"title": "gr?n"}), (1, REPORT, {"title": "grün"})).title == "grün"
    assert stated((1, REPORT, {"title": "gr?n"})).title == "gr?n"


def test_status_set_and_report_status_speak_about_one_thing() -> None:
    newer_read = stated((1, REPORT, {"report_status": "Incomplete"}), (2, READ, {"status": []}))
    newer_report = stated((1, READ, {"status": []}), (2, REPORT, {"report_status": "Active"}))

    assert (newer_read.report_status, newer_read.status) == (None, [])
    assert (newer_report.report_status, newer_report.status) == ("Active", None)


def test_an_unknown_status_leaves_the_last_one_and_is_kept_raw() -> None:
    facts = merge(StoreFacts(), Mark(1, READ, "a"), ObservedStore(status=["BUYABLE"]))
    facts = merge(facts, Mark(2, READ, "b"), ObservedStore(status=["ARCHIVED"]))

    assert seen(facts).status == ["BUYABLE"]
    assert facts.odd["status"].value == "ARCHIVED"


def test_evidence_for_and_against_is_kept_apart() -> None:
    facts = merge(StoreFacts(), Mark(2, READ, "a"), ObservedStore(exists=False))
    assert (facts.exists, facts.vanished) == (False, False)

    facts = merge(facts, Mark(1, REPORT, "b"), ObservedStore(exists=True))
    assert (facts.exists, facts.vanished) == (False, True)

    facts = merge(facts, Mark(3, READ, "c"), ObservedStore(exists=True))
    assert (facts.exists, facts.vanished) == (True, False)


def test_a_repeat_changes_nothing() -> None:
    said = ObservedStore(asin="A", issues=[Issue(code="1", message="x" * 1000)])
    once = merge(StoreFacts(), Mark(1, READ, "a"), said)

    assert merge(once, Mark(1, READ, "a"), said) == once


def test_what_listings_do_not_need_is_not_kept() -> None:
    said = ObservedStore(asin="A", image="https://x", attributes={"brand": "Lux"})
    (layer,) = merge(StoreFacts(), Mark(1, READ, "a"), said).layers

    assert (layer.said.image, layer.said.attributes) == (UNSET, UNSET)
