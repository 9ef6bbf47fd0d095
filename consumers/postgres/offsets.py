"""How far a reader has read, kept with what it wrote (`reliability.md` C).

Whoever owns a partition holds its newest `gen`. A transaction that finds another one, or
another `next` than it began with, is a zombie's and is rolled back.
"""

from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import Any

import msgspec
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Integer,
    Row,
    Table,
    Text,
    bindparam,
    cast,
    column,
    delete,
    func,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB, insert

from consumers.feed import Bounds, Log, Place
from consumers.postgres.tables import parked, sink_offset
from schemas.event import ENCODER
from schemas.pipeline import Coverage


class Mark(msgspec.Struct, frozen=True, kw_only=True):
    """Where a reader stands in one partition. *expired*: unread offsets that are gone.

    *parked*: keys whose first failed record waits, with its code and offset.
    """

    next: int
    gen: int
    epoch: int
    coverage: Coverage
    parked: Mapping[bytes, tuple[str, int]] = {}
    expired: int = 0


class Ask(Exception):
    """Kafka holds another log, or less of it, than was read: a person decides."""


class Zombie(Exception):
    """Somebody else owns the partition, or has written further: nothing is written."""


def claim(
    connection: Connection, reader: str, place: Place, log: Log, bounds: Bounds, *, anew: bool
) -> Mark:
    """Take *place* over from whoever had it, and say where to go on.

    *anew*: another log under the same name is read from its start without asking. Raises
    `Ask` if it is another log and not *anew*, and if the log ends before what was read.
    """
    query = select(sink_offset).where(*_own(sink_offset, reader, place)).with_for_update()
    held = connection.execute(query).one_or_none()
    if held is None:
        mark = _from(reader, place, bounds.start, gen=1, epoch=0)
    elif log == Log(held.cluster_id, held.topic_id):
        mark = _resumed(held, place, bounds)
    else:
        mark = _renewed(held, reader, place, bounds, anew)
        connection.execute(delete(parked).where(*_own(parked, reader, place)))
    _store(connection, reader, place, log, mark)
    return msgspec.structs.replace(mark, parked=_parked(connection, reader, place))


def believe(connection: Connection, reader: str, marks: Mapping[Place, Mark]) -> dict[Place, Mark]:
    """Read *marks* again, after a commit whose answer may have been lost.

    Raises `Zombie` where somebody else has taken over.
    """
    found = connection.execute(select(sink_offset).where(sink_offset.c.reader == reader))
    rows = {Place(r.topic, r.partition): r for r in found}
    if gone := [p for p, mark in marks.items() if p not in rows or rows[p].gen != mark.gen]:
        raise Zombie(f"{reader} lost {gone}")
    return {
        place: msgspec.structs.replace(
            mark,
            next=rows[place].next,
            coverage=msgspec.convert(rows[place].coverage, Coverage),
            parked=_parked(connection, reader, place),
        )
        for place, mark in marks.items()
    }


def move(connection: Connection, reader: str, steps: Mapping[Place, tuple[Mark, Coverage]]) -> None:
    """Move each place on, in the transaction of its rows. Raises `Zombie`."""
    if not steps:
        return
    text = ENCODER.encode([_step(p, mark, done) for p, (mark, done) in sorted(steps.items())])
    moved = connection.execute(MOVE, {"steps": text.decode(), "owner": reader}).rowcount
    if moved != len(steps):
        raise Zombie(f"{reader} owns {moved} of {sorted(steps)}")


def park(
    connection: Connection, reader: str, keys: Iterable[tuple[Place, bytes, str, int]]
) -> None:
    """Keep that each key waits at its place, because of a code, since an offset."""
    rows = [
        {
            "reader": reader,
            **place._asdict(),
            "key_hash": sha256(key).digest(),
            "key": key,
            "code": code,
            "since": since,
        }
        for place, key, code, since in keys
    ]
    if rows:
        connection.execute(insert(parked).values(rows).on_conflict_do_nothing())


# --- one row ------------------------------------------------------------------------------


def _from(reader: str, place: Place, start: int, *, gen: int, epoch: int) -> Mark:
    coverage = Coverage(
        group=reader, topic=place.topic, partition=place.partition, start=start, next=start
    )
    return Mark(next=start, gen=gen, epoch=epoch, coverage=coverage)


def _resumed(held: Row[Any], place: Place, bounds: Bounds) -> Mark:
    if held.next > bounds.end:
        raise Ask(f"{place} ends at {bounds.end}, and {held.next} was read: Kafka lost data")
    coverage = msgspec.convert(held.coverage, Coverage)
    return Mark(
        next=max(held.next, bounds.start),
        gen=held.gen + 1,
        epoch=held.epoch,
        coverage=coverage,
        expired=max(0, bounds.start - held.next),
    )


def _renewed(held: Row[Any], reader: str, place: Place, bounds: Bounds, anew: bool) -> Mark:
    if not anew:
        raise Ask(f"{place} is another log than the one that was read up to {held.next}")
    return _from(reader, place, bounds.start, gen=held.gen + 1, epoch=held.epoch + 1)


def _store(connection: Connection, reader: str, place: Place, log: Log, mark: Mark) -> None:
    values = {
        "next": mark.next,
        "gen": mark.gen,
        "epoch": mark.epoch,
        "cluster_id": log.cluster,
        "topic_id": log.topic,
        "coverage": msgspec.to_builtins(mark.coverage),
    }
    new = insert(sink_offset).values(reader=reader, **place._asdict(), **values)
    taken = new.on_conflict_do_update(index_elements=list(sink_offset.primary_key), set_=values)
    connection.execute(taken)


def _parked(connection: Connection, reader: str, place: Place) -> dict[bytes, tuple[str, int]]:
    query = select(parked.c.key, parked.c.code, parked.c.since)
    found = connection.execute(query.where(*_own(parked, reader, place)))
    return {bytes(key): (code, since) for key, code, since in found}


def _own(table: Table, reader: str, place: Place) -> tuple[ColumnElement[bool], ...]:
    return (
        table.c.reader == reader,
        table.c.topic == place.topic,
        table.c.partition == place.partition,
    )


# --- the fence ----------------------------------------------------------------------------


def _step(place: Place, mark: Mark, coverage: Coverage) -> dict[str, Any]:
    return {
        **place._asdict(),
        "expected": mark.next,
        "mine": mark.gen,
        "next": coverage.next,
        "coverage": coverage,
    }


_GIVEN = (
    func.jsonb_to_recordset(cast(bindparam("steps", type_=Text), JSONB))
    .table_valued(
        column("topic", Text),
        column("partition", Integer),
        column("expected", BigInteger),
        column("mine", BigInteger),
        column("next", BigInteger),
        column("coverage", JSONB),
        name="given",
    )
    .render_derived(with_types=True)
)

MOVE = (
    update(sink_offset)
    .values(next=_GIVEN.c.next, coverage=_GIVEN.c.coverage)
    .where(
        sink_offset.c.reader == bindparam("owner", type_=Text),
        sink_offset.c.topic == _GIVEN.c.topic,
        sink_offset.c.partition == _GIVEN.c.partition,
        sink_offset.c.next == _GIVEN.c.expected,
        sink_offset.c.gen == _GIVEN.c.mine,
    )
)
"""Moves every place of a batch at once, or fewer rows than were asked for."""
