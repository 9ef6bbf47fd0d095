"""What Postgres's refusal of a statement means: the SQLSTATE decides, never the text."""

from enum import Enum

from sqlalchemy.exc import DBAPIError


class Failed(Enum):
    """Whose failure it was, and so what to do about it."""

    ROW = "a row can never be stored"
    AWAY = "Postgres is away, full or stopping"
    BUSY = "somebody else was in the way"
    OURS = "our own fault"


CLASSES = (
    ("22", Failed.ROW),  # data exception: NUL, overflow, a text that is no date
    ("23", Failed.ROW),  # a constraint says no
    ("54", Failed.ROW),  # too large for an index
    ("08", Failed.AWAY),  # connection
    ("53", Failed.AWAY),  # disk, memory, connections
    ("57P0", Failed.AWAY),  # shutdown, recovery
    ("25006", Failed.AWAY),  # read only: a standby, or a primary that was replaced
    ("57014", Failed.BUSY),  # statement time-out
    ("40", Failed.BUSY),  # deadlock, serialization
    ("55P03", Failed.BUSY),  # lock not available
)
"""SQLSTATE by its first characters; what is not named here is a fault of ours."""


def failure(error: DBAPIError) -> Failed:
    """Say what *error* means; an error without SQLSTATE never reached a server."""
    state = getattr(error.orig, "sqlstate", None)
    if state is None:
        return Failed.AWAY if _lost(error) else Failed.OURS
    return next((kind for start, kind in CLASSES if state.startswith(start)), Failed.OURS)


def _lost(error: DBAPIError) -> bool:
    return error.connection_invalidated or type(error).__name__ in {
        "OperationalError",
        "InterfaceError",
    }
