"""Whose failure a refused statement is follows from its SQLSTATE alone."""

import psycopg
import pytest
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError, ProgrammingError

from consumers.postgres.failures import Failed, failure


@pytest.mark.parametrize(
    ("state", "kind"),
    [
        pytest.param("22P05", Failed.ROW, id="NUL in jsonb"),
        pytest.param("22003", Failed.ROW, id="a number out of range"),
        pytest.param("23514", Failed.ROW, id="a check says no"),
        pytest.param("23502", Failed.ROW, id="null where a value must stand"),
        pytest.param("54000", Failed.ROW, id="too long for an index"),
        pytest.param("08006", Failed.AWAY, id="the connection failed"),
        pytest.param("57P01", Failed.AWAY, id="shut down by a person"),
        pytest.param("57P03", Failed.AWAY, id="starting up"),
        pytest.param("53100", Failed.AWAY, id="disk full"),
        pytest.param("53300", Failed.AWAY, id="too many connections"),
        pytest.param("25006", Failed.AWAY, id="a standby"),
        pytest.param("40P01", Failed.BUSY, id="deadlock"),
        pytest.param("40001", Failed.BUSY, id="serialization"),
        pytest.param("55P03", Failed.BUSY, id="lock time-out"),
        pytest.param("57014", Failed.BUSY, id="statement time-out"),
        pytest.param("42P01", Failed.OURS, id="no such table"),
        pytest.param("42601", Failed.OURS, id="a wrong statement"),
        pytest.param("28P01", Failed.OURS, id="the login"),
    ],
)
def test_the_sqlstate_decides(state: str, kind: Failed) -> None:
    error = DBAPIError("x", {}, psycopg.errors.lookup(state)("the text says nothing"))

    assert failure(error) is kind


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        pytest.param(
            OperationalError("x", {}, psycopg.OperationalError("connection failed")),
            Failed.AWAY,
            id="nobody answered",
        ),
        pytest.param(
            InterfaceError("x", {}, psycopg.InterfaceError("closed")), Failed.AWAY, id="cut off"
        ),
        pytest.param(
            DBAPIError("x", {}, psycopg.DatabaseError("gone"), connection_invalidated=True),
            Failed.AWAY,
            id="the connection is of no use any more",
        ),
        pytest.param(
            ProgrammingError("x", {}, psycopg.ProgrammingError("no such placeholder")),
            Failed.OURS,
            id="our driver would not even send it",
        ),
    ],
)
def test_without_a_sqlstate_the_connection_is_asked(error: DBAPIError, kind: Failed) -> None:
    assert failure(error) is kind
