"""The rounds of the role *pull*: what is due, and what ends it."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from deploy.connect.commerce.failures import Call, ShopLater, ShopNotAllowed, ShopRefused
from deploy.connect.pull import Rounds
from deploy.errors import Failure
from deploy.settings import Commerce
from producers.catalog.snapshot import Verdict
from producers.catalog.telling import Stopped, Tally
from producers.publish import Unpublished
from tests.support.commerce import BEGAN
from tests.support.pulling import DictLedger

CALL = Call(operation="GetV1Products", view="all", status=503, told="maintenance")


class Reading:
    """Reads nothing; takes down what it was asked for."""

    def __init__(self, *failures: Exception) -> None:
        self.asked: list[str] = []
        self.failures = list(failures)
        self.verdict = Verdict("ended")

    def changes(self) -> Tally:
        """Read what changed."""
        return self._read("changes")

    def full(self) -> Tally:
        """Read everything."""
        return self._read("full")

    def _read(self, what: str) -> Tally:
        self.asked.append(what)
        if self.failures:
            raise self.failures.pop(0)
        return Tally(verdict=self.verdict)


class Role:
    """The role, whose clock moves with each wait."""

    def __init__(self, reading: Reading, full_at: timedelta | None = None) -> None:
        self.now, self.waits = BEGAN, 0
        self.reading, self.ledger = reading, DictLedger()
        if full_at is not None:
            self.ledger.move(full_at=BEGAN - full_at)
        place = Commerce(every=60, full_every=86_400)
        self.rounds = Rounds(reading, self.ledger, place, now=lambda: self.now)  # type: ignore[arg-type]

    def run(self, waits: int) -> list[str]:
        """Run for so many waits."""

        def wait(seconds: float) -> None:
            self.waits += 1
            self.now += timedelta(seconds=seconds)

        self.rounds.run(lambda: self.waits >= waits, wait)
        return self.reading.asked


@pytest.mark.parametrize(
    ("full_at", "first"),
    [
        pytest.param(None, "full", id="never read whole"),
        pytest.param(timedelta(hours=25), "full", id="a day ago"),
        pytest.param(timedelta(hours=23), "changes", id="not yet a day ago"),
    ],
)
def test_everything_is_read_where_that_is_due(full_at: timedelta | None, first: str) -> None:
    assert Role(Reading(), full_at).run(1) == [first]


def test_a_whole_that_ended_nothing_is_tried_again_in_an_hour() -> None:
    role = Role(Reading())  # its mark never moves

    asked = role.run(62)

    assert [n for n, what in enumerate(asked) if what == "full"] == [0, 60]


def test_a_shop_that_is_away_ends_no_role() -> None:
    away = ShopLater(CALL, "no trustworthy answer", after=1.0)

    assert Role(Reading(away, away), timedelta(hours=1)).run(3) == ["changes"] * 3


def test_who_is_stopped_leaves() -> None:
    role = Role(Reading(Stopped()), timedelta(hours=1))

    assert (role.run(9), role.waits) == (["changes"], 0)


def test_a_broker_that_took_no_record_ends_the_role_so_that_it_begins_anew() -> None:
    broken = Unpublished("no leader", acknowledged=None)

    with pytest.raises(Failure, match="LW-0207"):
        Role(Reading(broken), timedelta(hours=1)).run(3)


@pytest.mark.parametrize("failure", [ShopNotAllowed, ShopRefused])
def test_a_shop_that_shuts_us_out_ends_the_role(failure: Callable[[Any], Exception]) -> None:
    with pytest.raises(Failure, match="LW-0544"):
        Role(Reading(failure(CALL)), timedelta(hours=1)).run(3)
