"""A worker that stands still while records wait ends itself, and is started again.

Whatever the cause in the machinery underneath (`reliability.md` 2.4, stage 2; mechanism J):
a partition of ours whose position has not moved for a minute although the broker has a
record there. That a record is there is looked up by a reader of its own, since offsets
behind the last record may be a transaction's marker, or compacted.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Protocol

from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaError
from aiokafka.structs import TopicPartition

Place = tuple[str, int]
Waiting = Callable[[Place, int], Awaitable[bool]]
"""Tells whether the broker has a record at an offset of a place, or behind it."""

STANDS = 60.0
"""Seconds without progress after which a partition is looked at."""

LOOK = 10.0
"""Seconds between two looks."""


class Stands(RuntimeError):
    """A partition of ours is not read although records wait there."""


class Ends(Protocol):
    """What tells where logs end."""

    async def end_offsets(self, partitions: Sequence[TopicPartition]) -> Mapping[Any, int]:
        """Give the offsets behind the last records."""


class Standing:
    """How long each place has stood at its position."""

    def __init__(self, after: float) -> None:
        self._after = after
        self._since: dict[Place, tuple[int, float]] = {}

    def look(self, positions: Mapping[Place, int], now: float) -> list[Place]:
        """Give the places that have stood long enough to be asked about."""
        for place, position in positions.items():
            if self._since.get(place, (None, 0.0))[0] != position:
                self._since[place] = (position, now)
        self._since = {p: s for p, s in self._since.items() if p in positions}
        return [p for p, (_, since) in self._since.items() if now - since > self._after]

    def forgive(self, place: Place) -> None:
        """Begin anew with *place*."""
        self._since.pop(place, None)


async def watch(
    positions: Callable[[], Mapping[Place, int]],
    ends: Ends,
    waiting: Waiting,
    *,
    clock: Callable[[], float],
    after: float = STANDS,
    every: float = LOOK,
) -> None:
    """Look until cancelled. Raises `Stands`, naming the place."""
    standing = Standing(after)
    while True:
        await asyncio.sleep(every)
        now_at = positions()
        for place in standing.look(now_at, clock()):
            if await _behind(place, now_at[place], ends) and await waiting(place, now_at[place]):
                topic, partition = place
                raise Stands(f"{topic}/{partition} stands at {now_at[place]} for {after:.0f} s")
            standing.forgive(place)


async def _behind(place: Place, position: int, ends: Ends) -> bool:
    partition = TopicPartition(*place)
    try:
        return (await ends.end_offsets([partition]))[partition] > position
    except KafkaError:
        return False  # a broker that is away is no fault of this worker


def record_at(bootstrap: str) -> Waiting:
    """Give what asks the broker at *bootstrap*, by a consumer of its own for each question."""

    async def waiting(place: Place, position: int) -> bool:
        consumer = AIOKafkaConsumer(
            bootstrap_servers=bootstrap,
            isolation_level="read_committed",
            enable_auto_commit=False,
        )
        try:
            await consumer.start()
            partition = TopicPartition(*place)
            consumer.assign([partition])
            consumer.seek(partition, position)
            return bool(await consumer.getmany(timeout_ms=5_000))
        except KafkaError:
            return False
        finally:
            await consumer.stop()

    return waiting
