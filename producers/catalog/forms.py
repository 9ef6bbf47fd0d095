"""In which form a request holds its events, by its headers alone. Pure.

| Content type                            | Form                                          |
|-----------------------------------------|-----------------------------------------------|
| `application/cloudevents+json`          | one event (structured mode)                   |
| `application/cloudevents-batch+json`    | a batch                                       |
| `application/json`, with `ce-…` headers | one event's data (binary mode)                |
| `application/json`, without             | one event; from Adobe also an array of them   |
"""

import re
from collections.abc import Iterator, Sequence
from typing import BinaryIO, Literal

from producers.catalog import contract, envelope, lines
from producers.catalog.envelope import Part
from producers.catalog.refusal import Unfit
from schemas import codec

Form = Literal["event", "batch", "binary", "either"]
Headers = Sequence[tuple[str, str]]
"""Names in lower case; values as they came."""

TYPES: dict[str, Form] = {
    "application/cloudevents+json": "event",
    "application/cloudevents-batch+json": "batch",
}
CHARSETS = ("utf-8", "utf8", "us-ascii")
"""JSON travels as UTF-8 (RFC 8259, 8.1), of which ASCII is a part."""

MOST_BYTES: dict[Form, int] = {
    "event": 1_048_576,
    "binary": 1_048_576,
    "batch": 4_194_304,
    "either": 4_194_304,
}
"""Bytes that a body may have, unpacked; each event of a batch has the limit of one."""

_PARAMETER = re.compile(r'\s*([\w.+-]+)\s*=\s*(?:"([^"]*)"|([^\s";]+))\s*')


class NoForm(ValueError):
    """A media type that no event comes in."""


def form_of(headers: Headers, *, loose: bool = False) -> Form:
    """Give the form that *headers* tell; *loose*: plain JSON may be an array. Raises `NoForm`."""
    stated = [value for name, value in headers if name == "content-type"]
    if len(stated) != 1:
        raise NoForm("Content-Type stands once: application/cloudevents+json, …-batch+json"
                     " or, with ce-… headers, application/json")  # fmt: skip
    media, *parameters = stated[0].split(";")
    media = media.strip().lower()
    _charset(parameters)
    if media in TYPES:
        return TYPES[media]
    if media != "application/json":
        raise NoForm(f"{media[:80]!r}: known are {', '.join(TYPES)}, application/json")
    if any(name.startswith("ce-") for name, _ in headers):
        return "binary"
    return "either" if loose else "event"


def _charset(parameters: Sequence[str]) -> None:
    for parameter in parameters:
        found = _PARAMETER.fullmatch(parameter)
        if parameter.strip() and not found:
            raise NoForm(f"a parameter that cannot be read: {parameter.strip()[:40]!r}")
        if found and found[1].lower() == "charset":
            charset = (found[2] or found[3] or "").lower()
            if charset not in CHARSETS:
                raise NoForm(f"charset {charset[:40]!r}: JSON is UTF-8")


def parts_of(form: Form, headers: Headers, body: bytes) -> tuple[Part, ...]:
    """Give the events in *body*, taken apart. Raises `Unfit` for a batch that is none."""
    if form == "binary":
        return (envelope.binary(headers, body),)
    array = body.removeprefix(envelope.BOM).lstrip()[:1] == b"["
    if form == "batch" or (form == "either" and array):
        return envelope.batch(body)
    return (envelope.document(body),)


MOST_FILE = 67_108_864
"""Bytes of a file that is one document or one array; lines may be as many as they like."""


def parts_in(stream: BinaryIO) -> Iterator[tuple[str, Part]]:
    """Give the events in a file with their places: a line's number, or `[n]` in an array.

    One event a line, if the first line is one from its first brace to its last; else the
    whole file is one document, or one array of them.
    """
    first = next(lines.numbered(stream), (1, b""))
    if _is_line(first[1]):
        yield str(first[0]), envelope.document(first[1])
        for number, raw in lines.numbered(stream, first[0]):
            yield str(number), envelope.document(raw)
        return
    whole = first[1] + b"\n" + stream.read(MOST_FILE + 1)
    if len(whole) > MOST_FILE:
        yield "1", Unfit("$", f"more than {MOST_FILE:,} bytes: write one event a line")
    elif whole.lstrip()[:1] == b"[":
        yield from _in_array(whole)
    else:
        yield "1", envelope.document(whole)


def _in_array(whole: bytes) -> Iterator[tuple[str, Part]]:
    try:
        parts = envelope.batch(whole)
    except Unfit as unfit:
        yield "1", unfit
        return
    for index, part in enumerate(parts):
        yield f"[{index}]", part


def _is_line(raw: bytes) -> bool:
    return raw.strip().startswith(b"{") and raw.strip().endswith(b"}")


def enveloped(part: Part) -> Part:
    """Give *part*, a line of a catalogue file too, as an event with an id and a source."""
    if isinstance(part, Unfit) or "specversion" in part.attributes:
        return part
    stated = {"specversion": "1.0", "id": "-", "source": "-"}
    return envelope.Envelope(attributes=stated | part.attributes, data=part.data)


def bare(topic: str, data: bytes) -> Part:
    """Give the data of one event of *topic* in an envelope of its own."""
    try:
        codec.examine(data)
        event = contract.event_of(contract.topic_of(topic), data, "$")
    except Unfit as unfit:
        return unfit
    except (ValueError, RecursionError) as error:
        return contract.unfit(error, "$")
    stated = {"type": topic, "subject": getattr(event, "sku", "")}
    return enveloped(envelope.Envelope(attributes=stated, data=data))
