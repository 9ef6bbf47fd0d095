"""What is still to happen besides accepted writes: reports, schedules, messages on their way.

Each act is told the time it was due at, not the time somebody looked (S35).
"""

import heapq
from collections.abc import Callable

Act = Callable[[int], None]


class Agenda:
    """Acts by time; those of one time in the order they were entered."""

    def __init__(self) -> None:
        self._heap: list[tuple[int, int, Act]] = []
        self._number = 0

    def at(self, due: int, act: Act) -> None:
        """Let *act* happen at *due*."""
        self._number += 1
        heapq.heappush(self._heap, (due, self._number, act))

    def next(self) -> int | None:
        """Give the time of the next act, or None."""
        return self._heap[0][0] if self._heap else None

    def happen(self) -> None:
        """Let the next act happen."""
        due, _, act = heapq.heappop(self._heap)
        act(due)
