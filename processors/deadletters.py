"""A record that cannot be handled, set aside with its reason (`operations.md` 3.1).

Key, value and original headers stay byte for byte; ours are written behind them, so that
the last of a name is ours. Pure: the outbox sends it like any other record.
"""

import re
from collections import deque
from datetime import datetime
from hashlib import sha256

import msgspec

from schemas import topics
from schemas.codec import instant
from schemas.reasons import Reason, dlq_reason
from schemas.record import Record

STAGES = {"MALFORMED": "decode", "ENVELOPE": "decode"}
"""Stages by code; a missing key or a wrong one is found when the record is validated."""

VALIDATED = frozenset(
    {"KEY_MISSING", "KEY_MISMATCH", "TOMBSTONE_FORBIDDEN", "UNKNOWN_STORE", "UNKNOWN_ACCOUNT"}
)

MESSAGE = 1_000
"""Bytes of an error's message that travel."""

STACK = 4_000
"""Bytes of a stack that travel, only for our own faults."""

VARIABLE = re.compile(r"'[^']*'|\"[^\"]*\"|`[^`]*`|[0-9a-fA-F]{8}-[0-9a-fA-F-]{27}|\d+")
"""What two failures of one kind differ in: quoted parts, ids, digits."""


def dead_letter(
    record: Record,
    reason: Reason,
    *,
    group: str,
    now: datetime,
    error: str = "Refused",
    stack: str | None = None,
) -> Record:
    """Give the dead letter of *record* for *group*, to the same partition."""
    message = cut(str(reason), MESSAGE)
    why = dlq_reason(reason.code)
    named = {
        "dlq-original-topic": record.topic,
        "dlq-original-partition": str(record.partition),
        "dlq-original-offset": str(record.offset),
        "dlq-original-timestamp": str(record.timestamp_ms),
        "dlq-group": group,
        "dlq-stage": stage_of(reason.code),
        "dlq-reason": why,
        "dlq-code": reason.code,
        "dlq-error-class": error,
        "dlq-error-message": message,
        "dlq-attempts": "1",
        "dlq-replay-count": "0",
        "dlq-first-failed-at": instant(now),
        "dlq-last-failed-at": instant(now),
        "dlq-fingerprint": fingerprint(why, error, message),
        "__connect.errors.topic": record.topic,
        "__connect.errors.partition": str(record.partition),
        "__connect.errors.offset": str(record.offset),
        "x-original-topic": record.topic,
        "kafka_dlt-original-topic": record.topic,
    }
    if stack:
        named["dlq-stack"] = cut(stack, STACK)
    ours = tuple((name, text.encode(errors="replace")) for name, text in named.items())
    return msgspec.structs.replace(
        record, topic=topics.dead_letters(record.topic, group), headers=record.headers + ours
    )


def stage_of(code: str) -> str:
    """Give the stage at which a failure of this kind is found."""
    return STAGES.get(code) or ("validate" if code in VALIDATED else "rule")


def fingerprint(why: str, error: str, message: str) -> str:
    """Give 12 hex digits that failures of one kind share."""
    kind = f"{why}\n{error}\n{VARIABLE.sub('', message)}"
    return sha256(kind.encode(errors="replace")).hexdigest()[:12]


def cut(text: str, size: int) -> str:
    """Give at most *size* bytes of *text*, cut between characters."""
    return text.encode(errors="replace")[:size].decode(errors="ignore")


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """How many dead letters a partition may give before its worker stops and asks."""

    row: int = 20
    """In a row."""
    window: int = 10_000
    """Records looked back over."""
    share: float = 0.01
    """Of the window, but at least *row*."""


class Poison(RuntimeError):
    """So much of a partition is refused that it is we, or the sender, who are broken."""


class Bounds:
    """Counts the dead letters of one partition (`reliability.md` I)."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._row = 0
        self._seen = 0
        self._dead: deque[int] = deque()

    def good(self) -> None:
        """Note a record that was handled."""
        self._seen += 1
        self._row = 0

    def dead(self, place: str) -> None:
        """Note a dead letter. Raises `Poison` when it is one too many."""
        self._seen += 1
        self._row += 1
        self._dead.append(self._seen)
        while self._dead[0] <= self._seen - self._limits.window:
            self._dead.popleft()
        window = min(self._seen, self._limits.window)
        if self._row > self._limits.row:
            raise Poison(f"{self._row} records in a row refused, the last at {place}")
        if len(self._dead) > max(self._limits.row, self._limits.share * window):
            raise Poison(f"{len(self._dead)} of the last {window} refused, the last at {place}")
