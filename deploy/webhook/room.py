"""How much the webhook holds at one time: bodies being read, records not acknowledged.

`reliability.md` A.c: at most 5,000 records and 16 MiB; beyond, 503 with Retry-After.
"""

from types import TracebackType
from typing import Self

from producers.publish import MAX_BYTES, MAX_RECORDS


class Full(Exception):
    """There is no room for more now."""


class Room:
    """What is held at this moment, by all requests together."""

    def __init__(self, *, records: int = MAX_RECORDS, size: int = MAX_BYTES) -> None:
        self._most = (records, size)
        self.records = 0
        self.size = 0

    def lease(self) -> "Lease":
        """Give one request's share, empty."""
        return Lease(self)

    def change(self, records: int, size: int) -> None:
        """Hold so much more (or less). Raises `Full`, and holds nothing more then."""
        more = (self.records + records, self.size + size)
        if (records > 0 or size > 0) and (more[0] > self._most[0] or more[1] > self._most[1]):
            raise Full
        self.records, self.size = more


class Lease:
    """What one request holds; given back at its end."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self._held = (0, 0)

    def hold(self, *, records: int = 0, size: int = 0) -> None:
        """Hold so much in place of what was held before. Raises `Full`."""
        before = self._held
        self._room.change(records - before[0], size - before[1])
        self._held = (records, size)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.hold()
