"""Two workers under load, killed again and again; afterwards every answer is known.

`python -m tests.support.killing BOOTSTRAP INPUTS KILLS` runs it and prints one JSON object.
"""

import asyncio
import itertools
import os
import random
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from time import monotonic
from typing import Any

import msgspec
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.structs import TopicPartition

from processors.deliver import Delivery
from schemas import keys
from schemas.pipeline import Coverage
from schemas.record import Record
from tests.support.counting import Counted, Counting, create, producer, reader

ROOT = Path(__file__).parents[2]
KEYS = 700

PATIENCE = 150.0
"""Seconds for the last records to come out, on a machine that has other things to do."""


class Outcome(msgspec.Struct, kw_only=True):
    """What a run of kills left behind; all but the first four and the last two must be 0."""

    inputs: int
    kills: int
    stops: int
    seconds: float
    wrong: int
    unaccounted: int
    uncommitted: int
    inversions: int
    double_ids: int
    sent_twice: int
    ended: list[int]


class Herd:
    """Worker processes of one role; whoever is killed is started again at once."""

    def __init__(
        self, bootstrap: str, run: str, size: int, more: dict[str, str] | None = None
    ) -> None:
        self._bootstrap = bootstrap
        self.more = more or {}
        self._run = run
        self._numbers = itertools.count(1)
        self.ended: list[int] = []
        self.started = [monotonic()] * size
        self.workers = [self._start() for _ in range(size)]

    def _start(self) -> subprocess.Popen[bytes]:
        script = str(ROOT / "tests/support/counting.py")
        return subprocess.Popen(
            [sys.executable, script, self._bootstrap, self._run, str(next(self._numbers))],
            env=os.environ | {"PYTHONPATH": str(ROOT)} | self.more,
        )

    def strike(self, place: int, number: signal.Signals) -> None:
        """Send *number* to one worker, wait for its end, start another in its place."""
        worker = self.workers[place]
        worker.send_signal(number)
        self.ended.append(worker.wait(30))
        self.started[place] = monotonic()
        self.workers[place] = self._start()

    @property
    def oldest(self) -> int:
        """The worker that has been at work for the longest."""
        return self.started.index(min(self.started))

    def revive(self) -> None:
        """Start those again that ended by themselves."""
        for place, worker in enumerate(self.workers):
            if worker.poll() is not None:
                self.ended.append(worker.returncode)
                self.workers[place] = self._start()

    def end(self) -> None:
        """Stop them all."""
        for worker in self.workers:
            worker.terminate()
        for worker in self.workers:
            try:
                worker.wait(20)
            except subprocess.TimeoutExpired:
                worker.kill()
                worker.wait()


class Death(msgspec.Struct, kw_only=True):
    """What a worker left behind that died at one point, once another has finished its work."""

    ended: int
    wrong: int
    unaccounted: int
    inversions: int
    double_ids: int
    sent_twice: int


async def die(bootstrap: str, run: str, point: str, *, inputs: int) -> Death:
    """Feed *inputs* records, let a worker die at *point*, let another go on."""
    role = Counting(run)
    await create(bootstrap, role)
    fed: Counter[bytes] = Counter()
    await _feed(bootstrap, role, inputs, 0, fed, asyncio.Event())
    herd = Herd(bootstrap, run, 1, {"LISTWIRE_TEST_DIE": point})
    try:
        ended = await asyncio.to_thread(herd.workers[0].wait, PATIENCE)
        herd.more = {}
        herd.revive()
        said = await _settled(bootstrap, role, fed, herd)
    finally:
        await asyncio.to_thread(herd.end)
    return Death(
        ended=ended,
        wrong=said.wrong(fed),
        unaccounted=(await _accounts(bootstrap, role))[0],
        inversions=said.inversions,
        double_ids=said.double_ids,
        sent_twice=said.records - inputs,
    )


async def suffer(
    bootstrap: str, run: str, *, inputs: int, kills: int, seed: int = 7, pause: float = 2.5
) -> Outcome:
    """Feed *inputs* records to two workers, strike *kills* times, wait until all is right."""
    role = Counting(run)
    await create(bootstrap, role)
    chance = random.Random(seed)
    started = monotonic()
    herd = Herd(bootstrap, run, 2)
    fed: Counter[bytes] = Counter()
    strikes = {signal.SIGKILL: 0, signal.SIGTERM: 0}
    try:
        burst = asyncio.Event()
        feeding = asyncio.create_task(_feed(bootstrap, role, inputs, kills * pause, fed, burst))
        for n in range(kills):
            await asyncio.sleep(chance.uniform(0.3, 2 * pause - 1.3))
            await _next(burst, feeding)
            await asyncio.sleep(chance.uniform(0, 0.2))
            number = signal.SIGTERM if n % 3 == 2 else signal.SIGKILL
            place = chance.choice([0, 1, herd.oldest, herd.oldest])
            await asyncio.to_thread(herd.strike, place, number)
            strikes[number] += 1
        await feeding
        said = await _settled(bootstrap, role, fed, herd)
        await asyncio.sleep(2.5)
    finally:
        await asyncio.to_thread(herd.end)
    unaccounted, uncommitted = await _accounts(bootstrap, role)
    return Outcome(
        inputs=inputs,
        kills=strikes[signal.SIGKILL],
        stops=strikes[signal.SIGTERM],
        seconds=round(monotonic() - started, 1),
        wrong=said.wrong(fed),
        unaccounted=unaccounted,
        uncommitted=uncommitted,
        inversions=said.inversions,
        double_ids=said.double_ids,
        sent_twice=said.records - inputs,
        ended=herd.ended,
    )


