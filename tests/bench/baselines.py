"""What we are compared with: the plain way to do it, written as its documentation shows it.

`python baselines.py relay BOOTSTRAP NAME SOURCE TARGET FOLDER` runs a bare Faust agent: a
table write and a `Topic.send` per event, Faust's defaults. `python baselines.py sink
BOOTSTRAP TOPIC URL` is a bare kafka-python loop of guarded upserts into Postgres. Both run
until they are ended.
"""

import signal
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import faust
import msgspec
import psycopg
from kafka import KafkaConsumer

from deploy.embedded.process import Guarded, Order
from processors.parts import SESSION
from schemas.record import Record
from schemas.topics import PARTITIONS


class Fact(faust.Record, serializer="json"):
    """What the bare relays pass on; *filler* makes it as large as ours."""

    sku: str
    sequence: int
    filler: str


def fact(sku: str, sequence: int, *, topic: str, size: int) -> Record:
    """Give the record of a `Fact` that has *size* bytes, key included."""
    bare = {"sku": sku, "sequence": sequence, "filler": ""}
    room = max(0, size - len(sku) - len(msgspec.json.encode(bare)))
    value = msgspec.json.encode(bare | {"filler": "x" * room})
    return Record(topic=topic, key=sku.encode(), value=value)


def relay(bootstrap: str, name: str, source: str, target: str, folder: str) -> None:
    """Remember each event in a table and send it on."""
    app = faust.App(
        name,
        broker=f"kafka://{bootstrap}",
        store="memory://",
        topic_partitions=PARTITIONS,
        datadir=folder,
        web_enabled=False,  # two of them would want the same port
        broker_session_timeout=SESSION,  # its own would add a minute to every restart
        broker_heartbeat_interval=SESSION / 4,
    )
    facts = app.topic(source, key_type=str, value_type=Fact)
    onward = app.topic(target, key_type=str, value_type=Fact)
    newest = app.Table("newest", key_type=str, value_type=Fact, partitions=PARTITIONS)

    @app.agent(facts)
    async def pass_on(stream: faust.StreamT[Fact]) -> None:
        async for key, event in stream.items():
            newest[key] = event
            await onward.send(key=key, value=event)

    faust.Worker(app, loglevel="warning").execute_from_commandline()


UPSERT = """
INSERT INTO bare (sku, sequence, value) VALUES (%s, %s, %s)
ON CONFLICT (sku) DO UPDATE SET sequence = excluded.sequence, value = excluded.value
WHERE excluded.sequence > bare.sequence
"""


def sink(bootstrap: str, topic: str, url: str) -> None:
    """Write each batch with guarded upserts, then commit its offsets."""
    consumer = KafkaConsumer(
        topic,
        bootstrap_servers=bootstrap,
        group_id="bench-bare-sink",
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        max_poll_records=2_000,
    )
    with psycopg.connect(url) as connection:
        while True:
            batches = consumer.poll(timeout_ms=200).values()
            rows = [_row(record) for batch in batches for record in batch]
            if not rows:
                continue
            with connection.transaction(), connection.cursor() as cursor:
                cursor.executemany(UPSERT, rows)
            consumer.commit()


def _row(record: object) -> tuple[str, int, str]:
    value: bytes = getattr(record, "value")  # noqa: B009 - kafka-python has no types
    told = msgspec.json.decode(value)
    return told["sku"], told["sequence"], value.decode()


MAKE = """
CREATE TABLE IF NOT EXISTS bare
(sku text PRIMARY KEY, sequence bigint NOT NULL, value jsonb NOT NULL)
"""


@contextmanager
def running(folder: Path, *runs: Iterable[str]) -> Iterator[list[Guarded]]:
    """Run this file once for each of *runs*; all are ended afterwards."""
    processes = [start(folder, *words) for words in runs]
    try:
        yield processes
    finally:
        for process in processes:
            process.stop()


def start(folder: Path, *words: str) -> Guarded:
    """Start one of them; what it says is in a log below *folder*."""
    folder.mkdir(parents=True, exist_ok=True)
    return Guarded(
        Order(
            command=[sys.executable, __file__, *words],
            cwd=folder,
            log=folder / f"{'-'.join(words[:1])}-{time.monotonic_ns()}.log",
            stop=((signal.SIGTERM, 5.0), (signal.SIGKILL, 5.0)),
            orphaned=signal.SIGKILL,
        )
    )


if __name__ == "__main__":
    runs: dict[str, Callable[..., None]] = {"relay": relay, "sink": sink}
    runs[sys.argv[1]](*sys.argv[2:])
