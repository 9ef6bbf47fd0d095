"""Queues that stand in for SQS: at least once, hidden for a while once received (S30)."""

from collections.abc import Iterator
from typing import Any, Protocol

import msgspec

from deploy.sandbox.chance import Chance
from deploy.sandbox.when import text

VISIBILITY = 30.0
"""Seconds for which a received body is hidden from others; SQS's default."""
MOST = 10
"""Bodies given at once, as by SQS."""


class Sink(Protocol):
    """Where finished bodies go."""

    def deliver(self, queue: str, body: bytes, now: int) -> None:
        """Take one body for *queue*."""


class Waiting(msgspec.Struct, kw_only=True):
    """One body in a queue."""

    id: str
    body: bytes
    sent: int
    visible: int
    count: int = 0


class Queue:
    """One queue: bodies in the order they came, each until it is deleted."""

    def __init__(self, name: str, chance: Chance) -> None:
        self._name = name
        self._chance = chance
        self._waiting: dict[str, Waiting] = {}

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, body: bytes, now: int) -> None:
        """Take a body in."""
        number = self._chance.identity("queue", self._name)
        self._waiting[number] = Waiting(id=number, body=body, sent=now, visible=now)

    def receive(self, now: int, *, most: int = MOST, hidden: float = VISIBILITY) -> list[Waiting]:
        """Give up to *most* bodies that are visible, and hide them for *hidden* seconds."""
        found = []
        for waiting in self._visible(now):
            waiting.visible, waiting.count = now + round(hidden * 1000), waiting.count + 1
            found.append(waiting)
            if len(found) >= most:
                break
        return found

    def _visible(self, now: int) -> Iterator[Waiting]:
        return (waiting for waiting in self._waiting.values() if waiting.visible <= now)

    def peek(self) -> list[Waiting]:
        """Give all bodies and hide none."""
        return list(self._waiting.values())

    def delete(self, receipt: str) -> bool:
        """Delete what was received with *receipt*; say whether it was still there."""
        return self._waiting.pop(receipt.partition(":")[0], None) is not None


class Queues:
    """The queues of one world by name; one comes into being with its first body."""

    def __init__(self, chance: Chance) -> None:
        self._chance = chance
        self._queues: dict[str, Queue] = {}

    def deliver(self, queue: str, body: bytes, now: int) -> None:
        """Take one body for *queue*."""
        self.named(queue).add(body, now)

    def named(self, name: str) -> Queue:
        """Give the queue of that name."""
        if name not in self._queues:
            self._queues[name] = Queue(name, self._chance)
        return self._queues[name]

    def told(self) -> dict[str, Any]:
        """Give the number of bodies in each queue."""
        return {name: len(queue) for name, queue in sorted(self._queues.items())}


def shown(waiting: Waiting) -> dict[str, Any]:
    """Give a body as the control plane shows it; the receipt is good for deleting it."""
    return {
        "id": waiting.id,
        "receipt": f"{waiting.id}:{waiting.count}",
        "body": waiting.body.decode("utf-8", "replace"),
        "sent": text(waiting.sent),
        "count": waiting.count,
    }
