"""The runs in Postgres. A row is written only over the version that its writer has read."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    Text,
    any_,
    bindparam,
    delete,
    literal,
    or_,
    select,
    text,
    tuple_,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY, distinct_on, insert

from producers.amazon.run import OPEN, Run
from producers.amazon.tables import UNFINISHED
from producers.amazon.tables import report_run as table

AT_ONCE = 20
"""Runs that one look gives: the rest is due at the next."""

_COLUMNS = [c for c in table.c if c.name != "hinted"]
_OPEN = text(UNFINISHED)


class Overtaken(Exception):
    """Somebody else has moved this run since it was read: nothing was written."""


class Runs:
    """All runs; every call is one transaction."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def add(self, run: Run) -> bool:
        """Add *run*, unless its slot is taken or one of its store and type is open."""
        values = msgspec.structs.asdict(run)
        new = insert(table).values(values).on_conflict_do_nothing().returning(table.c.version)
        with self._engine.begin() as connection:
            return connection.execute(new).one_or_none() is not None

    def save(self, run: Run) -> Run:
        """Write *run* over the version it was made from; give it as it is stored now."""
        after = msgspec.structs.replace(run, version=run.version + 1)
        values = msgspec.structs.asdict(after)
        mine = _same(run), table.c.version == run.version
        with self._engine.begin() as connection:
            if connection.execute(update(table).where(*mine).values(values)).rowcount != 1:
                raise Overtaken(f"{run.store} {run.type} {run.slot} version {run.version}")
        return after

    def rest(self, run: Run, until: datetime, why: str) -> None:
        """Note that nothing came of the last act for *run*, and when it is due again.

        Whatever version it has: the state alone must still be the same.
        """
        tried = {"due_at": until, "why": why, "tries": table.c.tries + 1}
        change = update(table).where(_same(run), table.c.state == run.state)
        with self._engine.begin() as connection:
            connection.execute(change.values(tried | {"version": table.c.version + 1}))

    def due(self, accounts: Collection[str], now: datetime) -> list[Run]:
        """Give the runs of *accounts* whose time has come, or that Amazon spoke of."""
        wanted = (
            select(table.c.store, table.c.type, table.c.slot)
            .where(_OPEN, table.c.account == any_(bindparam("of", type_=ARRAY(Text))))
            .where(or_(table.c.due_at <= now, table.c.hinted))
            .order_by(table.c.due_at)
            .limit(AT_ONCE)
        )
        key = tuple_(table.c.store, table.c.type, table.c.slot)
        taken = update(table).where(key.in_(wanted)).values(hinted=False).returning(*_COLUMNS)
        with self._engine.begin() as connection:
            found = [_run(r) for r in connection.execute(taken, {"of": list(accounts)}).mappings()]
        return sorted(found, key=lambda run: (run.due_at, run.key))

    def newest(self) -> dict[tuple[str, str], Run]:
        """Give the latest run of each store and type."""
        query = (
            select(*_COLUMNS)
            .ext(distinct_on(table.c.store, table.c.type))
            .order_by(table.c.store, table.c.type, table.c.slot.desc())
        )
        return {(run.store, run.type): run for run in self._read(query)}

    def previous(self, run: Run) -> Run | None:
        """Give the latest run before *run* whose document was read."""
        query = (
            select(*_COLUMNS)
            .where(*_of(run), table.c.slot < run.slot, table.c.hash.is_not(None))
            .order_by(table.c.slot.desc())
            .limit(1)
        )
        return next(iter(self._read(query)), None)

    def accepted(self, run: Run) -> Run | None:
        """Give the complete run of *run*'s store and type that is as of the latest."""
        query = (
            select(*_COLUMNS)
            .where(*_of(run), table.c.state == "complete")
            .order_by(table.c.as_of.desc(), table.c.slot.desc())
            .limit(1)
        )
        return next(iter(self._read(query)), None)

    def known(self, account: str) -> set[str]:
        """Give the ids of all reports of *account* that belong to a run."""
        query = select(table.c.report).where(
            table.c.account == account, table.c.report.is_not(None)
        )
        with self._engine.connect() as connection:
            return {str(report) for report in connection.execute(query).scalars()}

    def find(self, word: str | None = None, *, limit: int = 50) -> list[Run]:
        """Give the latest runs: all of them, those of a store, or that of a report."""
        query = select(*_COLUMNS).order_by(table.c.slot.desc()).limit(limit)
        if word is not None:
            query = query.where(or_(table.c.store == word, table.c.report == word))
        return self._read(query)

    def referred(self) -> set[str]:
        """Give the names of all archived documents that a run refers to."""
        query = select(table.c.archived).where(table.c.archived.is_not(None)).distinct()
        with self._engine.connect() as connection:
            return {str(name) for name in connection.execute(query).scalars()}

    def forget(self, before: datetime) -> int:
        """Delete runs that ended and were wanted before then; give how many."""
        old = delete(table).where(table.c.wanted_at < before, ~_open_column())
        with self._engine.begin() as connection:
            return connection.execute(old).rowcount

    def _read(self, query: Any) -> list[Run]:
        with self._engine.connect() as connection:
            return [_run(row) for row in connection.execute(query).mappings()]


def finished(connection: Connection, account: str, report: str) -> bool:
    """Note that Amazon calls *report* of *account* finished; tell whether we wait for it.

    A hint: the run looks at Amazon at once, and what Amazon says then is what counts. A
    report that is not known yet is looked at anyway when its time has come.
    """
    hint = (
        update(table)
        .where(table.c.account == account, table.c.report == report)
        .where(table.c.state == "requested")
        .values(hinted=True)
        .returning(literal(1))
    )
    return connection.execute(hint).first() is not None


def _same(run: Run) -> ColumnElement[bool]:
    return (table.c.store == run.store) & (table.c.type == run.type) & (table.c.slot == run.slot)


def _of(run: Run) -> tuple[ColumnElement[bool], ...]:
    return table.c.store == run.store, table.c.type == run.type


def _open_column() -> ColumnElement[bool]:
    return table.c.state.in_(OPEN)


def _run(row: Any) -> Run:
    return Run(**row)
