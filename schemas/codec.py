"""Bytes ⇄ events, with the CloudEvents attributes as `ce_*` headers (`operations.md` 1.3)."""

import json
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, TypeVar
from uuid import NAMESPACE_URL, UUID, uuid5

import msgspec

from schemas import keys, topics
from schemas.errors import Refused
from schemas.event import ENCODER, Event, as_number
from schemas.reasons import Reason
from schemas.record import Record
from schemas.settings import KINDS, Setting

T = TypeVar("T", bound=Event)

MAX_RECORD = 1_048_576
"""Bytes of key, value and headers that a record may have (`operations.md` 1.5)."""

NAMESPACE = uuid5(NAMESPACE_URL, "urn:listwire:schema")
"""Under which every id that we derive is made."""

_decoders: dict[type, msgspec.json.Decoder[Any]] = {}


def decoder(event: type[T]) -> "msgspec.json.Decoder[T]":
    """Give the one decoder of *event*."""
    if event not in _decoders:
        _decoders[event] = msgspec.json.Decoder(event, dec_hook=as_number)
    return _decoders[event]


def encode(
    event: Event | bytes | None,
    *,
    topic: str,
    key: bytes,
    id: str,  # noqa: A002 - CloudEvents' word
    source: str,
    subject: str,
    time: datetime | str,
    sequence: int | None = None,
    op: str | None = None,
    more: Iterable[tuple[str, str]] = (),
) -> Record:
    """Give the record of *event*, or of its JSON, on *topic*; None is a tombstone.

    Raises `Refused` (TOO_LARGE) above 1 MiB.
    """
    moment = time if isinstance(time, str) else instant(time)
    named = [
        ("content-type", "application/json"),
        ("ce_specversion", "1.0"),
        ("ce_id", id),
        ("ce_source", source),
        ("ce_type", topic),
        ("ce_subject", subject),
        ("ce_time", moment),
        ("ce_dataschema", topics.urn(topic)),
    ]
    if sequence is not None:
        named.append(("ce_sequence", f"{sequence:020d}"))
    if op is not None:
        named.append(("ce_op", op))
    headers = tuple((name, value.encode()) for name, value in (*named, *more))
    value = value_of(event) if isinstance(event, Event) else event
    return measured(Record(topic=topic, key=key, value=value, headers=headers))


def value_of(event: Event) -> bytes:
    """Give the JSON of *event* as it travels; a bare settings record is flattened."""
    return ENCODER.encode(event)


def measured(record: Record) -> Record:
    """Give *record* back. Raises `Refused` (TOO_LARGE) if no broker of ours would take it."""
    if (size := size_of(record)) > MAX_RECORD:
        raise Refused(Reason("TOO_LARGE", {"size": str(size), "limit": str(MAX_RECORD)}))
    return record


def size_of(record: Record) -> int:
    """Give the bytes of key, value and headers."""
    headers = sum(len(name) + len(value or b"") for name, value in record.headers)
    return len(record.key or b"") + len(record.value or b"") + headers


def instant(moment: datetime) -> str:
    """Give RFC 3339 UTC with microseconds and Z. Raises ValueError without a zone."""
    if moment.tzinfo is None:
        raise ValueError("a time without zone")
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def decode(record: Record, event: type[T]) -> T | None:
    """Give the *event* in *record*, or None for a tombstone.

    Raises `Refused`, naming rule and place: "Expected `str`, got `int` - at `$.sku`".
    """
    if (value := record.value) is None:
        return None
    try:
        if topics.topic(record.topic).foreign:
            _admit(record)
            examine(value)
            value = _without_faust(value)
        return decoder(event).decode(value)
    except (ValueError, RecursionError) as error:  # bad UTF-8 is not msgspec's own error
        raise Refused(Reason("MALFORMED", {"event": event.__name__, "why": _why(error)})) from error


def decode_setting(record: Record) -> tuple[str, str, Setting | None]:
    """Give kind, id and record of a `settings.v1` record (None = deleted).

    Raises `Refused` for an unknown kind or a malformed value.
    """
    try:
        kind, id_ = keys.split_setting(record.key or b"")
        return kind, id_, decode(record, KINDS[kind])
    except (ValueError, KeyError) as error:
        raise Refused(Reason("MALFORMED", {"event": "Setting", "why": _why(error)})) from error


HEADERS = 100
"""Headers that a foreign record may have (`reliability.md` 4, number 56)."""

HEADER_BYTES = 65_536
"""Bytes that one of them may have."""

_URN = re.compile(r"urn:listwire:schema:(.+):([0-9]+)\.[0-9]+\.[0-9]+")


def _admit(record: Record) -> None:
    """Refuse an envelope that announces something else than this topic carries."""
    headers = record.headers
    if len(headers) > HEADERS:
        raise _envelope("*", f"{len(headers)} headers, at most {HEADERS}")
    for name, value in headers:
        if len(name) + len(value or b"") > HEADER_BYTES:
            raise _envelope(name[:60], f"{len(value or b'')} bytes, at most {HEADER_BYTES}")
        if name in ("__key_schema_id", "__value_schema_id"):
            raise _envelope(name, "a registry's framing: send plain JSON")
    if record.value and record.value[:1] == b"\0":
        raise _envelope("value", "a registry's framing: send plain JSON")
    measured(record)
    _admit_schema(record)


