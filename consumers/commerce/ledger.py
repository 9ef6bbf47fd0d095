"""The tables of this room: what listings say, and how far each place of the catalogue is.

A product is changed by one transaction at a time: all its rows hang on one advisory lock,
since a new listing's row is not there yet to be locked.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, RowMapping, any_, bindparam, delete, func, select, text
from sqlalchemy.dialects.postgresql import ARRAY, TEXT, insert

from consumers.commerce.choose import Place, chosen, offered
from consumers.commerce.row import Row, again, wanted
from consumers.commerce.tables import OPEN, attribute_import, attribute_write
from schemas.listings import AttributesImported, ImportedValue
from schemas.reasons import Reason
from schemas.settings import Settings

Said = tuple[tuple[str, str, str], int, AttributesImported | None]
"""Product, account and seller SKU; sequence; the values, None for a delete."""

_KEY = list(attribute_import.primary_key)
_PLACE = list(attribute_write.primary_key)


def lock(connection: Connection, sku: str) -> None:
    """Let nobody else change the rows of *sku* until the transaction ends."""
    connection.execute(select(func.pg_advisory_xact_lock(_number(sku))))


def _number(sku: str) -> Any:
    return func.hashtextextended("attribute_write|" + sku, 0)


def take(connection: Connection, said: Sequence[Said], settings: Settings, now: datetime) -> int:
    """Keep what listings say, newer over older only; give how many products it moved."""
    newest: dict[tuple[str, str, str], Said] = {}
    for each in said:
        if each[0] not in newest or each[1] > newest[each[0]][1]:
            newest[each[0]] = each
    skus = sorted({key[0] for key in newest})
    for sku in skus:
        lock(connection, sku)
    for key in sorted(newest):
        _keep(connection, newest[key])
    for sku in skus:
        settle(connection, sku, settings, now)
    return len(skus)


def _keep(connection: Connection, said: Said) -> None:
    (sku, account, seller_sku), sequence, event = said
    row = {
        "sku": sku,
        "account": account,
        "seller_sku": seller_sku,
        "sequence": sequence,
        "said": msgspec.to_builtins(event.values if event else []),
        "deleted": event is None,
    }
    new = insert(attribute_import).values(row)
    changed = {name: new.excluded[name] for name in ("sequence", "said", "deleted")}
    newer = new.excluded.sequence > attribute_import.c.sequence
    connection.execute(new.on_conflict_do_update(index_elements=_KEY, set_=changed, where=newer))


def settle(connection: Connection, sku: str, settings: Settings, now: datetime) -> None:
    """Let the places of *sku* want what its listings say now."""
    values = chosen(offered(said(connection, [sku]), settings))
    before = {(r.scope, r.attribute): r for r in rows(connection, sku)}
    after = {place: wanted(sku, value, before.get(place), now) for place, value in values.items()}
    save(connection, [row for place, row in after.items() if before.get(place) != row])
    _drop(connection, sku, before.keys() - after.keys())


def _drop(connection: Connection, sku: str, places: Iterable[Place]) -> None:
    for scope, attribute in sorted(places):
        connection.execute(
            delete(attribute_write).where(
                attribute_write.c.sku == sku,
                attribute_write.c.scope == scope,
                attribute_write.c.attribute == attribute,
            )
        )


def said(connection: Connection, skus: Sequence[str] | None = None) -> list[AttributesImported]:
    """Give what the listings of *skus* say, of all products where None."""
    query = select(attribute_import).where(~attribute_import.c.deleted).order_by(*_KEY)
    if skus is not None:
        query = query.where(attribute_import.c.sku == any_(bindparam("skus", type_=ARRAY(TEXT))))
    found = connection.execute(query, {"skus": list(skus or ())}).mappings()
    return [
        AttributesImported(
            sku=r["sku"],
            account=r["account"],
            seller_sku=r["seller_sku"],
            values=msgspec.convert(r["said"], list[ImportedValue]),
        )
        for r in found
    ]


def rows(connection: Connection, sku: str) -> list[Row]:
    """Give the places of *sku*."""
    query = select(attribute_write).where(attribute_write.c.sku == sku).order_by(*_PLACE)
    return [row_of(found) for found in connection.execute(query).mappings()]


def row_of(found: RowMapping) -> Row:
    """Give the row that a row of the table holds."""
    return Row(**{**found, "why": msgspec.convert(found["why"], list[Reason])})


def save(connection: Connection, changed: Sequence[Row]) -> None:
    """Write *changed* rows, whole."""
    if changed:
        new = insert(attribute_write)
        fresh = {c.name: new.excluded[c.name] for c in attribute_write.c if not c.primary_key}
        upsert = new.on_conflict_do_update(index_elements=_PLACE, set_=fresh)
        connection.execute(upsert, [_columns(row) for row in changed])


def judged(connection: Connection, sku: str, found: Sequence[Row]) -> None:
    """Write what became of *found*, where the place still wants that value."""
    lock(connection, sku)
    now_wanted = {(r.scope, r.attribute): (r.value, r.overwrite) for r in rows(connection, sku)}
    save(
        connection,
        [r for r in found if now_wanted.get((r.scope, r.attribute)) == (r.value, r.overwrite)],
    )


def _columns(row: Row) -> dict[str, Any]:
    return msgspec.structs.asdict(row) | {"why": msgspec.to_builtins(row.why)}


def due(connection: Connection, now: datetime, most: int) -> list[str]:
    """Give the products with something to be written now, the longest waiting first."""
    c = attribute_write.c
    query = (
        select(c.sku)
        .where(text(OPEN), c.due_at <= now)
        .group_by(c.sku)
        .order_by(func.min(c.due_at), c.sku)
        .limit(most)
    )
    return list(connection.execute(query).scalars())


def hold(connection: Connection, sku: str) -> bool:
    """Claim *sku* for as long as *connection* lives, or until `release`; False: another has it."""
    return bool(connection.execute(select(func.pg_try_advisory_lock(_held(sku)))).scalar())


def release(connection: Connection, sku: str) -> None:
    """Give *sku* back."""
    connection.execute(select(func.pg_advisory_unlock(_held(sku))))


def _held(sku: str) -> Any:
    return func.hashtextextended("attribute_hold|" + sku, 0)


def write_again(
    connection: Connection, attributes: Sequence[str], now: datetime, sku: str | None = None
) -> int:
    """Let the values of *attributes* be written again; give how many places that concerns."""
    c = attribute_write.c
    query = select(c.sku).distinct().where(c.attribute == any_(bindparam("named", type_=_TEXTS)))
    query = query if sku is None else query.where(c.sku == sku)
    found = sorted(connection.execute(query, {"named": list(attributes)}).scalars())
    count = 0
    for each in found:
        lock(connection, each)
        mine = [r for r in rows(connection, each) if r.attribute in attributes]
        save(connection, [again(r, now) for r in mine])
        count += len(mine)
    return count


_TEXTS = ARRAY(TEXT)
