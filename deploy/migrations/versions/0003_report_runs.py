"""Where each report's run stands."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

UNFINISHED = "state IN ('wanted', 'requested', 'done', 'archived', 'emitted')"


def upgrade() -> None:
    op.create_table(
        "report_run",
        sa.Column("store", sa.Text(collation="C"), nullable=False),
        sa.Column("type", sa.Text(collation="C"), nullable=False),
        sa.Column("slot", sa.DateTime(timezone=True), nullable=False),
        sa.Column("account", sa.Text(collation="C"), nullable=False),
        sa.Column("wanted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("fewer", sa.Boolean(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("report", sa.Text(), nullable=True),
        sa.Column("document", sa.Text(), nullable=True),
        sa.Column("data_end", sa.DateTime(timezone=True), nullable=True),
        sa.Column("processing_end", sa.DateTime(timezone=True), nullable=True),
        sa.Column("archived", sa.Text(), nullable=True),
        sa.Column("charset", sa.Text(), nullable=True),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=True),
        sa.Column("as_of", sa.DateTime(timezone=True), nullable=True),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("rows_refused", sa.Integer(), nullable=False),
        sa.Column("refused_rows", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("ends", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("why", sa.Text(), nullable=True),
        sa.Column("polls", sa.Integer(), nullable=False),
        sa.Column("aborted", sa.Integer(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("hinted", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.PrimaryKeyConstraint("store", "type", "slot", name=op.f("report_run_pkey")),
    )
    op.create_index(
        "report_run_open",
        "report_run",
        ["store", "type"],
        unique=True,
        postgresql_where=sa.text(UNFINISHED),
    )
    op.create_index("report_run_report", "report_run", ["account", "report"], unique=False)


def downgrade() -> None:
    op.drop_index("report_run_report", table_name="report_run")
    op.drop_index(
        "report_run_open", table_name="report_run", postgresql_where=sa.text(UNFINISHED)
    )
    op.drop_table("report_run")
