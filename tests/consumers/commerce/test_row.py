"""A place of the catalogue, step by step."""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from consumers.commerce import row
from consumers.commerce.api import Target
from consumers.commerce.choose import Offered
from consumers.commerce.row import LONGEST, TRIES, Row
from schemas.listings import ImportedValue

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
BRAND = Target(code="brand")


def offer(value: str = "Acme", *, overwrite: bool = False, seller_sku: str = "K") -> Offered:
    said = ImportedValue(attribute="brand", scope="global", value=value, overwrite=overwrite)
    return Offered(account="a", seller_sku=seller_sku, said=said)


def place(**more: Any) -> Row:
    return msgspec.structs.replace(row.wanted("LAMP", offer(), None, NOW), **more)


def test_a_new_value_waits_to_be_read() -> None:
    fresh = row.wanted("LAMP", offer(), None, NOW)

    assert (fresh.state, fresh.value, fresh.due_at) == ("waiting", "Acme", NOW)


@pytest.mark.parametrize("state", ["imported", "kept", "refused", "sending"])
def test_the_same_value_again_changes_nothing(state: Any) -> None:
    before = place(state=state, tries=3)

    assert row.wanted("LAMP", offer(), before, NOW + timedelta(1)) == before


def test_the_same_value_of_another_listing_is_now_that_ones() -> None:
    after = row.wanted("LAMP", offer(seller_sku="K-2"), place(state="imported"), NOW)

    assert (after.state, after.seller_sku) == ("imported", "K-2")


@pytest.mark.parametrize(
    "changed", [offer("Zen"), offer(overwrite=True)], ids=["another value", "now it replaces"]
)
def test_another_wish_begins_anew_and_knows_what_was_written(changed: Offered) -> None:
    before = place(state="refused", written="Old", tries=4)

    after = row.wanted("LAMP", changed, before, NOW)

    assert (after.state, after.written, after.tries, after.why) == ("waiting", "Old", 0, [])


@pytest.mark.parametrize(
    ("overwrite", "actual", "state"),
    [
        pytest.param(False, "Acme", "imported", id="it is there already"),
        pytest.param(True, "Acme", "imported", id="it is there already, and replaces"),
        pytest.param(False, "", "waiting", id="empty: to be filled"),
        pytest.param(False, None, "waiting", id="nothing: to be filled"),
        pytest.param(False, "0", "kept", id="0 is a value"),
        pytest.param(False, "Own", "kept", id="a value of its own"),
        pytest.param(True, "Own", "waiting", id="a value to be replaced"),
    ],
)
def test_what_the_shop_holds_decides(overwrite: bool, actual: Any, state: str) -> None:
    assert row.read(place(overwrite=overwrite), BRAND, "Acme", actual, NOW).state == state


@pytest.mark.parametrize(
    ("after", "state"),
    [
        pytest.param({"brand": "Acme"}, "imported", id="shown"),
        pytest.param({"brand": "Own"}, "refused", id="another is shown"),
        pytest.param({}, "refused", id="silently dropped"),
    ],
)
def test_a_write_counts_as_the_shop_shows_it(after: Any, state: str) -> None:
    assert row.written(place(state="sending"), BRAND, "Acme", after, NOW).state == state


def test_a_write_without_an_answer_is_tried_ever_later_and_then_a_person_is_asked() -> None:
    found = place()
    pauses = []
    while found.state != "refused":
        found = row.unanswered(row.sending(found), "silence", NOW, 1.0)
        pauses.append(found.due_at - NOW)

    assert (len(pauses), pauses[:3], max(pauses) <= LONGEST, found.why[0].code) == (
        TRIES,
        [timedelta(seconds=2), timedelta(seconds=4), timedelta(seconds=8)],
        True,
        "SHOP_SILENT",
    )


def test_what_was_not_sent_was_no_try() -> None:
    waiting = row.later(row.sending(place()), NOW, 5)

    assert (waiting.state, waiting.tries, waiting.due_at) == (
        "waiting",
        0,
        NOW + timedelta(seconds=5),
    )


def test_a_person_has_it_written_again() -> None:
    refused = row.refused(place(tries=8), row.read(place(), BRAND, "A", "B", NOW).why[0])

    again = row.again(refused, NOW)

    assert (again.state, again.why, again.tries) == ("waiting", [], 0)
