"""Which reports are wanted, when, and never too often."""

from datetime import date, timedelta

import msgspec
import pytest

from producers.amazon.run import IllegalMove, Run, moved
from producers.amazon.schedule import WINDOW, following, run, seconds, wanted
from schemas.amazon import AccountState, StoreParticipation
from schemas.settings import Reports, Settings, Store
from tests.support.report_api import ALL, START, settings

ACTIVE = "GET_MERCHANT_LISTINGS_DATA"


def asked(known: Settings, *last: Run, **more: object) -> list[tuple[str, str]]:
    newest = {(r.store, r.type): r for r in last}
    now = more.get("now", START)
    return [(r.store, r.type) for r in wanted(known, newest, ["acme-eu"], now)]  # type: ignore[arg-type]


def last(state: str = "complete", **more: object) -> Run:
    made = run("acme-de", ALL, "acme-eu", now=START, slot=START)
    return msgspec.structs.replace(made, state=state, **more)


def test_each_store_has_its_first_report_at_once() -> None:
    assert asked(settings("acme-de", "acme-fr")) == [("acme-de", ALL), ("acme-fr", ALL)]


@pytest.mark.parametrize(
    ("after", "state", "found"),
    [
        pytest.param(timedelta(minutes=59), "complete", 0, id="within the hour"),
        pytest.param(timedelta(minutes=67), "complete", 1, id="after it, and its jitter"),
        pytest.param(timedelta(minutes=67), "refused", 1, id="whatever became of the last"),
        pytest.param(timedelta(days=3), "requested", 0, id="one is open"),
    ],
)
def test_the_next_comes_an_hour_after_the_last_was_wanted(
    after: timedelta, state: str, found: int
) -> None:
    assert len(asked(settings(), last(state), now=START + after)) == found


def test_what_a_person_asked_for_counts_too() -> None:
    theirs = last(by="ops", wanted_at=START + timedelta(minutes=50))

    assert asked(settings(), theirs, now=START + timedelta(minutes=70)) == []


def test_the_settings_say_which_types_and_how_often() -> None:
    stated = {ALL: "6h", ACTIVE: "1d"}
    known = settings().with_record("reports", "acme-de", Reports(every=stated))

    assert asked(known) == [("acme-de", ALL), ("acme-de", ACTIVE)]
    assert asked(known, last(), now=START + timedelta(hours=5)) == [("acme-de", ACTIVE)]


def test_a_store_that_wants_none_is_asked_for_none() -> None:
    known = settings().with_record("reports", "acme-de", Reports(every={}))

    assert asked(known) == []


def test_no_more_often_than_amazon_makes_a_new_document() -> None:
    known = settings().with_record("reports", "acme-de", Reports(every={ALL: "5m"}))

    assert asked(known, last(), now=START + WINDOW / 2) == []


@pytest.mark.parametrize(
    "known",
    [
        pytest.param(
            settings().with_record(
                "store",
                "acme-de",
                Store(account="acme-eu", marketplace="DE", website="b", created=date(2026, 1, 1),
                      active=False),
            ),
            id="not active",
        ),
        pytest.param(
            settings().with_state(
                AccountState(account="acme-eu", as_of=START,
                             stores={"acme-de": StoreParticipation(participates=False)})
            ),
            id="does not participate",
        ),
        pytest.param(settings().with_record("store", "acme-de", None), id="gone"),
    ],
)  # fmt: skip
def test_a_store_that_does_not_sell_is_left_alone(known: Settings) -> None:
    assert asked(known) == []


def test_another_owners_account_is_left_alone() -> None:
    assert list(wanted(settings(), {}, ["other"], START)) == []


def test_two_planners_choose_the_same_slot() -> None:
    slots = {
        next(wanted(settings(), {}, ["acme-eu"], START + timedelta(seconds=s))).slot
        for s in (0, 1, 59)
    }

    assert len(slots) == 1


def test_the_jitter_is_the_same_at_every_look_and_spreads_stores() -> None:
    hour = timedelta(hours=1)
    runs = [run(f"store-{n}", ALL, "a", now=START, slot=START) for n in range(50)]
    times = [following(r, hour) for r in runs]

    assert times == [following(r, hour) for r in runs]
    assert all(START + hour <= t <= START + 1.1 * hour for t in times)
    assert max(times) - min(times) > timedelta(minutes=4)


@pytest.mark.parametrize(
    ("text", "length"), [("90s", 90), ("15m", 900), ("2h", 7200), ("1d", 86_400)]
)
def test_durations_are_read(text: str, length: int) -> None:
    assert seconds(text) == length


def test_a_move_that_no_table_lists_is_a_fault() -> None:
    with pytest.raises(IllegalMove, match="complete → requested"):
        moved(last(), "requested", at=START)
