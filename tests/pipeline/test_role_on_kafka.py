"""One worker of a role on the broker: what it sets aside, looks at again, and remembers."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from time import monotonic
from typing import Any
from uuid import uuid4

import msgspec
import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.structs import TopicPartition

from processors.bounds import Limits, Poison
from processors.deliver import Delivery, partition_of
from processors.parts import Parts
from processors.worker import Mismatch, Worker
from schemas import codec, keys, topics
from schemas.record import Record
from schemas.settings import Shop
from tests.support.counting import Counted, Counting, create, producer, reader

pytestmark = pytest.mark.kafka

WITHIN = 60.0


class Bench:
    """A role with topics of its own, and everything that was ever said on them."""

    def __init__(self, bootstrap: str) -> None:
        self.bootstrap = bootstrap
        self.role = Counting(uuid4().hex[:8])
        self.group = f"listwire-{self.role.name}"
        self.letters = topics.dead_letters(self.role.inputs[0], self.group)
        self.worker: Worker | None = None

    async def send(self, *records: Record) -> None:
        async with producer(self.bootstrap) as out:
            await Delivery(out)(records)

    def added(self, key: bytes, value: bytes | None = b"x", **more: Any) -> Record:
        return Record(topic=self.role.inputs[0], key=key, value=value, **more)

    async def read(self, topic: str, enough: Callable[[list[Any]], bool]) -> list[Any]:
        """Read *topic* from its start until *enough* of it has come."""
        found: list[Any] = []
        deadline = monotonic() + WITHIN
        async with reader(self.bootstrap, topic) as source:
            while not enough(found):
                if monotonic() > deadline:
                    raise AssertionError(f"{topic}: only {len(found)} records: {found[-3:]}")
                for records in (await source.getmany(timeout_ms=200)).values():
                    found += records
        return found

    async def counted(self, key: bytes, wanted: Callable[[Counted], bool]) -> Counted:
        """Wait until the role has said about *key* what is wanted; give it."""

        def said(records: list[Any]) -> list[Counted]:
            return [
                event
                for r in records
                if r.key == key and wanted(event := msgspec.json.decode(r.value, type=Counted))
            ]

        return said(await self.read(self.role.output, lambda records: bool(said(records))))[0]

    async def apply(self, version: int) -> None:
        """Change a settings record that every key is judged by."""
        record = codec.encode(
            Shop(version=version, by="test"),
            topic="settings.v1",
            key=keys.setting("shop", "default"),
            id=str(uuid4()),
            source="/test",
            subject="default",
            time="2026-11-25T10:00:00Z",
        )
        await self.send(record)

    @contextlib.asynccontextmanager
    async def working(self, **options: Any) -> AsyncIterator[asyncio.Task[None]]:
        """Run one worker meanwhile."""
        stop = asyncio.Event()
        async with producer(self.bootstrap) as out, reader(self.bootstrap) as whole:
            parts = Parts(bootstrap=self.bootstrap, producer=out, reader=whole, **options)
            self.worker = Worker(self.role, parts)
            task = asyncio.create_task(self.worker.run(stop))
            try:
                yield task
            finally:
                stop.set()
                await asyncio.wait({task}, timeout=20)
        with contextlib.suppress(Poison):
            task.result()


@pytest.fixture
async def bench(kafka: str) -> Bench:
    made = Bench(kafka)
    await create(kafka, made.role)
    return made


async def test_what_cannot_be_handled_is_set_aside_and_the_rest_goes_on(bench: Bench) -> None:
    headers = (("twice", b"1"), ("twice", b"2"), ("none", None), ("ce_id", b"7"))
    partition = partition_of(b"a", 12)
    bad = bench.added(b"a", b"bad", headers=headers)
    await bench.send(
        bench.added(b"a"),
        bad,
        bench.added(b"a", b"boom"),
        bench.added(b"a", partition=(partition + 1) % 12),
        Record(topic=bench.role.inputs[0], key=None, value=b"\xff", partition=partition),
        bench.added(b"a", None),
    )

    async with bench.working():
        last = await bench.counted(b"a", lambda event: event.count == 2)
        letters = await bench.read(bench.letters, lambda records: len(records) == 4)

    codes = {dict(r.headers)["dlq-code"].decode() for r in letters}
    [original] = [r for r in letters if r.value == b"bad"]
    assert last.count == 2
    assert codes == {"MALFORMED", "FAULT", "KEY_MISSING", "KEY_MISMATCH"}
    assert (original.key, original.partition) == (b"a", partition)
    assert original.headers[: len(headers)] == headers


async def test_a_partition_of_nothing_but_refusals_stops_the_worker(bench: Bench) -> None:
    await bench.send(*(bench.added(b"a", b"bad") for _ in range(9)))

    async with bench.working(limits=Limits(row=5)) as task:
        done, _ = await asyncio.wait({task}, timeout=WITHIN)
        letters = await bench.read(bench.letters, lambda records: len(records) >= 5)

    assert done
    assert isinstance(task.exception(), Poison)
    assert len(letters) == 5


async def test_a_change_of_settings_reaches_every_key_once(bench: Bench) -> None:
    names = [b"key-%d" % n for n in range(40)]
    await bench.send(*(bench.added(name) for name in names))

    async with bench.working():
        for name in names:
            await bench.counted(name, lambda event: event.count == 1)
        await bench.apply(version := uuid4().int % 10**9)
        for name in names:
            await bench.counted(name, lambda event: event.version == version)
    before = len(await bench.read(bench.role.output, lambda records: len(records) >= 80))

    async with bench.working():
        await bench.send(bench.added(b"key-0"))
        await bench.counted(b"key-0", lambda event: event.count == 2)
        after = await bench.read(bench.role.output, lambda records: len(records) > before)

    assert len(after) == before + 1


async def test_settings_that_changed_while_nobody_worked_are_caught_up(bench: Bench) -> None:
    await bench.send(bench.added(b"a"))
    async with bench.working():
        await bench.counted(b"a", lambda event: event.count == 1)
    await bench.apply(version := uuid4().int % 10**9)

    async with bench.working():
        event = await bench.counted(b"a", lambda event: event.version == version)

    assert event.count == 1


async def test_an_alarm_rings_at_its_time(bench: Bench) -> None:
    await bench.send(bench.added(b"a", b"alarm:1"))

    async with bench.working():
        event = await bench.counted(b"a", lambda event: event.rang == 1)

    assert event.count == 1


async def test_an_alarm_that_fell_due_while_nobody_worked_rings_on_return(bench: Bench) -> None:
    await bench.send(bench.added(b"a", b"alarm:3"))
    async with bench.working():
        await bench.counted(b"a", lambda event: event.count == 1)

    async with bench.working():
        event = await bench.counted(b"a", lambda event: event.rang == 1)

    assert event.count == 1


async def test_every_partition_gets_a_committed_offset_and_its_coverage(bench: Bench) -> None:
    await bench.send(bench.added(b"a"))

    async with bench.working():
        await bench.counted(b"a", lambda event: event.count == 1)

    admin = AIOKafkaAdminClient(bootstrap_servers=bench.bootstrap)
    await admin.start()
    offsets = await admin.list_consumer_group_offsets(bench.group)
    await admin.close()
    committed = {p.partition: o.offset for p, o in offsets.items() if "added" in p.topic}
    assert committed == {p: int(p == partition_of(b"a", 12)) for p in range(12)}


async def test_records_of_a_transaction_that_was_given_up_are_not_counted(bench: Bench) -> None:
    settings = {"bootstrap_servers": bench.bootstrap, "transactional_id": bench.group}
    async with AIOKafkaProducer(**settings) as out:
        for commit in (False, True):
            await out.begin_transaction()
            await out.send_and_wait(bench.role.inputs[0], key=b"a", value=b"x")
            await (out.commit_transaction() if commit else out.abort_transaction())
    await bench.send(bench.added(b"a"))

    async with bench.working():
        await bench.counted(b"a", lambda event: event.count == 2)

    assert bench.worker is not None
    place = bench.role.inputs[0], partition_of(b"a", 12)
    [covered] = bench.worker.ledger.records({place: 0}, datetime.now(UTC))
    counts = msgspec.json.decode(covered.value or b"")["counts"]
    assert counts == {"emitted": 2, "gap": 3}


async def test_it_opens_no_port(bench: Bench) -> None:
    await bench.send(bench.added(b"a"))

    async with bench.working():
        await bench.counted(b"a", lambda event: event.count == 1)
        with socket.socket() as probe, pytest.raises(ConnectionRefusedError):
            probe.connect(("127.0.0.1", 6066))


async def test_topics_with_other_partitions_stop_it_at_the_start(kafka: str) -> None:
    role = Counting(uuid4().hex[:8])
    await create(kafka, role, partitions=3)

    async with producer(kafka) as out, reader(kafka) as whole:
        worker = Worker(role, Parts(bootstrap=kafka, producer=out, reader=whole))
        with pytest.raises(Mismatch, match="12 partitions each"):
            await worker.run(asyncio.Event())


async def test_a_full_size_record_and_its_dead_letter_fit(bench: Bench) -> None:
    big = b"bad".ljust(codec.MAX_RECORD - 20_000)
    await bench.send(bench.added(b"a", b"boom"), bench.added(b"a", big))

    async with bench.working():
        await bench.counted(b"a", lambda event: event.count == 1)

    async with reader(bench.bootstrap) as source:
        ends = await source.end_offsets([TopicPartition(bench.role.output, p) for p in range(12)])
    assert sum(ends.values()) == 1
