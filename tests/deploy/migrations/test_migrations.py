"""The tables as migrations leave them are the tables as the code means them."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Column, Engine, Integer, Table, inspect, text
from sqlalchemy.exc import IntegrityError

from deploy.connect.postgres import METADATA, configuration, migrate, open_engine, revert

pytestmark = pytest.mark.postgres


@pytest.fixture
def engine(new_database: Callable[[], str]) -> Engine:
    """An engine over an empty database."""
    return open_engine(new_database(), name="migrations")


def differences(engine: Engine) -> list[Any]:
    """What a new migration would have to change."""
    options = {"compare_type": True, "compare_server_default": True}
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts=options)
        return list(compare_metadata(context, list(METADATA)))


def tables(engine: Engine) -> set[str]:
    return set(inspect(engine).get_table_names()) - {"alembic_version"}


def test_migrated_tables_are_the_ones_the_code_means(engine: Engine) -> None:
    migrate(engine)

    assert differences(engine) == []


def test_a_table_that_no_migration_makes_is_noticed(engine: Engine) -> None:
    migrate(engine)
    stray = Table("stray", METADATA[0], Column("id", Integer, primary_key=True))
    try:
        assert len(differences(engine)) == 1
    finally:
        METADATA[0].remove(stray)


def test_migrating_twice_changes_nothing(engine: Engine) -> None:
    migrate(engine)
    migrate(engine)

    assert differences(engine) == []


def test_each_migration_can_be_taken_back_and_made_again(engine: Engine) -> None:
    migrate(engine)
    full = tables(engine)
    with engine.connect() as connection:
        scripts = ScriptDirectory.from_config(configuration(connection))
        steps = [s.down_revision or "base" for s in scripts.walk_revisions()]
    for step in steps:
        revert(engine, step)
    empty = tables(engine)
    migrate(engine)

    assert (empty, tables(engine), differences(engine)) == (set(), full, [])


def test_processes_that_start_together_take_turns(engine: Engine) -> None:
    with ThreadPoolExecutor(3) as crew:
        list(crew.map(migrate, [engine] * 3))

    assert differences(engine) == []


@pytest.mark.parametrize("price", ["NaN", "-0.01", "Infinity"])
@pytest.mark.parametrize("column", ["desired_price", "observed_price"])
def test_a_price_that_is_no_amount_is_refused(engine: Engine, column: str, price: str) -> None:
    migrate(engine)
    insert = text(
        "INSERT INTO listing (account, marketplace, seller_sku, sequence, content, reasons, flags,"
        f" {column}) VALUES ('a', 'm', 's', 1, '', '[]', '[]', :price)"
    )

    with pytest.raises(IntegrityError), engine.begin() as connection:
        connection.execute(insert, {"price": price})
