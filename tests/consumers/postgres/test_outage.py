"""Postgres itself killed with -9 under the sink, and back on its folder."""

import random
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import func, select

from consumers.feed import Place
from consumers.postgres.sink import Sink
from consumers.postgres.tables import listing, sink_offset
from deploy.connect.postgres import migrate, open_engine
from deploy.embedded.postgres import EmbeddedPostgres
from tests.support.sinking import STATUS, ListFeed, at, logs, of, status

pytestmark = pytest.mark.postgres

HERE = Place(STATUS, 0)


@pytest.fixture
def server(reachable_folder: Path) -> Iterator[EmbeddedPostgres]:
    """A server of this test's own, on a folder that outlives it."""
    with EmbeddedPostgres(reachable_folder / "postgres") as running:
        yield running


def test_a_killed_postgres_loses_nothing_and_the_sink_goes_on_by_itself(
    server: EmbeddedPostgres,
) -> None:
    engine = open_engine(server.url)
    migrate(engine)
    feed = ListFeed(logs(of(status(f"SKU-{n}", 1)) for n in range(50)))
    one = Sink(
        engine, feed, print, group="g", clock=time.monotonic, jitter=random.random
    )  # no record is refused
    while feed.committed.get(HERE) != 50:
        one.turn()
    feed.logs[HERE] += [at(of(status(f"SKU-{n}", 2)), 50 + n) for n in range(50)]

    server.kill()
    waiting = [one.turn() for _ in range(3)], HERE in feed.paused
    server.start()
    deadline = time.monotonic() + 10
    while feed.committed[HERE] != 100 and time.monotonic() < deadline:
        one.turn()
        time.sleep(0.02)

    with engine.connect() as connection:
        rows = connection.execute(select(func.count(), func.min(listing.c.sequence))).one()
        stored = connection.scalar(select(sink_offset.c.next))
    engine.dispose()
    assert (waiting, tuple(rows), stored) == (([0, 0, 0], True), (50, 2), 100)
