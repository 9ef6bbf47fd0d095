"""The push ledger and what stands beside it. Writer: consumers/amazon alone.

The ledger is the only table that the topics cannot rebuild: what was sent is known nowhere
else. Lease and outbox follow `reliability.md` F and D.
"""

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
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


def _moment(name: str, *, null: bool = True) -> Column[object]:
    return Column(name, DateTime(timezone=True), nullable=null)


def _name(name: str, *, key: bool = False) -> Column[str]:
    # bytes in order: whoever locks several rows does so in the same order everywhere
    return Column(name, Text(collation="C"), primary_key=key, nullable=False)


push_ledger = Table(
    "push_ledger",
    METADATA,
    _name("account", key=True),
    _name("seller_sku", key=True),
    _name("aspect", key=True),
    _name("store", key=True),
    Column("state", Text, nullable=False),
    Column("wanted", Text),
    Column("wanted_hash", Text, nullable=False),
    Column("details", JSONB, nullable=False),
    Column("sequence", BigInteger, nullable=False),
    _moment("since", null=False),
    Column("attempt", Integer, nullable=False),
    Column("fence", BigInteger, nullable=False),
    Column("sent", Text),
    Column("sent_hash", Text, nullable=False),
    Column("submission", Text),
    _moment("started_at"),
    Column("confirmed", Text),
    Column("confirmed_hash", Text, nullable=False),
    Column("evidence", Text),
    _moment("confirmed_at"),
    Column("tries", Integer, nullable=False),
    Column("rounds", Integer, nullable=False),
    Column("reads", Integer, nullable=False),
    Column("note", Text),
    _moment("due_at", null=False),
    Column("lane", SmallInteger),
    Column("operation", Text),
)
"""Desired, in flight and confirmed, per shared SKU, aspect and store ('' for quantity)."""

Index(
    "push_ledger_to_send",
    push_ledger.c.account,
    push_ledger.c.lane,
    push_ledger.c.since,
    postgresql_where=text("lane IS NOT NULL"),
)
Index(
    "push_ledger_in_flight",
    push_ledger.c.account,
    push_ledger.c.due_at,
    postgresql_where=text("state IN ('sending', 'unknown', 'awaiting')"),
)

push_lease = Table(
    "push_lease",
    METADATA,
    _name("account", key=True),
    Column("owner", Text, nullable=False),
    Column("token", BigInteger, nullable=False),
    _moment("expires_at", null=False),
    _moment("paused_until"),
    Column("paused_why", Text),
)
"""Who pushes for an account; *token* grows with each new owner."""

push_outbox = Table(
    "push_outbox",
    METADATA,
    Column("id", BigInteger, Identity(), primary_key=True),
    _name("account"),
    Column("topic", Text, nullable=False),
    Column("key", LargeBinary, nullable=False),
    Column("value", LargeBinary, nullable=False),
    Column("headers", LargeBinary, nullable=False),
)
"""Records that a ledger change implies, until the broker has them."""

Index(None, push_outbox.c.account, push_outbox.c.id)
