"""Sessions and marks, in Postgres and in the fakes that stand for it: one suite."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from deploy.connect.postgres import migrate, open_engine
from producers.catalog.sealing import Sessions
from producers.catalog.sessions import Ledger, Progress
from producers.catalog.sessions import Sessions as PostgresSessions
from producers.catalog.snapshot import Snapshot
from tests.support.commerce import BEGAN
from tests.support.pulling import DictLedger, DictSessions

BOTH = [pytest.param("lists", id="lists"), pytest.param("postgres", marks=pytest.mark.postgres)]


@pytest.fixture(scope="module")
def engine(new_database: Callable[[], str]) -> Any:
    """A database with our tables."""
    opened = open_engine(new_database(), name="sessions")
    migrate(opened)
    return opened


@pytest.fixture
def sessions(request: pytest.FixtureRequest) -> Sessions:
    """All sessions: in a dict, or in Postgres."""
    if request.param == "lists":
        return DictSessions()
    return PostgresSessions(request.getfixturevalue("engine"))


@pytest.fixture
def ledger(request: pytest.FixtureRequest) -> Any:
    """A shop's mark: in memory, or in Postgres."""
    if request.param == "lists":
        return DictLedger()
    return Ledger(request.getfixturevalue("engine"), request.node.name)


def session(shop: str, n: int, **more: Any) -> Snapshot:
    given: dict[str, Any] = {
        "by": "ops",
        "count": 2,
        "hash": "0",
        "marks": {"catalog.product.v1|0": 7},
    }
    at = BEGAN + timedelta(hours=n)
    return Snapshot(id=f"{shop}-{n}", shop=shop, opened_at=at, **(given | more))


@pytest.mark.parametrize("sessions", BOTH, indirect=True)
def test_a_session_comes_back_as_it_was_opened(sessions: Sessions) -> None:
    sessions.open(one := session("a", 1))

    assert (sessions.get("a-1"), sessions.get("none")) == (one, None)


@pytest.mark.parametrize("sessions", BOTH, indirect=True)
def test_what_the_same_opener_left_open_is_dropped(sessions: Sessions) -> None:
    sessions.open(session("b", 1))
    sessions.open(session("b", 2, by="pull"))
    sessions.open(session("b", 3))

    found = [sessions.get(f"b-{n}") for n in (1, 2, 3)]
    assert [s.state if s else None for s in found] == ["dropped", "open", "open"]


@pytest.mark.parametrize("sessions", BOTH, indirect=True)
def test_skus_are_kept_until_the_session_is_closed(sessions: Sessions) -> None:
    sessions.open(one := session("c", 1))
    sessions.add("c-1", {})
    sessions.add("c-1", {"a": True, "A": True, "ä|%": True})
    sessions.add("c-1", {"a": False})
    before = sessions.seen("c-1")
    sessions.save(msgspec.structs.replace(one, state="sealed"))
    sealed = sessions.seen("c-1")
    sessions.save(msgspec.structs.replace(one, state="held", missing=["a"], guard="G1"))

    assert (before, sealed, sessions.seen("c-1")) == (
        {"a": False, "A": True, "ä|%": True},
        before,
        {},
    )


@pytest.mark.parametrize("sessions", BOTH, indirect=True)
def test_the_last_accepted_whole_of_a_shop_counts(sessions: Sessions) -> None:
    states = ["ended", "ended", "held", "refused"]
    for n, state in enumerate(states):
        sessions.open(one := session("d", n))
        sessions.save(msgspec.structs.replace(one, state=state, present=100 + n))

    assert (sessions.last("d"), sessions.last("nobody")) == (101, None)


@pytest.mark.parametrize("sessions", BOTH, indirect=True)
def test_the_newest_session_stands_first(sessions: Sessions) -> None:
    for n in (1, 3, 2):
        sessions.open(session("e", n, by=str(n)))

    assert [s.id for s in sessions.list() if s.shop == "e"] == ["e-3", "e-2", "e-1"]


@pytest.mark.parametrize("ledger", BOTH, indirect=True)
def test_a_mark_moves_by_its_parts(ledger: Any) -> None:
    first = ledger.progress()
    ledger.move(read_to=BEGAN)
    ledger.move(full_at=BEGAN)
    ledger.move(read_to=BEGAN + timedelta(hours=1))

    assert (first, ledger.progress()) == (
        Progress(),
        Progress(read_to=BEGAN + timedelta(hours=1), full_at=BEGAN),
    )


@pytest.mark.parametrize("ledger", BOTH, indirect=True)
def test_stock_settings_are_kept_and_replaced(ledger: Any) -> None:
    ledger.keep({})
    ledger.keep({"a": {"min_qty": 1}, "b": {"min_qty": 2}})
    ledger.keep({"a": {"min_qty": 3}})

    assert dict(ledger.of(["a", "b", "c"])) == {"a": {"min_qty": 3}, "b": {"min_qty": 2}}
