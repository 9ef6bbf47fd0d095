"""JSON lines: one event of ours a line, checked as strictly as the contract (`records.md` 2)."""

from collections.abc import Iterator
from datetime import datetime
from typing import BinaryIO

import msgspec

from producers.catalog import contract
from producers.catalog.refusal import Refusal, Unfit
from schemas import codec
from schemas.event import Event

BOM = b"\xef\xbb\xbf"


class Line(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A line as it is written; *data* null deletes."""

    type: str
    subject: str
    data: msgspec.Raw
    time: str | None = None
    sequence: int | None = None


class Stated(msgspec.Struct, frozen=True, kw_only=True):
    """The event of one line."""

    line: int
    topic: str
    sku: str
    event: Event | None
    time: datetime | None = None
    sequence: int | None = None


_LINE = msgspec.json.Decoder(Line)


def numbered(stream: BinaryIO, number: int = 0) -> Iterator[tuple[int, bytes]]:
    """Give the lines of *stream* that are not blank; one that is too long is cut.

    A byte order mark is taken off each, as files are also put together from others. *number*
    lines were read before.
    """
    while raw := stream.readline(codec.MAX_RECORD + 2):
        number += 1
        raw = raw.removeprefix(BOM)
        if not raw.endswith(b"\n"):
            _finish_line(stream)
        if raw.strip():
            yield number, raw.rstrip(b"\r\n")


def _finish_line(stream: BinaryIO) -> None:
    while (more := stream.readline(codec.MAX_RECORD)) and not more.endswith(b"\n"):
        pass


def told(stream: BinaryIO, start: int = 1) -> Iterator[Stated | Refusal]:
    """Give the event of each line from line *start* on, or why it has none.

    The first line that can be read decides whether this file's lines carry a `sequence`.
    """
    carries: bool | None = None
    for number, raw in numbered(stream):
        if number < start and carries is not None:
            continue
        try:
            stated = read(number, raw)
            carries = _carries(stated, carries)
        except Unfit as unfit:
            if number >= start:
                yield Refusal(line=number, field=unfit.field, rule=unfit.rule)
            continue
        if number >= start:
            yield stated


def _carries(stated: Stated, before: bool | None) -> bool:
    carries = stated.sequence is not None
    if before not in (None, carries):
        raise Unfit("$.sequence", "a file carries `sequence` on every line or on none")
    return carries


def read(number: int, raw: bytes) -> Stated:
    """Read one line. Raises `Unfit`."""
    try:
        codec.examine(raw)
        line = _LINE.decode(raw)
    except (ValueError, RecursionError) as error:
        raise contract.unfit(error, "$") from None
    topic = contract.topic_of(line.type)
    sequence = None if line.sequence is None else contract.sequence_of(line.sequence)
    event = contract.event_of(topic, bytes(line.data))
    contract.same_subject(line.subject, event)
    return Stated(
        line=number,
        topic=topic,
        sku=line.subject,
        event=event,
        time=contract.moment_of(line.time),
        sequence=sequence,
    )
