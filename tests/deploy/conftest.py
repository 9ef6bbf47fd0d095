"""A broker with every topic of the contract, and the command as a person runs it."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest

from deploy import cli
from deploy.connect.kafka import open_admin
from deploy.embedded.kafka import EmbeddedKafka
from deploy.topics import apply, plan, wanted
from deploy.watch.reading import patiently


class Said(NamedTuple):
    """What one run of the command left: its exit code, stdout and stderr."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The object on stdout."""
        return msgspec.json.decode(self.out)

    @property
    def error(self) -> dict[str, str]:
        """The error object on stderr."""
        found: dict[str, str] = msgspec.json.decode(self.err)["error"]
        return found


Run = Callable[..., Said]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """Run the command, in an empty folder and without variables of ours."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("LISTWIRE_DATA", str(tmp_path / "data"))

    def run(*words: object) -> Said:
        capsys.readouterr()
        code = cli.run([str(word) for word in words])
        return Said(code, *capsys.readouterr())

    return run


@pytest.fixture(scope="session")
def contract_kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A broker of the tests of operation alone, which look at all that is in it."""
    folder = tmp_path_factory.mktemp("contract") / "kafka"
    with EmbeddedKafka(folder, remove=True) as running:
        with open_admin(running.bootstrap_servers) as admin:
            apply(admin, plan(admin, wanted()))
            patiently(lambda: admin.list_group_offsets("anybody"), time.monotonic() + 60)
        yield running.bootstrap_servers


@pytest.fixture(scope="session")
def aws() -> Iterator[str]:
    """S3 and SQS as moto plays them, on a port of this machine."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()
