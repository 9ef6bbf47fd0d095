"""The loop of the role: take in, then write; what is away is waited for, what is ours ends it."""

from typing import Any

import pytest
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoConnection

from consumers.commerce.service import WAIT, run


class Part:
    """An intake or a writer that gives, or raises, what it is told to."""

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)
        self.waited: list[float] = []

    def turn(self, timeout: float) -> int:
        self.waited.append(timeout)
        return 0

    def step(self) -> int:
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return int(answer)


class Lost(Exception):
    """What a driver raises, with the SQLSTATE that says why."""

    def __init__(self, sqlstate: str) -> None:
        super().__init__(sqlstate)
        self.sqlstate = sqlstate


def failed(sqlstate: str) -> DBAPIError:
    return DBAPIError("SELECT 1", {}, Lost(sqlstate))


def turns(intake: Part, writer: Part | None, count: int) -> None:
    left = iter([False] * count + [True])
    run(intake, writer, lambda: next(left))  # type: ignore[arg-type]


def test_records_are_not_waited_for_while_there_is_something_to_write() -> None:
    intake = Part()

    turns(intake, Part(2, 1, 0, 0), 4)

    assert intake.waited == [WAIT, 0.0, 0.0, WAIT]


def test_without_a_shop_values_are_only_taken_in() -> None:
    intake = Part()

    turns(intake, None, 3)

    assert intake.waited == [WAIT] * 3


@pytest.mark.parametrize(
    "error",
    [
        pytest.param(failed("57P01"), id="Postgres stops"),
        pytest.param(failed("40P01"), id="deadlock"),
        pytest.param(NoConnection(), id="no connection free"),
    ],
)
def test_a_database_that_is_away_is_waited_for(error: Exception) -> None:
    intake = Part()

    turns(intake, Part(error, 1), 2)

    assert intake.waited == [WAIT, WAIT]


def test_a_fault_of_ours_ends_the_process() -> None:
    with pytest.raises(DBAPIError):
        turns(Part(), Part(failed("42P01")), 1)
