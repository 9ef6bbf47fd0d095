"""Sessions of whole readings in Postgres, and how far a shop was read. Each call commits."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Engine, Text, any_, bindparam, delete, select, update
from sqlalchemy.dialects.postgresql import ARRAY, insert

from producers.catalog.rest import Document
from producers.catalog.snapshot import Snapshot
from producers.catalog.tables import (
    catalog_pull,
    catalog_snapshot,
    catalog_snapshot_sku,
    catalog_stock_setting,
)

SHOWN = 50
"""Sessions that a list shows: the newest."""


class Sessions:
    """All sessions."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def open(self, session: Snapshot) -> None:
        """Begin *session*; what the same opener left open for this shop is dropped."""
        values = msgspec.structs.asdict(session)
        why = "left half-way: another one was begun; it ended nothing"
        with self._engine.begin() as connection:
            connection.execute(
                update(catalog_snapshot)
                .where(
                    catalog_snapshot.c.shop == session.shop,
                    catalog_snapshot.c.by == session.by,
                    catalog_snapshot.c.state == "open",
                )
                .values(state="dropped", why=why, closed_at=session.opened_at)
            )
            connection.execute(insert(catalog_snapshot).values(values))

    def get(self, id_: str) -> Snapshot | None:
        """Give the session of this id."""
        return next(iter(self._read(catalog_snapshot.c.id == id_)), None)

    def list(self) -> Sequence[Snapshot]:
        """Give the newest sessions, the newest first."""
        return self._read()

    def add(self, id_: str, seen: Mapping[str, bool]) -> None:
        """Take in SKUs that were read, and whether they were still there."""
        if not seen:
            return
        rows = [{"snapshot": id_, "sku": sku, "present": there} for sku, there in seen.items()]
        new = insert(catalog_snapshot_sku)
        newer = new.on_conflict_do_update(
            index_elements=["snapshot", "sku"], set_={"present": new.excluded.present}
        )
        with self._engine.begin() as connection:
            connection.execute(newer, rows)

    def seen(self, id_: str) -> dict[str, bool]:
        """Give all that was taken in."""
        query = select(catalog_snapshot_sku.c.sku, catalog_snapshot_sku.c.present)
        with self._engine.connect() as connection:
            found = connection.execute(query.where(catalog_snapshot_sku.c.snapshot == id_))
            return {sku: present for sku, present in found}  # noqa: C416 - rows are no pairs

    def save(self, session: Snapshot) -> None:
        """Write what became of *session*; its SKUs go once it is closed."""
        values = msgspec.structs.asdict(session)
        with self._engine.begin() as connection:
            same = catalog_snapshot.c.id == session.id
            connection.execute(update(catalog_snapshot).where(same).values(values))
            if session.state not in ("open", "sealed"):
                mine = catalog_snapshot_sku.c.snapshot == session.id
                connection.execute(delete(catalog_snapshot_sku).where(mine))

    def last(self, shop: str) -> int | None:
        """Give how many products the last accepted whole of *shop* had."""
        query = (
            select(catalog_snapshot.c.present)
            .where(catalog_snapshot.c.shop == shop, catalog_snapshot.c.state == "ended")
            .order_by(catalog_snapshot.c.opened_at.desc())
            .limit(1)
        )
        with self._engine.connect() as connection:
            found: int | None = connection.execute(query).scalar()
            return found

    def _read(self, *where: ColumnElement[bool]) -> Sequence[Snapshot]:
        newest = select(catalog_snapshot).where(*where)
        query = newest.order_by(catalog_snapshot.c.opened_at.desc()).limit(SHOWN)
        with self._engine.connect() as connection:
            return [Snapshot(**row) for row in connection.execute(query).mappings()]


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """How far a shop was read: its changes up to then, and when it was read whole."""

    read_to: datetime | None = None
    full_at: datetime | None = None


class Ledger:
    """How far one shop was read, and the stock settings that are kept of it."""

    def __init__(self, engine: Engine, shop: str) -> None:
        self._engine, self._shop = engine, shop

    def progress(self) -> Progress:
        """Give how far it was read."""
        query = select(catalog_pull.c.read_to, catalog_pull.c.full_at)
        with self._engine.connect() as connection:
            row = connection.execute(query.where(catalog_pull.c.shop == self._shop)).first()
        return Progress(read_to=row[0], full_at=row[1]) if row else Progress()

    def move(self, **to: datetime) -> None:
        """Note that changes were read up to `read_to`, or that it was read whole at `full_at`."""
        new = insert(catalog_pull).values(shop=self._shop, **to)
        with self._engine.begin() as connection:
            connection.execute(new.on_conflict_do_update(index_elements=["shop"], set_=to))

    def of(self, skus: Sequence[str]) -> Mapping[str, Document]:
        """Give the stock settings that are kept of *skus*."""
        table = catalog_stock_setting
        query = select(table.c.sku, table.c.stated).where(
            table.c.shop == self._shop, table.c.sku == any_(bindparam("of", type_=ARRAY(Text)))
        )
        with self._engine.connect() as connection:
            return dict(_pairs(connection.execute(query, {"of": list(skus)})))

    def keep(self, stated: Mapping[str, Document]) -> None:
        """Keep these settings; they replace older ones."""
        if not stated:
            return
        rows = [{"shop": self._shop, "sku": s, "stated": plain(d)} for s, d in stated.items()]
        new = insert(catalog_stock_setting)
        newer = new.on_conflict_do_update(
            index_elements=["shop", "sku"], set_={"stated": new.excluded.stated}
        )
        with self._engine.begin() as connection:
            connection.execute(newer, rows)


def _pairs(rows: Iterable[Any]) -> Iterable[tuple[str, Document]]:
    return ((row[0], row[1]) for row in rows)


def plain(stated: Document) -> Document:
    """Give *stated* as JSON holds it: exact numbers as text."""
    document: Document = msgspec.json.decode(msgspec.json.encode(stated))
    return document
