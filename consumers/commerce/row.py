"""One place of the catalogue and what becomes of the value meant for it; all steps are pure.

| state    | means                                                                        |
|----------|------------------------------------------------------------------------------|
| waiting  | to be read, and written if the shop holds another value                      |
| sending  | may have been written: a read decides                                        |
| imported | the shop was seen to hold it                                                 |
| kept     | the shop has a value of its own, and the mapping fills only what is empty    |
| refused  | the shop will not take it, and why; waits for another value, or a person     |
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Literal

import msgspec
from msgspec.structs import replace

from consumers.commerce.api import Target
from consumers.commerce.choose import Offered
from consumers.commerce.value import empty, same
from schemas.reasons import Reason

State = Literal["waiting", "sending", "imported", "kept", "refused"]
OPEN = frozenset({"waiting", "sending"})

TRIES = 8
"""Writes without an answer after which a person is asked."""
LONGEST = timedelta(minutes=5)
"""The longest pause between two tries (`reliability.md`, retry rule G)."""


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One row of `attribute_write`; *account* and *seller_sku* say whose value it is."""

    sku: str
    scope: str
    attribute: str
    account: str
    seller_sku: str
    value: str | list[str]
    overwrite: bool
    state: State = "waiting"
    why: list[Reason] = []
    written: str | None = None
    written_at: datetime | None = None
    tries: int = 0
    due_at: datetime


def wanted(sku: str, offered: Offered, before: Row | None, now: datetime) -> Row:
    """Give the row after its place is meant to receive *offered*; the same leaves it alone."""
    said = offered.said
    fresh = Row(
        sku=sku,
        scope=said.scope,
        attribute=said.attribute,
        account=offered.account,
        seller_sku=offered.seller_sku,
        value=said.value or "",
        overwrite=said.overwrite,
        due_at=now,
    )
    if before is None:
        return fresh
    if (before.value, before.overwrite) == (fresh.value, fresh.overwrite):
        return replace(before, account=fresh.account, seller_sku=fresh.seller_sku)
    return replace(fresh, written=before.written, written_at=before.written_at)


def again(row: Row, now: datetime) -> Row:
    """Give the row of a value that a person wants written again."""
    return replace(row, state="waiting", why=[], tries=0, due_at=now)


def refused(row: Row, reason: Reason) -> Row:
    """Give the row of a value that the shop will not take."""
    return replace(row, state="refused", why=[reason])


def later(row: Row, now: datetime, after: float) -> Row:
    """Give the row of a value that was not sent: that was no try."""
    tries = row.tries - (row.state == "sending")
    return replace(row, state="waiting", tries=tries, due_at=now + timedelta(seconds=after))


def sending(row: Row) -> Row:
    """Give the row of a value that is about to be written."""
    return replace(row, state="sending", tries=row.tries + 1)


def unanswered(row: Row, why: str, now: datetime, chance: float) -> Row:
    """Give the row of a value whose writing was not answered: asked again, ever later."""
    if row.tries >= TRIES:
        return refused(row, Reason("SHOP_SILENT", {"tries": str(row.tries), "why": why[:300]}))
    pause = min(timedelta(seconds=2**row.tries), LONGEST) * (0.5 + chance / 2)
    return replace(row, due_at=now + pause)


def read(row: Row, target: Target, spelled: str, actual: Any, now: datetime) -> Row:
    """Judge what the shop was seen to hold; a row that stays open is still to be written."""
    if same(target, spelled, actual):
        return replace(row, state="imported", why=[], written=spelled, written_at=now, tries=0)
    if not row.overwrite and not empty(actual):
        held = Reason("KEPT", {"attribute": row.attribute, "value": str(actual)[:120]})
        return replace(row, state="kept", why=[held], tries=0)
    return row


def written(row: Row, target: Target, spelled: str, after: Mapping[str, Any], now: datetime) -> Row:
    """Judge the shop's answer to a write: what it does not show, it did not keep."""
    if same(target, spelled, after.get(row.attribute)):
        return replace(row, state="imported", why=[], written=spelled, written_at=now, tries=0)
    return refused(row, Reason("NOT_KEPT_BY_SHOP", {"attribute": row.attribute}))
