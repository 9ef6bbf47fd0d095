"""Notifications taken in, and what accounts are known for."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def _name(column: str) -> sa.Column[object]:
    return sa.Column(column, sa.Text(collation="C"), nullable=False)


def _moment(column: str, *, null: bool = False) -> sa.Column[object]:
    return sa.Column(column, sa.DateTime(timezone=True), nullable=null)


def upgrade() -> None:
    op.create_table(
        "notification_inbox",
        _name("account"),
        _name("notification"),
        sa.Column("type", sa.Text(), nullable=False),
        _moment("at", null=True),
        _moment("received_at"),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("account", "notification", name=op.f("notification_inbox_pkey")),
    )
    op.create_index(
        "notification_inbox_type", "notification_inbox", ["type", "received_at"], unique=False
    )
    op.create_index("notification_inbox_age", "notification_inbox", ["received_at"], unique=False)
    op.create_table(
        "notification_outbox",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        _name("account"),
        _name("notification"),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("value", sa.LargeBinary(), nullable=False),
        sa.Column("headers", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("notification_outbox_pkey")),
    )
    op.create_index(
        "notification_outbox_of", "notification_outbox", ["account", "notification"], unique=False
    )
    op.create_table(
        "notification_dead_letter",
        _name("id"),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        _moment("first_at"),
        _moment("last_at"),
        sa.PrimaryKeyConstraint("id", name=op.f("notification_dead_letter_pkey")),
    )
    op.create_index(
        "notification_dead_letter_age", "notification_dead_letter", ["last_at"], unique=False
    )
    op.create_table(
        "account_state",
        _name("account"),
        sa.Column("value", sa.LargeBinary(), nullable=False),
        _moment("changed_at"),
        sa.PrimaryKeyConstraint("account", name=op.f("account_state_pkey")),
    )
    op.create_table(
        "account_absence",
        _name("account"),
        _name("seller_sku"),
        _moment("at"),
        sa.PrimaryKeyConstraint("account", "seller_sku", name=op.f("account_absence_pkey")),
    )
    op.create_index("account_absence_age", "account_absence", ["account", "at"], unique=False)


def downgrade() -> None:
    op.drop_index("account_absence_age", table_name="account_absence")
    op.drop_table("account_absence")
    op.drop_table("account_state")
    op.drop_index("notification_dead_letter_age", table_name="notification_dead_letter")
    op.drop_table("notification_dead_letter")
    op.drop_index("notification_outbox_of", table_name="notification_outbox")
    op.drop_table("notification_outbox")
    op.drop_index("notification_inbox_age", table_name="notification_inbox")
    op.drop_index("notification_inbox_type", table_name="notification_inbox")
    op.drop_table("notification_inbox")
