"""Events at a steady rate through a real webhook, its broker killed in the middle.

The senders do what upstream teams are told to do: an event that was not taken is sent again,
the same id and body, until it is. At the end every event that was answered with 202 must be
in the topic.
"""

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import psutil

from deploy.connect.kafka import open_admin, open_consumer
from deploy.connect.whole import to_end
from deploy.embedded.kafka import EmbeddedKafka
from deploy.embedded.ports import free
from deploy.supervisor import listwire
from deploy.topics import apply, plan, wanted
from schemas import codec
from schemas.topics import topic

TOPIC = "catalog.price.v1"
TOKEN = "a-token-of-the-load-test"
CONNECTIONS = 64
GIVE_UP = 60.0
"""Seconds after the last event; what the senders still have then counts as not accepted."""


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """How much is sent, for how long; for how long the broker is away in the middle."""

    rate: int = 500
    seconds: float = 60.0
    away: float = 5.0

    @property
    def events(self) -> int:
        return int(self.rate * self.seconds)


class Outcome(msgspec.Struct, kw_only=True):
    """What became of a run. *missing*: answered with 202, and not in the topic.

    *rate*: events a second as they came up; *seconds*: until the last of them was accepted.
    """

    events: int = 0
    accepted: int = 0
    missing: int = 0
    in_topic: int = 0
    twice: int = 0
    answers: dict[str, int] = {}
    rate: float = 0.0
    seconds: float = 0.0
    cpu_ms_per_event: float = 0.0
    p50_ms: float = 0.0
    p99_ms: float = 0.0
    start_mib: float = 0.0
    peak_mib: float = 0.0
    most_unacknowledged: int = 0
    most_held_bytes: int = 0
    stop_seconds: float = 0.0
    exit: int | None = None

    @property
    def good(self) -> bool:
        return (
            self.accepted == self.events
            and self.missing == 0
            and self.most_unacknowledged <= 5_000
            and self.most_held_bytes <= 16 * 1024 * 1024
            and self.stop_seconds <= 10
            and self.exit == 0
        )


def run(folder: Path, plan_: Plan) -> Outcome:
    """Start a broker; send, kill, compare."""
    with EmbeddedKafka(folder / "kafka") as broker:  # kept when it is killed
        prepare(broker.bootstrap_servers, TOPIC)
        return load(broker, folder, plan_)


def prepare(bootstrap: str, *names: str) -> None:
    """Make topics *names* as the table says, with their dead letters."""
    with open_admin(bootstrap) as admin:
        apply(admin, plan(admin, wanted([topic(name) for name in names], roles=())))


def load(broker: EmbeddedKafka, folder: Path, plan_: Plan) -> Outcome:
    """Start a webhook; send, kill the broker and start it again, stop the webhook, compare."""
    with webhook(broker.bootstrap_servers, folder) as (process, ports):
        outcome = asyncio.run(_Load(plan_, broker, process, ports).run())
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        outcome.exit = process.wait(30)
        outcome.stop_seconds = round(time.monotonic() - began, 1)
    return outcome


@contextlib.contextmanager
def webhook(
    bootstrap: str, folder: Path, **environ: str
) -> Iterator[tuple[subprocess.Popen[bytes], list[int]]]:
    """Run a webhook that knows the source `erp`; give it with its two ports."""
    ports = free(2)
    variables = {
        "LISTWIRE_KAFKA__BOOTSTRAP_SERVERS": bootstrap,
        "LISTWIRE_WEBHOOK__PORT": str(ports[0]),
        "LISTWIRE_WEBHOOK__WATCH_PORT": str(ports[1]),
        "LISTWIRE_WEBHOOK__SOURCES__ERP__SECRET": TOKEN,
    }
    with (folder / "webhook.log").open("ab") as log:
        process = subprocess.Popen(
            [*listwire(), "work", "webhook"],
            env={**os.environ, **variables, **environ},
            cwd=folder,
            stdout=log,
            stderr=log,
        )
        try:
            yield process, ports
        finally:
            if process.poll() is None:
                process.kill()
                process.wait(10)


