"""What a batch of records comes to before anything is written: pure, so it can be made twice.

When Postgres refuses a row, its record joins the *known* refusals and the batch is planned
again: so a key of an in-order topic is parked from its first bad record on, wherever that
was noticed.
"""

from collections.abc import Mapping, Sequence

import msgspec

from consumers import coverage
from consumers.drain import drain
from consumers.feed import Place
from consumers.postgres.offsets import Mark
from consumers.postgres.rows import Row, row
from schemas import topics
from schemas.errors import Refused
from schemas.pipeline import Coverage, Handled
from schemas.reasons import Reason
from schemas.record import Record

Known = Mapping[tuple[Place, int], Reason]
"""Refusals by coordinate that only Postgres could find."""


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """Rows with the records they came from, dead letters, keys to park, marks to move."""

    rows: list[tuple[Row, Record]] = []
    dead: list[tuple[Record, Reason]] = []
    park: list[tuple[Place, bytes, str, int]] = []
    steps: dict[Place, tuple[Mark, Coverage]] = {}


def plan(
    batches: Mapping[Place, Sequence[Record]], marks: Mapping[Place, Mark], known: Known
) -> Plan:
    """Give what *batches* come to. Raises `drain.Outage` when most of one is refused."""
    made = Plan()
    for place, batch in sorted(batches.items()):
        _plan_one(made, place, batch, marks[place], known)
    return made


def _plan_one(made: Plan, place: Place, batch: Sequence[Record], mark: Mark, known: Known) -> None:
    in_order = topics.topic(place.topic).order == "key"
    waiting = dict(mark.parked)
    refused: dict[int, Reason] = {}

    def handle(record: Record) -> None:
        key = record.key or b""
        if key in waiting:
            code, since = waiting[key]
            raise Refused(Reason("KEY_PARKED", {"code": code, "offset": str(since)}))
        try:
            made.rows.append((_row(record, mark.epoch, known.get((place, record.offset))), record))
        except Refused as error:
            if in_order and key:
                waiting[key] = (error.reason.code, record.offset)
                made.park.append((place, key, error.reason.code, record.offset))
            raise

    def set_aside(record: Record, reason: Reason) -> None:
        refused[record.offset] = reason
        made.dead.append((record, reason))

    drain(batch, handle, set_aside)
    made.steps[place] = (mark, coverage.extended(mark.coverage, _outcomes(batch, refused)))


def _row(record: Record, epoch: int, known: Reason | None) -> Row:
    if known is not None:
        raise Refused(known)
    return row(record, epoch)


def _outcomes(batch: Sequence[Record], refused: Mapping[int, Reason]) -> list[tuple[int, Handled]]:
    return [(r.offset, "quarantined" if r.offset in refused else "emitted") for r in batch]
