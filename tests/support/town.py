"""The three roles in one process: every output finds its reader, in a shuffled order.

What the runtime does with Kafka happens here with lists: one queue per topic and key, the
newest facts per role and key, outputs settled as the runtime settles them. Between keys the
order is drawn from *seed*, as partitions would mix it; within one it is kept.
"""

from collections import defaultdict, deque
from collections.abc import Iterable
from datetime import datetime
from random import Random
from typing import Any

import msgspec

from processors.listings import Listings
from processors.matching import Matching
from processors.products import Products
from processors.settle import Occasion, settle
from processors.step import Cause, Change
from schemas.record import Record
from schemas.settings import Settings
from tests.support.shop import NOON, stored


class Town:
    """Roles, their facts, and what was said so far."""

    def __init__(self, settings: Settings, *, seed: int = 0, now: datetime = NOON) -> None:
        self.settings = settings
        self.now = now
        self.random = Random(seed)
        self.roles: tuple[Any, ...] = (Products(), Matching(), Listings())
        self.facts: dict[tuple[str, bytes], Any] = {}
        self.queues: dict[tuple[str, bytes], deque[Record]] = defaultdict(deque)
        self.said: list[Record] = []
        self._ticks = int(now.timestamp() * 1_000_000)

    def tell(self, *records: Record) -> "Town":
        """Put *records* before the roles, and go on until nobody has anything to say."""
        for record in records:
            self._enqueue(record)
        return self.settled()

    def settled(self, *, most: int = 2_000) -> "Town":
        """Handle everything that waits. Raises AssertionError if it does not end."""
        for _ in range(most):
            waiting = [at for at, queue in self.queues.items() if queue]
            if not waiting:
                return self
            self._handle(self.queues[self.random.choice(waiting)].popleft())
        raise AssertionError(f"still talking after {most} records")

    def pass_time(self, now: datetime) -> "Town":
        """Let every due instant up to *now* fire, in order."""
        while (due := self._next_due(now)) is not None:
            instant, role, key = due
            self.now = max(self.now, instant)
            cause = Cause(kind="due", time=instant)
            change = role.review(self.facts[role.name, key], self.settings, instant, cause)
            self._keep(role, key, change)
            self.settled()
        self.now = now
        return self

    def last(self, topic: str) -> dict[bytes, Any]:
        """Give the newest value per key of *topic*."""
        return {
            r.key or b"": None if r.value is None else msgspec.json.decode(r.value)
            for r in self.said
            if r.topic == topic
        }

    def statuses(self) -> dict[str, str]:
        """Give tab and status by store and seller SKU."""
        rows = self.last("listing.status.v1").values()
        return {
            f"{row['store']} {row['seller_sku']}": f"{row['tab']}/{row['status']}"
            for row in rows
            if row is not None
        }

    def _next_due(self, now: datetime) -> tuple[datetime, Any, bytes] | None:
        found = [
            (instant, role.name, key, role)
            for role in self.roles
            for (name, key), facts in self.facts.items()
            if name == role.name and (instant := role.due(facts, self.settings)) is not None
        ]
        ripe = [due for due in found if due[0] <= now]
        if not ripe:
            return None
        instant, _, key, role = min(ripe, key=lambda due: due[:3])
        return instant, role, key

    def _enqueue(self, record: Record) -> None:
        self.queues[record.topic, record.key or b""].append(record)

    def _handle(self, record: Record) -> None:
        for role in self.roles:
            if record.topic in role.inputs:
                key = record.key or b""
                facts = self.facts.get((role.name, key), role.facts())
                self._keep(role, key, role.step(record, facts, self.settings, self.now))

    def _keep(self, role: Any, key: bytes, change: Change[Any]) -> None:
        self._ticks += 1
        occasion = Occasion(source=role.name, time=self.now, now_us=self._ticks)
        records, sent = settle(change.outputs, change.facts.sent, occasion)
        newer = msgspec.structs.replace(change.facts, sent=sent)
        self.facts[role.name, key] = stored(newer)
        self._say(records)

    def _say(self, records: Iterable[Record]) -> None:
        for record in records:
            self.said.append(record)
            self._enqueue(record)
            if (answer := self._answer(record)) is not None:
                self._enqueue(answer)

    def _answer(self, record: Record) -> Record | None:
        """Give what the world outside says to *record*: here it is silent."""
        return None
