"""Both halves in one thread: records are taken in, then what is due is written.

Without a shop the values are kept and listed, and wait.
"""

from collections.abc import Callable

import structlog
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoConnection

from consumers.commerce.intake import Intake
from consumers.commerce.write import Writer
from consumers.postgres.failures import Failed, failure

WAIT = 0.5
"""Seconds for which records are waited for where nothing was written."""

_log = structlog.get_logger(__name__)


def run(intake: Intake, writer: Writer | None, stopping: Callable[[], bool]) -> None:
    """Take turns until *stopping* says so; raises what either raises for a fault of ours."""
    written = 0
    while not stopping():
        intake.turn(0.0 if written else WAIT)
        written = 0 if writer is None else _step(writer)


def _step(writer: Writer) -> int:
    try:
        return writer.step()
    except (DBAPIError, NoConnection) as error:
        if isinstance(error, DBAPIError) and failure(error) not in (Failed.AWAY, Failed.BUSY):
            raise
        _log.warning("waiting", why=str(error)[:300])
        return 0
