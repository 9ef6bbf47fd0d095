"""Tables of the sink."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "listing",
        sa.Column("account", sa.Text(collation="C"), nullable=False),
        sa.Column("marketplace", sa.Text(collation="C"), nullable=False),
        sa.Column("seller_sku", sa.Text(collation="C"), nullable=False),
        sa.Column("store", sa.Text(collation="C"), nullable=True),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("tab", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), nullable=True),
        sa.Column("verdict", sa.Text(), nullable=True),
        sa.Column(
            "reasons",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'[]'::jsonb"),
            nullable=False,
        ),
        sa.Column(
            "flags",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'[]'::jsonb"),
            nullable=False,
        ),
        sa.Column("asin", sa.Text(collation="C"), nullable=True),
        sa.Column("sku", sa.Text(collation="C"), nullable=True),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("previous", sa.Text(), nullable=True),
        sa.Column("since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cause", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("desired_quantity", sa.BigInteger(), nullable=True),
        sa.Column("desired_price", sa.Numeric(), nullable=True),
        sa.Column("desired_currency", sa.Text(), nullable=True),
        sa.Column("desired_condition", sa.Text(), nullable=True),
        sa.Column("observed_quantity", sa.BigInteger(), nullable=True),
        sa.Column("observed_price", sa.Numeric(), nullable=True),
        sa.Column("observed_currency", sa.Text(), nullable=True),
        sa.Column("observed_exists", sa.Boolean(), nullable=True),
        sa.Column("observed_as_of", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "standing",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        sa.Column(
            "steps",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'[]'::jsonb"),
            nullable=False,
        ),
        sa.Column(
            "settings",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        sa.Column("deleted", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("event_time", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "desired_price >= 0 AND desired_price < 'Infinity'",
            name=op.f("listing_desired_price_is_an_amount"),
        ),
        sa.CheckConstraint(
            "observed_price >= 0 AND observed_price < 'Infinity'",
            name=op.f("listing_observed_price_is_an_amount"),
        ),
        sa.PrimaryKeyConstraint("account", "marketplace", "seller_sku", name=op.f("listing_pkey")),
        postgresql_with={"fillfactor": "80"},
    )
    op.create_index(op.f("listing_account_sku_ix"), "listing", ["account", "sku"], unique=False)
    op.create_index(
        op.f("listing_store_tab_status_ix"), "listing", ["store", "tab", "status"], unique=False
    )
    op.create_table(
        "listing_change",
        sa.Column("id", sa.Text(collation="C"), nullable=False),
        sa.Column("account", sa.Text(collation="C"), nullable=False),
        sa.Column("marketplace", sa.Text(collation="C"), nullable=False),
        sa.Column("seller_sku", sa.Text(collation="C"), nullable=False),
        sa.Column("store", sa.Text(collation="C"), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("before", sa.Text(), nullable=True),
        sa.Column("after", sa.Text(), nullable=False),
        sa.Column("tab", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column(
            "reasons",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'[]'::jsonb"),
            nullable=False,
        ),
        sa.Column(
            "flags",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'[]'::jsonb"),
            nullable=False,
        ),
        sa.Column("cause", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("refused", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("event_time", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("listing_change_pkey")),
    )
    op.create_index(
        op.f("listing_change_account_marketplace_seller_sku_sequence_ix"),
        "listing_change",
        ["account", "marketplace", "seller_sku", "sequence"],
        unique=False,
    )
    op.create_table(
        "offer",
        sa.Column("account", sa.Text(collation="C"), nullable=False),
        sa.Column("seller_sku", sa.Text(collation="C"), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("sku", sa.Text(collation="C"), nullable=True),
        sa.Column("channel", sa.Text(), nullable=True),
        sa.Column("quantity", sa.BigInteger(), nullable=True),
        sa.Column("handling_days", sa.Integer(), nullable=True),
        sa.Column(
            "stores",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        sa.Column("cause", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("deleted", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("event_time", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("account", "seller_sku", name=op.f("offer_pkey")),
        postgresql_with={"fillfactor": "80"},
    )
    op.create_table(
        "parked",
        sa.Column("reader", sa.Text(collation="C"), nullable=False),
        sa.Column("topic", sa.Text(collation="C"), nullable=False),
        sa.Column("partition", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("key_hash", sa.LargeBinary(), nullable=False),
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("reader", "topic", "partition", "key_hash", name=op.f("parked_pkey")),
    )
    op.create_table(
        "report",
        sa.Column("store", sa.Text(collation="C"), nullable=False),
        sa.Column("report", sa.Text(collation="C"), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("data_end", sa.DateTime(timezone=True), nullable=True),
        sa.Column("as_of", sa.DateTime(timezone=True), nullable=True),
        sa.Column("rows", sa.BigInteger(), nullable=False),
        sa.Column("rows_refused", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=True),
        sa.Column(
            "ends",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        sa.Column("why", sa.Text(), nullable=True),
        sa.Column("event_time", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("store", "report", name=op.f("report_pkey")),
    )
    op.create_table(
        "sink_offset",
        sa.Column("reader", sa.Text(collation="C"), nullable=False),
        sa.Column("topic", sa.Text(collation="C"), nullable=False),
        sa.Column("partition", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("next", sa.BigInteger(), nullable=False),
        sa.Column("gen", sa.BigInteger(), nullable=False),
        sa.Column("epoch", sa.SmallInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("cluster_id", sa.Text(), nullable=False),
        sa.Column("topic_id", sa.Text(), nullable=False),
        sa.Column(
            "coverage",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        sa.CheckConstraint("next >= 0", name=op.f("sink_offset_next_is_an_offset")),
        sa.PrimaryKeyConstraint("reader", "topic", "partition", name=op.f("sink_offset_pkey")),
    )
    op.create_table(
        "submission",
        sa.Column("id", sa.Text(collation="C"), nullable=False),
        sa.Column("account", sa.Text(collation="C"), nullable=False),
        sa.Column("seller_sku", sa.Text(collation="C"), nullable=False),
        sa.Column("store", sa.Text(collation="C"), nullable=True),
        sa.Column("aspect", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("submission", sa.Text(), nullable=True),
        sa.Column("value", sa.Text(), nullable=True),
        sa.Column("hash", sa.Text(), nullable=True),
        sa.Column(
            "issues",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'[]'::jsonb"),
            nullable=False,
        ),
        sa.Column("evidence", sa.Text(), nullable=True),
        sa.Column("attempt", sa.BigInteger(), nullable=False),
        sa.Column("hold", sa.Text(), nullable=True),
        sa.Column("event_time", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("submission_pkey")),
    )
    op.create_index(
        op.f("submission_account_seller_sku_at_ix"),
        "submission",
        ["account", "seller_sku", "at"],
        unique=False,
    )


def downgrade() -> None:
    op.drop_index(op.f("submission_account_seller_sku_at_ix"), table_name="submission")
    op.drop_table("submission")
    op.drop_table("sink_offset")
    op.drop_table("report")
    op.drop_table("parked")
    op.drop_table("offer")
    op.drop_index(
        op.f("listing_change_account_marketplace_seller_sku_sequence_ix"),
        table_name="listing_change",
    )
    op.drop_table("listing_change")
    op.drop_index(op.f("listing_store_tab_status_ix"), table_name="listing")
    op.drop_index(op.f("listing_account_sku_ix"), table_name="listing")
    op.drop_table("listing")
