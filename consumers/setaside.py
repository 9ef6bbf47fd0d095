"""Dead letters on their way out: with a reason, acknowledged before the offset moves."""

from collections.abc import Callable
from datetime import datetime

from consumers.drain import SetAside
from schemas.deadletters import Stage, dead_letter
from schemas.reasons import Reason
from schemas.record import Record

STAGES: dict[str, Stage] = {"MALFORMED": "decode", "ROW_INVALID": "persist"}
"""Where a consumer refuses a record; everything else is noticed while validating."""


def setting_aside(
    publish: Callable[[Record], None], *, group: str, now: Callable[[], datetime]
) -> SetAside:
    """Give what writes the dead letters of *group* by *publish*.

    *publish* comes back once the broker has the record, and raises `TryAgain` if it cannot.
    """

    def set_aside(record: Record, reason: Reason) -> None:
        stage = STAGES.get(reason.code, "validate")
        publish(dead_letter(record, group=group, reason=reason, stage=stage, now=now()))

    return set_aside
