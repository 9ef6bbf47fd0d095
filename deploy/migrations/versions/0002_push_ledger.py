"""The push ledger, its leases and its outbox."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "push_lease",
        sa.Column("account", sa.Text(collation="C"), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("token", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("paused_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("paused_why", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("account", name=op.f("push_lease_pkey")),
    )
    op.create_table(
        "push_ledger",
        sa.Column("account", sa.Text(collation="C"), nullable=False),
        sa.Column("seller_sku", sa.Text(collation="C"), nullable=False),
        sa.Column("aspect", sa.Text(collation="C"), nullable=False),
        sa.Column("store", sa.Text(collation="C"), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("wanted", sa.Text(), nullable=True),
        sa.Column("wanted_hash", sa.Text(), nullable=False),
        sa.Column("details", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("fence", sa.BigInteger(), nullable=False),
        sa.Column("sent", sa.Text(), nullable=True),
        sa.Column("sent_hash", sa.Text(), nullable=False),
        sa.Column("submission", sa.Text(), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("confirmed", sa.Text(), nullable=True),
        sa.Column("confirmed_hash", sa.Text(), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=True),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("rounds", sa.Integer(), nullable=False),
        sa.Column("reads", sa.Integer(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lane", sa.SmallInteger(), nullable=True),
        sa.Column("operation", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint(
            "account", "seller_sku", "aspect", "store", name=op.f("push_ledger_pkey")
        ),
    )
    op.create_index(
        "push_ledger_in_flight",
        "push_ledger",
        ["account", "due_at"],
        unique=False,
        postgresql_where=sa.text("state IN ('sending', 'unknown', 'awaiting')"),
    )
    op.create_index(
        "push_ledger_to_send",
        "push_ledger",
        ["account", "lane", "since"],
        unique=False,
        postgresql_where=sa.text("lane IS NOT NULL"),
    )
    op.create_table(
        "push_outbox",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("account", sa.Text(collation="C"), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("value", sa.LargeBinary(), nullable=False),
        sa.Column("headers", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("push_outbox_pkey")),
    )
    op.create_index(
        op.f("push_outbox_account_id_ix"), "push_outbox", ["account", "id"], unique=False
    )


def downgrade() -> None:
    op.drop_index(op.f("push_outbox_account_id_ix"), table_name="push_outbox")
    op.drop_table("push_outbox")
    op.drop_index(
        "push_ledger_to_send",
        table_name="push_ledger",
        postgresql_where=sa.text("lane IS NOT NULL"),
    )
    op.drop_index(
        "push_ledger_in_flight",
        table_name="push_ledger",
        postgresql_where=sa.text("state IN ('sending', 'unknown', 'awaiting')"),
    )
    op.drop_table("push_ledger")
    op.drop_table("push_lease")
