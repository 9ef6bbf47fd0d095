"""What an answer or a read makes of a row: accepted is not confirmed, silence is unknown."""

from datetime import timedelta
from typing import Any

import msgspec
import pytest

from consumers.amazon.outcome import (
    Timings,
    accepted,
    again,
    begun,
    failed,
    invalid,
    resumed,
    seen,
    throttled,
    unanswered,
)
from consumers.amazon.row import Change, Key, Row, Rows, changed
from schemas.amazon import Issue, ObservedStore
from schemas.offers import StoreOffer
from tests.consumers.amazon.offers import (
    EXISTENCE,
    NOW,
    PRICE,
    QUANTITY,
    after,
    here,
    live,
    offer,
    shows,
    with_change,
)

GONE = StoreOffer(manage=True, existence="absent")
T = Timings()
NO_PRICE = msgspec.structs.replace(
    shows(), stores={"acme-de": ObservedStore(exists=True, price=None)}
)


def at(seconds: float) -> Any:
    return NOW + timedelta(seconds=seconds)


def row(change: Change) -> Row:
    (found,) = change.rows.values()
    return found


def sending(rows: Rows, key: Key) -> Row:
    return begun(rows[key], fence=7, now=NOW)


REPRICED = after(offer(1, acme_de=live("39.90")))
RESTOCKED = after(offer(1, quantity=7, acme_de=live()))
CREATED = after(offer(1, acme_de=here()))
ENDED = after(
    offer(1, quantity=None, acme_de=live()), offer(2, None, acme_de=GONE, channel="AMAZON_EU")
)


def awaiting(rows: Rows, key: Key) -> Rows:
    return with_change(rows, accepted(sending(rows, key), "s-1", now=NOW))


def unknown(rows: Rows, key: Key) -> Rows:
    return with_change(rows, unanswered(sending(rows, key), now=NOW))


def after_read(rows: Rows, read: Any, seconds: float = 1.0) -> tuple[Rows, list[str]]:
    change = seen(rows, read, asked_at=at(seconds), now=at(seconds))
    return change.rows, [s.state for s in change.said]


def test_sending_remembers_what_is_sent_under_which_fence() -> None:
    sent = sending(REPRICED, PRICE)

    assert (sent.state, sent.sent, sent.fence, sent.attempt, sent.started_at) == (
        "sending",
        "39.9 EUR",
        7,
        1,
        NOW,
    )


@pytest.mark.parametrize(
    ("change", "state", "told"),
    [
        pytest.param(accepted(sending(REPRICED, PRICE), "s", now=NOW), "awaiting", ["accepted"]),
        pytest.param(invalid(sending(REPRICED, PRICE), [], "", now=NOW), "blocked", ["invalid"]),
        pytest.param(failed(sending(REPRICED, PRICE), "", now=NOW), "blocked", ["failed"]),
        pytest.param(again(sending(REPRICED, PRICE), 2, now=NOW), "idle", []),
        pytest.param(throttled(sending(REPRICED, PRICE), now=NOW), "idle", []),
        pytest.param(unanswered(sending(REPRICED, PRICE), now=NOW), "unknown", []),
    ],
    ids=["accepted", "invalid", "failed", "again", "throttled", "unanswered"],
)
def test_an_answer_moves_the_row_and_tells(change: Change, state: str, told: list[str]) -> None:
    assert (row(change).state, [s.state for s in change.said]) == (state, told)


def test_a_429_costs_no_attempt_and_other_failures_do() -> None:
    sent = sending(REPRICED, PRICE)

    assert (row(throttled(sent, now=NOW)).tries, row(again(sent, 1, now=NOW)).tries) == (0, 1)


def test_attempts_are_used_up() -> None:
    tired = changed(sending(REPRICED, PRICE), tries=T.most_tries - 1)

    assert [s.state for s in again(tired, 1, now=NOW).said] == ["failed"]


def test_what_was_refused_goes_out_again_at_once_if_something_else_is_wanted_by_now() -> None:
    overtaken = changed(sending(REPRICED, PRICE), wanted="38.9 EUR")

    assert row(invalid(overtaken, [], "", now=NOW)).state == "idle"


@pytest.mark.parametrize(
    ("rows", "key", "read", "state"),
    [
        pytest.param(REPRICED, PRICE, shows("39.90"), "confirmed", id="the price shows"),
        pytest.param(REPRICED, PRICE, shows("39.900"), "confirmed", id="in another spelling"),
        pytest.param(REPRICED, PRICE, shows("44.90"), "awaiting", id="not yet"),
        pytest.param(REPRICED, PRICE, shows(exists=None), "awaiting", id="nothing is said"),
        pytest.param(REPRICED, PRICE, shows(), "awaiting", id="the price is not said"),
        pytest.param(REPRICED, PRICE, shows("39.90", store="acme-fr"), "awaiting", id="elsewhere"),
        pytest.param(RESTOCKED, QUANTITY, shows(None, 7), "confirmed", id="the quantity shows"),
        pytest.param(RESTOCKED, QUANTITY, shows(None, 5), "awaiting", id="the old quantity"),
        pytest.param(CREATED, EXISTENCE, shows("44.90", 5), "confirmed", id="it is there"),
        pytest.param(CREATED, EXISTENCE, shows(None, 5), "awaiting", id="there without price"),
        pytest.param(CREATED, EXISTENCE, shows(exists=False), "awaiting", id="not there yet"),
        pytest.param(ENDED, EXISTENCE, shows(exists=False), "confirmed", id="gone"),
        pytest.param(ENDED, EXISTENCE, shows("44.90"), "awaiting", id="still there"),
        pytest.param(ENDED, EXISTENCE, shows(exists=None), "awaiting", id="not said: not gone"),
    ],
)
def test_only_a_read_that_shows_it_confirms(rows: Rows, key: Key, read: Any, state: str) -> None:
    judged, _ = after_read(awaiting(rows, key), read)

    assert judged[key].state == state


