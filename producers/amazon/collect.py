"""A report file → observations, then its complete marker, in that order (`records.md` 4)."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Protocol
from uuid import NAMESPACE_URL, uuid5

import msgspec

from producers.amazon.band import Band
from producers.amazon.lines import RefusedRow
from producers.amazon.reading import Reading
from producers.amazon.report import Origin, Stated
from producers.amazon.survey import USUAL
from schemas import codec, keys
from schemas.amazon import Report
from schemas.errors import Refused
from schemas.record import Record

SOURCE = "/listwire/producers/amazon"
LISTING, REPORT = "amazon.listing.v1", "amazon.report.v1"


class Publisher(Protocol):
    """What publishes records and, at flush, comes back once the broker has them all."""

    def send(self, record: Record) -> None:
        """Hand one record over; waits where too many are on their way."""

    def flush(self) -> None:
        """Come back once every record is acknowledged; raises if one failed."""


Ends = Callable[[], Mapping[int, int]]
"""End offset per partition of `amazon.listing.v1`, read after the last row."""


KEPT = 1_000
"""Rows set aside that are named; the marker counts all."""


class Collected(msgspec.Struct, frozen=True):
    """What became of a report: its marker, and the first rows that were set aside.

    *notes* say what a person should hear of though the report was taken.
    """

    report: Report
    refused: tuple[RefusedRow, ...] = ()
    notes: tuple[str, ...] = ()


def collect(
    reading: Reading,
    origin: Origin,
    *,
    type: str,  # noqa: A002 - Amazon's word
    requested_at: datetime,
    last_rows: int | None,
    within: Band = USUAL,
    publisher: Publisher,
    ends: Ends,
) -> Collected:
    """Publish every row that is read, then its marker; a refused one publishes its reason."""
    life = Report(
        store=origin.store,
        report=origin.report,
        type=type,
        state="requested",
        requested_at=requested_at,
        as_of=origin.as_of,
        hash=reading.hash,
    )
    try:
        found = reading.survey(type, last_rows, within)
    except Refused as refused:
        over = msgspec.structs.replace(life, state="refused", why=str(refused))
        return _close(Collected(over), publisher)
    sent = send_rows(reading, origin, publisher)
    publisher.flush()
    done = msgspec.structs.replace(
        life,
        state="complete",
        rows=found.rows,
        rows_refused=sent.aside,
        ends=stated(ends()),
    )
    return _close(Collected(done, sent.refused, (*found.notes, *sent.notes)), publisher)


def stated(ends: Mapping[int, int]) -> dict[str, int]:
    """Give *ends* as a report's marker states them."""
    return {str(partition): offset for partition, offset in sorted(ends.items())}


class Sent(msgspec.Struct, frozen=True):
    """What became of a report's rows: how many were set aside, the first of those, notes."""

    aside: int
    refused: tuple[RefusedRow, ...]
    notes: tuple[str, ...]


def send_rows(reading: Reading, origin: Origin, publisher: Publisher) -> Sent:
    """Send an observation a row, in order; rows that are set aside are counted."""
    aside = foreign = 0
    kept: list[RefusedRow] = []
    for row in reading.rows(origin):
        said = row if isinstance(row, RefusedRow) else _record(row, origin)
        if not isinstance(said, RefusedRow):
            publisher.send(said)
            continue
        aside += 1
        foreign += said.foreign
        kept += [said] if aside <= KEPT else []
    strangers = (f"{foreign} rows are another seller's: find out why",) if foreign else ()
    return Sent(aside, tuple(kept), (*strangers, *reading.notes()))


def _record(row: Stated, origin: Origin) -> Record | RefusedRow:
    sku, value = row
    try:
        return observed(sku, value, origin)
    except Refused as no:
        return RefusedRow(0, f"seller SKU {sku.decode()!r}: {no}")


def observed(sku: bytes, value: bytes, origin: Origin) -> Record:
    """Give the record of one row; its id is the report's and the SKU's, so a repeat is one."""
    named = sku.decode()
    return codec.encode(
        value,
        topic=LISTING,
        key=keys.shared(origin.account, named),
        id=str(uuid5(NAMESPACE_URL, f"{origin.report}\n{origin.store}\n{named}")),
        source=SOURCE,
        subject=named,
        time=origin.as_of,
    )


def _close(collected: Collected, publisher: Publisher) -> Collected:
    send_marker(collected.report, publisher)
    return collected


def send_marker(report: Report, publisher: Publisher) -> None:
    """Tell everybody how far *report* is; come back once the broker has it."""
    publisher.send(
        codec.encode(
            report,
            topic=REPORT,
            key=keys.join(report.store),
            id=str(uuid5(NAMESPACE_URL, f"{report.report}\n{report.store}\n{report.state}")),
            source=SOURCE,
            subject=report.store,
            time=report.requested_at,
        )
    )
    publisher.flush()
