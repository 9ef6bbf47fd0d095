"""What is remembered of an import, so that a killed one goes on with the same ids.

One small file per import that is under way, named after the file's hash and how it is
read; it is gone once the import is finished, so the same file again is a new run. The
highest sequence given out stays, so that a new run always counts as newer.
"""

import fcntl
import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import BinaryIO
from uuid import UUID

import msgspec


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """One import of one file: everything that its ids and sequences are made of.

    *done* is the last line of which every record is at the broker.
    """

    id: UUID
    key: str
    file: str
    hash: str
    started: datetime
    base: int
    done: int = 0
    resumed: bool = False


def fingerprint(stream: BinaryIO) -> tuple[str, int]:
    """Give the SHA-256 of *stream* and how many lines it has at most."""
    digest, lines = hashlib.sha256(), 1
    while block := stream.read(1 << 20):
        digest.update(block)
        lines += block.count(b"\n") + block.count(b"\r")
    return digest.hexdigest(), lines


class Runs:
    """The runs that are under way, as files in one folder of this machine."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def begin(
        self,
        file: str,
        hash: str,  # noqa: A002 - the word of the contract
        how: str,
        *,
        lines: int,
        now: datetime,
        new_id: Callable[[], UUID],
    ) -> Run:
        """Give the run of this file that is under way, else a new one.

        *how* it is read (options, settings) belongs to its identity: the same line read in
        another way is another event, and must not come under the same id.
        """
        key = hashlib.sha256(f"{hash}\n{how}".encode()).hexdigest()[:32]
        with self._alone():
            known = self._read(key)
            if known:
                return msgspec.structs.replace(known, resumed=True)
            base = max(int(now.timestamp() * 1_000_000), self._top() + 1)
            run = Run(id=new_id(), key=key, file=file, hash=hash, started=now, base=base)
            self._write("top", str(base + lines).encode())
            self._write(f"{key}.json", msgspec.json.encode(run))
            return run

    def note(self, run: Run, done: int) -> Run:
        """Remember that everything up to line *done* is at the broker."""
        noted = msgspec.structs.replace(run, done=done)
        self._write(f"{run.key}.json", msgspec.json.encode(noted))
        return noted

    def finish(self, run: Run) -> None:
        """Forget *run*: the same file again is a new run."""
        (self._folder / f"{run.key}.json").unlink(missing_ok=True)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        self._folder.mkdir(parents=True, exist_ok=True)
        with (self._folder / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _read(self, key: str) -> Run | None:
        path = self._folder / f"{key}.json"
        return msgspec.json.decode(path.read_bytes(), type=Run) if path.exists() else None

    def _top(self) -> int:
        path = self._folder / "top"
        return int(path.read_text()) if path.exists() else 0

    def _write(self, name: str, content: bytes) -> None:
        partial = self._folder / f"{name}.{os.getpid()}.part"
        with partial.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(self._folder / name)
