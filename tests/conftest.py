"""The real parts that tests may ask for, each started once per run, and only when asked for.

A part that cannot start makes the test fail with what to do; it never skips.
"""

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import hypothesis
import pytest

from deploy.embedded.kafka import EmbeddedKafka
from deploy.embedded.postgres import EmbeddedPostgres
from tests.support.folders import reachable
from tests.support.topics import create_topics

hypothesis.settings.register_profile("steady", deadline=None, print_blob=True)
hypothesis.settings.load_profile("steady")  # a busy machine makes no property false

DATA = Path(__file__).parents[1] / "../shared/data"
"""Reference data that is not committed; a test that needs it skips where it is absent."""


@pytest.fixture
def reachable_folder() -> Iterator[Path]:
    """An empty folder that other accounts may enter, as Postgres's must; pytest's are private."""
    with reachable() as folder:
        yield folder


@pytest.fixture(scope="session")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedKafka]:
    """The broker of this run. A test that kills it starts one of its own."""
    with EmbeddedKafka(tmp_path_factory.mktemp("broker") / "kafka", remove=True) as running:
        yield running


@pytest.fixture(scope="session")
def kafka(broker: EmbeddedKafka) -> str:
    """The bootstrap servers of this run's broker."""
    return broker.bootstrap_servers


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedPostgres]:
    """The Postgres of this run. A test that kills it starts one of its own."""
    with EmbeddedPostgres(tmp_path_factory.mktemp("server") / "postgres", remove=True) as running:
        yield running


@pytest.fixture(scope="session")
def new_database(postgres_server: EmbeddedPostgres) -> Callable[[], str]:
    """Give the URL of another empty database at each call."""
    numbers = itertools.count(1)
    return lambda: postgres_server.create_database(f"test_{next(numbers)}")


@pytest.fixture(scope="module")
def postgres(new_database: Callable[[], str]) -> str:
    """The URL of a database that only this test module uses, empty at its beginning."""
    return new_database()


@pytest.fixture
def topics(kafka: str) -> Callable[..., None]:
    """Create topics: `topics("a.v1", "b.v1", partitions=3, **{"cleanup.policy": "compact"})`."""
    return lambda *names, partitions=1, **config: create_topics(
        kafka, *names, partitions=partitions, **config
    )
