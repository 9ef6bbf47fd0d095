"""Records to the broker: back once every one of them is acknowledged, or not at all.

The producer is handed in, idempotent and with `acks=all`; whole batches are given to it,
because a call per record costs more than deciding what stands in it.
"""

import asyncio
from collections.abc import Awaitable, Iterable, Sequence
from functools import lru_cache
from typing import Any, Protocol

from aiokafka.partitioner import murmur2

from schemas.codec import size_of
from schemas.record import Record

BATCH = 61
"""Bytes of a batch's own head (record batch, version 2)."""

EACH = 40
"""Bytes, at most, of a record's lengths and deltas."""

PER_HEADER = 10
"""Bytes, at most, of a header's two lengths."""


class Batch(Protocol):
    """Records on their way to one partition; `append` gives None when there is no room."""

    def append(
        self,
        *,
        timestamp: int | None,
        key: bytes | None,
        value: bytes | None,
        headers: Sequence[Any],
    ) -> object | None:
        """Put one more record in."""


class Producer(Protocol):
    """What is needed of an `AIOKafkaProducer`."""

    def create_batch(self) -> Batch:
        """Give an empty batch."""

    async def send_batch(self, batch: Any, topic: str, *, partition: int) -> Awaitable[object]:
        """Hand *batch* over; what comes back ends with the broker's acknowledgement."""

    async def partitions_for(self, topic: str) -> set[int]:
        """Give the partitions of *topic*."""


class Deliver(Protocol):
    """Send records; come back once the broker has every one, raise if it never will."""

    async def __call__(self, records: Iterable[Record]) -> None:
        """Send *records*, per partition in their order."""


@lru_cache(maxsize=65_536)
def hashed(key: bytes) -> int:
    """Give Kafka's own hash of *key* (murmur2, positive)."""
    return int(murmur2(key)) & 0x7FFFFFFF


def partition_of(key: bytes, partitions: int) -> int:
    """Give the partition to which Kafka's default partitioner sends *key*."""
    return hashed(key) % partitions


def weight(record: Record) -> int:
    """Give the bytes of the batch that carries *record* alone: what a topic's limit judges."""
    return size_of(record) + BATCH + EACH + PER_HEADER * len(record.headers)


class Delivery:
    """Delivers records through one producer."""

    def __init__(self, producer: Producer) -> None:
        self._producer = producer
        self._partitions: dict[str, int] = {}

    async def __call__(self, records: Iterable[Record]) -> None:
        """Send *records* and wait for all of them. Raises the first failure."""
        waiting: list[Awaitable[object]] = []
        for (topic, partition), group in (await self._grouped(records)).items():
            waiting += [
                await self._producer.send_batch(batch, topic, partition=partition)
                for batch in self._batches(group)
            ]
        answers = await asyncio.gather(*waiting, return_exceptions=True)
        for answer in answers:
            if isinstance(answer, BaseException):
                raise answer

    async def _grouped(self, records: Iterable[Record]) -> dict[tuple[str, int], list[Record]]:
        groups: dict[tuple[str, int], list[Record]] = {}
        for record in records:
            partition = record.partition
            if partition < 0:
                partition = partition_of(record.key or b"", await self.partitions(record.topic))
            groups.setdefault((record.topic, partition), []).append(record)
        return groups

    def _batches(self, records: Sequence[Record]) -> Iterable[Batch]:
        batch = self._producer.create_batch()
        for record in records:
            if not _appended(batch, record):
                yield batch
                batch = self._producer.create_batch()
                _appended(batch, record)
        yield batch

    async def partitions(self, topic: str) -> int:
        """Give how many partitions *topic* has."""
        if topic not in self._partitions:
            self._partitions[topic] = len(await self._producer.partitions_for(topic))
        return self._partitions[topic]


def _appended(batch: Batch, record: Record) -> bool:
    return (
        batch.append(
            timestamp=None, key=record.key, value=record.value, headers=list(record.headers)
        )
        is not None
    )
