"""What a processor's step takes and gives: values only, so that it can be replayed.

A role (products, matching, listings) is a set of pure functions over the facts of one
key. The runtime around it (`agents.py`, `outbox.py`, `scan.py`, `due.py`) knows Kafka and
the clock; the role knows what the records mean. See `design.md` 4.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Generic, Protocol, TypeVar

import msgspec

from schemas.events import Event
from schemas.record import Record
from schemas.settings import Settings


class Sent(msgspec.Struct, frozen=True, array_like=True):
    """What was last sent for one topic and subject: hash of its content, its sequence."""

    hash: bytes
    sequence: int


class Facts(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What one key knows; *sent* is kept by the runtime, all else by the role."""

    sent: dict[str, Sent] = {}


F = TypeVar("F", bound=Facts)


class Output(msgspec.Struct, frozen=True, kw_only=True):
    """A record the role wants its readers to have: sent only if its content is new.

    *subject* is what sequences count and readers fence (`design.md` 4); *event* None is a
    tombstone. *name* is `ce_subject`, the thing in plain text.
    """

    topic: str
    key: bytes
    subject: str
    name: str
    event: Event | None


class Change(msgspec.Struct, Generic[F], frozen=True):
    """What a step makes of its input: the newer facts, and everything that should be known."""

    facts: F
    outputs: tuple[Output, ...] = ()
    filtered: str | None = None
    """A code, when the input was dropped on purpose (stale, duplicate, nobody's)."""


class Cause(msgspec.Struct, frozen=True, kw_only=True):
    """What made a step run: an input record, a scan after a settings change, or a due time."""

    kind: str
    event: str = ""
    type: str = ""
    topic: str = ""
    partition: int = -1
    offset: int = -1
    time: datetime | None = None


class Role(Protocol[F]):
    """One agent's business: its inputs, the shape of its facts, and four pure functions."""

    name: str
    inputs: tuple[str, ...]
    facts: type[F]

    def step(self, record: Record, facts: F, settings: Settings, now: datetime) -> Change[F]:
        """Merge *record* into *facts* and decide. Raises `Refused` for a dead letter."""

    def review(self, facts: F, settings: Settings, now: datetime, cause: Cause) -> Change[F]:
        """Decide again without a new input: a scan reached this key, or its time came."""

    def due(self, facts: F, settings: Settings) -> datetime | None:
        """Give the next instant at which `review` would decide otherwise, if there is one."""

    def touches(self, facts: F, scan: "Scan") -> bool:
        """Tell whether *scan* concerns this key."""


class Scan(msgspec.Struct, frozen=True, kw_only=True):
    """A change of whole-read facts that many keys must be judged by again.

    *kind* and *id* name the settings record (`rule`, `acme-de`), or `report` and the store,
    or `account` and the account. *version* is the offset of the record that says so: a newer
    one of the same id supersedes an unfinished older one. *event* and *time* are that
    record's `ce_id` and `ce_time`; *deleted*: it took the settings record away.
    """

    kind: str
    id: str
    version: int
    after: dict[str, int] = {}
    """Partition of `amazon.listing.v1` → offset that must have been handled before (reports)."""
    topic: str = ""
    event: str = ""
    time: datetime | None = None
    deleted: bool = False


Review = Callable[[Facts, Settings, datetime, Cause], Change[Facts]]
Positions = Mapping[tuple[str, int], int]
"""Next offset to be handled, per topic and partition."""
