"""How much of a partition may be refused before its worker stops (`reliability.md` I)."""

from collections import deque

import msgspec


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """How many dead letters a partition may give before its worker stops and asks."""

    row: int = 20
    """In a row."""
    window: int = 10_000
    """Records looked back over."""
    share: float = 0.01
    """Of the window, but at least *row*."""


class Poison(RuntimeError):
    """So much of a partition is refused that it is we, or the sender, who are broken."""


class Bounds:
    """Counts the dead letters of one partition (`reliability.md` I)."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._row = 0
        self._seen = 0
        self._dead: deque[int] = deque()

    def good(self) -> None:
        """Note a record that was handled."""
        self._seen += 1
        self._row = 0

    def dead(self, place: str) -> None:
        """Note a dead letter. Raises `Poison` when it is one too many."""
        self._seen += 1
        self._row += 1
        self._dead.append(self._seen)
        while self._dead[0] <= self._seen - self._limits.window:
            self._dead.popleft()
        window = min(self._seen, self._limits.window)
        if self._row > self._limits.row:
            raise Poison(f"{self._row} records in a row refused, the last at {place}")
        if len(self._dead) > max(self._limits.row, self._limits.share * window):
            raise Poison(f"{len(self._dead)} of the last {window} refused, the last at {place}")
