"""Looking again at many keys, because settings, a report or an account changed.

Each owned partition is walked in the order of its keys, with all outstanding scans at once.
How far a scan came is a row of the partition itself, so whoever takes the partition over
goes on there. A newer scan of the same id supersedes an older one. A report's scan waits
until the rows that it speaks of were handled.
"""

import asyncio
import contextlib
from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime

import msgspec
import structlog

from processors.deciding import RESERVED, Deciding
from processors.outbox import Outbox, Posting
from processors.rows import HEAD, microseconds
from processors.step import Facts, Scan
from processors.table import FactsTable
from schemas.errors import Refused

PREFIX = RESERVED + b"scan|"

CHUNK = 20
"""Keys between two breaths, in which inputs are handled."""

SHARE = 0.25
"""Of the outbox's room that a scan may fill: the rest stays free for inputs."""

AGAIN = 0.5
"""Seconds after which a scan that has to wait is looked at again."""

REPORT_ROWS = "amazon.listing.v1"


class Progress(msgspec.Struct, frozen=True, array_like=True):
    """How far one scan came in one partition: all keys up to *upto*, or *done*."""

    version: int
    upto: bytes = b""
    done: bool = False
    deleted: bool = False


def row_key(scan: Scan) -> bytes:
    """Give the key of the progress row of *scan*."""
    return PREFIX + "|".join((scan.topic, scan.kind, scan.id)).encode()


def progress_of(row: bytes | None) -> Progress | None:
    """Give the progress in *row*."""
    return None if row is None else msgspec.msgpack.decode(row[HEAD.size :], type=Progress)


def row_of(progress: Progress, now_us: int) -> bytes:
    """Give the row that keeps *progress*."""
    return HEAD.pack(now_us, 0) + msgspec.msgpack.encode(progress)


def outstanding(scan: Scan, progress: Progress | None) -> bytes | None:
    """Give the key after which *scan* has to go on, None if it is through."""
    if progress is None or (progress.version, progress.deleted) != (scan.version, scan.deleted):
        return b""
    return None if progress.done else progress.upto


def vanished(rows: Mapping[bytes, bytes], wanted: Iterable[bytes]) -> list[Scan]:
    """Give scans for settings that were taken away while nobody looked."""
    known = set(wanted)
    gone = [key for key in rows if key.startswith(PREFIX) and key not in known]
    scans = []
    for key in gone:
        topic, kind, id_ = key[len(PREFIX) :].decode().split("|", 2)
        progress = progress_of(rows[key])
        if progress and not progress.deleted and kind != "report":
            version = progress.version + 1
            scans.append(Scan(kind=kind, id=id_, version=version, topic=topic, deleted=True))
    return scans


class Scanner:
    """Walks the partitions of one worker."""

    def __init__(
        self,
        deciding: Deciding[Facts],
        table: FactsTable,
        outbox: Outbox,
        *,
        newest: Callable[[int, bytes], bytes | None],
        position: Callable[[str, int], int | None],
        waits: bool,
        taking: Callable[[], bool],
        clock: Callable[[], datetime],
    ) -> None:
        self._deciding = deciding
        self._table = table
        self._outbox = outbox
        self._newest = newest
        self._position = position
        self._taking = taking
        self._waits = waits
        self._clock = clock
        self._wanted: dict[bytes, Scan] = {}
        self._news = asyncio.Event()
        self._log = structlog.get_logger()

    def want(self, scan: Scan) -> None:
        """Have *scan* run over every owned partition, in place of an older one of its id."""
        self._wanted[row_key(scan)] = scan
        self._news.set()

    def restored(self) -> None:
        """Look at all partitions again: some are new."""
        for partition in self._table.owned:
            for scan in vanished(self._table.rows(partition), self._wanted):
                self._wanted.setdefault(row_key(scan), scan)
        self._news.set()

    async def work(self) -> None:
        """Run what is wanted until cancelled."""
        while True:
            self._news.clear()
            waiting = False
            for partition in sorted(self._table.owned):
                if self._taking():
                    waiting |= await self._walk(partition)
            waiting |= not self._taking()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._news.wait(), AGAIN if waiting else None)

    async def _walk(self, partition: int) -> bool:
        """Walk one partition; tell whether a scan still waits for rows of its report."""
        due, waiting = self._ready(partition)
        if due:
            await self._pass(partition, due)
        return waiting

    def _ready(self, partition: int) -> tuple[dict[bytes, bytes], bool]:
        found: dict[bytes, bytes] = {}
        waiting = False
        for key, scan in self._wanted.items():
            upto = outstanding(scan, progress_of(self._newest(partition, key)))
            if upto is None:
                continue
            if self._may(scan, partition):
                found[key] = upto
            else:
                waiting = True
        return found, waiting

    def _may(self, scan: Scan, partition: int) -> bool:
        end = scan.after.get(str(partition), 0)
        if not self._waits or not end:
            return True
        position = self._position(REPORT_ROWS, partition)
        return position is not None and position >= end

    async def _pass(self, partition: int, found: dict[bytes, bytes]) -> None:
        scans = {key: self._wanted[key] for key in found}
        rows = self._table.rows(partition)
        keys = sorted(
            k for k in {*rows, *self._outbox.keys(partition)} if not k.startswith(RESERVED)
        )
        start = bisect_right(keys, min(found.values()))
        every = max(200, 20 * len(scans))
        for n, key in enumerate(keys[start:], start=1):
            if n % CHUNK == 0:
                await asyncio.sleep(0)
            await self._outbox.room(SHARE)
            if not self._mine(partition):
                return
            scans = {k: s for k, s in scans.items() if self._wanted.get(k) is s}
            self._one(partition, key, [s for k, s in scans.items() if found[k] < key])
            if n % every == 0:
                self._keep(partition, scans, found, key)
        await self._outbox.room()
        if self._mine(partition):
            self._keep(partition, scans, found, None)

    def _mine(self, partition: int) -> bool:
        return self._taking() and partition in self._table.owned

    def _one(self, partition: int, key: bytes, scans: list[Scan]) -> None:
        try:
            posting = self._deciding.scan(partition, key, scans)
        except Refused as refused:
            self._log.warning("review refused", key=repr(key), reason=refused.reason.code)
        except Exception:  # noqa: BLE001 - one key must not keep the scan from the others
            self._log.exception("review failed", key=repr(key), partition=partition)
        else:
            if posting is not None:
                self._outbox.put(posting)

    def _keep(
        self, partition: int, scans: dict[bytes, Scan], found: dict[bytes, bytes], key: bytes | None
    ) -> None:
        now = microseconds(self._clock())
        for row_key_, scan in scans.items():
            if self._wanted.get(row_key_) is not scan:
                continue
            upto = max(found[row_key_], key or b"")
            progress = Progress(scan.version, upto, key is None, scan.deleted)
            row = row_of(progress, now)
            self._outbox.put(Posting(partition=partition, key=row_key_, row=row))
