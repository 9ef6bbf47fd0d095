"""The tables that the sink writes: one writer, and all of it can be made again from the topics.

*content* is the hash by which a version that stands twice with other content is noticed.
Identifiers collate as bytes ("C"): the same order on every machine, and no index that an
upgrade of the operating system's collations would break.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Numeric,
    SmallInteger,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

METADATA = MetaData(
    naming_convention={
        "ix": "%(table_name)s_%(column_0_N_name)s_ix",
        "ck": "%(table_name)s_%(constraint_name)s",
        "pk": "%(table_name)s_pkey",
    }
)
"""The tables of this room; migrations compare with it."""


def _name(column: str, *, key: bool = False, null: bool = False) -> Column[str]:
    return Column(column, Text(collation="C"), primary_key=key, nullable=null)


def _json(column: str, empty: str | None = None) -> Column[object]:
    default = None if empty is None else text(f"'{empty}'::jsonb")
    return Column(column, JSONB, nullable=empty is None, server_default=default)


def _moment(column: str, *, null: bool = True) -> Column[object]:
    return Column(column, DateTime(timezone=True), nullable=null)


def _positive(amount: str) -> CheckConstraint:
    # NaN sorts above every number, Infinity included: `>= 0` alone would let both in
    return CheckConstraint(
        f"{amount} >= 0 AND {amount} < 'Infinity'", name=f"{amount}_is_an_amount"
    )


listing = Table(
    "listing",
    METADATA,
    _name("account", key=True),
    _name("marketplace", key=True),
    _name("seller_sku", key=True),
    _name("store", null=True),
    Column("sequence", BigInteger, nullable=False),
    Column("content", Text, nullable=False),
    Column("tab", Text),
    Column("status", Text),
    Column("verdict", Text),
    _json("reasons", "[]"),
    _json("flags", "[]"),
    _name("asin", null=True),
    _name("sku", null=True),
    Column("name", Text),
    Column("previous", Text),
    _moment("since"),
    _json("cause"),
    Column("desired_quantity", BigInteger),
    Column("desired_price", Numeric),
    Column("desired_currency", Text),
    Column("desired_condition", Text),
    Column("observed_quantity", BigInteger),
    Column("observed_price", Numeric),
    Column("observed_currency", Text),
    Column("observed_exists", Boolean),
    _moment("observed_as_of"),
    _json("standing", "{}"),
    _json("choices", "[]"),
    _json("steps", "[]"),
    _json("settings", "{}"),
    Column("deleted", Boolean, nullable=False, server_default=text("false")),
    _moment("event_time"),
    _positive("desired_price"),
    _positive("observed_price"),
    Index(None, "store", "tab", "status"),
    Index(None, "account", "sku"),
    postgresql_with={"fillfactor": "80"},  # room for the next version beside the row
)
"""The newest state of each listing; a deleted one stays as a row. From `listing.status.v1`."""

listing_change = Table(
    "listing_change",
    METADATA,
    _name("id", key=True),
    _name("account"),
    _name("marketplace"),
    _name("seller_sku"),
    _name("store"),
    Column("sequence", BigInteger, nullable=False),
    _moment("at"),
    Column("before", Text),
    Column("after", Text, nullable=False),
    Column("tab", Text, nullable=False),
    Column("status", Text, nullable=False),
    _json("reasons", "[]"),
    _json("flags", "[]"),
    _json("cause"),
    _json("refused"),
    _moment("event_time"),
    Index(None, "account", "marketplace", "seller_sku", "sequence"),
)
"""Every change of tab or status, every refused intent. From `listing.status-changed.v1`."""

offer = Table(
    "offer",
    METADATA,
    _name("account", key=True),
    _name("seller_sku", key=True),
    Column("sequence", BigInteger, nullable=False),
    Column("content", Text, nullable=False),
    _name("sku", null=True),
    Column("channel", Text),
    Column("quantity", BigInteger),
    Column("handling_days", Integer),
    _json("stores", "{}"),
    _json("cause"),
    Column("deleted", Boolean, nullable=False, server_default=text("false")),
    _moment("event_time"),
    postgresql_with={"fillfactor": "80"},
)
"""What Amazon should show, per shared SKU. From `listing.offer.v1`."""

submission = Table(
    "submission",
    METADATA,
    _name("id", key=True),
    _name("account"),
    _name("seller_sku"),
    _name("store", null=True),
    Column("aspect", Text, nullable=False),
    Column("state", Text, nullable=False),
    _moment("at", null=False),
    Column("submission", Text),
    Column("value", Text),
    Column("hash", Text),
    _json("issues", "[]"),
    Column("evidence", Text),
    Column("attempt", BigInteger, nullable=False),
    Column("hold", Text),
    _moment("event_time"),
    Index(None, "account", "seller_sku", "at"),
)
"""What became of each push. From `amazon.submission.v1`."""

report = Table(
    "report",
    METADATA,
    _name("store", key=True),
    _name("report", key=True),
    Column("sequence", BigInteger, nullable=False),
    Column("content", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("state", Text, nullable=False),
    _moment("requested_at", null=False),
    _moment("data_end"),
    _moment("as_of"),
    Column("rows", BigInteger, nullable=False),
    Column("rows_refused", BigInteger, nullable=False),
    Column("hash", Text),
    _json("ends", "{}"),
    Column("why", Text),
    _moment("event_time"),
)
"""The life of each report. From `amazon.report.v1`."""

sink_offset = Table(
    "sink_offset",
    METADATA,
    _name("reader", key=True),
    _name("topic", key=True),
    Column("partition", Integer, primary_key=True, autoincrement=False),
    Column("next", BigInteger, nullable=False),
    Column("gen", BigInteger, nullable=False),
    Column("epoch", SmallInteger, nullable=False, server_default=text("0")),
    Column("cluster_id", Text, nullable=False),
    Column("topic_id", Text, nullable=False),
    _json("coverage", "{}"),
    CheckConstraint("next >= 0", name="next_is_an_offset"),
)
"""How far each group has read, written with the rows (`reliability.md` C); *reader* = group."""

parked = Table(
    "parked",
    METADATA,
    _name("reader", key=True),
    _name("topic", key=True),
    Column("partition", Integer, primary_key=True, autoincrement=False),
    Column("key_hash", LargeBinary, primary_key=True),  # a key may be too long for an index
    Column("key", LargeBinary, nullable=False),
    Column("since", BigInteger, nullable=False),
    Column("code", Text, nullable=False),
)
"""Keys of in-order topics whose first failed record waits for release (`reliability.md` H)."""
