"""What a report of each type does to a listing (`listings.md` 5): from its bytes to the tab."""

import io
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from producers.amazon.document import document
from producers.amazon.lines import RefusedRow
from producers.amazon.report import Origin, observations
from producers.amazon.survey import survey
from schemas import reports
from schemas.amazon import Observation
from tests.support.history import ASIN, DE, SKU, History, live
from tests.support.report_files import LAMP, file

ROW = LAMP | {"seller-sku": SKU, "price": "44.90", "asin1": ASIN}
FYP = (
    "Status\tReason\tSKU\tASIN\tProduct name\tCondition\tStatus Change Date\tIssue Description\n"
    f"Search suppressed\tMissing\t{SKU}\t{ASIN}\tLamp\tNew\tJan 5, 2026\tNo main image\n"
)


def rows(text: str, as_of: datetime, type_: str = reports.ALL) -> list[Observation]:
    origin = Origin(report="R", account="acme-eu", store=DE, currency="EUR", as_of=as_of)
    doc = document(lambda: io.BytesIO(text.encode()))
    every = observations(doc, survey(doc, type_=type_), origin)
    return [row for row in every if not isinstance(row, RefusedRow)]


def report(history: History, row: Mapping[str, str], **more: Any) -> None:
    for event in rows(file(ROW | row), **more):
        history.take("amazon.listing.v1", event)


def later(history: History, **span: Any) -> datetime:
    history.later(**span)
    return history.now


def test_a_row_older_than_what_is_known_changes_nothing() -> None:
    history = live()
    before = history.status()
    history.later(hours=1)

    report(history, {"status": "Inactive", "price": "1.00"}, as_of=history.now)

    assert history.status() == before  # it merges six hours back


def test_a_newer_row_states_the_status() -> None:
    history = live()

    report(history, {"status": "Inactive"}, as_of=later(history, days=1))

    assert history.place().startswith("inactive/")


def test_the_same_report_twice_and_in_another_order_gives_the_same_state() -> None:
    told = [ROW | {"status": "Inactive"}, ROW | {"seller-sku": "OTHER"}]
    states = []
    for given in (told, told[::-1], told * 2):
        history = live()
        as_of = later(history, days=1)
        for row in given:
            mine = [event for event in rows(file(row), as_of) if event.seller_sku == SKU]
            for event in mine:
                history.take("amazon.listing.v1", event)
        states.append(history.status().tab)

    assert states == [states[0]] * 3


def test_an_empty_quantity_leaves_what_is_known() -> None:
    history = live()
    known = history.facts.known.quantity

    report(history, {"quantity": ""}, as_of=later(history, days=1))

    assert history.facts.known.quantity == known


def cancelled(history: History, as_of: datetime) -> None:
    for event in rows(f"seller-sku\titem-name\n{SKU}\tLamp\n", as_of, reports.CANCELLED):
        history.take("amazon.listing.v1", event)


def test_a_row_of_the_cancelled_listings_asks_for_a_read_that_ends_it() -> None:
    history = live()

    cancelled(history, later(history, days=1))
    assert (history.place(), history.reads()) == ("active/active", ["NOTIFIED"])

    history.later(minutes=1)
    history.gone()
    assert history.place() == "ended/ended_on_amazon"


def test_a_cancelled_listing_that_came_back_stays() -> None:
    history = live()
    cancelled(history, later(history, days=1))
    history.later(minutes=1)

    history.observe()

    assert (history.place(), history.reads()) == ("active/active", [])


def test_an_old_row_of_the_cancelled_listings_ends_nothing() -> None:
    history = live()

    cancelled(history, later(history, hours=1))

    assert (history.place(), history.reads()) == ("active/active", [])


def test_a_cancelled_listing_that_we_never_knew_is_not_admitted() -> None:
    history = History()

    cancelled(history, history.now)

    assert history.told("listing.status.v1") == []


def test_a_suppressed_listing_stays_active_and_says_why() -> None:
    history = live()

    for event in rows(FYP, later(history, days=1), reports.SUPPRESSED):
        history.take("amazon.listing.v1", event)

    assert history.place() == "active/active"
    assert {"SEARCH_SUPPRESSED", "HAS_WARNINGS"} <= set(history.flags())


def test_a_missing_sku_counts_only_where_nothing_is_younger_than_the_report() -> None:
    history = live()
    as_of = history.now + timedelta(hours=5)  # it merges before the listing was last seen
    history.later(hours=6)

    for name in ("r1", "r2"):
        history.report(name, as_of)

    assert history.reads() == []
