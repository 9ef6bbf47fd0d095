"""A broker in memory, seen through a producer: it acknowledges when a test says so."""

import asyncio
from collections.abc import Awaitable, Sequence
from typing import Any

from schemas.record import Record

ROOM = 524_288
"""Bytes that one batch takes; the first record always fits."""


class FakeBatch:
    """Records on their way to one partition."""

    def __init__(self) -> None:
        self.records: list[tuple[bytes | None, bytes | None, tuple[Any, ...]]] = []
        self._size = 0

    def append(
        self,
        *,
        timestamp: int | None,
        key: bytes | None,
        value: bytes | None,
        headers: Sequence[Any],
    ) -> object | None:
        size = len(key or b"") + len(value or b"") + sum(len(n) + len(v or b"") for n, v in headers)
        if self.records and self._size + size > ROOM:
            return None
        self._size += size
        self.records.append((key, value, tuple(headers)))
        return object()


class FakeProducer:
    """Keeps what it was handed in `log`; `acknowledged` is what the broker has for sure.

    While `holding`, nothing is acknowledged until `release`. A topic in `refusing` fails.
    """

    def __init__(self, partitions: int = 12) -> None:
        self.log: list[Record] = []
        self.acknowledged: list[Record] = []
        self.holding = False
        self.refusing: set[str] = set()
        self._partitions = partitions
        self._held: list[tuple[asyncio.Future[object], list[Record]]] = []

    def create_batch(self) -> FakeBatch:
        return FakeBatch()

    async def send_batch(
        self, batch: FakeBatch, topic: str, *, partition: int
    ) -> Awaitable[object]:
        records = [
            Record(topic=topic, key=key, value=value, headers=headers, partition=partition)
            for key, value, headers in batch.records
        ]
        self.log += records
        answer: asyncio.Future[object] = asyncio.get_running_loop().create_future()
        if topic in self.refusing:
            answer.set_exception(ConnectionError(f"no broker for {topic}"))
        elif self.holding:
            self._held.append((answer, records))
        else:
            self._acknowledge(answer, records)
        return answer

    async def partitions_for(self, topic: str) -> set[int]:
        return set(range(self._partitions))

    def release(self) -> None:
        """Acknowledge all that is held, in order."""
        held, self._held = self._held, []
        for answer, records in held:
            self._acknowledge(answer, records)

    def _acknowledge(self, answer: asyncio.Future[object], records: list[Record]) -> None:
        self.acknowledged += records
        answer.set_result(None)


async def settled(turns: int = 40) -> None:
    """Let everything that can run without the broker run; no time passes but the outbox's."""
    for _ in range(turns):
        await asyncio.sleep(0.001)
