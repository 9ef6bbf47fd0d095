"""The table of facts: a Faust table whose rows only the outbox changes.

Faust restores it from its changelog and moves it with the partitions. Rows are kept per
partition, so that those of a lost one go at once, and never a row of someone else is seen.
"""

from collections.abc import Awaitable, Callable, Iterable, Iterator
from typing import Any

import faust
from faust.types import TP, EventT, FutureMessage

from processors.rows import version_of


class NotThroughOutbox(RuntimeError):
    """Somebody wrote to the table by hand; rows change only through the outbox."""


class FactsTable(faust.Table[bytes, bytes]):
    """Rows of the partitions that this worker owns, bytes to bytes.

    *restored* is awaited with the owned partitions each time recovery has ended.
    """

    def __init__(
        self,
        app: faust.App,
        *,
        name: str,
        partitions: int,
        restored: Callable[[frozenset[int]], Awaitable[None]],
    ) -> None:
        super().__init__(
            app,
            name=name,
            partitions=partitions,
            key_type=bytes,
            value_type=bytes,
            use_partitioner=True,
        )
        self._restored = restored
        self._rows: dict[int, dict[bytes, bytes]] = {}

    @property
    def owned(self) -> frozenset[int]:
        """The partitions whose rows are kept here now."""
        return frozenset(self._rows)

    def row(self, partition: int, key: bytes) -> bytes | None:
        """Give the stored row of *key*, None if there is none."""
        return self._rows.get(partition, {}).get(key)

    def rows(self, partition: int) -> dict[bytes, bytes]:
        """Give all rows of one owned partition; not to be changed."""
        return self._rows.get(partition, {})

    def sizes(self) -> Iterator[tuple[int, int]]:
        """Give each owned partition with its number of rows."""
        return ((partition, len(rows)) for partition, rows in self._rows.items())

    def store(self, partition: int, key: bytes, row: bytes) -> None:
        """Keep a row that the changelog has acknowledged."""
        if partition in self._rows:
            self._rows[partition][key] = row

    def send_changelog(self, *_: Any, **__: Any) -> FutureMessage:
        """Refuse: the changelog is the outbox's. Raises `NotThroughOutbox`."""
        raise NotThroughOutbox(self.name)

    def apply_changelog_batch(self, batch: Iterable[EventT[Any]]) -> None:
        """Take rows from the changelog: the highest version of a key wins, wherever it stands."""
        for event in batch:
            message = event.message
            self._take(message.partition, message.key, message.value)

    def _take(self, partition: int, key: bytes | None, row: bytes | None) -> None:
        rows = self._rows.get(partition)
        if rows is None or key is None or row is None:
            return
        known = rows.get(key)
        if known is None or version_of(row) >= version_of(known):
            rows[key] = row

    async def on_rebalance(
        self, assigned: set[TP], revoked: set[TP], newly_assigned: set[TP], generation_id: int = 0
    ) -> None:
        """Drop the rows of partitions that are ours no more, make room for new ones."""
        await super().on_rebalance(assigned, revoked, newly_assigned, generation_id)
        mine = {tp.partition for tp in assigned if tp.topic == self.changelog_topic_name}
        self._rows = {p: self._rows.get(p, {}) for p in sorted(mine)}

    async def on_recovery_completed(self, active_tps: set[TP], standby_tps: set[TP]) -> None:
        """Hand over to what is built from restored rows."""
        await super().on_recovery_completed(active_tps, standby_tps)
        await self._restored(self.owned)
