"""Reports under way, notifications taken in, what accounts are known for.

Writer: producers/amazon alone.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Identity,
    Index,
    Integer,
    LargeBinary,
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

UNFINISHED = "state IN ('wanted', 'requested', 'done', 'archived', 'emitted')"
"""Literal, so that the partial indexes serve."""


def _moment(name: str, *, null: bool = True, key: bool = False) -> Column[object]:
    return Column(name, DateTime(timezone=True), nullable=null and not key, primary_key=key)


def _name(name: str, *, key: bool = False) -> Column[str]:
    return Column(name, Text(collation="C"), primary_key=key, nullable=False)


report_run = Table(
    "report_run",
    METADATA,
    _name("store", key=True),
    _name("type", key=True),
    _moment("slot", key=True),
    _name("account"),
    _moment("wanted_at", null=False),
    _moment("due_at", null=False),
    Column("state", Text, nullable=False),
    Column("by", Text, nullable=False),
    Column("fewer", Boolean, nullable=False),
    _moment("asked_at"),
    Column("report", Text),
    Column("document", Text),
    _moment("data_end"),
    _moment("processing_end"),
    Column("archived", Text),
    Column("charset", Text),
    Column("size", BigInteger, nullable=False),
    Column("hash", Text),
    _moment("as_of"),
    Column("rows", Integer, nullable=False),
    Column("rows_refused", Integer, nullable=False),
    Column("refused_rows", JSONB, nullable=False),
    Column("ends", JSONB, nullable=False),
    Column("why", Text),
    Column("polls", Integer, nullable=False),
    Column("aborted", Integer, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("hinted", Boolean, nullable=False, server_default=text("false")),
)
"""One report of one store and type; *hinted*: Amazon said that it is finished."""

Index(
    "report_run_open",
    report_run.c.store,
    report_run.c.type,
    unique=True,
    postgresql_where=text(UNFINISHED),
)
"""One run of a store and type at a time."""

Index("report_run_report", report_run.c.account, report_run.c.report)

notification_inbox = Table(
    "notification_inbox",
    METADATA,
    _name("account", key=True),
    _name("notification", key=True),
    Column("type", Text, nullable=False),
    _moment("at"),
    _moment("received_at", null=False),
    Column("outcome", Text, nullable=False),
    Column("why", Text),
)
"""Every notification that was taken in, so that none is twice; '' = it names no account."""

Index("notification_inbox_type", notification_inbox.c.type, notification_inbox.c.received_at)
Index("notification_inbox_age", notification_inbox.c.received_at)

notification_outbox = Table(
    "notification_outbox",
    METADATA,
    Column("id", BigInteger, Identity(), primary_key=True),
    _name("account"),
    _name("notification"),
    Column("topic", Text, nullable=False),
    Column("key", LargeBinary, nullable=False),
    Column("value", LargeBinary, nullable=False),
    Column("headers", LargeBinary, nullable=False),
)
"""Records that a notification implies, until the broker has them."""

Index(
    "notification_outbox_of",
    notification_outbox.c.account,
    notification_outbox.c.notification,
)

notification_dead_letter = Table(
    "notification_dead_letter",
    METADATA,
    _name("id", key=True),
    Column("code", Text, nullable=False),
    Column("why", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("count", Integer, nullable=False),
    _moment("first_at", null=False),
    _moment("last_at", null=False),
)
"""What the queue held and nobody can use, byte for byte; *id* is the queue's own."""

Index("notification_dead_letter_age", notification_dead_letter.c.last_at)

account_state = Table(
    "account_state",
    METADATA,
    _name("account", key=True),
    Column("value", LargeBinary, nullable=False),
    _moment("changed_at", null=False),
)
"""What is told of each account: its row is locked while it is changed and published."""

account_absence = Table(
    "account_absence",
    METADATA,
    _name("account", key=True),
    _name("seller_sku", key=True),
    _moment("at", null=False),
)
"""Seller SKUs that should be there and were read 404, with the last time."""

Index("account_absence_age", account_absence.c.account, account_absence.c.at)
