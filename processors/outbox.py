"""Outputs, then state, then offset: the one order in which a step leaves a worker.

Steps go in waves: all outputs of a wave, once the broker has them all rows, once it has
those the inputs are handled, in their order. Meanwhile the next wave is decided; for a key
in flight its newer row stands in front of the table. A crash between any two of these
repeats the step over the older row: nothing is lost, at most a decision is sent twice.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from itertools import islice

import msgspec

from processors.deliver import Deliver
from schemas.pipeline import Handled
from schemas.record import Record

EACH = 0.000_5
"""Seconds to wait for company per step of the wave before: none to speak of when it is quiet."""

LONGEST = 0.02
"""Seconds to wait for company at most: under load waves grow, and a step costs half."""


class Posting(msgspec.Struct, frozen=True, kw_only=True):
    """One decided step: what it says, the row it leaves, the input it handled (if any).

    *row* None leaves the key's row as it is. *before* and *records* were measured.
    """

    partition: int
    key: bytes
    records: tuple[Record, ...] = ()
    row: bytes | None = None
    topic: str = ""
    offset: int = -1
    outcome: Handled = "unchanged"


class Broken(RuntimeError):
    """The outbox stopped: nothing after this point was acknowledged."""


class Outbox:
    """Steps on their way out, at most *room* of them, *wave* at a time.

    *stored* is called for each step once its outputs and its row are acknowledged, in the
    order in which the steps were put. *sure* is asked before anything is sent: it raises
    when this worker may no longer speak for its partitions.
    """

    def __init__(
        self,
        deliver: Deliver,
        changelog: str,
        *,
        stored: Callable[[Posting], None],
        sure: Callable[[], None] = lambda: None,
        room: int = 2_000,
        wave: int = 500,
    ) -> None:
        self._deliver = deliver
        self._changelog = changelog
        self._stored = stored
        self._sure = sure
        self._room = room
        self._wave = wave
        self._waiting: deque[Posting] = deque()
        self._flying = 0
        self._ahead: dict[tuple[int, bytes], bytes] = {}
        self._filled = asyncio.Event()
        self._emptied = asyncio.Condition()
        self.fault: BaseException | None = None

    def ahead(self, partition: int, key: bytes) -> bytes | None:
        """Give the row of a key that is on its way out, None if none is."""
        return self._ahead.get((partition, key))

    @property
    def steps(self) -> int:
        """How many steps are on their way."""
        return len(self._waiting) + self._flying

    def keys(self, partition: int) -> list[bytes]:
        """Give the keys of *partition* that are on their way out."""
        return [key for place, key in self._ahead if place == partition]

    async def room(self, share: float = 1.0) -> None:
        """Wait until one more step has room; *share* of all of it is the caller's.

        Raises `Broken` if none will ever have.
        """
        limit = self._room * share
        if self.steps >= limit:
            async with self._emptied:
                await self._emptied.wait_for(lambda: self.fault or self.steps < limit)
        self._check()

    def put(self, posting: Posting) -> None:
        """Take one step over. Between reading the key's newest row and this nothing may wait."""
        if posting.row is not None:
            self._ahead[posting.partition, posting.key] = posting.row
        self._waiting.append(posting)
        self._filled.set()

    async def empty(self) -> None:
        """Wait until every step is stored. Raises `Broken` if some never will be."""
        async with self._emptied:
            await self._emptied.wait_for(lambda: self.fault or not self.steps)
        self._check()

    def forget(self) -> None:
        """Drop what has not been sent: its partitions belong to someone else now."""
        self._waiting.clear()
        self._ahead.clear()
        self._filled.clear()

    async def work(self) -> None:
        """Send wave after wave until cancelled. Raises what made a send fail for good."""
        size = 0
        try:
            while True:
                await self._filled.wait()
                await asyncio.sleep(min(LONGEST, EACH * size))
                wave = self._take()
                size = len(wave)
                await self._send(wave)
                await self._tell()
        except BaseException as fault:
            self.fault = fault
            await self._tell()
            raise

    def _take(self) -> list[Posting]:
        wave = list(islice(self._waiting, self._wave))
        for _ in wave:
            self._waiting.popleft()
        self._flying = len(wave)
        if not self._waiting:
            self._filled.clear()
        return wave

    async def _send(self, wave: list[Posting]) -> None:
        self._sure()
        await self._deliver(record for posting in wave for record in posting.records)
        self._sure()
        await self._deliver(self._rows(wave))
        for posting in wave:
            self._stored(posting)
            place = posting.partition, posting.key
            if posting.row is not None and self._ahead.get(place) is posting.row:
                del self._ahead[place]
        self._flying = 0

    def _rows(self, wave: list[Posting]) -> list[Record]:
        newest = {(p.partition, p.key): p.row for p in wave if p.row is not None}
        return [
            Record(topic=self._changelog, partition=partition, key=key, value=row)
            for (partition, key), row in newest.items()
        ]

    async def _tell(self) -> None:
        async with self._emptied:
            self._emptied.notify_all()

    def _check(self) -> None:
        if self.fault is not None:
            raise Broken("the outbox stopped") from self.fault
