"""The runs as they are written down: in Postgres and, held to the same, in memory."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from typing import Any

import msgspec
import pytest
from sqlalchemy import Engine, delete

from deploy.connect.postgres import migrate, open_engine
from producers.amazon.owner import Owner
from producers.amazon.run import Run, changed, moved
from producers.amazon.runs import Overtaken, Runs, finished
from producers.amazon.schedule import run
from producers.amazon.tables import report_run
from tests.support.report_api import ALL, START
from tests.support.report_runs import MemoryRuns

OTHER = "GET_MERCHANT_LISTINGS_DATA"


@pytest.fixture(scope="module")
def engine(postgres: str) -> Iterator[Engine]:
    """The tables, once for this module."""
    engine = open_engine(postgres, name="test-runs", connections=4)
    migrate(engine)
    yield engine
    engine.dispose()


Finished = Callable[[str, str], bool]


@pytest.fixture(params=["memory", pytest.param("postgres", marks=pytest.mark.postgres)])
def here(request: pytest.FixtureRequest) -> tuple[Any, Finished]:
    """Runs without a row, and what takes the hint that a report is finished."""
    if request.param == "memory":
        memory = MemoryRuns()
        return memory, memory.finished
    engine = request.getfixturevalue("engine")
    with engine.begin() as connection:
        connection.execute(delete(report_run))
    return Runs(engine), partial(_hinted, engine)


def _hinted(engine: Engine, account: str, report: str) -> bool:
    with engine.begin() as connection:
        return finished(connection, account, report)


def new(minutes: int = 0, **more: Any) -> Run:
    at = START + timedelta(minutes=minutes)
    made = run("acme-de", ALL, "acme-eu", now=at, slot=at)
    return msgspec.structs.replace(made, **more)


FULL: dict[str, Any] = {
    "asked_at": START,
    "report": "R1",
    "document": "D1",
    "data_end": START,
    "processing_end": START + timedelta(microseconds=1),
    "archived": "ab" * 32,
    "charset": "cp1252",
    "size": 2**33,
    "hash": "cd" * 32,
    "as_of": START,
    "rows": 3,
    "rows_refused": 1,
    "refused_rows": [{"line": 7, "why": "é\u2028"}],
    "ends": {"0": 1, "11": 2},
    "why": "a reason",
    "fewer": True,
    "polls": 1,
    "aborted": 1,
    "tries": 2,
}


def test_a_run_is_given_back_as_it_was_written(here: tuple[Any, Finished]) -> None:
    runs, _ = here
    runs.add(new())
    stored = runs.save(new(**FULL))

    assert runs.find() == [stored]
    assert stored == new(**FULL, version=1)


def test_a_slot_is_taken_once_and_one_run_of_a_type_is_open_at_a_time(
    here: tuple[Any, Finished],
) -> None:
    runs, _ = here
    added = [
        runs.add(new()),
        runs.add(new()),
        runs.add(new(5)),
        runs.add(new(type=OTHER)),
        runs.add(new(store="acme-fr")),
    ]
    runs.save(moved(new(), "refused", at=START))

    assert added == [True, False, False, True, True]
    assert (runs.add(new()), runs.add(new(6))) == (False, True)


def test_whoever_read_an_older_version_writes_nothing(here: tuple[Any, Finished]) -> None:
    runs, _ = here
    runs.add(new())
    runs.save(changed(new(), polls=1))

    with pytest.raises(Overtaken):
        runs.save(changed(new(), polls=2))
    assert runs.find()[0].polls == 1


def test_a_run_that_got_nowhere_is_due_later_with_its_reason(here: tuple[Any, Finished]) -> None:
    runs, _ = here
    runs.add(new())
    runs.rest(new(), START + timedelta(minutes=1), "busy")
    runs.rest(new(state="requested"), START, "another state: nothing is noted")

    [found] = runs.find()
    assert (found.tries, found.why, found.due_at) == (1, "busy", START + timedelta(minutes=1))
    assert runs.due(["acme-eu"], START) == []


def test_what_is_due_is_given_by_account_and_time_the_longest_due_first(
    here: tuple[Any, Finished],
) -> None:
    runs, _ = here
    for made in (
        new(4),
        new(2, store="acme-fr"),
        new(1, account="other", store="x"),
        new(9, type=OTHER),
    ):
        runs.add(made)

    found = runs.due(["acme-eu"], START + timedelta(minutes=5))

    assert [r.store for r in found] == ["acme-fr", "acme-de"]
    assert runs.due([], START + timedelta(days=1)) == []


def test_a_hint_makes_a_waiting_run_due_once(here: tuple[Any, Finished]) -> None:
    runs, hint = here
    waiting = new(state="requested", report="R1", due_at=START + timedelta(hours=1))
    runs.add(waiting)
    told = [hint("acme-eu", "R1"), hint("acme-eu", "R2"), hint("other", "R1")]

    assert told == [True, False, False]
    assert [len(runs.due(["acme-eu"], START)) for _ in range(2)] == [1, 0]


def test_a_hint_is_not_lost_to_whoever_is_just_writing(here: tuple[Any, Finished]) -> None:
    runs, hint = here
    waiting = new(state="requested", report="R1")
    runs.add(waiting)
    hint("acme-eu", "R1")
    runs.save(changed(waiting, due_at=START + timedelta(hours=1)))

    assert len(runs.due(["acme-eu"], START)) == 1


def test_a_hint_about_a_run_that_no_longer_waits_is_none(here: tuple[Any, Finished]) -> None:
    runs, hint = here
    runs.add(new(state="archived", report="R1"))

    assert hint("acme-eu", "R1") is False


def test_the_documents_and_runs_before_are_found(here: tuple[Any, Finished]) -> None:
    runs, _ = here
    first = new(0, state="complete", hash="h1", as_of=START, report="R1", archived="a1")
    refused = new(1, state="refused", hash="h2", as_of=START, report="R2", archived="a2")
    unread = new(2, state="refused", report="R3")
    other = new(3, state="complete", hash="h9", as_of=START, type=OTHER, report="R4", archived="a1")
    for made in (first, refused, unread, other):
        runs.add(made)
    now = new(5)
    runs.add(now)

    assert (runs.previous(now), runs.accepted(now)) == (refused, first)
    assert runs.previous(first) is None
    assert runs.known("acme-eu") == {"R1", "R2", "R3", "R4"}
    assert runs.referred() == {"a1", "a2"}
    assert runs.newest() == {("acme-de", ALL): now, ("acme-de", OTHER): other}


def test_runs_are_found_by_store_and_by_report_the_latest_first(
    here: tuple[Any, Finished],
) -> None:
    runs, _ = here
    runs.add(new(0, state="complete", report="R1"))
    runs.add(new(1, state="complete", report="R2"))
    runs.add(new(1, state="complete", report="R3", store="acme-fr"))

    assert [r.report for r in runs.find("acme-de")] == ["R2", "R1"]
    assert [r.report for r in runs.find("R3")] == ["R3"]
    assert [r.report for r in runs.find("acme-de", limit=1)] == ["R2"]
    assert runs.find("nobody") == []


def test_what_is_too_old_is_forgotten_unless_it_is_open(here: tuple[Any, Finished]) -> None:
    runs, _ = here
    runs.add(new(0, state="complete", report="R1"))
    runs.add(new(1, report="R2"))
    runs.add(new(60, state="refused", report="R3", type=OTHER))

    assert runs.forget(START + timedelta(minutes=30)) == 1
    assert {r.report for r in runs.find()} == {"R2", "R3"}


END = """SELECT pg_terminate_backend(pid) FROM pg_stat_activity
         WHERE application_name = :name AND pid <> pg_backend_pid()"""


# --- owners ---------------------------------------------------------------------------------


@pytest.mark.postgres
def test_owners_that_start_together_share_the_accounts_and_take_over_from_the_dead(
    engine: Engine,
) -> None:
    accounts = ["a", "b", "c"]
    one, two = Owner(engine), Owner(engine)
    first = [one.held(accounts), two.held(accounts), one.held(accounts), two.held(accounts)]
    one.close()
    after = [two.held(accounts) for _ in range(3)][-1]
    two.close()

    assert [sorted(held) for held in first] == [["a"], ["b"], ["a", "c"], ["b"]]
    assert sorted(after) == accounts


@pytest.mark.postgres
def test_an_owner_whose_session_ended_owns_only_what_it_takes_again(engine: Engine) -> None:
    one, two = Owner(engine), Owner(engine)
    one.held(["a"])
    one._session.invalidate()  # type: ignore[union-attr]
    taken = two.held(["a"])
    left = one.held(["a"])
    one.close()
    two.close()

    assert (sorted(taken), sorted(left)) == (["a"], [])


@pytest.mark.postgres
def test_an_account_that_is_gone_is_not_held(engine: Engine) -> None:
    one = Owner(engine)
    one.held(["a"])

    assert one.held([]) == frozenset()
    one.close()
