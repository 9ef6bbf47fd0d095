"""Opening Postgres: what each failure is called, and what every session is told."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import make_url, text

from deploy.connect import postgres as connect
from deploy.connect.postgres import open_engine, reach
from deploy.errors import Failure


@contextmanager
def stranger(answer: bytes) -> Iterator[int]:
    """Listen on a port, say *answer* to whoever comes, hang up."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while True:
                try:
                    caller, _ = server.accept()
                except OSError:
                    return
                with caller:
                    caller.recv(8)
                    caller.sendall(answer)

        threading.Thread(target=serve, daemon=True).start()
        try:
            yield server.getsockname()[1]
        finally:
            server.shutdown(socket.SHUT_RDWR)


def refusal(url: str) -> Failure:
    engine = open_engine(url)
    try:
        with pytest.raises(Failure) as failed:
            reach(engine)
    finally:
        engine.dispose()
    return failed.value


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_nobody_listens() -> None:
    failed = refusal(f"postgresql://me:s3cret@127.0.0.1:{free_port()}/listwire")

    assert (failed.code, failed.exit, "s3cret" in failed.as_text()) == ("LW-0301", 8, False)


@pytest.mark.parametrize("answer", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b""])
def test_somebody_else_listens(answer: bytes) -> None:
    with stranger(answer) as port:
        failed = refusal(f"postgresql://me:s3cret@127.0.0.1:{port}/listwire")

    assert (failed.code, failed.exit) == ("LW-0304", 8)


@pytest.mark.postgres
@pytest.mark.parametrize("change", [{"database": "nowhere"}, {"username": "nobody"}], ids=str)
def test_the_login_is_refused(postgres: str, change: dict[str, str]) -> None:
    url = make_url(postgres).set(**change).render_as_string(hide_password=False)

    failed = refusal(url)

    assert (failed.code, failed.exit) == ("LW-0302", 8)


@pytest.mark.postgres
def test_a_server_that_is_too_old(postgres: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connect, "OLDEST", 99)

    assert refusal(postgres).code == "LW-0303"


@pytest.mark.parametrize(
    "url", ["", "nonsense", "mysql://me@host/x", "postgresql:///x", "postgresql://me@host:port/x"]
)
def test_what_is_no_address_of_a_postgres(url: str) -> None:
    with pytest.raises(Failure) as failed:
        open_engine(url)
    assert failed.value.code == "LW-0103"


@pytest.mark.postgres
def test_a_supported_server_tells_its_version(postgres: str) -> None:
    assert reach(open_engine(postgres)) >= connect.OLDEST


@pytest.mark.postgres
@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("timezone", "UTC"),
        ("statement_timeout", "30s"),
        ("lock_timeout", "10s"),
        ("idle_in_transaction_session_timeout", "1min"),
        ("application_name", "sink"),
    ],
)
def test_every_session_is_told_its_limits(postgres: str, setting: str, value: str) -> None:
    engine = open_engine(postgres, name="sink")
    with engine.connect() as connection:
        shown = connection.execute(text(f"SHOW {setting}")).scalar_one()
    engine.dispose()

    assert shown == value
