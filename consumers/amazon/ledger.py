"""The push ledger in Postgres: one shared SKU's rows are locked, changed and written as one.

Every change goes through here: the rows are locked in the order of their key, a pure step
makes the new ones, they are scheduled, written, and what is to be said goes to the outbox in
the same transaction.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, Text, any_, bindparam, func, select, text, tuple_
from sqlalchemy.dialects.postgresql import ARRAY, insert

from consumers.amazon import outbox
from consumers.amazon.lanes import scheduled
from consumers.amazon.row import Change, Row, Rows
from consumers.amazon.tables import push_ledger as table
from schemas.amazon import Observation

Sku = tuple[str, str]
"""Account and seller SKU."""

Step = Callable[[Rows], Change]

_KEY = [c.name for c in table.primary_key]
_ORDER = list(table.primary_key)


def _load() -> Any:
    named = select(
        func.unnest(bindparam("accounts", type_=ARRAY(Text))).label("account"),
        func.unnest(bindparam("seller_skus", type_=ARRAY(Text))).label("seller_sku"),
    ).subquery()
    wanted = tuple_(table.c.account, table.c.seller_sku).in_(
        select(named.c.account, named.c.seller_sku)
    )
    return select(table).where(wanted).order_by(*_ORDER).with_for_update()


_LOAD = _load()
_LOAD_ONE = (
    select(table)
    .where(table.c.account == bindparam("of"), table.c.seller_sku == bindparam("sku"))
    .order_by(*_ORDER)
    .with_for_update()
)


def load(connection: Connection, skus: Sequence[Sku]) -> dict[Sku, Rows]:
    """Give the rows of *skus*, locked until the transaction ends."""
    if len(skus) == 1:
        found = connection.execute(_LOAD_ONE, {"of": skus[0][0], "sku": skus[0][1]})
    else:
        named = {"accounts": [a for a, _ in skus], "seller_skus": [s for _, s in skus]}
        found = connection.execute(_LOAD, named)
    rows: dict[Sku, Rows] = {sku: {} for sku in skus}
    for row in (Row(**r) for r in found.mappings()):
        rows[row.account, row.seller_sku][row.key] = row
    return rows


def change(
    connection: Connection,
    sku: Sku,
    step: Step,
    *,
    reads: Iterable[Observation] = (),
) -> Rows:
    """Take the rows of one SKU through *step*, write what changed, say what is to be said."""
    before = load(connection, [sku])[sku]
    change = finished(before, step(before))
    save(connection, [(before, change)])
    outbox.put(connection, change.said, reads)
    return change.rows


def finished(before: Rows, change: Change) -> Change:
    """Give *change* with all rows of the SKU, scheduled anew."""
    return Change(scheduled(before | change.rows), change.said)


def save(connection: Connection, changes: Iterable[tuple[Rows, Change]]) -> None:
    """Write the rows that differ from what they were."""
    differing = [
        row
        for before, change in changes
        for key, row in change.rows.items()
        if before.get(key) != row
    ]
    if differing:
        ordered = sorted(differing, key=lambda r: (r.account, r.seller_sku, r.aspect, r.store))
        connection.execute(_UPSERT, [msgspec.structs.asdict(r) for r in ordered])


def _upsert() -> Any:
    new = insert(table)
    fresh = {c.name: new.excluded[c.name] for c in table.c if not c.primary_key}
    return new.on_conflict_do_update(index_elements=_KEY, set_=fresh)


_UPSERT = _upsert()


_TO_SEND = (
    select(table)
    .where(table.c.account == bindparam("of"), table.c.lane.is_not(None))
    .where(table.c.operation == any_(bindparam("operations", type_=ARRAY(Text))))
    .where(table.c.due_at <= bindparam("now"))
    .order_by(table.c.lane, table.c.since)
    .limit(1)
)


def to_send(
    connection: Connection, account: str, operations: Sequence[str], now: datetime
) -> Row | None:
    """Give the most urgent row that is due and needs one of *operations*.

    Nothing is locked: whoever sends it looks again under the lock.
    """
    found = connection.execute(
        _TO_SEND, {"of": account, "operations": list(operations), "now": now}
    ).mappings()
    return next((Row(**row) for row in found), None)


def next_due(connection: Connection, account: str) -> datetime | None:
    """Give when the next row of *account* may be sent."""
    query = select(func.min(table.c.due_at)).where(
        table.c.account == account, table.c.lane.is_not(None)
    )
    found: datetime | None = connection.execute(query).scalar()
    return found


_TO_READ = (
    select(table)
    .where(table.c.account == bindparam("of"))
    .where(text("state IN ('unknown', 'awaiting')"))  # literal, so that the partial index serves
    .order_by(table.c.due_at)
    .limit(bindparam("most"))
)


def to_read(connection: Connection, account: str, most: int) -> list[Row]:
    """Give the rows in flight whose read is due first, due or not yet."""
    found = connection.execute(_TO_READ, {"of": account, "most": most}).mappings()
    return [Row(**row) for row in found]


def with_state(connection: Connection, account: str, states: Sequence[str]) -> list[Row]:
    """Give the rows of *account* in one of *states*."""
    query = select(table).where(table.c.account == account, table.c.state.in_(states))
    return [Row(**row) for row in connection.execute(query).mappings()]
