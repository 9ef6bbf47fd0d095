"""Outputs, then state, then offset; and nothing after a send that failed."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest

from processors.deliver import Delivery
from processors.outbox import Broken, Outbox, Posting
from schemas.record import Record
from tests.support.broker import FakeProducer, settled

CHANGELOG = "listwire-some-facts-changelog"
OUT = "listing.offer.v1"


def posting(
    offset: int, key: bytes = b"a", row: bytes | None = b"row", outputs: int = 1
) -> Posting:
    records = tuple(Record(topic=OUT, key=key, value=b"%d" % offset) for _ in range(outputs))
    return Posting(partition=3, key=key, records=records, row=row, topic="in.v1", offset=offset)


class Desk:
    """An outbox at work, and what it stored."""

    def __init__(self, producer: FakeProducer, **options: int) -> None:
        self.producer = producer
        self.stored: list[int] = []
        self.sure = True
        self.outbox = Outbox(
            Delivery(producer),
            CHANGELOG,
            stored=lambda posting: self.stored.append(posting.offset),
            sure=self._asked,
            **options,
        )

    def _asked(self) -> None:
        if not self.sure:
            raise PermissionError("the partitions are someone else's")

    @property
    def topics(self) -> list[str]:
        return [record.topic for record in self.producer.log]


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    async with working(Desk(FakeProducer())) as desk:
        yield desk


@contextlib.asynccontextmanager
async def working(desk: Desk) -> AsyncIterator[Desk]:
    task = asyncio.create_task(desk.outbox.work())
    try:
        yield desk
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_no_row_is_sent_before_every_output_is_acknowledged(desk: Desk) -> None:
    desk.producer.holding = True
    desk.outbox.put(posting(1))
    desk.outbox.put(posting(2, b"b"))

    await settled()

    assert (set(desk.topics), desk.stored) == ({OUT}, [])


async def test_nothing_is_handled_before_the_rows_are_acknowledged(desk: Desk) -> None:
    desk.producer.holding = True
    desk.outbox.put(posting(1))
    await settled()
    desk.producer.release()

    await settled()

    assert (desk.topics, desk.stored) == ([OUT, CHANGELOG], [])


async def test_inputs_are_handled_in_the_order_in_which_they_came(desk: Desk) -> None:
    for offset in range(100):
        desk.outbox.put(posting(offset, b"%d" % (offset % 7), outputs=offset % 3))

    await desk.outbox.empty()

    assert desk.stored == list(range(100))


async def test_a_key_in_flight_is_read_from_the_newer_row(desk: Desk) -> None:
    desk.producer.holding = True
    desk.outbox.put(posting(1, row=b"old"))
    desk.outbox.put(posting(2, row=b"new"))

    await settled()

    assert desk.outbox.ahead(3, b"a") == b"new"


async def test_a_stored_row_stands_in_front_of_the_table_no_more(desk: Desk) -> None:
    desk.outbox.put(posting(1))

    await desk.outbox.empty()

    assert desk.outbox.ahead(3, b"a") is None


async def test_of_several_rows_of_a_key_the_last_is_kept(desk: Desk) -> None:
    for offset in range(5):
        desk.outbox.put(posting(offset, row=b"%d" % offset))

    await desk.outbox.empty()

    rows = [r.value for r in desk.producer.acknowledged if r.topic == CHANGELOG]
    assert rows[-1] == b"4"


async def test_a_row_goes_to_the_partition_of_its_input(desk: Desk) -> None:
    desk.outbox.put(posting(1))

    await desk.outbox.empty()

    assert [r.partition for r in desk.producer.log if r.topic == CHANGELOG] == [3]


async def test_a_step_without_news_is_handled_without_a_word(desk: Desk) -> None:
    desk.outbox.put(posting(1, row=None, outputs=0))

    await desk.outbox.empty()

    assert (desk.topics, desk.stored) == ([], [1])


@pytest.mark.parametrize(
    "topic", [pytest.param(OUT, id="an output"), pytest.param(CHANGELOG, id="a row")]
)
async def test_a_send_that_fails_stops_everything_behind_it(topic: str) -> None:
    async with working(Desk(FakeProducer())) as desk:
        desk.producer.refusing.add(topic)
        desk.outbox.put(posting(1))

        with pytest.raises(Broken):
            await desk.outbox.empty()
        with pytest.raises(Broken):
            await desk.outbox.room()

    assert desk.stored == []


async def test_after_a_failed_output_no_row_is_sent() -> None:
    async with working(Desk(FakeProducer())) as desk:
        desk.producer.refusing.add(OUT)
        desk.outbox.put(posting(1))
        await settled()

    assert CHANGELOG not in desk.topics


async def test_who_is_not_sure_of_the_partitions_sends_nothing() -> None:
    async with working(Desk(FakeProducer())) as desk:
        desk.sure = False
        desk.outbox.put(posting(1))
        await settled()

    assert (desk.topics, desk.stored) == ([], [])


async def test_who_becomes_unsure_between_outputs_and_rows_sends_no_row() -> None:
    async with working(Desk(FakeProducer())) as desk:
        desk.producer.holding = True
        desk.outbox.put(posting(1))
        await settled()
        desk.sure = False
        desk.producer.release()
        await settled()

    assert (desk.topics, desk.stored) == ([OUT], [])


async def test_a_full_outbox_makes_its_callers_wait() -> None:
    async with working(Desk(FakeProducer(), room=2)) as desk:
        desk.producer.holding = True
        desk.outbox.put(posting(1))
        desk.outbox.put(posting(2))
        waiting = asyncio.create_task(desk.outbox.room())
        await settled()
        before = waiting.done()
        for _ in range(2):
            desk.producer.release()
            await settled()

        assert (before, waiting.done()) == (False, True)


async def test_forgotten_steps_are_not_sent(desk: Desk) -> None:
    desk.outbox.put(posting(1))
    desk.outbox.forget()

    await settled()

    assert (desk.topics, desk.outbox.ahead(3, b"a"), desk.outbox.steps) == ([], None, 0)