class _Load:
    """One run's senders, its watcher, and who kills the broker."""

    def __init__(self, plan_: Plan, broker: EmbeddedKafka, process: Any, ports: list[int]) -> None:
        self._plan = plan_
        self._broker = broker
        self._ports = ports
        self._webhook = psutil.Process(process.pid)
        self._answers: Counter[str] = Counter()
        self._accepted: set[str] = set()
        self._waits: list[float] = []
        self._queue: asyncio.Queue[int | None] = asyncio.Queue()
        self._done = asyncio.Event()
        self._outcome = Outcome(events=plan_.events)

    async def run(self) -> Outcome:
        await self._ready()
        self._outcome.start_mib = self._mib()
        watcher = asyncio.create_task(self._watch())
        killer = asyncio.create_task(self._kill())
        before = self._webhook.cpu_times()
        began = time.monotonic()
        senders = [asyncio.create_task(self._send_all()) for _ in range(CONNECTIONS)]
        await self._feed(began)
        self._outcome.rate = round(self._plan.events / (time.monotonic() - began), 1)
        await asyncio.wait(senders, timeout=GIVE_UP)
        self._outcome.seconds = round(time.monotonic() - began, 1)
        for sender in senders:
            sender.cancel()
        await killer
        self._outcome.cpu_ms_per_event = self._cpu_ms(before)
        self._done.set()
        await watcher
        await asyncio.to_thread(self._compare)
        return self._outcome

    async def _ready(self) -> None:
        deadline = time.monotonic() + 30
        while (await self._watched("/readyz")).split(b" ", 2)[1:2] != [b"200"]:
            if time.monotonic() > deadline:
                raise AssertionError("the webhook is not ready within 30 s")
            await asyncio.sleep(0.1)

    async def _feed(self, began: float) -> None:
        for number in range(self._plan.events):
            self._queue.put_nowait(number)
            ahead = began + (number + 1) / self._plan.rate - time.monotonic()
            if ahead > 0.002:
                await asyncio.sleep(ahead)
        for _ in range(CONNECTIONS):
            self._queue.put_nowait(None)

    async def _send_all(self) -> None:
        connection = _Connection(self._ports[0])
        while (number := await self._queue.get()) is not None:
            asked = request(number)
            began = time.monotonic()
            while (status := await connection.ask(asked)) != "202":
                self._answers[status] += 1
                await asyncio.sleep(0.5)  # what a sender does: wait, and send the same again
                began = time.monotonic()
            self._answers["202"] += 1
            self._accepted.add(f"e-{number}")
            self._waits.append(time.monotonic() - began)
        connection.close()

    async def _kill(self) -> None:
        await asyncio.sleep(self._plan.seconds / 2)
        await asyncio.to_thread(self._broker.kill)
        await asyncio.sleep(self._plan.away)
        await asyncio.to_thread(self._broker.start)

    async def _watch(self) -> None:
        out = self._outcome
        while not self._done.is_set():
            out.peak_mib = max(out.peak_mib, self._mib())
            text = (await self._watched("/metrics")).decode()
            held = {"records": 0, "bytes": 0}
            for line in text.splitlines():
                if line.startswith("listwire_webhook_unacknowledged_records "):
                    held["records"] = int(float(line.split()[1]))
                if line.startswith("listwire_webhook_held_bytes "):
                    held["bytes"] = int(float(line.split()[1]))
            out.most_unacknowledged = max(out.most_unacknowledged, held["records"])
            out.most_held_bytes = max(out.most_held_bytes, held["bytes"])
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._done.wait(), 0.25)

    async def _watched(self, path: str) -> bytes:
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", self._ports[1])
        except OSError:
            return b""
        writer.write(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
        answer = await reader.read(-1)
        writer.close()
        return answer

    def _mib(self) -> float:
        return round(self._webhook.memory_info().rss / 1024 / 1024, 1)

    def _cpu_ms(self, before: Any) -> float:
        """Give what one accepted event cost the webhook, its answers of 503 included."""
        now = self._webhook.cpu_times()
        spent = now.user + now.system - before.user - before.system
        return round(spent * 1000 / max(1, len(self._accepted)), 2)

    def _compare(self) -> None:
        with open_consumer(self._broker.bootstrap_servers) as consumer:
            found = Counter(codec.header(r, "ce_id") or "" for r in to_end(consumer, (TOPIC,)))
        out = self._outcome
        out.accepted = len(self._accepted)
        out.missing = len(self._accepted - found.keys())
        out.in_topic = sum(found.values())
        out.twice = sum(n - 1 for n in found.values())
        out.answers = dict(self._answers)
        waits = sorted(self._waits) or [0.0]
        out.p50_ms = round(waits[len(waits) // 2] * 1000, 1)
        out.p99_ms = round(waits[len(waits) * 99 // 100] * 1000, 1)


def request(number: int) -> bytes:
    """Give one event as an HTTP request."""
    sku = f"SKU-{number % 5_000}"
    price = f"{10 + number % 90}.{number % 100:02d}"
    body = json.dumps(
        {
            "specversion": "1.0",
            "id": f"e-{number}",
            "source": "//acme/erp",
            "type": TOPIC,
            "subject": sku,
            "time": "2026-11-25T10:00:00Z",
            "data": {"sku": sku, "prices": {"price": {"global": price}}},
        }
    ).encode()
    head = (
        f"POST /events/erp HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TOKEN}\r\n"
        f"Content-Type: application/cloudevents+json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


class _Connection:
    """One kept connection; opened again where it broke."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._pipe: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, asked: bytes) -> str:
        """Give the status, or why there is none."""
        try:
            if self._pipe is None:
                self._pipe = await asyncio.open_connection("127.0.0.1", self._port)
            reader, writer = self._pipe
            writer.write(asked)
            head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
            length = int(head.partition("content-length:")[2].split("\r\n")[0] or 0)
            await reader.readexactly(length)
        except (OSError, EOFError) as error:
            self.close()
            return type(error).__name__
        return head.split(" ", 2)[1]

    def close(self) -> None:
        if self._pipe is not None:
            self._pipe[1].close()
        self._pipe = None
