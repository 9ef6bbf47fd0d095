"""What falls due when: per partition a heap of instants and keys.

Rebuilt from the rows, which carry their due instant, when a partition is taken over; kept
up by each stored step. An entry that its row no longer says is passed over.
"""

import asyncio
import heapq
from collections.abc import Callable, Mapping
from datetime import datetime

import structlog

from processors.deciding import Deciding
from processors.outbox import Outbox
from processors.rows import due_of, microseconds, moment_of
from processors.step import Cause, Facts
from processors.table import FactsTable

TICK = 0.25
"""Seconds between two looks at what is due."""

SHARE = 0.5
"""Of the outbox's room that due keys may fill: the rest stays free for inputs."""

Entry = tuple[int, int, bytes]
"""Microseconds since 1970, partition, key."""


class DueList:
    """Keys of the owned partitions by the instant at which they must be looked at again."""

    def __init__(self) -> None:
        self._heap: list[Entry] = []
        self._fired: dict[tuple[int, bytes], int] = {}

    def note(self, partition: int, key: bytes, row: bytes) -> None:
        """Take over the due instant of a stored row.

        One that is not later than the instant that just fired is left out: a rule that
        wants the same moment again would be asked for ever.
        """
        due = due_of(row)
        fired = self._fired.pop((partition, key), 0)
        if due > fired:
            heapq.heappush(self._heap, (due, partition, key))
        elif due:
            self._fired[partition, key] = fired

    def rebuild(self, partitions: Mapping[int, Mapping[bytes, bytes]]) -> None:
        """Start anew from the rows of the owned partitions."""
        self._fired.clear()
        self._heap = [
            (due, partition, key)
            for partition, rows in partitions.items()
            for key, row in rows.items()
            if (due := due_of(row))
        ]
        heapq.heapify(self._heap)

    def next(self, now_us: int) -> Entry | None:
        """Take out the oldest entry that is due by *now_us*, None if nothing is."""
        if not self._heap or self._heap[0][0] > now_us:
            return None
        due, partition, key = heapq.heappop(self._heap)
        self._fired[partition, key] = due
        return due, partition, key

    def __len__(self) -> int:
        return len(self._heap)


def stands(entry: Entry, row: bytes | None) -> bool:
    """Tell whether the newest *row* of an entry's key still says that instant."""
    return row is not None and due_of(row) == entry[0]


class Alarm:
    """Has due keys of the owned partitions looked at again, *taking* permitting."""

    def __init__(
        self,
        due: DueList,
        deciding: Deciding[Facts],
        table: FactsTable,
        outbox: Outbox,
        *,
        newest: Callable[[int, bytes], bytes | None],
        taking: Callable[[], bool],
        clock: Callable[[], datetime],
    ) -> None:
        self._due = due
        self._deciding = deciding
        self._table = table
        self._outbox = outbox
        self._newest = newest
        self._taking = taking
        self._clock = clock
        self._log = structlog.get_logger()

    async def work(self) -> None:
        """Look at what is due until cancelled."""
        while True:
            await asyncio.sleep(TICK)
            while self._taking() and (entry := self._due.next(microseconds(self._clock()))):
                await self._fire(entry)

    async def _fire(self, entry: Entry) -> None:
        await self._outbox.room(SHARE)
        due, partition, key = entry
        if not self._taking() or partition not in self._table.owned:
            return  # whoever takes the partition over finds it in the row
        if stands(entry, self._newest(partition, key)):
            self._review(partition, key, moment_of(due))

    def _review(self, partition: int, key: bytes, instant: datetime) -> None:
        cause = Cause(kind="due", time=instant)
        try:
            posting = self._deciding.review(partition, key, cause, instant)
        except Exception:  # noqa: BLE001 - one key must not keep the others from their time
            self._log.exception("review failed", key=repr(key), due=instant.isoformat())
            return
        if posting is not None:
            self._outbox.put(posting)
