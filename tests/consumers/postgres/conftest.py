"""A migrated database of this module's own, empty for each test; a feed made of lists."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, text

from consumers.postgres import tables
from deploy.connect.postgres import migrate, open_engine


@pytest.fixture(scope="module")
def database(postgres: str) -> Iterator[Engine]:
    """An engine over this module's database, with our tables."""
    engine = open_engine(postgres, name="tests")
    migrate(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def engine(database: Engine) -> Engine:
    """The same, with every table empty."""
    names = ", ".join(t.name for t in tables.METADATA.sorted_tables)
    with database.begin() as connection:
        connection.execute(text(f"TRUNCATE {names}"))
    return database
