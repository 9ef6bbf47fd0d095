"""Loading catalogue files in tests: clocks that stand still, ids that count."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any
from uuid import UUID

from producers.catalog.load import Edge, Options, Tally, load
from producers.catalog.runs import Runs
from producers.publish import Publisher
from schemas.settings import Settings
from tests.support.producer import ListProducer

NOW = datetime(2026, 11, 25, 10, 0, tzinfo=UTC)


def edge(**more: Any) -> Edge:
    """Give an edge whose clocks stand still, and whose ids count from 1."""
    ids: Iterator[int] = count(1)
    new_id: Callable[[], UUID] = lambda: UUID(int=next(ids))  # noqa: E731
    given = {"now": lambda: NOW, "monotonic": lambda: 0.0, "new_id": new_id}
    return Edge(**(given | more))


def loaded(
    path: Path,
    *,
    settings: Settings = Settings(),  # noqa: B008 - frozen
    runs: Path | None = None,
    producer: ListProducer | None = None,
    at: Edge | None = None,
    **options: Any,
) -> tuple[Tally, ListProducer]:
    """Load *path* into a list."""
    taken = producer or ListProducer()
    kept = Runs(runs or path.parent / "runs")
    stated = Options(**options)
    return load(
        path, Publisher(taken), kept, at or edge(), settings=settings, options=stated
    ), taken


def written(folder: Path, text: str | bytes, name: str = "catalogue.csv") -> Path:
    """Write a file and give its path."""
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path
