"""Whether an event that knocks at a door is one of ours; what becomes of it. Pure.

The one judge of the webhook, of `events validate` and of `events send`: the same event gets
the same verdict, field and rule from each. A batch is judged whole: one bad event refuses it.
"""

import re
from collections.abc import Callable, Iterable
from datetime import datetime
from hashlib import sha256
from typing import Any, TypeVar

import msgspec

from producers.catalog import contract
from producers.catalog.envelope import NAME, Envelope, Part
from producers.catalog.refusal import Unfit
from schemas import codec, keys
from schemas.errors import Refused
from schemas.event import Event
from schemas.record import Record

OPS = ("C", "U", "D", "S")
"""What `ce_op` may say (`operations.md` 1.3)."""

ESSENTIAL = ("specversion", "id", "source", "type", "subject", "time", "dataschema")
OURS = frozenset((*ESSENTIAL, "datacontenttype", "sequence", "op"))

LONGEST = 1_024
"""Characters of one attribute."""

MOST = 30
"""Attributes beside ours that an event may carry along."""

_UNFIT = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_JSON = re.compile(r"application/(?:[\w.+-]+\+)?json(?:\s*;.*)?", re.IGNORECASE)


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """One event that may go to its topic; *event* None deletes."""

    topic: str
    subject: str
    event: Event | None
    id: str
    source: str
    key: bytes
    time: datetime | None = None
    sequence: int | None = None
    op: str | None = None
    more: tuple[tuple[str, str], ...] = ()

    @property
    def name(self) -> bytes:
        """What tells this event from all others: its source and id, as 16 bytes."""
        return sha256(f"{self.source}\n{self.id}".encode()).digest()[:16]

    @property
    def content(self) -> bytes:
        """What must be the same when the same event comes again, as 16 bytes."""
        value = b"null" if self.event is None else codec.value_of(self.event)
        said = f"{self.topic}\n{self.subject}\n{self.sequence}\n{self.op}\n"
        return sha256(said.encode() + value).digest()[:16]


class Breach(msgspec.Struct, frozen=True, kw_only=True):
    """One event that was refused: which of a batch (from 0), the field, the rule."""

    index: int
    field: str | None
    rule: str


class NotTaken(ValueError):
    """Some events do not fit; nothing of what they came with is sent."""

    def __init__(self, breaches: tuple[Breach, ...]) -> None:
        super().__init__("; ".join(b.rule for b in breaches[:3]))
        self.breaches = breaches


T = TypeVar("T")
Reader = Callable[[Envelope], T]
"""Gives what one event is, by the rules of its kind of source. Raises `Unfit`."""


def judge(parts: Iterable[Part], read: Reader[T]) -> tuple[T, ...]:
    """Give what each of *parts* is. Raises `NotTaken` that names each one that does not fit."""
    taken: list[T] = []
    breaches: list[Breach] = []
    for index, part in enumerate(parts):
        try:
            taken.append(read(_whole(part)))
        except Unfit as unfit:
            breaches.append(Breach(index=index, field=unfit.field, rule=unfit.rule))
    if breaches:
        raise NotTaken(tuple(breaches))
    return tuple(taken)


def _whole(part: Part) -> Envelope:
    if isinstance(part, Unfit):
        raise part
    return part


def ours(envelope: Envelope) -> Told:
    """Read one event of our own catalogue types. Raises `Unfit`."""
    stated = attributes(envelope)
    topic = contract.topic_of(text(stated, "type"))
    subject = text(stated, "subject", longest=256)
    if envelope.data is None:
        raise Unfit("$.data", "missing; null deletes")
    event = contract.event_of(topic, envelope.data)
    contract.same_subject(subject, event)
    _schema(topic, stated)
    told = Told(
        topic=topic,
        subject=subject,
        event=event,
        id=text(stated, "id", longest=256),
        source=text(stated, "source"),
        key=keys.join(subject),
        time=contract.moment_of(stated.get("time")),
        sequence=contract.sequence_of(stated["sequence"]) if "sequence" in stated else None,
        op=_op(stated, event),
        more=tuple((f"ce_{n}" if n not in TRACE else n, v) for n, v in _carried(stated)),
    )
    _sized(told)
    return told


TRACE = ("traceparent", "tracestate")
"""W3C's, which travel under their plain names (`operations.md` 1.3)."""


def attributes(envelope: Envelope) -> dict[str, Any]:
    """Give the attributes of *envelope*, which CloudEvents 1.0 must allow. Raises `Unfit`."""
    stated = envelope.attributes
    for name, value in stated.items():
        if not NAME.fullmatch(name) and name not in ADOBES:
            raise Unfit(f"$.{name[:40]}", "an attribute's name is 1 to 20 of a-z and 0-9")
        if isinstance(value, str) and (len(value) > LONGEST or _UNFIT.search(value)):
            raise Unfit(f"$.{name}", f"at most {LONGEST} characters, no control characters")
    if stated.get("specversion") != "1.0":
        raise Unfit("$.specversion", "CloudEvents 1.0: specversion is the text 1.0")
    kind = stated.get("datacontenttype", "application/json")
    if not isinstance(kind, str) or not _JSON.fullmatch(kind):
        raise Unfit("$.datacontenttype", f"{str(kind)[:60]!r}; data is application/json")
    if not isinstance(stated.get("time", ""), str):
        raise Unfit("$.time", "a time is text: 2026-11-25T18:00:00Z")
    return stated


ADOBES = ("event_id", "recipient_client_id")
"""Attributes whose names CloudEvents does not allow, and which Adobe I/O Events adds."""


def text(stated: dict[str, Any], name: str, *, longest: int = LONGEST) -> str:
    """Give the attribute *name*, which must be there, as text. Raises `Unfit`."""
    value = stated.get(name)
    if not isinstance(value, str) or not value.strip():
        raise Unfit(f"$.{name}", "missing" if value in (None, "") else "text, not blank")
    if len(value) > longest:
        raise Unfit(f"$.{name}", f"{len(value)} characters, at most {longest}")
    return value


def _op(stated: dict[str, Any], event: Event | None) -> str | None:
    op = stated.get("op")
    if op is not None and op not in OPS:
        raise Unfit("$.op", f"{str(op)[:20]!r} is none of {', '.join(OPS)}")
    if event is None and op not in (None, "D"):
        raise Unfit("$.op", f"null deletes, and {op} does not")
    return op


def _schema(topic: str, stated: dict[str, Any]) -> None:
    schema = stated.get("dataschema")
    if schema is not None and not isinstance(schema, str):
        raise Unfit("$.dataschema", "text")
    if why := codec.schema_misfit(topic, schema):
        raise Unfit("$.dataschema", why)


def _carried(stated: dict[str, Any]) -> list[tuple[str, str]]:
    more = [(n, _spelt(v)) for n, v in sorted(stated.items()) if n not in OURS]
    if len(more) > MOST:
        raise Unfit("$", f"{len(more)} attributes beside ours, at most {MOST}")
    return more


def _spelt(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _sized(told: Told) -> None:
    try:
        record(told, sequence=told.sequence, now=_EPOCH)
    except Refused as refused:
        raise Unfit("$", str(refused)) from None


_EPOCH = "1970-01-01T00:00:00.000000Z"


def record(told: Told, *, sequence: int | None, now: datetime | str) -> Record:
    """Give the record of *told*; *now* is its time where it states none. Raises `Refused`."""
    return codec.encode(
        told.event,
        topic=told.topic,
        key=told.key,
        id=told.id,
        source=told.source,
        subject=told.subject,
        time=told.time or now,
        sequence=sequence,
        op=told.op,
        more=told.more,
    )
