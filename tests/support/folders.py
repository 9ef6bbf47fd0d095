"""Folders for tests whose parts run under other accounts."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.eventually import eventually


@contextmanager
def reachable() -> Iterator[Path]:
    """Give an empty folder that other accounts may enter, as Postgres's must."""
    folder = Path(tempfile.mkdtemp(prefix="listwire-test-"))
    folder.chmod(0o711)
    try:
        yield folder
    finally:
        eventually(lambda: _gone(folder), within=30)


def _gone(folder: Path) -> bool:
    """Remove what a part that is about to end may still write to."""
    shutil.rmtree(folder, ignore_errors=True)
    return not folder.exists()