@pytest.mark.parametrize(
    ("read", "state", "told"),
    [
        pytest.param(shows("39.90"), "confirmed", ["confirmed"], id="it had arrived"),
        pytest.param(shows("44.90"), "idle", [], id="it had not: due again"),
        pytest.param(shows(exists=False), "idle", [], id="gone meanwhile"),
        pytest.param(shows(exists=None), "unknown", [], id="nothing is said: read again"),
    ],
)
def test_only_a_read_decides_what_is_unknown(read: Any, state: str, told: list[str]) -> None:
    judged, said = after_read(unknown(REPRICED, PRICE), read)

    assert (judged[PRICE].state, said) == (state, told)


def test_after_an_unknown_the_latest_wanted_goes_out_not_the_lost_one() -> None:
    rows = after(offer(2, acme_de=live("38.90")), rows=unknown(REPRICED, PRICE))
    judged, _ = after_read(rows, shows("44.90"))

    assert begun(judged[PRICE], fence=7, now=NOW).sent == "38.9 EUR"


def test_a_read_that_began_before_the_send_proves_nothing() -> None:
    rows = awaiting(REPRICED, PRICE)
    judged, _ = after_read(rows, shows("39.90"), seconds=-1.0)

    assert judged[PRICE].state == "awaiting"


def test_reads_come_after_1_2_4_seconds_and_then_every_minute() -> None:
    rows = awaiting(REPRICED, PRICE)
    pauses = [(rows[PRICE].due_at - NOW).total_seconds()]
    for _ in range(8):
        now = rows[PRICE].due_at
        rows = seen(rows, shows("44.90"), asked_at=now, now=now).rows
        pauses.append((rows[PRICE].due_at - now).total_seconds())

    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60, 60]


@pytest.mark.parametrize(
    ("rows", "key", "patience"),
    [(REPRICED, PRICE, T.fast), (RESTOCKED, QUANTITY, T.fast), (CREATED, EXISTENCE, T.slow)],
    ids=["price", "quantity", "existence"],
)
def test_what_is_not_seen_in_time_is_overdue_and_unknown(
    rows: Rows, key: Key, patience: float
) -> None:
    young, silent = after_read(awaiting(rows, key), shows(exists=None), seconds=patience - 1)
    old, told = after_read(awaiting(rows, key), shows(exists=None), seconds=patience)

    assert (young[key].state, silent, old[key].state, told, old[key].rounds) == (
        "awaiting",
        [],
        "unknown",
        ["overdue"],
        1,
    )


def error(attribute: str, severity: str = "ERROR") -> Issue:
    return Issue(code="90111", severity=severity, attributes=[attribute])


@pytest.mark.parametrize(
    ("issue", "state"),
    [
        pytest.param(error("purchasable_offer"), "blocked", id="about what was sent"),
        pytest.param(error("purchasable_offer", "WARNING"), "awaiting", id="a warning"),
        pytest.param(error("item_name"), "awaiting", id="about something else"),
    ],
)
def test_an_error_about_what_was_sent_ends_the_waiting(issue: Issue, state: str) -> None:
    judged, _ = after_read(awaiting(REPRICED, PRICE), shows("44.90", issues=[issue]))

    assert judged[PRICE].state == state


def test_an_old_error_does_not_hide_that_the_value_shows() -> None:
    read = shows("39.90", issues=[error("purchasable_offer")])
    judged, _ = after_read(awaiting(REPRICED, PRICE), read)

    assert judged[PRICE].state == "confirmed"


def test_a_creation_brings_price_and_quantity_along() -> None:
    judged, _ = after_read(awaiting(CREATED, EXISTENCE), shows("44.90", 5))

    assert [(k, judged[k].confirmed) for k in (PRICE, QUANTITY)] == [
        (PRICE, "44.9 EUR"),
        (QUANTITY, "5"),
    ]


def test_after_an_end_nothing_old_counts_as_confirmed() -> None:
    judged, _ = after_read(awaiting(ENDED, EXISTENCE), shows(exists=False))

    assert [judged[k].confirmed for k in (PRICE, EXISTENCE)] == [None, "absent"]


def test_a_price_that_amazon_states_as_none_is_another_value() -> None:
    judged, _ = after_read(unknown(REPRICED, PRICE), shows())
    priceless, _ = after_read(unknown(REPRICED, PRICE), NO_PRICE)

    assert (judged[PRICE].state, priceless[PRICE].state) == ("unknown", "idle")


def test_a_paused_account_starts_where_it_was() -> None:
    refused = row(failed(sending(REPRICED, PRICE), "not allowed", now=NOW))

    assert row(resumed(refused, now=at(300))).state == "idle"


def test_the_event_says_value_attempt_and_submission() -> None:
    (told,) = accepted(sending(REPRICED, PRICE), "s-9", now=NOW).said

    assert (told.value, told.attempt, told.submission, told.store, told.aspect) == (
        "39.9 EUR",
        1,
        "s-9",
        "acme-de",
        "price",
    )
