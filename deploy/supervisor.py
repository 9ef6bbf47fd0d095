"""A crew of worker processes: started, started again when they end, stopped in order."""

import signal
import sys
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec

from deploy.embedded.process import Guarded, Order, tail

STOP = ((signal.SIGTERM, 10.0),)
"""A worker finishes, flushes, commits and leaves within 10 s (`operations.md` 11)."""

BACKOFF = (0.0, 0.5, 1.0, 2.0, 5.0, 10.0)
"""Seconds before a worker that ended is started again, by how often it ended lately."""

CALM = 30.0
"""Seconds after which a running worker is no longer held to have just crashed."""


class Post(msgspec.Struct, frozen=True):
    """One worker's place: its role, and which of that role's workers it is."""

    role: str
    number: int

    def __str__(self) -> str:
        return f"{self.role}-{self.number}"


class Place:
    """One post with the process that fills it now."""

    def __init__(self, post: Post, command: Sequence[str], folder: Path, environ: dict[str, str]):
        self.post = post
        self.log = folder / f"{post}.log"
        self._order = Order(
            command=command,
            cwd=folder,
            log=self.log,
            stop=STOP,
            orphaned=signal.SIGKILL,
            environ=environ,
        )
        self._ends = 0
        self._again = 0.0
        self._since = 0.0
        self._running: Guarded | None = None

    @property
    def pid(self) -> int:
        """The worker's process id, 0 while there is none."""
        return self._running.pid if self._running and self._running.running else 0

    def start(self) -> None:
        """Start the worker's process."""
        self._running = Guarded(self._order)
        self._since = time.monotonic()

    def tend(self) -> bool:
        """Start it again if it ended and its time has come; tell whether it ended."""
        now = time.monotonic()
        if self._running is not None:
            if self._running.running:
                return False
            if now - self._since > CALM:
                self._ends = 0
            self._again = now + BACKOFF[min(self._ends, len(BACKOFF) - 1)]
            self._ends += 1
            self._running.stop()
            self._running = None
            return True
        if now >= self._again:
            self.start()
        return False

    def ask_to_stop(self) -> Guarded | None:
        """Give the process to be stopped, and start no other."""
        running, self._running, self._again = self._running, None, float("inf")
        return running

    def why(self) -> str:
        """Give the last lines that the worker wrote."""
        return tail(self.log)


class Crew:
    """Workers of several roles, each a process of its own: `listwire work ROLE`."""

    def __init__(self, roles: Mapping[str, int], folder: Path, environ: Mapping[str, str]) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.places = [
            Place(Post(role, number + 1), [*listwire(), "work", role], folder, dict(environ))
            for role, count in roles.items()
            for number in range(count)
        ]

    def start(self) -> None:
        """Start every worker."""
        for place in self.places:
            place.start()

    def tend(self) -> list[Place]:
        """Start again what ended; give the places that were found empty."""
        return [place for place in self.places if place.tend()]

    def stop(self) -> None:
        """Stop all workers at once and wait until they are gone."""
        running = [r for place in self.places if (r := place.ask_to_stop())]
        with ThreadPoolExecutor(len(self.places) or 1) as pool:
            list(pool.map(Guarded.stop, running))


def listwire() -> list[str]:
    """Give the words that start our own command: the installed script, never `-m`."""
    return [sys.executable, "-P", str(Path(sys.executable).with_name("listwire"))]
