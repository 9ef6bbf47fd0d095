"""How far the shop was read, what is kept of it, and whole readings."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

JSONB = postgresql.JSONB(astext_type=sa.Text())


def upgrade() -> None:
    op.create_table(
        "catalog_pull",
        sa.Column("shop", sa.Text(collation="C"), nullable=False),
        sa.Column("read_to", sa.DateTime(timezone=True), nullable=True),
        sa.Column("full_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("shop", name=op.f("catalog_pull_pkey")),
    )
    op.create_table(
        "catalog_stock_setting",
        sa.Column("shop", sa.Text(collation="C"), nullable=False),
        sa.Column("sku", sa.Text(collation="C"), nullable=False),
        sa.Column("stated", JSONB, nullable=False),
        sa.PrimaryKeyConstraint("shop", "sku", name=op.f("catalog_stock_setting_pkey")),
    )
    op.create_table(
        "catalog_snapshot",
        sa.Column("id", sa.Text(collation="C"), nullable=False),
        sa.Column("shop", sa.Text(collation="C"), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("marks", JSONB, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("present", sa.Integer(), nullable=False),
        sa.Column("missing", JSONB, nullable=False),
        sa.Column("guard", sa.Text(), nullable=True),
        sa.Column("why", sa.Text(), nullable=True),
        sa.Column("released_by", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("catalog_snapshot_pkey")),
    )
    op.create_index("catalog_snapshot_newest", "catalog_snapshot", ["shop", "opened_at"])
    op.create_table(
        "catalog_snapshot_sku",
        sa.Column("snapshot", sa.Text(collation="C"), nullable=False),
        sa.Column("sku", sa.Text(collation="C"), nullable=False),
        sa.Column("present", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("snapshot", "sku", name=op.f("catalog_snapshot_sku_pkey")),
    )


def downgrade() -> None:
    op.drop_table("catalog_snapshot_sku")
    op.drop_index("catalog_snapshot_newest", table_name="catalog_snapshot")
    op.drop_table("catalog_snapshot")
    op.drop_table("catalog_stock_setting")
    op.drop_table("catalog_pull")
