"""One step: an input, or a review, on the newest facts of its key → a posting.

Nothing here waits or sends. A failure becomes a value: the posting of a dead letter.
"""

import traceback
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Generic, TypeVar

import msgspec

from processors.deliver import partition_of, weight
from processors.outbox import Posting
from processors.rows import HEAD, Rows, microseconds
from processors.settle import Occasion, settle
from processors.step import Cause, Change, Facts, Role, Scan
from schemas import codec, topics
from schemas.deadletters import dead_letter
from schemas.errors import Refused
from schemas.pipeline import Handled
from schemas.reasons import Reason
from schemas.record import Record
from schemas.settings import Settings

F = TypeVar("F", bound=Facts)

LIMIT = codec.MAX_RECORD
"""Bytes that one record may take in a batch of its own: the topics' `max.message.bytes`."""

SMALL = LIMIT // 2
"""Bytes of key and value below which nothing has to be weighed exactly."""

LONGEST = 512
"""Characters of an id or a trace that an output takes over from its input."""

RESERVED = b"\x00"
"""Keys that begin so are the runtime's own rows (scans), never an input's."""

PARKED = "KEY_PARKED"
"""Code of a record that waits behind a failed one of its key."""

HEADERS = 256
"""Headers that a record may carry; more are refused (`reliability.md` 4, number 56)."""


class Deciding(Generic[F]):
    """Runs one role on facts that are bytes; *settings* are those that a partition may know."""

    def __init__(
        self,
        role: Role[F],
        *,
        newest: Callable[[int, bytes], bytes | None],
        settings: Callable[[int], Settings],
        clock: Callable[[], datetime],
        partitions: int = topics.PARTITIONS,
    ) -> None:
        self._role = role
        self._rows = Rows(role.facts)
        self._newest = newest
        self._settings = settings
        self._clock = clock
        self._partitions = partitions
        self.group = f"listwire-{role.name}"
        self.source = f"/listwire/processors/{role.name}"

    def step(self, record: Record) -> Posting:
        """Decide on *record*; whatever fails is set aside with its reason."""
        now = self._clock()
        try:
            self._parked(record)
            return self._step(record, now)
        except Refused as refused:
            return self._set_aside(record, refused.reason, now)
        except Exception as fault:  # noqa: BLE001 - raising would stop every other key as well
            reason = Reason("FAULT", {"error": repr(fault)})
            stack = "".join(traceback.format_exception(fault))
            return self._set_aside(record, reason, now, type(fault).__name__, stack)

    def _parked(self, record: Record) -> None:
        if record.key and in_order(record.topic):
            row = self._newest(record.partition, park_key(record))
            if row is not None:
                code, offset = msgspec.msgpack.decode(row[HEAD.size :], type=tuple[str, int])
                raise Refused(Reason(PARKED, {"code": code, "offset": str(offset)}))

    def _step(self, record: Record, now: datetime) -> Posting:
        key = validated(record, self._partitions)
        before = self._newest(record.partition, key)
        facts = self._rows.facts(before)
        change = self._role.step(record, facts, self._settings(record.partition), now)
        occasion = self._occasion(codec.time_of(record), now, followed(record))
        posting = self._posting(record.partition, key, before, change, occasion)
        return msgspec.structs.replace(
            posting,
            topic=record.topic,
            offset=record.offset,
            outcome=outcome_of(posting, change),
        )

    def review(self, partition: int, key: bytes, cause: Cause, now: datetime) -> Posting | None:
        """Decide again on a key; None if that says and changes nothing.

        *now* is the role's; sequences count by the clock. Raises what the role raises.
        """
        before = self._newest(partition, key)
        if before is None:
            return None
        return self._review(partition, key, before, self._rows.facts(before), cause, now)

    def scan(self, partition: int, key: bytes, scans: Iterable[Scan]) -> Posting | None:
        """Decide again on a key that one of *scans* concerns; None as in `review`."""
        before = self._newest(partition, key)
        if before is None:
            return None
        facts = self._rows.facts(before)
        for scan in scans:
            if self._role.touches(facts, scan):
                now = self._clock()
                return self._review(partition, key, before, facts, cause_of(scan), now)
        return None

    def _review(
        self, partition: int, key: bytes, before: bytes, facts: F, cause: Cause, now: datetime
    ) -> Posting | None:
        change = self._role.review(facts, self._settings(partition), now, cause)
        more = (("ce_causationid", cause.event),) if cause.event else ()
        occasion = self._occasion(cause.time or now, self._clock(), more)
        posting = self._posting(partition, key, before, change, occasion)
        return posting if posting.records or posting.row is not None else None

    def _occasion(
        self, time: datetime, clock: datetime, more: tuple[tuple[str, str], ...]
    ) -> Occasion:
        return Occasion(source=self.source, time=time, now_us=microseconds(clock), more=more)

    def _posting(
        self,
        partition: int,
        key: bytes,
        before: bytes | None,
        change: Change[F],
        occasion: Occasion,
    ) -> Posting:
        records, sent = settle(change.outputs, change.facts.sent, occasion)
        facts = change.facts
        if records:
            facts = msgspec.structs.replace(facts, sent=sent)
        due = self._role.due(facts, self._settings(partition))
        row = self._rows.row(facts, due, before=before, now_us=occasion.now_us)
        measure(records, key, row)
        return Posting(
            partition=partition, key=key, records=records, row=None if row is before else row
        )

    def _set_aside(
        self,
        record: Record,
        reason: Reason,
        now: datetime,
        error: str = "Refused",
        stack: str = "",
    ) -> Posting:
        letter = dead_letter(
            record, group=self.group, reason=reason, now=now, error_class=error, stack=stack
        )
        parks = record.key and reason.code != PARKED and in_order(record.topic)
        mark = msgspec.msgpack.encode((reason.code, record.offset))
        return Posting(
            partition=record.partition,
            key=park_key(record) if parks else record.key or b"",
            row=HEAD.pack(microseconds(now), 0) + mark if parks else None,
            records=(letter,),
            topic=record.topic,
            offset=record.offset,
            outcome="quarantined",
        )


