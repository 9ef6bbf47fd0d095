"""Dead letters on their way out: with a reason, acknowledged before the offset moves."""

from collections.abc import Callable
from datetime import datetime

from consumers.drain import SetAside
from schemas.deadletters import dead_letter
from schemas.reasons import Reason
from schemas.record import Record


def setting_aside(
    publish: Callable[[Record], None], *, group: str, now: Callable[[], datetime]
) -> SetAside:
    """Give what writes the dead letters of *group* by *publish*.

    *publish* comes back once the broker has the record, and raises `TryAgain` if it cannot.
    """

    def set_aside(record: Record, reason: Reason) -> None:
        publish(dead_letter(record, group=group, reason=reason, now=now()))

    return set_aside