def _admit_schema(record: Record) -> None:
    if (type_ := header(record, "ce_type")) not in (None, record.topic):
        raise _envelope("ce_type", f"{type_[:80]!r} does not belong on {record.topic}")
    if why := schema_misfit(record.topic, header(record, "ce_dataschema")):
        raise _envelope("ce_dataschema", why)


def schema_misfit(topic: str, stated: str | None) -> str | None:
    """Say why the schema that an event states is not that of *topic*; None if it is."""
    if stated in (None, topics.urn(topic)):
        return None
    found = _URN.fullmatch(stated)
    if not found or found[1] != topic:
        return f"unknown schema {stated[:80]!r}"
    ours = topics.topic(topic).schema
    if found[2] != ours.split(".")[0]:
        return f"major version {found[2][:8]}; ours is {ours}"
    return None


def _envelope(name: str, why: str) -> Refused:
    return Refused(Reason("ENVELOPE", {"header": name, "why": why}))


def _without_faust(value: bytes) -> bytes:
    """Leave out the member in which Faust names a type: it never changes ours."""
    if b'"__faust"' not in value:
        return value
    members = msgspec.json.decode(value, type=dict[str, msgspec.Raw])
    return msgspec.json.encode({k: v for k, v in members.items() if k != "__faust"})


_OPEN = re.compile(rb'[{\[]|[}\]]|"(?:[^"\\]|\\.)*"')
DEPTH = 64
"""How deep a foreign value may nest (`reliability.md` 4)."""


def examine(value: bytes) -> None:
    """Look for what msgspec lets pass: doubled members, NUL, inexact numbers, size, depth.

    Control characters are refused in text but for tab, CR, LF, and ESC, which terminals
    obey and nobody else (`reliability.md` 4, number 46). Raises ValueError.
    """
    if len(value) > MAX_RECORD:
        raise ValueError(f"{len(value)} bytes, at most {MAX_RECORD}")
    if value.count(b"{") + value.count(b"[") > DEPTH and _depth(value) > DEPTH:
        raise ValueError(f"nested deeper than {DEPTH}")
    if b"\\u00" in value and _CONTROL.search(value):
        raise ValueError("a control character in text")
    if _unchanged(value):
        return
    json.loads(
        value, object_pairs_hook=_unique, parse_float=_exact, parse_int=_exact, parse_constant=str
    )


def _unchanged(value: bytes) -> bool:
    """Tell whether *value* comes back byte for byte: no member twice, no number altered."""
    if _DELICATE.search(value):
        return False
    try:
        return msgspec.json.encode(msgspec.json.decode(value)) == value
    except (ValueError, RecursionError):
        return False  # the closer look says what is wrong


_DELICATE = re.compile(rb"[0-9](?:[eE]|[0-9]{16}|\.[0-9]{13})")
_CONTROL = re.compile(rb"(?<!\\)(?:\\\\)*\\u00(?:0[0-8bBcCeEfF]|1[0-9aAc-fC-F]|7[fF])")
_PLAIN = re.compile(r"-?[0-9]{1,19}(\.[0-9]{1,12})?")


def _exact(text: str) -> str:
    """Refuse a number that a float would change: it is money or a count, or a version."""
    if not _PLAIN.fullmatch(text) or ("." in text and len(text) > 16):
        raise ValueError(f"{text[:40]!r} is no plain number: digits, and a point if needed")
    return text


def _depth(value: bytes) -> int:
    depth = deepest = 0
    for token in _OPEN.finditer(value):
        depth += {b"{": 1, b"[": 1, b"}": -1, b"]": -1}.get(token.group(), 0)
        deepest = max(deepest, depth)
    return deepest


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"member {twice[:60]!r} stands twice")
    return members


def _why(error: BaseException) -> str:
    return str(error)[:500] or type(error).__name__


def header(record: Record, name: str) -> str | None:
    """Give the last value of header *name* as text, None if there is none or it is no text."""
    found = next((v for n, v in reversed(record.headers) if n == name), None)
    try:
        return None if found is None else found.decode()
    except UnicodeDecodeError:
        return None


def version(record: Record, epoch: int = 0) -> int:
    """Give the input's version: its `ce_sequence`, else Kafka's order (`reliability.md` 2.1).

    Raises `Refused` (ENVELOPE) for a sequence that is no 64-bit number.
    """
    if not any(name == "ce_sequence" for name, _ in record.headers):
        return epoch << 48 | max(record.offset, 0)
    stated = header(record, "ce_sequence") or ""
    if not re.fullmatch("[0-9]{1,20}", stated) or int(stated) >= 1 << 63:
        why = f"{stated[:40]!r} is no 64-bit number"
        raise Refused(Reason("ENVELOPE", {"header": "ce_sequence", "why": why}))
    return int(stated)


def time_of(record: Record) -> datetime:
    """Give `ce_time`, else Kafka's own timestamp; never a version."""
    stated = header(record, "ce_time")
    try:
        moment = datetime.fromisoformat(stated) if stated else None
        if moment is not None and moment.tzinfo is not None:
            return moment.astimezone(UTC)
    except (ValueError, OverflowError):  # no time, or one beyond the year 9999
        pass
    return datetime.fromtimestamp(record.timestamp_ms / 1000, UTC)


def derived_id(topic: str, subject: str, previous: int, content: bytes) -> str:
    """Give the id of a derived event: the same decision sent twice has one id."""
    return str(uuid5(NAMESPACE, f"{topic}\n{subject}\n{previous}\n{content.hex()}"))


def as_uuid(text: str) -> UUID:
    """Give *text* as a UUID. Raises ValueError."""
    return UUID(text)