def cause_of(scan: Scan) -> Cause:
    """Give the cause that a scan is for the keys it reaches."""
    return Cause(
        kind="scan",
        event=scan.event,
        type=scan.topic,
        topic=scan.topic,
        partition=0,
        offset=scan.version,
        time=scan.time,
    )


def validated(record: Record, partitions: int) -> bytes:
    """Give the key of *record*. Raises `Refused` for what no role should have to look at."""
    if not record.key:
        raise Refused(Reason("KEY_MISSING"))
    if record.key.startswith(RESERVED):
        raise Refused(Reason("KEY_MISMATCH", {"key": repr(record.key), "expected": "text"}))
    if partition_of(record.key, partitions) != record.partition:
        facts = {"key": repr(record.key), "expected": f"partition {record.partition}"}
        raise Refused(Reason("KEY_MISMATCH", facts))
    if len(record.headers) > HEADERS:
        why = f"{len(record.headers)} headers, at most {HEADERS}"
        raise Refused(Reason("ENVELOPE", {"header": "*", "why": why}))
    if record.value is None and keeps(record.topic):
        raise Refused(Reason("TOMBSTONE_FORBIDDEN", {"topic": record.topic}))
    return record.key


def keeps(topic: str) -> bool:
    """Tell whether the contract of *topic* knows no deletes."""
    try:
        return not topics.topic(topic).deletes
    except ValueError:
        return False


def in_order(topic: str) -> bool:
    """Tell whether a failed record of *topic* makes those behind it, of its key, wait."""
    try:
        return topics.topic(topic).order == "key"
    except ValueError:
        return False


def park_key(record: Record) -> bytes:
    """Give the key of the row that says that a record's key is parked (`reliability.md` H)."""
    return RESERVED + b"parked|" + record.topic.encode() + b"|" + (record.key or b"")


def followed(record: Record) -> tuple[tuple[str, str], ...]:
    """Give the headers by which an output tells what it came from."""
    event = codec.header(record, "ce_id")
    root = codec.header(record, "ce_correlationid") or event
    trace = codec.header(record, "traceparent")
    named = (("ce_causationid", event), ("ce_correlationid", root), ("traceparent", trace))
    return tuple((name, text) for name, text in named if text and len(text) <= LONGEST)


def measure(records: tuple[Record, ...], key: bytes, row: bytes) -> None:
    """Look at every size before anything is sent.

    Raises `Refused`: TOO_LARGE for an output, STATE_TOO_LARGE for the row.
    """
    for record in records:
        small = len(record.key or b"") + len(record.value or b"") < SMALL
        if not small and (size := weight(record)) > LIMIT:
            raise Refused(Reason("TOO_LARGE", {"size": str(size), "limit": str(LIMIT)}))
    if (
        len(key) + len(row) >= SMALL
        and (size := weight(Record(topic="", key=key, value=row))) > LIMIT
    ):
        raise Refused(Reason("STATE_TOO_LARGE", {"size": str(size), "limit": str(LIMIT)}))


def outcome_of(posting: Posting, change: Change[F]) -> Handled:
    """Give what became of an input: its outputs speak first, then the role."""
    if posting.records:
        return "emitted"
    return "filtered" if change.filtered else "unchanged"
