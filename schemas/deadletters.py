"""A dead letter: the original bytes and headers, and why they were set aside.

`operations.md` 3.1. Key, value and headers stay as they came; ours are written after them,
so that the last header of a name is ours. Headers of an earlier failure count only on what
came from our own `.retry` topic; on any other input they are the sender's own data.
"""

import re
from datetime import UTC, datetime
from hashlib import sha256
from typing import Literal

from schemas import topics
from schemas.reasons import Reason, dlq_reason
from schemas.record import Headers, Record

Stage = Literal["decode", "validate", "rule", "push", "persist"]

MESSAGE, STACK = 1_000, 4_000
"""Bytes of the message and of the stack that a dead letter carries at most."""

STAGES: dict[str, Stage] = {
    "MALFORMED": "decode",
    "ENVELOPE": "decode",
    "ROW_INVALID": "persist",
    "FAULT": "rule",
    "DEADLY": "rule",
    "TOO_LARGE": "rule",
    "STATE_TOO_LARGE": "rule",
    "AMAZON_REJECTED": "push",
}
"""At which stage a failure is found, by its code; everything else while validating."""


def stage_of(code: str) -> Stage:
    """Give the stage at which a failure with *code* is found."""
    return STAGES.get(code, "validate")


_VARIABLE = re.compile(
    r"""[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|'[^']*'|"[^"]*"|`[^`]*`|[0-9]+"""
)
"""What differs between two failures of one kind: ids, quoted parts, digits."""


def dead_letter(
    record: Record,
    *,
    group: str,
    reason: Reason,
    now: datetime,
    error_class: str = "Refused",
    attempts: int = 1,
    stack: str = "",
) -> Record:
    """Give the dead letter of *record*, which *group* set aside because of *reason*.

    It belongs into the partition of the same number. *stack* is for our own faults only.
    """
    known = _ours(record) if record.topic.endswith(f".{group}.retry") else {}
    origin = _origin(record, group, known)
    moment = now.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    kind = dlq_reason(reason.code)
    message = _cut(str(reason), MESSAGE)
    named = {
        **{f"dlq-original-{name}": value for name, value in origin.items()},
        "dlq-group": group,
        "dlq-stage": stage_of(reason.code),
        "dlq-reason": kind,
        "dlq-code": reason.code,
        "dlq-error-class": error_class,
        "dlq-error-message": message,
        **({"dlq-stack": _cut(stack, STACK)} if stack and kind == "bug" else {}),
        "dlq-attempts": str(attempts),
        "dlq-replay-count": known.get("dlq-replay-count", "0"),
        "dlq-first-failed-at": known.get("dlq-first-failed-at", moment),
        "dlq-last-failed-at": moment,
        "dlq-fingerprint": fingerprint(kind, error_class, message),
        **_aliases(origin),
    }
    kept = _kept(record.headers) if known else record.headers
    return Record(
        topic=topics.dead_letters(origin["topic"], group),
        key=record.key,
        value=record.value,
        headers=(*kept, *((name, value.encode()) for name, value in named.items())),
        partition=record.partition,
    )


def fingerprint(reason: str, error_class: str, message: str) -> str:
    """Give 12 hex digits that two failures of one kind share."""
    plain = _VARIABLE.sub("", message)
    return sha256(f"{reason}\n{error_class}\n{plain}".encode()).hexdigest()[:12]


def _origin(record: Record, group: str, known: dict[str, str]) -> dict[str, str]:
    here = {
        "topic": record.topic.removesuffix(f".{group}.retry"),
        "partition": str(record.partition),
        "offset": str(record.offset),
        "timestamp": str(record.timestamp_ms),
    }
    return {name: known.get(f"dlq-original-{name}", value) for name, value in here.items()}


def _aliases(origin: dict[str, str]) -> dict[str, str]:
    """What other tools' redrive looks for; text, as Connect writes it."""
    connect = {f"__connect.errors.{n}": origin[n] for n in ("topic", "partition", "offset")}
    topic = origin["topic"]
    return connect | {"x-original-topic": topic, "kafka_dlt-original-topic": topic}


_ALIASES = {
    "__connect.errors.topic",
    "__connect.errors.partition",
    "__connect.errors.offset",
    "x-original-topic",
    "kafka_dlt-original-topic",
}


def _is_ours(name: str) -> bool:
    return name.startswith("dlq-") or name in _ALIASES


def _ours(record: Record) -> dict[str, str]:
    named = [(n, v) for n, v in record.headers if _is_ours(n) and v is not None]
    return {name: value.decode(errors="replace") for name, value in named}


def _kept(headers: Headers) -> Headers:
    return tuple((name, value) for name, value in headers if not _is_ours(name))


def _cut(text: str, size: int) -> str:
    """Cut *text* to *size* bytes, between two characters."""
    return text.encode(errors="replace")[:size].decode(errors="ignore")
