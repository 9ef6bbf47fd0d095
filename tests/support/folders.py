"""Folders for tests whose parts run under other accounts."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def reachable() -> Iterator[Path]:
    """Give an empty folder that other accounts may enter, as Postgres's must."""
    with tempfile.TemporaryDirectory(prefix="listwire-test-") as name:
        Path(name).chmod(0o711)
        yield Path(name)
