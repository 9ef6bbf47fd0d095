"""Where each report's run stands. Writer: producers/amazon alone."""

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
