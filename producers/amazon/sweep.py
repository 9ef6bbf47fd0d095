"""Taking away documents that no run refers to, and what is older than Amazon's data may be."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Protocol

import structlog

EVERY = timedelta(hours=6)
"""Time between two sweeps."""
ORPHANED = timedelta(days=1)
"""Age below which a document may be that of a run that is just being written down."""
KEPT = timedelta(days=548)
"""Nothing of Amazon's is kept longer: 18 months (`amazon.md` 2)."""

_log = structlog.get_logger()


class Archive(Protocol):
    """Where documents are kept."""

    def names(self) -> Iterator[tuple[str, datetime]]:
        """Give every document's name, and when it was put last."""

    def delete(self, name: str) -> None:
        """Take a document away."""


class Runs(Protocol):
    """The runs that refer to documents."""

    def referred(self) -> set[str]:
        """Give the names of all documents that a run refers to."""

    def forget(self, before: datetime) -> int:
        """Delete runs that ended and were wanted before then."""


def sweep(archive: Archive, runs: Runs, now: datetime) -> int:
    """Forget what is too old, then delete the documents that nobody refers to; give how many."""
    runs.forget(now - KEPT)
    referred = runs.referred()
    orphans = [
        name for name, put_at in archive.names() if name not in referred and now - put_at > ORPHANED
    ]
    for name in orphans:
        archive.delete(name)
    if orphans:
        _log.info("documents without a run deleted", count=len(orphans))
    return len(orphans)


class Sweeping:
    """A sweep now and then: *sweep* is told the time, and gives how many it took away."""

    def __init__(self, sweep: Callable[[datetime], int], now: Callable[[], datetime]) -> None:
        self._sweep = sweep
        self._now = now
        self._next = now()

    def turn(self) -> int:
        """Sweep if it is time; give how many were taken away."""
        now = self._now()
        if now < self._next:
            return 0
        self._next = now + EVERY
        return self._sweep(now)
