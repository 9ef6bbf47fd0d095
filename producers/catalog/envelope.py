"""CloudEvents as they stand in a request or a file: attributes and data, told apart. Pure.

The four forms of the HTTP binding and of the JSON format (CloudEvents 1.0.2): one event as
a document, a batch of them, attributes in headers (binary mode); and one event a line.
Nothing is judged here but the form; `judge` says whether an event is one of ours.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import unquote_to_bytes

import msgspec

from producers.catalog import contract
from producers.catalog.refusal import Unfit
from schemas import codec

BOM = b"\xef\xbb\xbf"

NAME = re.compile("[a-z0-9]{1,20}")
"""What CloudEvents lets an attribute be called."""

MAX_EVENTS = 1_000
"""Events that one batch may hold."""

_BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
_PRINTABLE = re.compile(r"[\x20-\x7e]*")


class Envelope(msgspec.Struct, frozen=True, kw_only=True):
    """One event in parts: its attributes by name, its data as JSON text; None: no data."""

    attributes: dict[str, Any]
    data: bytes | None


Part = Envelope | Unfit
"""An event that could be taken apart, or why not."""


def document(body: bytes) -> Part:
    """Take one event in structured mode apart."""
    raw = body.removeprefix(BOM)
    try:
        codec.examine(raw)
        members = msgspec.json.decode(raw, type=dict[str, msgspec.Raw])
        return _parted(members)
    except Unfit as unfit:
        return unfit
    except (ValueError, RecursionError) as error:
        return contract.unfit(error, "$")


def batch(body: bytes) -> tuple[Part, ...]:
    """Take the events of a batch apart, in their order. Raises `Unfit` for what is none."""
    try:
        found = msgspec.json.decode(body.removeprefix(BOM), type=list[msgspec.Raw])
    except (ValueError, RecursionError) as error:
        raise contract.unfit(error, "$") from None
    if not found:
        raise Unfit("$", "a batch without an event")
    if len(found) > MAX_EVENTS:
        raise Unfit("$", f"{len(found)} events in one batch, at most {MAX_EVENTS}")
    return tuple(document(bytes(raw)) for raw in found)


def binary(headers: Iterable[tuple[str, str]], body: bytes) -> Part:
    """Take apart one event whose attributes are the `ce-…` of *headers* (names lower case)."""
    try:
        attributes = dict(_attributes(headers))
        return Envelope(attributes=attributes, data=_data(body, attributes))
    except Unfit as unfit:
        return unfit
    except (ValueError, RecursionError) as error:
        return contract.unfit(error, "$.data")


def _data(body: bytes, attributes: Mapping[str, str]) -> bytes:
    raw = body.removeprefix(BOM).strip()
    if not raw:
        raise Unfit("$.data", "no body: a delete is the body null with ce-op: D")
    codec.examine(raw)
    if raw == b"null" and attributes.get("op") != "D":
        raise Unfit("$.data", "null deletes, and says so: ce-op: D")
    return raw


def _attributes(headers: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    seen: set[str] = set()
    for header, value in headers:
        if not header.startswith("ce-"):
            continue
        name = header.removeprefix("ce-")
        if name in seen:
            raise Unfit(header, "stands twice")
        seen.add(name)
        if not NAME.fullmatch(name):
            raise Unfit(header[:40], "an attribute's name is 1 to 20 of a-z and 0-9")
        yield name, decoded(header, value)


def decoded(header: str, value: str) -> str:
    """Take the percent encoding off a header's value, once (HTTP binding 3.1.3.2).

    A quoted string is taken out of its quotes first. Raises `Unfit`.
    """
    if not _PRINTABLE.fullmatch(value):
        raise Unfit(header, "printable ASCII, everything else percent-encoded as UTF-8")
    if len(value) > 1 and value[0] == value[-1] == '"':
        value = re.sub(r"\\(.)", r"\1", value[1:-1])
    if _BAD_ESCAPE.search(value):
        raise Unfit(header, "a percent sign is written %25")
    try:
        return unquote_to_bytes(value).decode()
    except UnicodeDecodeError:
        raise Unfit(header, "percent-encoded bytes that are no UTF-8") from None


def _parted(members: Mapping[str, msgspec.Raw]) -> Envelope:
    if not {"specversion", "type"} & members.keys():
        raise Unfit("$.specversion", "missing, and so is type: this is no CloudEvent")
    if "data_base64" in members:
        raise Unfit("$.data_base64", "data is JSON, in `data`")
    attributes: dict[str, Any] = {}
    for name, raw in members.items():
        if name == "data":
            continue
        value = msgspec.json.decode(raw)
        if not isinstance(value, (str, int, bool)) and value is not None:
            raise Unfit(f"$.{name[:40]}", "an attribute is text, a number or true or false")
        if value is not None:
            attributes[name] = value
    data = members.get("data")
    return Envelope(attributes=attributes, data=None if data is None else bytes(data).strip())
