"""The broker and Postgres together, on one data folder that one process holds at a time.

The folder's lock is held by the guards too: it is free only when every child is gone,
whatever became of the process that started them.
"""

import contextlib
import fcntl
import os
import shutil
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from deploy.embedded.jars import Progress, silent
from deploy.embedded.kafka import EmbeddedKafka
from deploy.embedded.postgres import EmbeddedPostgres
from deploy.errors import Failure

LEFT_OVER_SECONDS = 30
"""How long children of a killed owner may take to end: more than all their deadlines."""


class Stack:
    """Kafka and Postgres below *data*; None = a temporary folder, removed at the end.

    *kafka_at*, *postgres_at*: the address of one that runs already and is used instead of ours.
    """

    def __init__(
        self,
        data: Path | None = None,
        *,
        kafka_port: int | None = None,
        postgres_port: int | None = None,
        kafka_at: str | None = None,
        postgres_at: str | None = None,
        progress: Progress = silent,
    ) -> None:
        self._kept = data is not None
        self._given = kafka_at, postgres_at
        self.data = data.absolute() if data else _temporary()
        self._lock = self._locked() if self._kept else None
        held = (self._lock.fileno(),) if self._lock else ()
        self.kafka = EmbeddedKafka(
            self.data / "kafka",
            port=kafka_port,
            progress=progress,
            held=held,
            remove=not self._kept,
        )
        self.postgres = EmbeddedPostgres(
            self.data / "postgres", port=postgres_port, held=held, remove=not self._kept
        )

    @property
    def bootstrap_servers(self) -> str:
        """Where the broker is found."""
        return self._given[0] or self.kafka.bootstrap_servers

    @property
    def url(self) -> str:
        """Where Postgres is found, in SQLAlchemy's spelling."""
        return self._given[1] or self.postgres.url

    def start(self) -> Self:
        """Start both at the same time; if one fails, the other is stopped again.

        Raises `Failure` of either. The broker is started in this thread, as its download
        shows progress and can be interrupted.
        """
        with ThreadPoolExecutor(1) as pool:
            postgres = None if self._given[1] else pool.submit(self.postgres.start)
            try:
                if not self._given[0]:
                    self.kafka.start()
                if postgres:
                    postgres.result()
            except BaseException:
                self._stop_parts()
                wait([postgres] if postgres else [])
                self.stop()
                raise
        return self

    def check(self) -> None:
        """Raise `Failure` LW-0908 if a part has ended by itself."""
        for part in self._ours():
            if not part.running:
                raise Failure(
                    "LW-0908",
                    where=str(part.log),
                    why="its process is gone: killed, or out of memory",
                    do="start again; the data folder is kept"
                    if self._kept
                    else "start again; keep the data with --data DIR",
                )

    def stop(self) -> None:
        """Stop both, the broker first; returns when no process is left."""
        self._stop_parts()
        if not self._kept:
            shutil.rmtree(self.data, ignore_errors=True)
        if self._lock:
            self._lock.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _ours(self) -> list[EmbeddedKafka | EmbeddedPostgres]:
        kafka: list[EmbeddedKafka | EmbeddedPostgres] = [] if self._given[0] else [self.kafka]
        return kafka if self._given[1] else [*kafka, self.postgres]

    def _stop_parts(self) -> None:
        try:
            self.kafka.stop()
        finally:
            self.postgres.stop()

    def _locked(self) -> IO[str]:
        _make_folder(self.data)
        lock = (self.data / "lock").open("a+")
        try:
            _take(lock, self.data)
        except BaseException:
            lock.close()
            raise
        return lock


def _temporary() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="listwire-"))
    folder.chmod(0o711)  # Postgres may have to enter under another account
    return folder


def _make_folder(data: Path) -> None:
    try:
        data.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Failure(
            "LW-0907", where=str(data), why=str(error), do="name a folder you may write to"
        ) from error


def _take(lock: IO[str], data: Path) -> None:
    deadline = time.monotonic() + LEFT_OVER_SECONDS
    while not _try(lock):
        owner = _owner(lock)
        if (owner and _alive(owner)) or time.monotonic() > deadline:
            raise Failure(
                "LW-0906",
                where=str(data),
                why=f"process {owner} runs the embedded stack on it",
                do="stop that one first (Ctrl-C), or name another folder with --data DIR",
            )
        time.sleep(0.1)
    lock.truncate(0)
    lock.write(str(os.getpid()))
    lock.flush()


def _try(lock: IO[str]) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _owner(lock: IO[str]) -> int:
    lock.seek(0)
    text = lock.read()
    return int(text) if text.isdigit() else 0


def _alive(process: int) -> bool:
    with contextlib.suppress(PermissionError):
        try:
            os.kill(process, 0)
        except ProcessLookupError:
            return False
    return True
