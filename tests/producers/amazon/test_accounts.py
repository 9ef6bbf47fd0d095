"""What is told of accounts, in their order; and when too many 404s are too many."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine
from structlog.testing import capture_logs

from deploy.connect.postgres import migrate, open_engine
from producers.amazon import tables
from producers.amazon.absences import LEAST, Absences, known_skus, limit, unexpected
from producers.amazon.accounts import Accounts, expiring, participating, turned_away
from producers.amazon.participations import EVERY, SOON, Participation, Participations
from schemas import codec
from schemas.amazon import AccountState, Observation, ObservedStore, Report, StoreParticipation
from schemas.errors import NotAllowed, TryAgain
from schemas.record import Record
from schemas.requests import ReadRequested
from tests.support.notices import DE, NOW, SETTINGS

ALL = "GET_MERCHANT_LISTINGS_ALL_DATA"
SELLS = {"acme-de": StoreParticipation()}


@pytest.fixture(scope="module")
def engine(postgres: str) -> Iterator[Engine]:
    made = open_engine(postgres, connections=8)
    migrate(made)
    yield made
    made.dispose()


class Told:
    """Accounts over Postgres, with the topic as a list and a clock that is set."""

    def __init__(self, engine: Engine) -> None:
        self.records: list[Record] = []
        self.away = False
        self.now = NOW
        self.settings = SETTINGS
        self.accounts = Accounts(engine, self._publish, lambda: self.now)
        self.absences = Absences(engine, self.accounts, lambda: self.settings)

    def _publish(self, records: Sequence[Record]) -> None:
        if self.away:
            raise TryAgain("away")
        self.records += records

    @property
    def states(self) -> list[AccountState]:
        found = [codec.decode(r, AccountState) for r in self.records]
        return [s for s in found if s is not None]


@pytest.fixture
def told(engine: Engine) -> Told:
    with engine.begin() as connection:
        for table in (tables.account_state, tables.account_absence):
            connection.execute(table.delete())
    return Told(engine)


@pytest.mark.postgres
def test_each_change_keeps_what_others_told(told: Told) -> None:
    told.accounts.change("acme-eu", participating(SELLS))
    told.now += timedelta(minutes=1)
    told.accounts.change("acme-eu", expiring(datetime.fromisoformat("2026-12-24T00:00:00Z")))

    last = told.states[-1]
    assert (last.stores, last.credentials, last.as_of) == (SELLS, "expires 2026-12-24", told.now)


@pytest.mark.postgres
def test_what_stands_already_is_not_said_again(told: Told) -> None:
    for _ in range(3):
        told.accounts.change("acme-eu", participating(SELLS))

    assert len(told.records) == 1


@pytest.mark.postgres
def test_what_the_broker_did_not_take_is_said_the_next_time(told: Told) -> None:
    told.away = True
    with pytest.raises(TryAgain):
        told.accounts.change("acme-eu", turned_away)
    told.away = False

    told.accounts.change("acme-eu", turned_away)

    assert [s.credentials for s in told.states] == ["refused"]


@pytest.mark.postgres
def test_many_who_change_one_account_lose_nothing(told: Told) -> None:
    def sells(number: int) -> None:
        told.accounts.change(
            "acme-eu",
            lambda s: type(s)(
                account=s.account, as_of=s.as_of, stores=s.stores | {str(number): SELLS["acme-de"]}
            ),
        )

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(sells, range(30)))

    assert [len(s.stores) for s in told.states] == list(range(1, 31))
    assert sorted(s.as_of for s in told.states) == [s.as_of for s in told.states]


# --- 404s -----------------------------------------------------------------------------------


def asked(number: int, why: str = "NOTIFIED") -> ReadRequested:
    return ReadRequested(account="acme-eu", seller_sku=f"SKU-{number}", stores=["acme-de"], why=why)


def nothing(number: int, at: datetime = NOW, *, exists: bool = False) -> Observation:
    return Observation(
        account="acme-eu",
        seller_sku=f"SKU-{number}",
        source="read",
        as_of=at,
        stores={"acme-de": ObservedStore(exists=exists)},
    )


def report(rows: int) -> Report:
    return Report(
        store="acme-de", report="r", type=ALL, state="complete", requested_at=NOW, rows=rows
    )


@pytest.mark.parametrize(
    ("known", "most"), [(0, 10), (100, 10), (500, 10), (501, 10), (1_000, 20), (20_000, 400)]
)
def test_ten_or_two_percent_are_news(known: int, most: int) -> None:
    assert limit(known) == most


def test_how_many_skus_an_account_has_is_in_its_reports() -> None:
    assert known_skus(SETTINGS, "acme-eu") == 0
    assert known_skus(SETTINGS.with_report(report(1_234)), "acme-eu") == 1_234


@pytest.mark.parametrize(
    ("question", "seen", "counts"),
    [
        pytest.param(asked(1), nothing(1), True, id="it should be there"),
        pytest.param(asked(1), nothing(1, exists=True), False, id="it is there"),
        pytest.param(asked(1), None, False, id="nothing was said"),
        pytest.param(asked(1, "ENDING"), nothing(1), False, id="somebody ended it"),
        pytest.param(asked(1, "BEFORE_CREATION"), nothing(1), False, id="not created yet"),
    ],
)
def test_which_404_is_unexpected(question: Any, seen: Any, counts: bool) -> None:
    assert unexpected(question, seen) is counts


def read(told: Told, numbers: range, *, at: datetime = NOW, why: str = "NOTIFIED") -> None:
    for number in numbers:
        told.absences.judge(asked(number, why), nothing(number, at))


@pytest.mark.postgres
def test_up_to_ten_an_hour_are_news_and_the_eleventh_is_an_incident(told: Told) -> None:
    read(told, range(LEAST))
    read(told, range(LEAST))  # the same ones again are no more
    assert told.records == []

    with capture_logs() as logs:
        read(told, range(LEAST, LEAST + 5), at=NOW + timedelta(minutes=1))

    (state,) = told.states
    assert state.absences is not None
    assert (state.absences.since, state.absences.read) == (NOW, 11)
    assert [log["log_level"] for log in logs] == ["error"]


@pytest.mark.postgres
def test_two_percent_of_a_large_account_are_news(told: Told) -> None:
    told.settings = SETTINGS.with_report(report(1_000))

    read(told, range(20))
    assert told.records == []
    read(told, range(20, 21))
    assert len(told.records) == 1


@pytest.mark.postgres
def test_as_many_over_a_day_are_news(told: Told) -> None:
    for hour in range(24):
        read(told, range(hour, hour + 1), at=NOW + timedelta(hours=2 * hour))

    assert told.records == []


@pytest.mark.postgres
def test_expected_404s_are_no_incident(told: Told) -> None:
    read(told, range(50), why="BEFORE_CREATION")

    assert told.records == []


@pytest.mark.postgres
def test_once_believed_only_new_ones_count(told: Told) -> None:
    read(told, range(12))
    told.absences.believe("acme-eu")
    read(told, range(20, 30))
    assert [s.absences is None for s in told.states] == [False, True]

    read(told, range(30, 31))

    assert told.states[-1].absences is not None


# --- participations -------------------------------------------------------------------------


class Sellers:
    """Answers out of a list; an exception in it is raised."""

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)

    def participations(self, account: str) -> list[Participation]:
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        found: list[Participation] = answer
        return found


class States:
    """What is told, in memory."""

    def __init__(self) -> None:
        self.state = AccountState(account="acme-eu", as_of=NOW)

    def change(self, account: str, change: Callable[[AccountState], AccountState]) -> AccountState:
        self.state = change(self.state)
        return self.state


class Mine:
    """All accounts are ours."""

    def held(self, accounts: Any) -> frozenset[str]:
        return frozenset(accounts)


def selling(**more: bool) -> Participation:
    return Participation(**({"marketplace": DE, "participates": True, "suspended": False} | more))  # type: ignore[arg-type]


def after(*answers: Any, state: str = "valid") -> AccountState:
    states = States()
    states.state = AccountState(account="acme-eu", as_of=NOW, credentials=state)
    Participations(Sellers(*answers), states, Mine(), lambda: SETTINGS, lambda: NOW).turn()
    return states.state


GONE = NotAllowed("invalid_grant")
GONE.disconnected = True  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("answer", "stores"),
    [
        pytest.param([selling()], (True, False), id="sells"),
        pytest.param([selling(suspended=True)], (True, True), id="suspended"),
        pytest.param([selling(participates=False)], (False, False), id="does not take part"),
    ],
)
def test_what_amazon_says_of_a_store_is_told(answer: Any, stores: tuple[bool, bool]) -> None:
    found = after(answer).stores

    assert (found["acme-de"].participates, found["acme-de"].suspended) == stores
    assert found["acme-fr"].participates is False


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param([], id="no marketplace at all"),
        pytest.param(TryAgain("busy"), id="busy"),
        pytest.param(NotAllowed("no such role"), id="a missing role"),
    ],
)
def test_an_answer_that_says_nothing_changes_nothing(answer: Any) -> None:
    assert after(answer) == AccountState(account="acme-eu", as_of=NOW)


def test_a_grant_that_is_gone_is_told_and_so_is_its_return() -> None:
    assert after(GONE).credentials == "refused"
    assert after([selling()], state="refused").credentials == "valid"
    assert after([selling()], state="expires 2026-12-24").credentials == "expires 2026-12-24"


def test_each_account_is_asked_hourly_and_sooner_after_a_failure() -> None:
    clock = [NOW]
    sellers = Sellers(TryAgain("busy"), [selling()], [selling()])
    asking = Participations(sellers, States(), Mine(), lambda: SETTINGS, lambda: clock[0])

    assert [asking.turn(), asking.turn()] == [1, 0]
    clock[0] += SOON
    assert [asking.turn(), asking.turn()] == [1, 0]
    clock[0] += EVERY
    assert asking.turn() == 1


def test_without_the_database_a_404_is_read_again_and_nobody_hears_of_it() -> None:
    engine = open_engine("postgresql://nobody@127.0.0.1:9/none")
    told = Told(engine)

    with pytest.raises(TryAgain, match="database"):
        told.absences.judge(asked(1), nothing(1))
    with pytest.raises(TryAgain, match="database"):
        told.accounts.change("acme-eu", turned_away)
    engine.dispose()