async def _next(burst: asyncio.Event, feeding: asyncio.Task[None]) -> None:
    """Wait for the next burst, so that the strike meets a worker in the midst of it."""
    burst.clear()
    waiting = asyncio.create_task(burst.wait())
    await asyncio.wait({waiting, feeding}, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()


async def _feed(
    bootstrap: str,
    role: Counting,
    inputs: int,
    seconds: float,
    fed: Counter[bytes],
    burst: asyncio.Event,
) -> None:
    async with producer(bootstrap) as out:
        deliver = Delivery(out)
        chunk = min(2_000, inputs // 10)
        for first in range(0, inputs, chunk):
            names = [f"key-{n % KEYS}".encode() for n in range(first, min(first + chunk, inputs))]
            await deliver([_added(role, name) for name in names])
            fed.update(names)
            burst.set()
            await asyncio.sleep(seconds * chunk / inputs)


def _added(role: Counting, key: bytes) -> Record:
    return Record(topic=role.inputs[0], key=key, value=b"x" * 200)


class Said:
    """What the role said, read from the start: newest per key, and what should not be."""

    def __init__(self) -> None:
        self.newest: dict[bytes, int] = {}
        self.records = 0
        self.inversions = 0
        self.double_ids = 0
        self._sequences: dict[bytes, int] = {}
        self._ids: dict[bytes, tuple[bytes, int]] = {}

    def wrong(self, fed: Counter[bytes]) -> int:
        """Give for how many keys the newest count is not that of the inputs."""
        return sum(1 for key, count in fed.items() if self.newest.get(key) != count)

    def take(self, read: Any) -> None:
        """Take one record in; a lower sequence at a later offset is an inversion."""
        self.records += 1
        event = msgspec.json.decode(read.value, type=Counted)
        if event.sequence <= self._sequences.get(read.key, 0):
            self.inversions += 1
            return
        id_ = dict(read.headers)["ce_id"]
        known = self._ids.setdefault(id_, (read.key, event.count))
        self.double_ids += known != (read.key, event.count)
        self._sequences[read.key] = event.sequence
        self.newest[read.key] = event.count


async def _settled(bootstrap: str, role: Counting, fed: Counter[bytes], herd: Herd) -> Said:
    said = Said()
    deadline = monotonic() + PATIENCE
    async with reader(bootstrap, role.output) as source:
        while monotonic() < deadline:
            herd.revive()
            for records in (await source.getmany(timeout_ms=300)).values():
                for read in records:
                    said.take(read)
            if said.newest == fed:
                break
    return said


async def _accounts(bootstrap: str, role: Counting) -> tuple[int, int]:
    """Give the offsets that coverage does not account for, and those not committed."""
    topic, group = role.inputs[0], f"listwire-{role.name}"
    async with reader(bootstrap) as source:
        ends = await source.end_offsets([TopicPartition(topic, p) for p in range(12)])
        covered = {c.partition: c for c in await _coverage(source, group, topic)}
    committed = await _committed(bootstrap, group)
    missing = 0
    for place, end in ends.items():
        coverage = covered.get(place.partition)
        told = sum(coverage.counts.values()) if coverage and not coverage.ranges else 0
        missing += end - told if coverage and coverage.next == end == told else max(end, 1)
    return missing, sum(end - committed.get(place.partition, 0) for place, end in ends.items())


async def _coverage(source: Any, group: str, topic: str) -> list[Coverage]:
    places = [TopicPartition("pipeline.coverage.v1", p) for p in range(12)]
    source.assign(places)
    await source.seek_to_beginning(*places)
    ends = await source.end_offsets(places)
    found: dict[bytes, Coverage] = {}
    while any([await source.position(p) < end for p, end in ends.items()]):
        for records in (await source.getmany(timeout_ms=200)).values():
            for read in records:
                if keys.split(read.key)[:2] == (group, topic):
                    found[read.key] = msgspec.json.decode(read.value, type=Coverage)
    return list(found.values())


async def _committed(bootstrap: str, group: str) -> dict[int, int]:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        offsets = await admin.list_consumer_group_offsets(group)
    finally:
        await admin.close()
    return {place.partition: found.offset for place, found in offsets.items()}


def main(arguments: list[str]) -> Iterator[str]:
    """Run from the command line."""
    bootstrap, inputs, kills = arguments
    run = f"kill{os.getpid()}"
    outcome = asyncio.run(suffer(bootstrap, run, inputs=int(inputs), kills=int(kills)))
    yield msgspec.json.encode(outcome).decode()


if __name__ == "__main__":
    for line in main(sys.argv[1:]):
        print(line)
