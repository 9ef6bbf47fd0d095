"""Owning partitions: coverage before offsets, let go when all is out, silent when unsure."""

import asyncio
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from faust.types import TP

import processors.ownership
from processors.bounds import Limits
from processors.coverage import Ledger
from processors.deliver import Delivery
from processors.outbox import Outbox, Posting
from processors.ownership import Ownership, Unsure
from processors.taking import Refusals, Taking
from schemas import keys
from schemas.events import Coverage
from tests.support.broker import FakeProducer

PLACE = TP("in.v1", 3)


class Desk:
    """An owner whose outbox works only when a test runs it."""

    def __init__(self) -> None:
        self.producer = FakeProducer()
        self.faults: list[BaseException] = []
        deliver = Delivery(self.producer)
        self.ledger = Ledger("listwire-a", "/listwire/processors/a", "7")
        self.taking = Taking(self._seek)
        self.outbox = Outbox(deliver, "changelog", stored=self._stored)
        self.whole: Any = SimpleNamespace(applied=dict, covered={}, to_end=self._read)
        self.owner = Ownership(
            ledger=self.ledger,
            outbox=self.outbox,
            taking=self.taking,
            refusals=Refusals("listwire-a", Limits(), lambda *_, **__: None),
            whole=self.whole,
            deliver=deliver,
            clock=lambda: datetime(2026, 11, 25, tzinfo=UTC),
            fail=self._fail,
        )

    async def _seek(self, offsets: Mapping[TP, int]) -> None:
        raise AssertionError("nothing is doubted here")

    async def _read(self) -> None:
        """All of it has been read."""

    def _stored(self, posting: Posting) -> None:
        self.ledger.note(posting.topic, posting.partition, posting.offset, posting.outcome)

    def _fail(self, fault: BaseException) -> None:
        self.faults.append(fault)
        self.owner.silence()

    def begin(self, start: int = 5) -> None:
        self.owner.begin({PLACE: start}, 2)

    def put(self, offset: int) -> None:
        posting = Posting(partition=3, key=b"a", row=b"row", topic="in.v1", offset=offset)
        self.outbox.put(posting)

    def covered(self) -> list[tuple[str, ...]]:
        return [keys.split(record.key or b"") for record in self.producer.acknowledged]


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processors.ownership, "LEAVE", 0.05)


async def test_an_offset_is_given_to_commit_once_its_coverage_is_written() -> None:
    desk = Desk()
    desk.begin()
    desk.producer.holding = True
    handled = asyncio.create_task(desk.owner.handled())
    await asyncio.sleep(0.01)
    early = handled.done()
    desk.producer.release()

    assert (early, await handled) == (False, {PLACE: 5})
    assert desk.covered() == [("listwire-a", "in.v1", "3")]


async def test_it_says_which_record_is_next_while_records_are_taken() -> None:
    desk = Desk()
    before = desk.owner.expected()
    desk.begin(5)
    begun = desk.owner.expected()
    desk.owner.silence()

    assert (before, begun, desk.owner.expected()) == ({}, {PLACE: 5}, {})


async def test_what_did_not_move_is_neither_told_nor_committed_again() -> None:
    desk = Desk()
    desk.begin()
    await desk.owner.handled()

    assert (await desk.owner.handled(), len(desk.producer.log)) == ({}, 1)


async def test_it_says_how_far_it_read_what_all_read_whole() -> None:
    desk = Desk()
    desk.whole.applied = lambda: {"settings.v1": 12}
    await desk.owner.handled()
    await desk.owner.handled()

    assert desk.covered() == [("listwire-a", "settings.v1", "worker-7")]


async def test_the_coverage_of_the_owner_before_is_carried_on() -> None:
    desk = Desk()
    known = Coverage(
        group="listwire-a", topic="in.v1", partition=3, start=0, next=5, counts={"emitted": 5}
    )
    desk.whole.covered = {("in.v1", 3): known}
    desk.begin(5)
    desk.ledger.note("in.v1", 3, 5, "unchanged")

    [record] = desk.ledger.records({("in.v1", 3): 0}, datetime.now(UTC))
    assert b'"counts":{"emitted":5,"unchanged":1}' in (record.value or b"")


async def test_partitions_are_let_go_once_all_that_is_under_way_is_out() -> None:
    desk = Desk()
    desk.begin()
    desk.put(5)
    work = asyncio.create_task(desk.outbox.work())

    await desk.owner.leave(False)

    assert (desk.owner.taking, desk.faults, await desk.owner.handled()) == (False, [], {PLACE: 6})
    work.cancel()


@pytest.mark.usefixtures("quick")
async def test_who_cannot_finish_in_time_stops() -> None:
    desk = Desk()
    desk.begin()
    desk.put(5)

    await desk.owner.leave(False)

    assert [type(fault) for fault in desk.faults] == [TimeoutError]
    assert (desk.outbox.steps, await desk.owner.handled()) == (0, {})


async def test_who_was_forgotten_by_the_group_sends_nothing_more() -> None:
    desk = Desk()
    desk.begin()
    desk.put(5)

    await desk.owner.leave(True)

    assert [type(fault) for fault in desk.faults] == [Unsure]
    assert (desk.outbox.steps, await desk.owner.handled(), desk.producer.log) == (0, {}, [])


async def test_who_owned_nothing_cannot_lose_it() -> None:
    desk = Desk()

    await desk.owner.leave(True)

    assert desk.faults == []


@pytest.mark.parametrize(
    ("before", "ready"),
    [
        pytest.param(lambda owner: None, False, id="rows are still being restored"),
        pytest.param(lambda owner: owner.restored(), True, id="rows are complete"),
    ],
)
async def test_it_begins_only_with_complete_rows(
    before: Callable[[Ownership], None], ready: bool
) -> None:
    desk = Desk()
    before(desk.owner)

    assert await desk.owner.prepare() is ready


async def test_rows_are_to_be_restored_again_after_partitions_were_let_go() -> None:
    desk = Desk()
    desk.owner.restored()
    await desk.owner.leave(False)

    assert await desk.owner.prepare() is False
