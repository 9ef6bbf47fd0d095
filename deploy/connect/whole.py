"""The topics that everybody reads whole, as one snapshot: settings, reports, accounts.

A consumer without a group: everybody gets all of it. `read_settings` reads to the end once;
`Snapshots` goes on reading in a thread of its own.
"""

import threading
from collections.abc import Iterator, Mapping
from types import TracebackType
from typing import Any, Self

import structlog
from kafka import KafkaConsumer, TopicPartition
from kafka.errors import KafkaTimeoutError

from deploy.connect.kafka import open_consumer
from deploy.errors import Failure
from schemas import codec, keys
from schemas.amazon import AccountState, Report
from schemas.errors import Refused
from schemas.record import Record
from schemas.settings import Settings

TRIES = 4
"""Times that a busy broker is asked where a topic ends, each for half a minute."""

TOPICS = ("settings.v1", "amazon.report.v1", "amazon.account.v1")

_log = structlog.get_logger()


def read_settings(bootstrap: str) -> Settings:
    """Give everything that stands in these topics now. Raises `Failure`."""
    with open_consumer(bootstrap) as consumer:
        settings = Settings()
        for record in to_end(consumer, TOPICS):
            settings = folded(settings, record)
    return settings


def to_end(consumer: KafkaConsumer, topics: tuple[str, ...]) -> Iterator[Record]:
    """Give all records of *topics* from the first to the last that stands there now.

    Raises `Failure` (LW-0205) for a topic that is not there.
    """
    places = assigned(consumer, topics)
    ends = _ends(consumer, places)
    while any(consumer.position(place) < ends[place] for place in places):
        yield from polled(consumer.poll(timeout_ms=500))


def _ends(consumer: KafkaConsumer, places: list[TopicPartition]) -> dict[TopicPartition, int]:
    for _ in range(TRIES):
        try:
            ends: dict[TopicPartition, int] = consumer.end_offsets(places)
        except KafkaTimeoutError:  # a broker that has just made its topics answers late
            continue
        return ends
    raise Failure(
        "LW-0207",
        where=", ".join(sorted({place.topic for place in places})),
        why=f"the broker did not say in {TRIES} tries where these topics end",
        do="look at the broker; its own log says what it is busy with",
    )


def assigned(consumer: KafkaConsumer, topics: tuple[str, ...]) -> list[TopicPartition]:
    """Assign all partitions of *topics* to *consumer*, from their starts."""
    found = {topic: consumer.partitions_for_topic(topic) for topic in topics}
    if missing := [topic for topic, partitions in found.items() if not partitions]:
        raise Failure(
            "LW-0205",
            where=", ".join(missing),
            why="the broker does not have them",
            do="listwire topics apply --execute",
        )
    places = [TopicPartition(t, p) for t, partitions in found.items() for p in partitions or ()]
    consumer.assign(places)
    consumer.seek_to_beginning(*places)
    return places


def polled(batches: Mapping[Any, Any]) -> Iterator[Record]:
    """Give what a poll brought, as records."""
    for records in batches.values():
        for raw in records:
            yield Record(
                topic=raw.topic,
                key=raw.key,
                value=raw.value,
                headers=tuple(raw.headers),
                partition=raw.partition,
                offset=raw.offset,
                timestamp_ms=raw.timestamp,
            )


def folded(settings: Settings, record: Record) -> Settings:
    """Give *settings* with one more record; what cannot be read leaves the older in force."""
    try:
        return FOLDS[record.topic](settings, record)
    except Refused as refused:
        _log.warning(
            "refused", topic=record.topic, offset=record.offset, reason=refused.reason.code
        )
        return settings


def _setting(settings: Settings, record: Record) -> Settings:
    return settings.with_record(*codec.decode_setting(record))


def _report(settings: Settings, record: Record) -> Settings:
    report = codec.decode(record, Report)
    return settings if report is None else settings.with_report(report)


def _account(settings: Settings, record: Record) -> Settings:
    state = codec.decode(record, AccountState)
    if state is not None:
        return settings.with_state(state)
    (account,) = keys.split(record.key or b"")
    return settings.without_state(account)


FOLDS = {
    "settings.v1": _setting,
    "amazon.report.v1": _report,
    "amazon.account.v1": _account,
}


class Snapshots:
    """The snapshot, kept up to date by a thread. Called, it gives the newest.

    Raises on call what ended the thread: an old snapshot must not pass for the newest.
    """

    def __init__(self, bootstrap: str) -> None:
        self._consumer = open_consumer(bootstrap)
        self._settings = Settings()
        self._stopped = threading.Event()
        self._fault: BaseException | None = None
        self._thread = threading.Thread(target=self._work, name="whole", daemon=True)

    def __call__(self) -> Settings:
        """Give the newest snapshot."""
        if self._fault is not None:
            raise self._fault
        return self._settings

    def __enter__(self) -> Self:
        for record in to_end(self._consumer, TOPICS):
            self._settings = folded(self._settings, record)
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stopped.set()
        self._thread.join(5)
        self._consumer.close()

    def _work(self) -> None:
        try:
            while not self._stopped.is_set():
                for record in polled(self._consumer.poll(timeout_ms=200)):
                    self._settings = folded(self._settings, record)
        except BaseException as fault:  # noqa: BLE001 - told at the next call
            self._fault = fault
