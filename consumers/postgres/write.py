"""Rows → Postgres, each only over an older one (`reliability.md` B and N).

A batch goes as one JSON text a table: `INSERT … SELECT FROM jsonb_to_recordset(…)`. Measured
with 1 kB listings on two cores, committed, as rows/s at 1, 100, 2,000 rows: this 1,700,
23,000, 22,000 with 6 µs of our own per row; COPY through a temporary table 700, 21,000,
37,000 with 10 µs; executemany 20,000 with 21 µs; one VALUES list by SQLAlchemy 1,500.
"""

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

import msgspec
from sqlalchemy import (
    ColumnElement,
    Connection,
    Executable,
    Table,
    TableValuedAlias,
    Text,
    bindparam,
    cast,
    column,
    func,
    select,
)
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.exc import DBAPIError

from consumers.postgres import tables
from consumers.postgres.failures import Failed, failure
from consumers.postgres.rows import Row
from schemas.event import ENCODER

GUARDED = ("listing", "offer", "report")
"""Tables that hold the newest version of each key; the others are appended to by id."""


class Unstorable(Exception):
    """Postgres refuses a row among those for *table*, because of *why*."""

    def __init__(self, table: str, why: str) -> None:
        super().__init__(f"{table}: {why}")
        self.table = table
        self.why = why


class Written(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a batch: rows *given*, rows *stored*, table and key of *conflicts*.

    The others were older, or repeats. A conflict is a version that stands twice with another
    content: always a fault of ours; the stored row stays.
    """

    given: int = 0
    stored: int = 0
    conflicts: tuple[tuple[str, tuple[str, ...]], ...] = ()


def write(connection: Connection, rows: Sequence[Row]) -> Written:
    """Write *rows* of any tables, in the transaction of *connection*.

    Raises `Unstorable`, after which the transaction can only be rolled back.
    """
    done = [upsert(connection, table, own) for table, own in by_table(rows).items()]
    return Written(
        given=len(rows),
        stored=sum(w.stored for w in done),
        conflicts=tuple(key for w in done for key in w.conflicts),
    )


def by_table(rows: Iterable[Row]) -> dict[str, list[Row]]:
    """Give *rows* by their table, in one order of tables for every transaction."""
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(row.table, []).append(row)
    return dict(sorted(found.items()))


def collapsed(rows: Iterable[Row]) -> list[Row]:
    """Keep per key the highest version, of equals the first, and sort by key.

    One statement may not touch a key twice; and writers that lock in one order do not
    deadlock.
    """
    newest: dict[tuple[str, ...], Row] = {}
    for row in rows:
        held = newest.get(row.key)
        if held is None or row.version > held.version:
            newest[row.key] = row
    return [newest[key] for key in sorted(newest)]


def twins(rows: Iterable[Row]) -> set[tuple[str, ...]]:
    """Give the keys of guarded rows that one batch has in one version with two contents."""
    contents: dict[tuple[tuple[str, ...], int], str] = {}
    given = [(row, contents.setdefault((row.key, row.version), _content(row))) for row in rows]
    return {row.key for row, first in given if first != _content(row)}


def _content(row: Row) -> str:
    return str(row.values.get("content", ""))


def upsert(connection: Connection, table: str, rows: Sequence[Row]) -> Written:
    """Write *rows* of one *table*, each only over an older one.

    A deleted listing is a row too: without it a late record would revive the listing.
    """
    own = collapsed(rows)
    text = ENCODER.encode([row.values for row in own]).decode()
    try:
        stored = connection.execute(_upsert(table), {"rows": text}).rowcount
    except DBAPIError as error:
        if failure(error) is Failed.ROW:
            raise Unstorable(table, _primary(error)) from error
        raise
    found = twins(rows)
    if stored < len(own) and table in GUARDED:
        found |= {tuple(r) for r in connection.execute(_conflicts(table), {"rows": text})}
    return Written(
        given=len(rows), stored=stored, conflicts=tuple((table, key) for key in sorted(found))
    )


def _primary(error: DBAPIError) -> str:
    # the server's own sentence: the driver's would repeat the whole batch
    diagnosis = getattr(error.orig, "diag", None)
    return str(getattr(diagnosis, "message_primary", None) or error.orig)[:300]


def poison(connection: Connection, rows: Sequence[Row]) -> Row:
    """Find one row that Postgres refuses, in a batch of one table that it refused.

    Halves, so log2(n) statements; what they write is taken back. Raises as Postgres does
    for what is no row's fault.
    """
    suspects = collapsed(rows)
    while len(suspects) > 1:
        half = len(suspects) // 2
        suspects = suspects[half:] if _fits(connection, suspects[:half]) else suspects[:half]
    return suspects[0]


def _fits(connection: Connection, rows: Sequence[Row]) -> bool:
    attempt = connection.begin_nested()
    try:
        upsert(connection, rows[0].table, rows)
    except Unstorable:
        return False
    finally:
        attempt.rollback()
    return True


@cache
def _upsert(name: str) -> Executable:
    table = tables.METADATA.tables[name]
    given = _given(table)
    columns = [c.name for c in table.c]
    new = insert(table).from_select(columns, select(*(given.c[c] for c in columns)))
    key = list(table.primary_key)
    if name in GUARDED:
        new = new.on_conflict_do_update(
            index_elements=key,
            set_={c.name: new.excluded[c.name] for c in table.c if not c.primary_key},
            where=new.excluded.sequence > table.c.sequence,
        )
    else:
        new = new.on_conflict_do_nothing(index_elements=key)
    return new.execution_options(preserve_rowcount=True)  # else -1 for an insert


@cache
def _conflicts(name: str) -> Executable:
    table = tables.METADATA.tables[name]
    given = _given(table)
    key: list[ColumnElement[Any]] = [c for c in table.c if c.primary_key]
    same = [c == given.c[c.name] for c in (*key, table.c.sequence)]
    return select(*key).where(*same, table.c.content != given.c.content)


def _given(table: Table) -> TableValuedAlias:
    """The batch as a table with the columns of *table*."""
    batch = func.jsonb_to_recordset(cast(bindparam("rows", type_=Text), JSONB))
    columns = [column(c.name, c.type) for c in table.c]
    return batch.table_valued(*columns, name="given").render_derived(with_types=True)
