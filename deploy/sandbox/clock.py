"""The one clock that every timer reads (S35): real, scaled or stepped.

It asks no system clock: the edge hands it the wall time, in ms since 1970.
"""

STEPPED_START = 1_795_600_800_000
"""Where a stepped clock starts unless the seed says: 2026-11-25T10:00:00Z."""


class Clock:
    """Amazon's time as a function of wall time.

    *mode* is `real`, `scaled:N` (N times as fast, from the moment it was set) or `stepped`
    (moved by `advance` alone). Raises `ValueError` for another mode.
    """

    def __init__(self, mode: str, *, wall: int, start: int | None = None) -> None:
        self.mode = mode
        self._factor = factor(mode)
        self._wall = wall
        self._base = _beginning(mode, wall, start)

    def now(self, wall: int) -> int:
        """Give Amazon's time at wall time *wall*."""
        return self._base + int((wall - self._wall) * self._factor)

    def advance(self, ms: int, *, wall: int) -> int:
        """Move the clock forward by *ms* and give the new time. Refuses to go back."""
        if ms < 0:
            raise ValueError("the clock does not go back")
        self._base = self.now(wall) + ms
        self._wall = wall
        return self._base

    def switch(self, mode: str, *, wall: int) -> None:
        """Go on in another *mode* from the present time (real: from the wall's)."""
        now = self.now(wall)
        self._factor = factor(mode)
        self.mode, self._wall = mode, wall
        self._base = wall if mode == "real" else now


def factor(mode: str) -> float:
    """Give how many times faster than the wall clock a *mode* runs."""
    if mode in ("real", "stepped"):
        return 1.0 if mode == "real" else 0.0
    kind, _, times = mode.partition(":")
    if kind != "scaled" or not times or float(times) <= 0:
        raise ValueError(f"clock is real, scaled:N or stepped, not {mode!r}")
    return float(times)


def _beginning(mode: str, wall: int, start: int | None) -> int:
    if start is not None:
        return start
    return STEPPED_START if mode == "stepped" else wall
