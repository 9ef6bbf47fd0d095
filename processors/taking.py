"""Which records are taken: those of partitions that are ours now, each one once, in order.

Faust hands out what it fetched, also while partitions move. So each record is compared with
the next one expected of its partition, and a generation that has ended takes nothing more.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import structlog
from faust.types import TP, Message

from processors.bounds import Bounds, Limits
from processors.outbox import Posting

Place = tuple[str, int]


class Taking:
    """The expected offsets of the owned partitions; *seek* goes back to one of them."""

    def __init__(self, seek: Callable[[Mapping[TP, int]], Awaitable[None]]) -> None:
        self._seek = seek
        self._expected: dict[Place, int] = {}
        self._begun: set[Place] = set()
        self._doubts: dict[Place, int] = {}
        self.generation: int | None = None
        self._log = structlog.get_logger()

    def begin(self, starts: Mapping[Place, int], generation: int) -> None:
        """Take records of *generation*, each partition from its start."""
        self._expected = dict(starts)
        self._begun.clear()
        self._doubts.clear()
        self.generation = generation

    def end(self) -> bool:
        """Take nothing any more; tell whether records were taken until now."""
        taking, self.generation = self.generation is not None, None
        return taking

    def expected(self) -> dict[TP, int]:
        """Give the offset of the next record to take, per partition."""
        return {TP(*place): offset for place, offset in self._expected.items()}

    def took(self, message: Message) -> None:
        """Expect the next record."""
        self._expected[message.topic, message.partition] = message.offset + 1

    async def timely(self, message: Message) -> bool:
        """Tell whether *message* is the next one of its partition.

        Records under way when a partition was taken over can hide those before them. So a
        first record that is not the expected one is asked for once more; when it comes
        again, nothing lies between (compaction, a transaction's marker).
        """
        if message.generation_id != self.generation:
            return False
        place = message.topic, message.partition
        expected, doubted = self._expected[place], self._doubts.get(place, -1)
        if message.offset < expected:
            return False
        if place in self._begun or message.offset in (expected, doubted):
            self._begun.add(place)
            return True
        if doubted < 0:
            await self._again(message, expected)
        return False

    async def _again(self, message: Message, expected: int) -> None:
        place = message.topic, message.partition
        self._doubts[place] = message.offset
        try:
            await self._seek({message.tp: expected})
        except Exception:  # noqa: BLE001 - no exception leaves an agent; the next record asks again
            self._doubts.pop(place, None)
            self._log.exception("could not seek", topic=place[0], partition=place[1])


class Refusals:
    """Says each dead letter aloud, and stops when a partition gives too many."""

    def __init__(self, group: str, limits: Limits, count: Callable[..., None]) -> None:
        self._group = group
        self._limits = limits
        self._count = count
        self._bounds: dict[Place, Bounds] = {}
        self._log = structlog.get_logger().bind(group=group)

    def clear(self) -> None:
        """Forget the counts: other partitions are ours now."""
        self._bounds.clear()

    def judge(self, posting: Posting) -> None:
        """Count *posting*. Raises `Poison` when its dead letter is one too many."""
        place = posting.topic, posting.partition
        bounds = self._bounds.setdefault(place, Bounds(self._limits))
        if posting.outcome != "quarantined":
            bounds.good()
            return
        told = self._tell(posting)
        if told != "KEY_PARKED":  # it only stands behind one that was counted
            bounds.dead(f"{posting.topic}/{posting.partition}/{posting.offset}")

    def _tell(self, posting: Posting) -> str:
        headers = {name: (value or b"").decode() for name, value in _ours(posting)}
        self._log.warning(
            "refused",
            topic=posting.topic,
            partition=posting.partition,
            offset=posting.offset,
            reason=headers["dlq-code"],
            why=headers["dlq-error-message"],
            stack=headers.get("dlq-stack"),
        )
        reason = headers["dlq-reason"]
        self._count("dead_letters_total", topic=posting.topic, group=self._group, reason=reason)
        return headers["dlq-code"]


def _ours(posting: Posting) -> list[Any]:
    letter = posting.records[0]
    first = max(n for n, (name, _) in enumerate(letter.headers) if name == "dlq-original-topic")
    return list(letter.headers[first:])
