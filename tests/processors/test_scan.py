"""Scans: every key of the owned partitions once, in chunks, resumable, the newest wins."""

import asyncio
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from processors.outbox import Posting
from processors.scan import Progress, Scanner, outstanding, progress_of, row_key, row_of, vanished
from processors.step import Scan
from tests.support.broker import settled

NOW = datetime(2026, 11, 25, tzinfo=UTC)
KEYS = [b"key-%03d" % n for n in range(450)]


def rule(version: int = 4, **more: Any) -> Scan:
    return Scan(kind="rule", id="acme-de", version=version, topic="settings.v1", **more)


class Desk:
    """A scanner over one partition whose rows are stored at once."""

    def __init__(self, rows: dict[bytes, bytes] | None = None, waits: bool = False) -> None:
        self.rows = dict.fromkeys(KEYS, b"row") if rows is None else rows
        self.reviewed: list[bytes] = []
        self.kept: list[Progress] = []
        self.position = 0
        self.taking = True
        self.at_key: dict[bytes, Any] = {}
        table: Any = SimpleNamespace(owned=frozenset({3}), rows=lambda _: self.rows)
        outbox: Any = SimpleNamespace(put=self._put, room=self._room, keys=lambda _: [])
        deciding: Any = SimpleNamespace(scan=self._scan)
        self.scanner = Scanner(
            deciding,
            table,
            outbox,
            newest=lambda _, key: self.rows.get(key),
            position=lambda *_: self.position,
            waits=waits,
            taking=lambda: self.taking,
            clock=lambda: NOW,
        )

    def _put(self, posting: Posting) -> None:
        assert posting.row is not None
        self.rows[posting.key] = posting.row
        if progress := progress_of(posting.row):
            self.kept.append(progress)

    async def _room(self, share: float = 1.0) -> None:
        """There is always room."""

    def _scan(self, partition: int, key: bytes, scans: list[Scan]) -> Posting | None:
        if scans:
            self.reviewed.append(key)
        if key in self.at_key:
            self.at_key.pop(key)()
        return None

    async def run(self) -> None:
        task = asyncio.create_task(self.scanner.work())
        await settled()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_every_key_is_looked_at_once() -> None:
    desk = Desk()
    desk.scanner.want(rule())

    await desk.run()

    assert desk.reviewed == KEYS
    assert desk.kept[-1] == Progress(version=4, done=True)


async def test_a_scan_that_is_through_is_not_run_again() -> None:
    desk = Desk()
    desk.scanner.want(rule())
    await desk.run()
    desk.reviewed.clear()

    desk.scanner.restored()
    await desk.run()

    assert desk.reviewed == []


async def test_a_scan_goes_on_where_its_row_says() -> None:
    progress = row_of(Progress(version=4, upto=b"key-399"), 1)
    desk = Desk(dict.fromkeys(KEYS, b"row") | {row_key(rule()): progress})
    desk.scanner.want(rule())

    await desk.run()

    assert desk.reviewed == KEYS[400:]


async def test_how_far_it_came_is_kept_now_and_then() -> None:
    desk = Desk()
    desk.scanner.want(rule())

    await desk.run()

    assert [p.upto for p in desk.kept if not p.done] == [b"key-199", b"key-399"]


async def test_a_newer_scan_of_the_same_id_supersedes_an_older_one_midway() -> None:
    desk = Desk()
    desk.at_key = {b"key-100": lambda: desk.scanner.want(rule(5))}
    desk.scanner.want(rule(4))

    await desk.run()

    assert desk.reviewed == KEYS[:101] + KEYS
    assert {p.version for p in desk.kept} == {5}


async def test_a_partition_that_is_let_go_is_left_alone() -> None:
    desk = Desk()
    desk.at_key = {b"key-100": lambda: setattr(desk, "taking", False)}
    desk.scanner.want(rule())

    await desk.run()

    assert (desk.reviewed, desk.kept) == (KEYS[:101], [])


async def test_two_scans_share_one_walk() -> None:
    desk = Desk()
    desk.scanner.want(rule())
    desk.scanner.want(Scan(kind="rates", id="EUR", version=2, topic="settings.v1"))

    await desk.run()

    assert desk.reviewed == KEYS


async def test_a_report_waits_for_the_rows_that_it_speaks_of() -> None:
    desk = Desk(waits=True)
    desk.scanner.want(Scan(kind="report", id="acme-de", version=1, after={"3": 50, "4": 999}))
    await desk.run()
    early = list(desk.reviewed)
    desk.position = 50

    await desk.run()

    assert (early, desk.reviewed) == ([], KEYS)


async def test_a_role_that_reads_no_observations_does_not_wait_for_them() -> None:
    desk = Desk(waits=False)
    desk.scanner.want(Scan(kind="report", id="acme-de", version=1, after={"3": 50}))

    await desk.run()

    assert desk.reviewed == KEYS


@pytest.mark.parametrize(
    ("scan", "progress", "after"),
    [
        pytest.param(rule(), None, b"", id="never begun"),
        pytest.param(rule(), Progress(3, b"k", True), b"", id="an older one is through"),
        pytest.param(rule(), Progress(4, b"k"), b"k", id="midway"),
        pytest.param(rule(), Progress(4, b"", True), None, id="through"),
        pytest.param(rule(), Progress(9, b"", True), b"", id="the topic began anew"),
        pytest.param(rule(deleted=True), Progress(4, b"", True), b"", id="taken away since"),
    ],
)
def test_what_is_outstanding(scan: Scan, progress: Progress | None, after: bytes | None) -> None:
    assert outstanding(scan, progress) == after


@pytest.mark.parametrize(
    ("scan", "progress", "found"),
    [
        pytest.param(rule(), Progress(4, b"", True), True, id="taken away while nobody looked"),
        pytest.param(rule(), Progress(4, b"", True, True), False, id="known to be taken away"),
        pytest.param(
            Scan(kind="report", id="acme-de", version=1),
            Progress(1, b"", True),
            False,
            id="a report that aged out of its topic",
        ),
    ],
)
def test_settings_that_vanished_are_scanned_too(
    scan: Scan, progress: Progress, found: bool
) -> None:
    rows = {row_key(scan): row_of(progress, 1), b"key": b"row"}

    assert bool(vanished(rows, [])) is found
    assert vanished(rows, [row_key(scan)]) == []
