"""What people ask about listings: counts, lists, one listing and its history.

Deleted rows are never shown. Identifiers come as they are; sorting is by their bytes.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, RowMapping, Select, func, select

from consumers.postgres.tables import listing, listing_change
from schemas.tabs import Tab

LABELS: Mapping[str, str] = {
    Tab.ACTIVE: "Active",
    Tab.READY_TO_LIST: "Ready to List",
    Tab.INACTIVE: "Inactive",
    Tab.INELIGIBLE: "Ineligible",
    Tab.INCOMPLETE: "Incomplete",
    Tab.ENDED: "Ended",
    Tab.NEW_THIRD_PARTY: "New Third Party",
    Tab.IN_PROCESS: "In Process",
}
"""Tab → what people read, in the order in which tabs are shown (`listings.md` 4.1)."""

NOT_LISTED = "Not Listed"
"""In no tab and outside all counts, kept as the answer to "not listed, because …"."""


class Filter(msgspec.Struct, frozen=True, kw_only=True):
    """Which listings are asked for; None = all. *overridden*: those with an override."""

    account: str | None = None
    store: str | None = None
    tab: str | None = None
    status: str | None = None
    sku: str | None = None
    seller_sku: str | None = None
    overridden: bool = False


class Listing(msgspec.Struct, frozen=True, kw_only=True):
    """One listing as it is stored; JSON columns as plain lists and objects."""

    account: str
    marketplace: str
    seller_sku: str
    store: str
    sequence: int
    tab: str
    status: str
    reasons: list[dict[str, Any]]
    flags: list[dict[str, Any]]
    verdict: str | None
    asin: str | None
    sku: str | None
    name: str | None
    previous: str | None
    since: datetime | None
    cause: dict[str, Any] | None
    desired_quantity: int | None
    desired_price: Any
    desired_currency: str | None
    desired_condition: str | None
    observed_quantity: int | None
    observed_price: Any
    observed_currency: str | None
    observed_exists: bool | None
    observed_as_of: datetime | None
    standing: dict[str, Any]
    choices: list[dict[str, Any]]
    steps: list[dict[str, Any]]
    settings: dict[str, int]
    event_time: datetime | None


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a listing's history; *refused* is an intent that was not admissible."""

    id: str
    at: datetime | None
    before: str | None
    after: str
    reasons: list[dict[str, Any]]
    flags: list[dict[str, Any]]
    cause: dict[str, Any] | None
    refused: dict[str, Any] | None
    event_time: datetime | None


def counts(connection: Connection, store: str | None = None) -> dict[str, dict[str, int]]:
    """Count per store the listings under each tab's label, zeros included.

    What is not listed is counted under `NOT_LISTED`, apart from the tabs.
    """
    query = select(listing.c.store, listing.c.tab, func.count()).where(*_where(Filter(store=store)))
    found: dict[str, dict[str, int]] = {}
    for name, tab, number in connection.execute(query.group_by(listing.c.store, listing.c.tab)):
        per_tab = found.setdefault(name, dict.fromkeys((*LABELS.values(), NOT_LISTED), 0))
        label = LABELS.get(tab, NOT_LISTED)
        per_tab[label] += number
    return dict(sorted(found.items()))


def statuses(connection: Connection, store: str | None = None) -> dict[tuple[str, str, str], int]:
    """Count listings per (store, tab, status)."""
    columns = (listing.c.store, listing.c.tab, listing.c.status)
    query = select(*columns, func.count()).where(*_where(Filter(store=store))).group_by(*columns)
    rows = connection.execute(query.order_by(*columns))
    return {(name, tab, status): number for name, tab, status, number in rows}


def listings(
    connection: Connection, wanted: Filter, *, limit: int | None = None, offset: int = 0
) -> list[Listing]:
    """Give the listings that are *wanted*, by store and seller SKU."""
    query = _listings().where(*_where(wanted)).order_by(listing.c.store, listing.c.seller_sku)
    rows = connection.execute(query.limit(limit).offset(offset))
    return [Listing(**row) for row in rows.mappings()]


def one(connection: Connection, store: str, seller_sku: str) -> Listing | None:
    """Give one listing, or None."""
    found = listings(connection, Filter(store=store, seller_sku=seller_sku), limit=1)
    return found[0] if found else None


def seller_skus(connection: Connection, sku: str, store: str | None = None) -> list[str]:
    """Give the seller SKUs under which product *sku* stands, in *store* or anywhere."""
    query = select(listing.c.seller_sku).distinct().where(*_where(Filter(store=store, sku=sku)))
    return list(connection.scalars(query.order_by(listing.c.seller_sku)))


def history(
    connection: Connection, store: str, seller_sku: str, *, limit: int = 100
) -> list[Change]:
    """Give the changes of one listing, the newest first."""
    changes = listing_change.c
    query = select(*(changes[name] for name in Change.__struct_fields__))
    query = query.where(changes.store == store, changes.seller_sku == seller_sku)
    rows = connection.execute(query.order_by(changes.sequence.desc(), changes.id).limit(limit))
    return [Change(**row) for row in rows.mappings()]


def comparable(connection: Connection) -> list[tuple[Any, ...]]:
    """Give every listing in the columns in which two runs must agree, ordered by its key.

    `records.md` 5: key, tab, status, codes of reasons, flags, link, ASIN, desired and observed
    values, deleted. The sequence, times, ids and cause may differ; nothing else may.
    """
    rows = connection.execute(
        select(*(listing.c[n] for n in COMPARED)).order_by(*listing.primary_key)
    )
    return [_compared(row) for row in rows.mappings()]


COMPARED = (
    "account",
    "marketplace",
    "seller_sku",
    "tab",
    "status",
    "reasons",
    "flags",
    "sku",
    "asin",
    "desired_quantity",
    "desired_price",
    "desired_currency",
    "desired_condition",
    "observed_quantity",
    "observed_price",
    "observed_currency",
    "observed_exists",
    "deleted",
)
"""Columns of `comparable`, in its order; of reasons and flags the codes, sorted."""


def _compared(row: RowMapping) -> tuple[Any, ...]:
    codes = {n: tuple(sorted(r["code"] for r in row[n])) for n in ("reasons", "flags")}
    return tuple(codes.get(name, row[name]) for name in COMPARED)


def _where(wanted: Filter) -> list[ColumnElement[bool]]:
    asked = {
        name: getattr(wanted, name)
        for name in ("account", "store", "tab", "status", "sku", "seller_sku")
    }
    found = [listing.c[name] == value for name, value in asked.items() if value is not None]
    if wanted.overridden:
        found.append(listing.c.standing["overrides"].astext.not_in(["", "{}"]))
    return [listing.c.deleted.is_(False), *found]


def _listings() -> Select[Any]:
    return select(*(listing.c[name] for name in Listing.__struct_fields__))
