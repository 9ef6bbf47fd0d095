"""Amazon's values for the catalogue, and what became of each. Writer: consumers/commerce alone."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

METADATA = MetaData(
    naming_convention={
        "ix": "%(table_name)s_%(column_0_N_name)s_ix",
        "pk": "%(table_name)s_pkey",
    }
)
"""The tables of this room; migrations compare with it."""

OPEN = "state IN ('waiting', 'sending')"
"""Literal, so that the partial index serves."""


def _name(name: str, *, key: bool = False) -> Column[str]:
    return Column(name, Text(collation="C"), primary_key=key, nullable=False)


attribute_import = Table(
    "attribute_import",
    METADATA,
    _name("sku", key=True),
    _name("account", key=True),
    _name("seller_sku", key=True),
    Column("sequence", BigInteger, nullable=False),
    Column("said", JSONB, nullable=False),
    Column("deleted", Boolean, nullable=False),
)
"""What each listing says, by product; a deleted one stays. From `catalog.attributes-imported`."""

attribute_write = Table(
    "attribute_write",
    METADATA,
    _name("sku", key=True),
    _name("scope", key=True),
    _name("attribute", key=True),
    _name("account"),
    _name("seller_sku"),
    Column("value", JSONB, nullable=False),
    Column("overwrite", Boolean, nullable=False),
    Column("state", Text, nullable=False),
    Column("why", JSONB, nullable=False),
    Column("written", Text),
    Column("written_at", DateTime(timezone=True)),
    Column("tries", Integer, nullable=False),
    Column("due_at", DateTime(timezone=True), nullable=False),
)
"""What one place of the catalogue shall hold, and how far that is: see `row.py`."""

Index("attribute_write_open", attribute_write.c.due_at, postgresql_where=text(OPEN))
Index(None, attribute_write.c.attribute)
