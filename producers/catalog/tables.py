"""How far the shop was read, what is kept of it, and whole readings. Writer: producers/catalog."""

from sqlalchemy import Boolean, Column, DateTime, Index, Integer, MetaData, Table, Text
from sqlalchemy.dialects.postgresql import JSONB

METADATA = MetaData(
    naming_convention={
        "ix": "%(table_name)s_%(column_0_N_name)s_ix",
        "pk": "%(table_name)s_pkey",
    }
)
"""The tables of this room; migrations compare with it."""


def _moment(name: str, *, null: bool = True) -> Column[object]:
    return Column(name, DateTime(timezone=True), nullable=null)


def _name(name: str, *, key: bool = False) -> Column[str]:
    return Column(name, Text(collation="C"), primary_key=key, nullable=False)


catalog_pull = Table(
    "catalog_pull",
    METADATA,
    _name("shop", key=True),
    _moment("read_to"),
    _moment("full_at"),
)
"""Up to when the shop's changes were read, on its own clock, and when it was read whole."""

catalog_stock_setting = Table(
    "catalog_stock_setting",
    METADATA,
    _name("shop", key=True),
    _name("sku", key=True),
    Column("stated", JSONB, nullable=False),
)
"""What the shop told of a product's stock settings, which it tells only one by one."""

catalog_snapshot = Table(
    "catalog_snapshot",
    METADATA,
    _name("id", key=True),
    _name("shop"),
    Column("by", Text, nullable=False),
    _moment("opened_at", null=False),
    Column("count", Integer, nullable=False),
    Column("hash", Text, nullable=False),
    Column("marks", JSONB, nullable=False),
    Column("state", Text, nullable=False),
    _moment("closed_at"),
    Column("present", Integer, nullable=False),
    Column("missing", JSONB, nullable=False),
    Column("guard", Text),
    Column("why", Text),
    Column("released_by", Text),
)
"""Whole readings as sessions (`producers/catalog/snapshot.py`)."""

Index("catalog_snapshot_newest", catalog_snapshot.c.shop, catalog_snapshot.c.opened_at)

catalog_snapshot_sku = Table(
    "catalog_snapshot_sku",
    METADATA,
    _name("snapshot", key=True),
    _name("sku", key=True),
    Column("present", Boolean, nullable=False),
)
"""The products that a session brought; gone once it is closed for good."""
