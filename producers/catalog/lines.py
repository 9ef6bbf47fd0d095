"""JSON lines: one event of ours a line, checked as strictly as the contract (`records.md` 2)."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from difflib import get_close_matches
from typing import BinaryIO

import msgspec

from producers.catalog.refusal import Refusal, Unfit
from schemas import codec, topics
from schemas.catalog import sku_of
from schemas.event import Event

TYPES = ("catalog.product.v1", "catalog.stock.v1", "catalog.price.v1")
"""The events that a catalogue file may hold."""

BOM = b"\xef\xbb\xbf"

_PLACE = re.compile(r"^(.*) - at `([^`]*)`$", re.DOTALL)


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


def numbered(stream: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """Give the lines of *stream* that are not blank; one that is too long is cut.

    A byte order mark is taken off each, as files are also put together from others.
    """
    number = 0
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
        raise _unfit(error, "$") from None
    topic = _topic(line.type)
    if line.sequence is not None and not 0 <= line.sequence < 1 << 63:
        raise Unfit("$.sequence", "a sequence is a whole number from 0 up to 2⁶³ − 1")
    event = _event(topic, bytes(line.data))
    _same(line.subject, event)
    return Stated(
        line=number,
        topic=topic,
        sku=line.subject,
        event=event,
        time=_time(line.time),
        sequence=line.sequence,
    )


def _topic(name: str) -> str:
    if name in TYPES:
        return name
    near = get_close_matches(name[:80], TYPES, n=1, cutoff=0.6)
    raise Unfit("$.type", f"unknown type {name[:80]!r}; {_meant(near)}")


def _meant(near: list[str]) -> str:
    return f"nearest is {near[0]}" if near else f"known: {', '.join(TYPES)}"


def _event(topic: str, data: bytes) -> Event | None:
    if data == b"null":
        return None
    try:
        return codec.decoder(topics.topic(topic).event).decode(data)
    except (ValueError, RecursionError) as error:
        raise _unfit(error, "$.data") from None


def _unfit(error: BaseException, root: str) -> Unfit:
    text = str(error)[:500] or type(error).__name__
    found = _PLACE.match(text)
    return Unfit(root + found[2].removeprefix("$"), found[1]) if found else Unfit(root, text)


def _same(subject: str, event: Event | None) -> None:
    from_data: str = getattr(event, "sku", subject)
    if from_data != subject:
        raise Unfit("$.subject", f"{subject[:64]!r} is not the SKU in data: {from_data[:64]!r}")
    try:
        sku_of(subject)
    except ValueError as error:
        raise Unfit("$.subject", str(error)) from None


def _time(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except OverflowError:
        return None
    except ValueError:
        raise Unfit("$.time", f"{text[:60]!r} is no time: 2026-11-25T18:00:00Z") from None
