"""A role that counts its inputs per key, and a process that works at it.

`python counting.py BOOTSTRAP RUN WORKER` runs one worker until SIGTERM. What it counts can
be told from its inputs alone, so a test knows every right answer.
"""

import asyncio
import os
import signal
import sys
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, ClassVar

import msgspec
import uvloop
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from processors.deliver import Deliver
from processors.parts import Parts
from processors.step import Cause, Change, Facts, Output, Scan
from processors.worker import Worker
from schemas import topics
from schemas.errors import Refused
from schemas.event import Event
from schemas.reasons import Reason
from schemas.record import Record
from schemas.settings import Settings

WHOLE = ("settings.v1", "amazon.report.v1", "amazon.account.v1", "pipeline.coverage.v1")


class Counted(Event, frozen=True, kw_only=True):
    """How often a key was seen, and under which settings it was last looked at."""

    VOLATILE: ClassVar[dict[str, Any]] = {"sequence": 0}

    sequence: int = 0
    count: int
    version: int = 0
    rang: int = 0


class CountFacts(Facts, frozen=True, kw_only=True):
    """The last offset counted per input, so that a repeat changes nothing."""

    last: dict[str, int] = {}
    count: int = 0
    version: int = 0
    alarm: datetime | None = None
    rang: int = 0


class Counting:
    """Counts; value `bad` is refused, `boom` is a fault, `alarm:N` sets an alarm in N s."""

    facts = CountFacts

    def __init__(self, run: str, inputs: int = 1) -> None:
        self.name = f"count-{run}"
        self.inputs = tuple(f"test.{run}-added-{n}.v1" for n in range(inputs))
        self.output = f"test.{run}-counted.v1"

    def step(
        self, record: Record, facts: CountFacts, settings: Settings, now: datetime
    ) -> Change[CountFacts]:
        if record.value == b"bad":
            raise Refused(Reason("MALFORMED", {"event": "Added", "why": "it says bad"}))
        if record.value == b"boom":
            raise RuntimeError("boom")
        if record.offset <= facts.last.get(record.topic, -1):
            return Change(facts, filtered="duplicate")
        alarm = facts.alarm
        if record.value and record.value.startswith(b"alarm:"):
            alarm = now + timedelta(seconds=float(record.value[6:]))
        counted = msgspec.structs.replace(
            facts,
            last=facts.last | {record.topic: record.offset},
            count=facts.count + 1,
            version=settings.version("shop", "default"),
            alarm=alarm,
        )
        return self._said(counted, record.key or b"")

    def review(
        self, facts: CountFacts, settings: Settings, now: datetime, cause: Cause
    ) -> Change[CountFacts]:
        key = next(iter(facts.sent)).split("\n")[1].encode()
        version = settings.version("shop", "default")
        if cause.kind == "due" and facts.alarm is not None and facts.alarm <= now:
            facts = msgspec.structs.replace(facts, alarm=None, rang=facts.rang + 1)
        return self._said(msgspec.structs.replace(facts, version=version), key)

    def due(self, facts: CountFacts, settings: Settings) -> datetime | None:
        return facts.alarm

    def touches(self, facts: CountFacts, scan: Scan) -> bool:
        return scan.kind == "shop"

    def _said(self, facts: CountFacts, key: bytes) -> Change[CountFacts]:
        event = Counted(count=facts.count, version=facts.version, rang=facts.rang)
        name = key.decode()
        output = Output(topic=self.output, key=key, subject=name, name=name, event=event)
        return Change(facts, (output,))


def producer(bootstrap: str) -> AIOKafkaProducer:
    """Give a producer as a worker wants it."""
    return AIOKafkaProducer(
        bootstrap_servers=bootstrap,
        acks="all",
        enable_idempotence=True,
        max_batch_size=524_288,
        max_request_size=2_097_152,
    )


def reader(bootstrap: str, *names: str) -> AIOKafkaConsumer:
    """Give a reader without a group."""
    return AIOKafkaConsumer(
        *names,
        bootstrap_servers=bootstrap,
        group_id=None,
        enable_auto_commit=False,
        isolation_level="read_committed",
        auto_offset_reset="earliest",
    )


async def create(bootstrap: str, role: Counting, partitions: int = 12) -> None:
    """Create what *role* reads and writes, and what every worker reads whole."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    there = set(await admin.list_topics())
    group = f"listwire-{role.name}"
    compact = {"cleanup.policy": "compact"}
    wanted = [NewTopic(name, partitions, 1) for name in (*role.inputs, role.output)]
    wanted += [NewTopic(topics.dead_letters(i, group), partitions, 1) for i in role.inputs]
    wanted += [NewTopic(topics.changelog(role.name), partitions, 1, topic_configs=compact)]
    wanted += [NewTopic(n, topics.topic(n).partitions, 1, topic_configs=compact) for n in WHOLE]
    await admin.create_topics([topic for topic in wanted if topic.name not in there])
    await admin.close()


class Dying:
    """Delivers, and kills its process once the *at*th delivery of a kind is acknowledged."""

    def __init__(self, deliver: Deliver, changelog: str, kind: str, at: int) -> None:
        self._deliver = deliver
        self._changelog = changelog
        self._kind = kind
        self._left = at

    async def __call__(self, records: Iterable[Record]) -> None:
        """Deliver; afterwards there may be no afterwards."""
        sent = list(records)
        await self._deliver(sent)
        kind = "rows" if sent and sent[0].topic == self._changelog else "outputs"
        self._left -= bool(sent) and kind == self._kind
        if not self._left:
            os.kill(os.getpid(), signal.SIGKILL)


def doomed(worker: Worker, role: Counting) -> Worker:
    """Give *worker* back; `LISTWIRE_TEST_DIE=outputs:3` kills it after its third outputs."""
    kind, _, at = os.environ.get("LISTWIRE_TEST_DIE", "").partition(":")
    if kind:
        outbox = worker.outbox
        outbox._deliver = Dying(outbox._deliver, topics.changelog(role.name), kind, int(at))
    return worker


async def work(bootstrap: str, role: Counting, name: str, stop: asyncio.Event) -> None:
    """Run one worker of *role* until *stop*."""
    async with producer(bootstrap) as out:
        whole = reader(bootstrap)
        await whole.start()
        try:
            parts = Parts(bootstrap=bootstrap, producer=out, reader=whole, worker=name)
            await doomed(Worker(role, parts), role).run(stop)
        finally:
            await whole.stop()


async def until_told(bootstrap: str, run: str, name: str) -> None:
    """Run one worker until SIGTERM."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await work(bootstrap, Counting(run), name, stop)


if __name__ == "__main__":
    uvloop.run(until_told(*sys.argv[1:4]))
