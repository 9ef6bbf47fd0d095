"""Amazon's attribute values for the catalogue, and what became of each."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

OPEN = "state IN ('waiting', 'sending')"


def upgrade() -> None:
    op.create_table(
        "attribute_import",
        sa.Column("sku", sa.Text(collation="C"), nullable=False),
        sa.Column("account", sa.Text(collation="C"), nullable=False),
        sa.Column("seller_sku", sa.Text(collation="C"), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("said", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("deleted", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint(
            "sku", "account", "seller_sku", name=op.f("attribute_import_pkey")
        ),
    )
    op.create_table(
        "attribute_write",
        sa.Column("sku", sa.Text(collation="C"), nullable=False),
        sa.Column("scope", sa.Text(collation="C"), nullable=False),
        sa.Column("attribute", sa.Text(collation="C"), nullable=False),
        sa.Column("account", sa.Text(collation="C"), nullable=False),
        sa.Column("seller_sku", sa.Text(collation="C"), nullable=False),
        sa.Column("value", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("overwrite", sa.Boolean(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("why", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("written", sa.Text(), nullable=True),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint(
            "sku", "scope", "attribute", name=op.f("attribute_write_pkey")
        ),
    )
    op.create_index(
        "attribute_write_open",
        "attribute_write",
        ["due_at"],
        postgresql_where=sa.text(OPEN),
    )
    op.create_index(
        op.f("attribute_write_attribute_ix"), "attribute_write", ["attribute"], unique=False
    )


def downgrade() -> None:
    op.drop_index(op.f("attribute_write_attribute_ix"), table_name="attribute_write")
    op.drop_index(
        "attribute_write_open", table_name="attribute_write", postgresql_where=sa.text(OPEN)
    )
    op.drop_table("attribute_write")
    op.drop_table("attribute_import")
