"""The inbox of dead letters: one entry per fingerprint, read from the topics (`operations.md` 3.5).

The topics are the truth. Headers and values were written by strangers, so nothing here trusts
them: what is missing or odd is shown as it is, and a damaged header stops nobody.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import msgspec
from kafka import KafkaConsumer, TopicPartition

from deploy.connect.kafka import open_consumer
from deploy.connect.whole import polled, to_end
from schemas.record import Record

SUFFIX = ".dlq"
UNMARKED = "unmarked"
"""Fingerprint of what carries none: not written by our workers."""

DO = {
    "AMAZON_REJECTED": "read Amazon's message, mend the settings or the product, then replay",
    "DEADLY": "the worker died on it: read its log, update, then replay",
    "ENVELOPE": "tell the sender which header is wrong; it sends the event again",
    "FAULT": "our own fault: keep the record, read dlq-stack, update, then replay",
    "KEY_PARKED": "settle the first dead letter of this key; this one is replayed behind it",
    "ROW_INVALID": "read what Postgres said; the sender mends the value and sends it again",
    "UNKNOWN_ACCOUNT": "apply the account's settings, then replay",
    "UNKNOWN_STORE": "apply the store's settings, then replay",
}
OTHERWISE = {
    "schema-error": "the sender mends the event and sends it again; payloads are not edited here",
    "unknown-sku": "send the product first, then replay",
    "rule-conflict": "change one of the settings that contradict each other, then replay",
    "amazon-rejected": DO["AMAZON_REJECTED"],
    "amazon-throttled": "wait for the quota (`listwire quota`), then replay",
    "timeout": "wait until the other side answers again, then replay",
    "bug": DO["FAULT"],
}
STRANGE = "it has no dlq- headers of ours: find out who writes to this topic"


class Place(msgspec.Struct, frozen=True, order=True):
    """A coordinate."""

    topic: str
    partition: int
    offset: int

    def __str__(self) -> str:
        return f"{self.topic}/{self.partition}/{self.offset}"


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """All dead letters of one fingerprint; *sample* is where the last one stands."""

    fingerprint: str
    reason: str
    code: str
    message: str
    count: int
    first: datetime | None
    last: datetime | None
    topics: tuple[str, ...]
    groups: tuple[str, ...]
    replayed: int
    sample: Place
    do: str


class Letter(msgspec.Struct, frozen=True, kw_only=True):
    """One dead letter, as much of it as could be read; *origin* is where it came from."""

    place: Place
    fingerprint: str
    topic: str
    group: str
    reason: str
    code: str
    message: str
    replayed: int
    first: datetime | None
    last: datetime | None
    origin: str


def letter(record: Record) -> Letter:
    """Read the headers of a dead letter."""
    told = headers(record)
    topic, _, group = record.topic.removesuffix(SUFFIX).rpartition(".")
    written = datetime.fromtimestamp(record.timestamp_ms / 1000, UTC)
    original = tuple(told.get(f"dlq-original-{n}", "") for n in ("topic", "partition", "offset"))
    return Letter(
        place=Place(record.topic, record.partition, record.offset),
        fingerprint=told.get("dlq-fingerprint") or UNMARKED,
        topic=told.get("dlq-original-topic") or topic,
        group=told.get("dlq-group") or group,
        reason=told.get("dlq-reason", ""),
        code=told.get("dlq-code", ""),
        message=told.get("dlq-error-message", ""),
        replayed=_number(told.get("dlq-replay-count")),
        first=_moment(told.get("dlq-first-failed-at")) or written,
        last=_moment(told.get("dlq-last-failed-at")) or written,
        origin="/".join(original) if all(original) else "",
    )


def headers(record: Record) -> dict[str, str]:
    """Give the headers as text, the last of a name: that is ours."""
    named = [(name, value) for name, value in record.headers if value is not None]
    return {name: value.decode(errors="backslashreplace") for name, value in named}


def to_do(reason: str, code: str) -> str:
    """Say what a person does about a dead letter of *reason* and *code*."""
    return DO.get(code) or OTHERWISE.get(reason) or STRANGE


def entries(letters: Iterable[Letter]) -> list[Entry]:
    """Gather *letters* by fingerprint, the most recent entry first."""
    gathered: dict[str, list[Letter]] = {}
    for one in letters:
        gathered.setdefault(one.fingerprint, []).append(one)
    found = [_entry(name, same) for name, same in gathered.items()]
    return sorted(found, key=lambda e: (-(e.last.timestamp() if e.last else 0), e.fingerprint))


def _entry(fingerprint: str, same: list[Letter]) -> Entry:
    newest = max(same, key=lambda one: (one.last or EPOCH, one.place))
    return Entry(
        fingerprint=fingerprint,
        reason=newest.reason,
        code=newest.code,
        message=newest.message,
        count=len(same),
        first=min((one.first for one in same if one.first), default=None),
        last=newest.last,
        topics=tuple(sorted({one.topic for one in same})),
        groups=tuple(sorted({one.group for one in same})),
        replayed=max(one.replayed for one in same),
        sample=newest.place,
        do=to_do(newest.reason, newest.code),
    )


EPOCH = datetime.fromtimestamp(0, UTC)


def _number(text: str | None) -> int:
    return int(text) if text is not None and text.isascii() and text.isdigit() else 0


def _moment(text: str | None) -> datetime | None:
    try:
        found = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return found if found.tzinfo else None


# --- from the broker ------------------------------------------------------------------------


class Inbox:
    """The dead letters that a broker has now; it changes the assignment of *consumer*."""

    def __init__(self, consumer: KafkaConsumer) -> None:
        self._consumer = consumer

    def topics(self, *, topic: str | None = None, group: str | None = None) -> tuple[str, ...]:
        """Give the dead-letter topics, of one input or one group only if asked so."""
        names = (name for name in sorted(self._consumer.topics()) if name.endswith(SUFFIX))
        return tuple(name for name in names if _fits(name, topic, group))

    def records(self, topics: tuple[str, ...]) -> Iterator[Record]:
        """Give all dead letters of *topics*, from the first to the last that stands there now."""
        return to_end(self._consumer, topics) if topics else iter(())

    def at(self, place: Place) -> Record | None:
        """Give the record at *place*, None where none is."""
        if place.partition not in (self._consumer.partitions_for_topic(place.topic) or ()):
            return None
        partition = TopicPartition(place.topic, place.partition)
        self._consumer.assign([partition])
        start = self._consumer.beginning_offsets([partition])[partition]
        end = self._consumer.end_offsets([partition])[partition]
        if not start <= place.offset < end:
            return None
        self._consumer.seek(partition, place.offset)
        found = polled(self._consumer.poll(timeout_ms=10_000))
        return next((record for record in found if record.offset == place.offset), None)


def _fits(name: str, topic: str | None, group: str | None) -> bool:
    start = name.startswith(f"{topic}.") if topic else True
    return start and (name.endswith(f".{group}{SUFFIX}") if group else True)


@contextmanager
def inbox(bootstrap: str) -> Iterator[Inbox]:
    """Open the inbox of one broker. Raises `Failure` LW-0201 to LW-0204."""
    with open_consumer(bootstrap) as consumer:
        yield Inbox(consumer)
