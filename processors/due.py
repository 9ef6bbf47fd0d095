"""What falls due when: per partition a heap of instants and keys.

Rebuilt from the rows, which carry their due instant, when a partition is taken over; kept
up by each stored step. An entry that its row no longer says is passed over.
"""

import heapq
from collections.abc import Iterator, Mapping

from processors.rows import due_of

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

    def until(self, now_us: int) -> Iterator[Entry]:
        """Take out, one by one and oldest first, what is due by *now_us*."""
        while self._heap and self._heap[0][0] <= now_us:
            due, partition, key = heapq.heappop(self._heap)
            self._fired[partition, key] = due
            yield due, partition, key

    def __len__(self) -> int:
        return len(self._heap)


def stands(entry: Entry, row: bytes | None) -> bool:
    """Tell whether the newest *row* of an entry's key still says that instant."""
    return row is not None and due_of(row) == entry[0]
