"""In which form a request holds its events, by its headers alone. Pure.

| Content type                            | Form                                          |
|-----------------------------------------|-----------------------------------------------|
| `application/cloudevents+json`          | one event (structured mode)                   |
| `application/cloudevents-batch+json`    | a batch                                       |
| `application/json`, with `ce-…` headers | one event's data (binary mode)                |
| `application/json`, without             | one event; from Adobe also an array of them   |
"""

import re
from collections.abc import Sequence
from typing import Literal

from producers.catalog import contract, envelope
from producers.catalog.envelope import Part
from producers.catalog.refusal import Unfit

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


def parts_in_file(content: bytes) -> tuple[tuple[int, Part], ...]:
    """Give the events in a file, each with its line: one document, an array, or one a line."""
    text = content.removeprefix(envelope.BOM)
    if text.lstrip()[:1] == b"[":
        return tuple((1, part) for part in _batch(text))
    lines = [(n, raw) for n, raw in enumerate(text.split(b"\n"), 1) if raw.strip()]
    whole = envelope.document(text)
    if len(lines) < 2 or not isinstance(whole, Unfit) or not _by_line(lines[0][1]):
        return ((1, whole),)
    return tuple((number, envelope.document(raw.rstrip(b"\r"))) for number, raw in lines)


def _batch(text: bytes) -> tuple[Part, ...]:
    try:
        return envelope.batch(text)
    except Unfit as unfit:
        return (unfit,)


def _by_line(first: bytes) -> bool:
    return first.strip().startswith(b"{") and first.strip().endswith(b"}")


def bare(topic: str, data: bytes) -> Part:
    """Give the value of one event, without the envelope that it is to travel in."""
    try:
        event = contract.event_of(contract.topic_of(topic), data.strip())
    except Unfit as unfit:
        return unfit
    subject = getattr(event, "sku", "")
    stated = {"specversion": "1.0", "id": "-", "source": "-", "type": topic, "subject": subject}
    return envelope.Envelope(attributes=stated, data=data.strip())
