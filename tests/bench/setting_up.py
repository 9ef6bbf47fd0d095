"""What every benchmark starts from: a pipeline around a shop, and ways to wait for facts."""

import asyncio
import json
import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psutil
from kafka import TopicPartition

from deploy.commands import steer
from deploy.commands.session import Session
from deploy.connect.kafka import open_admin, open_aio_producer, open_consumer
from deploy.running import Pipeline, Sandbox
from deploy.watch.reading import patiently
from processors.deliver import Delivery
from schemas.record import Record
from schemas.topics import inputs
from tests.bench.shop import Shop

Figures = dict[str, Any]
"""What one benchmark measured."""
Say = Callable[[str], None]

WAVE = 1_000
"""Records handed to the broker at once."""
PATIENCE = 1_800.0
"""Seconds in which whatever is waited for must come, on a machine with other things to do."""


# --- a pipeline around it -------------------------------------------------------------------


@contextmanager
def pipeline(
    shop: Shop, roles: Iterable[str], say: Say, sandbox: Sandbox | None = None
) -> Iterator[tuple[Pipeline, Session]]:
    """Run one worker of each of *roles*, with the settings of *shop* applied."""
    ours = {k: v for k, v in os.environ.items() if not k.startswith("LISTWIRE_")}
    running = Pipeline(None, environ=ours | shop.environ(), roles=dict.fromkeys(roles, 1), say=say)
    running.add({"LISTWIRE_DATA": str(running.folder / "data"), "LISTWIRE_LOG_LEVEL": "warning"})
    running.add(sandbox.environ() if sandbox else {})
    with running:
        inside = Session(running.environ, {}, None)
        file = running.folder / "settings.yaml"
        file.write_text(shop.settings())
        steer.apply_settings(inside, file, by="bench")
        yield running, inside


@contextmanager
def stand_in(shop: Shop) -> Iterator[Sandbox]:
    """Run Amazon's stand-in with the world of *shop*."""
    with TemporaryDirectory(prefix="listwire-bench-") as name:
        seed = Path(name) / "seed.json"
        seed.write_text(json.dumps(shop.seed()))
        sandbox = Sandbox(Path(name), seed=seed)
        try:
            yield sandbox
        finally:
            sandbox.stop()


async def _send(bootstrap: str, records: Iterable[Record]) -> None:
    producer = await open_aio_producer(bootstrap)
    try:
        deliver, left = Delivery(producer), iter(records)
        while wave := list(islice(left, WAVE)):
            await deliver(wave)
    finally:
        await producer.stop()


def send(bootstrap: str, records: Iterable[Record]) -> None:
    """Send *records* as fast as the broker takes them; back when it has them all."""
    asyncio.run(_send(bootstrap, records))


# --- waiting --------------------------------------------------------------------------------


class Log:
    """Where the topics end and how far groups came, read over two connections of its own."""

    def __init__(self, bootstrap: str) -> None:
        self._admin = open_admin(bootstrap)
        self._consumer = open_consumer(bootstrap)

    def close(self) -> None:
        """Close both connections."""
        self._admin.close()
        self._consumer.close()

    def ends(self, topics: Iterable[str]) -> dict[TopicPartition, int]:
        """Give the end of every partition of *topics*."""
        places = [
            TopicPartition(topic, p)
            for topic in topics
            for p in self._consumer.partitions_for_topic(topic) or ()
        ]
        ends: dict[TopicPartition, int] = self._consumer.end_offsets(places)
        return ends

    def handled(self, group: str) -> Mapping[TopicPartition, int]:
        """Give the next offset that *group* has to handle, per partition."""
        found = patiently(lambda: self._admin.list_group_offsets({group: None}))[group]
        return {place: told.offset for place, told in found.items()}

    def behind(self, groups: Iterable[str]) -> int:
        """Give how many records *groups* have still to handle; none of them can make more."""
        handled = {group: self.handled(group) for group in groups}  # before the ends are read
        return sum(
            max(0, end - max(0, handled[group].get(place, 0)))
            for group in handled
            for place, end in self.ends(inputs(group)).items()
        )


@contextmanager
def log(bootstrap: str) -> Iterator[Log]:
    """Give a `Log` that is closed afterwards."""
    seen = Log(bootstrap)
    try:
        yield seen
    finally:
        seen.close()


def groups(roles: Iterable[str]) -> list[str]:
    """Give the groups of *roles*."""
    return [f"listwire-{role}" for role in roles]


def wait(
    what: str,
    fact: Callable[[], bool],
    tend: Callable[[], object] = lambda: None,
    *,
    every: float = 0.05,
) -> None:
    """Wait for *fact*, and look after the parts meanwhile. Raises `TimeoutError`."""
    deadline = time.monotonic() + PATIENCE
    while not fact():
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {PATIENCE:.0f} s: {what}")
        tend()
        time.sleep(every)


def catch_up(running: Pipeline, roles: Iterable[str]) -> None:
    """Wait until *roles* have handled everything there is."""
    named = groups(roles)
    with log(running.bootstrap) as seen:
        wait("all caught up", lambda: not seen.behind(named), running.tend, every=0.5)


class Busy:
    """How much CPU the processes named have used since this was made, or since their start."""

    def __init__(self, pids: Mapping[str, int], *, since_start: bool = False) -> None:
        self._processes = {name: psutil.Process(pid) for name, pid in pids.items()}
        self._before = dict.fromkeys(pids, 0.0) if since_start else self._used()

    def _used(self) -> dict[str, float]:
        times = {name: process.cpu_times() for name, process in self._processes.items()}
        return {name: its.user + its.system for name, its in times.items()}

    def told(self) -> str:
        """Give the CPU seconds of each: a figure that other things to do change little."""
        used = {name: now - self._before[name] for name, now in self._used().items()}
        return "CPU seconds: " + ", ".join(f"{name} {spent:.1f}" for name, spent in used.items())


def pids(running: Pipeline) -> dict[str, int]:
    """Give the process ids of the workers and of the broker, by name."""
    workers = {
        str(place.post): place.pid for place in (running.crew.places if running.crew else [])
    }
    return workers | broker(running)


def broker(running: Pipeline) -> dict[str, int]:
    """Give the broker's process id, if it is ours."""
    return {"broker": running.stack.kafka.pid} if running.stack else {}


def load(running: Pipeline, shop: Shop, roles: Sequence[str]) -> None:
    """Bring the catalogue in; products come last, so that each is decided on once, and whole."""
    for records in (shop.stocks_and_prices(), shop.catalogue()):
        send(running.bootstrap, records)
        catch_up(running, roles)


def percentile(values: Sequence[float], share: float) -> float:
    """Give the smallest of *values* that *share* of them do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, -int(-share * len(ordered) // 1) - 1)]
