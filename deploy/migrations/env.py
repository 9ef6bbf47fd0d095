"""Alembic's environment: it is handed an open connection and reads no file.

Alembic runs this module for each command, so what it does at the foot is its purpose.
"""

from alembic import context
from sqlalchemy import Connection

from deploy.connect.postgres import METADATA


def run(connection: Connection) -> None:
    """Bring the tables of every room to the wanted revision, in one transaction."""
    context.configure(
        connection=connection,
        target_metadata=list(METADATA),
        compare_type=True,
        compare_server_default=True,
        transaction_per_migration=False,
    )
    with context.begin_transaction():
        context.run_migrations()


run(context.config.attributes["connection"])
