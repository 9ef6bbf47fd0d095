"""The auditor's eyes: what every stage says, what the logs hold, and who is right.

Log ends are read before coverage, so that what arrives meanwhile is not missed by anybody.
Processors and look-ups write their coverage to a topic, sinks to their table of offsets.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

import msgspec
from kafka import KafkaConsumer, TopicPartition
from sqlalchemy import Engine, select

from consumers.postgres.tables import sink_offset
from deploy.connect.kafka import open_consumer
from deploy.connect.whole import to_end
from deploy.errors import Failure
from deploy.watch.audit import Hole, Place, Standing, holes
from deploy.watch.reading import GROUPS
from schemas import codec
from schemas.errors import Refused
from schemas.pipeline import Coverage
from schemas.record import Record
from schemas.topics import inputs

TOPIC = "pipeline.coverage.v1"
SILENCE_SECONDS = 20.0
"""A broker that gives nothing for so long, while records stand there, does not answer."""

Said = dict[tuple[str, str, int], Coverage]


def unaccounted(bootstrap: str, engine: Engine, groups: Iterable[str] = GROUPS) -> list[Hole]:
    """Give every offset of the inputs of *groups* that nobody accounts for.

    What has just been written is among it while the pipeline runs. Raises `Failure`.
    """
    with open_consumer(bootstrap) as consumer:
        wanted = {group: _places(consumer, group) for group in groups}
        log = _log(consumer, {place for places in wanted.values() for place in places})
        said = told_on_topic(consumer) | told_in_table(engine)
        return holes(
            wanted, said, log, lambda place, first, after: standing(consumer, place, first, after)
        )


def told_on_topic(consumer: KafkaConsumer) -> Said:
    """Give the coverage on the topic, the newest of each key. Raises `Failure`."""
    said: Said = {}
    for record in to_end(consumer, (TOPIC,)):
        coverage = _coverage(record)
        if coverage is not None:
            said[coverage.group, coverage.topic, coverage.partition] = coverage
    return said


def told_in_table(engine: Engine) -> Said:
    """Give the coverage that sinks keep with their rows."""
    columns = (sink_offset.c.reader, sink_offset.c.topic, sink_offset.c.partition)
    with engine.connect() as connection:
        rows = connection.execute(select(*columns, sink_offset.c.coverage)).all()
    return {
        (reader, topic, partition): msgspec.convert(coverage, Coverage)
        for reader, topic, partition, coverage in rows
    }


def standing(consumer: KafkaConsumer, place: Place, first: int, after: int) -> Standing:
    """Read the range and give how many committed records it has.

    Raises `Failure` (LW-0208) for a broker that gives nothing.
    """
    partition = TopicPartition(*place)
    consumer.assign([partition])
    consumer.seek(partition, first)
    count, since = 0, None
    while (before := consumer.position(partition)) < after:
        batch = consumer.poll(timeout_ms=int(SILENCE_SECONDS * 1000)).get(partition, [])
        inside = [record for record in batch if first <= record.offset < after]
        count += len(inside)
        since = since or next(
            (datetime.fromtimestamp(r.timestamp / 1000, UTC) for r in inside), None
        )
        if consumer.position(partition) == before:
            raise _silent(place, before)
    return Standing(count, since)


def _coverage(record: Record) -> Coverage | None:
    try:
        return codec.decode(record, Coverage)
    except Refused:
        return None  # a worker's `Applied`, or damaged: then its offsets show as holes


def _places(consumer: KafkaConsumer, group: str) -> list[Place]:
    found = {name: consumer.partitions_for_topic(name) or set() for name in inputs(group)}
    if missing := [name for name, partitions in found.items() if not partitions]:
        raise Failure(
            "LW-0205",
            where=", ".join(missing),
            why="the broker does not have them",
            do="listwire topics apply --execute",
        )
    return [(name, p) for name, partitions in found.items() for p in sorted(partitions)]


def _log(consumer: KafkaConsumer, places: set[Place]) -> Mapping[Place, tuple[int, int]]:
    asked = [TopicPartition(*place) for place in sorted(places)]
    starts, ends = consumer.beginning_offsets(asked), consumer.end_offsets(asked)
    return {(p.topic, p.partition): (starts[p], ends[p]) for p in asked}


def _silent(place: Place, offset: int) -> Failure:
    return Failure(
        "LW-0208",
        where=f"{place[0]}-{place[1]}@{offset}",
        why=f"records stand there, and for {SILENCE_SECONDS:g} s the broker gave none",
        do="look at the broker's own log; a damaged batch stops every reader there",
    )
