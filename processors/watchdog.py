"""A worker that stands still while records wait ends itself, and is started again.

Whatever the cause in the machinery underneath (`reliability.md` 2.4, stage 2; mechanism J):
a partition of ours whose position has not moved for a minute although all that time the
broker had a record there. That a record is there is looked up by a reader of its own, since
offsets behind the last record may be a transaction's marker, or compacted.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaError
from aiokafka.structs import TopicPartition

Place = tuple[str, int]
Waiting = Callable[[Place, int], Awaitable[bool]]
"""Tells whether the broker has a record at an offset of a place, or behind it."""

STANDS = 60.0
"""Seconds without progress, with something to read, after which a partition is looked at."""

LOOK = 10.0
"""Seconds between two looks."""


class Stands(RuntimeError):
    """A partition of ours is not read although records wait there."""


class Ends(Protocol):
    """What tells where logs end."""

    async def end_offsets(self, partitions: Sequence[TopicPartition]) -> Mapping[Any, int]:
        """Give the offsets behind the last records."""


class Position(NamedTuple):
    """How far a place came: the next record to hand out, and the next to store."""

    read: int
    handled: int


class Standing:
    """How long each place has stood at its position with something behind it.

    What was handed out waits its turn in a queue: that counts as standing only while the
    whole worker handles nothing.
    """

    def __init__(self, after: float) -> None:
        self._after = after
        self._since: dict[Place, tuple[Any, float]] = {}

    def look(
        self, positions: Mapping[Place, Position], ends: Mapping[Place, int], now: float
    ) -> list[Place]:
        """Give the places that have stood too long."""
        done = sum(position.handled for position in positions.values())
        seen: dict[Place, tuple[Any, float]] = {}
        for place, position in positions.items():
            if ends.get(place, 0) > position.handled:
                mark = (position, done if position.read > position.handled else None)
                before, since = self._since.get(place, (mark, now))
                seen[place] = mark, since if before == mark else now
        self._since = seen
        return [place for place, (_, since) in seen.items() if now - since > self._after]

    def forgive(self, place: Place) -> None:
        """Begin anew with *place*."""
        self._since.pop(place, None)


async def watch(
    positions: Callable[[], Mapping[Place, Position]],
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
        for place in standing.look(now_at, await _known(ends, now_at), clock()):
            at = now_at[place].handled
            if await waiting(place, at):
                topic, partition = place
                raise Stands(f"{topic}/{partition} stands at {at} for {after:.0f} s")
            standing.forgive(place)


async def _known(ends: Ends, places: Iterable[Place]) -> Mapping[Place, int]:
    try:
        found = await ends.end_offsets([TopicPartition(*place) for place in places])
    except KafkaError:
        return {}  # a broker that is away is no fault of this worker
    return {(tp.topic, tp.partition): end for tp, end in found.items()}


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
