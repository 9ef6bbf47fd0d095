"""What every worker reads whole: settings, reports, accounts, and what is covered so far.

A reader without a group: every worker gets all of it, to the end before its agents start,
then live. What cannot be read is set aside, and the older stays in force.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

import msgspec
import structlog
from aiokafka.structs import TopicPartition

from processors.step import Scan
from schemas import codec, keys
from schemas.amazon import AccountState, Report
from schemas.errors import Refused
from schemas.pipeline import Coverage
from schemas.reasons import Reason
from schemas.record import Record
from schemas.reports import EVERY_LISTING
from schemas.settings import Settings

SETTINGS = "settings.v1"
REPORTS = "amazon.report.v1"
ACCOUNTS = "amazon.account.v1"
COVERAGE = "pipeline.coverage.v1"
TOPICS = (SETTINGS, REPORTS, ACCOUNTS, COVERAGE)


class Reader(Protocol):
    """What is needed of an `AIOKafkaConsumer` without a group that reads committed records."""

    def assign(self, partitions: Sequence[TopicPartition]) -> None:
        """Read these partitions."""

    async def seek_to_beginning(self, *partitions: TopicPartition) -> Any:
        """Go to the first record."""

    async def end_offsets(self, partitions: Sequence[TopicPartition]) -> Mapping[Any, int]:
        """Give the offsets behind the last records."""

    async def position(self, partition: TopicPartition) -> int:
        """Give the next offset to be read."""

    async def getmany(self, *partitions: TopicPartition, timeout_ms: int = 0) -> Mapping[Any, Any]:
        """Give the next records by partition."""


class Whole:
    """Folds those topics into one snapshot; *changed* hears of every change after the fold.

    *refused* is given what could not be read.
    """

    def __init__(
        self,
        reader: Reader,
        partitions: Mapping[str, int],
        *,
        group: str,
        changed: Callable[[Scan], None],
        refused: Callable[[Record, Reason], None],
    ) -> None:
        self._reader = reader
        self._places = [
            TopicPartition(topic, p) for topic, count in partitions.items() for p in range(count)
        ]
        self._group = group
        self._changed = changed
        self._refused = refused
        self._moved = asyncio.Condition()
        self._log = structlog.get_logger()
        self.settings = Settings()
        self.covered: dict[tuple[str, int], Coverage] = {}
        self.positions: dict[TopicPartition, int] = {}
        self._folds: dict[str, Callable[[Record], Scan | None]] = {
            SETTINGS: self._setting,
            REPORTS: self._report,
            ACCOUNTS: self._account,
            COVERAGE: self._coverage,
        }

    async def work(self) -> None:
        """Read until cancelled."""
        self._reader.assign(self._places)
        await self._reader.seek_to_beginning(*self._places)
        while True:
            batches = await self._reader.getmany(timeout_ms=200)
            for records in batches.values():
                for read in records:
                    self.take(_record(read))
            for place in batches or self._places:
                self.positions[place] = await self._reader.position(place)
            async with self._moved:
                self._moved.notify_all()

    async def to_end(self) -> None:
        """Wait until all that stands in the topics now has been read."""
        ends = await self._reader.end_offsets(self._places)

        def there() -> bool:
            return all(self.positions.get(place, -1) >= end for place, end in ends.items())

        async with self._moved:
            await self._moved.wait_for(there)

    def applied(self) -> dict[str, int]:
        """Give how far each topic that is folded into the snapshot has been read."""
        return {p.topic: n for p, n in self.positions.items() if p.topic != COVERAGE}

    def take(self, record: Record) -> None:
        """Fold one record; the older stays in force where it cannot be read."""
        try:
            scan = self._folds[record.topic](record)
        except Refused as refused:
            self._refused(record, refused.reason)
        except Exception as fault:  # noqa: BLE001 - the older stays in force
            self._log.exception("could not fold", topic=record.topic, offset=record.offset)
            self._refused(record, Reason("FAULT", {"error": repr(fault)}))
        else:
            if scan is not None:
                self._changed(scan)

    def _setting(self, record: Record) -> Scan:
        kind, id_, value = codec.decode_setting(record)
        self.settings = self.settings.with_record(kind, id_, value)
        return _scan(record, kind, id_)

    def _report(self, record: Record) -> Scan | None:
        report = codec.decode(record, Report)
        if report is None or report.state != "complete":
            return None
        self.settings = self.settings.with_report(report)
        if report.type not in EVERY_LISTING:
            return None
        scan = _scan(record, "report", report.store)
        return msgspec.structs.replace(scan, after=report.ends)

    def _account(self, record: Record) -> Scan:
        state = codec.decode(record, AccountState)
        if state is not None:
            self.settings = self.settings.with_state(state)
            return _scan(record, "account", state.account)
        (account,) = keys.split(record.key or b"")
        kept = {k: v for k, v in self.settings.states.items() if k != account}
        self.settings = msgspec.structs.replace(self.settings, states=kept)
        return _scan(record, "account", account)

    def _coverage(self, record: Record) -> None:
        group, topic, partition = keys.split(record.key or b"")
        if group == self._group and partition.isdecimal():
            covered = codec.decode(record, Coverage)
            if covered is not None:
                self.covered[topic, int(partition)] = covered


def _scan(record: Record, kind: str, id_: str) -> Scan:
    return Scan(
        kind=kind,
        id=id_,
        version=record.offset,
        topic=record.topic,
        event=codec.header(record, "ce_id") or "",
        time=codec.time_of(record),
        deleted=record.value is None,
    )


def _record(read: Any) -> Record:
    return Record(
        topic=read.topic,
        key=read.key,
        value=read.value,
        headers=tuple(read.headers),
        partition=read.partition,
        offset=read.offset,
        timestamp_ms=read.timestamp,
    )
