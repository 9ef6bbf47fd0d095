"""Bytes to requests and back."""

import asyncio
from typing import Any

import pytest

from deploy.sandbox.exchange import Reply, Request
from deploy.sandbox.http import Broken, Connection, head, spelled, unchunk


class Wire(asyncio.Transport):
    """A transport that keeps what is written."""

    def __init__(self) -> None:
        super().__init__()
        self.sent, self.closed, self.aborted = b"", False, False

    def write(self, data: Any) -> None:
        self.sent += bytes(data)

    def close(self) -> None:
        self.closed = True

    def abort(self) -> None:
        self.aborted = True


def talk(*pieces: bytes, reply: Reply | None = None) -> tuple[list[Request], Wire]:
    asked: list[Request] = []

    def ask(request: Request) -> Reply:
        asked.append(request)
        return reply or Reply(200, b"ok")

    wire, loop = Wire(), asyncio.new_event_loop()
    connection = Connection(ask, loop)
    connection.connection_made(wire)
    for piece in pieces:
        connection.data_received(piece)
    loop.close()
    return asked, wire


GET = b"GET /eu/a%2Fb?x=1&y HTTP/1.1\r\nHost: h\r\nX-A: 1\r\nX-a: 2\r\n\r\n"
POST = b"POST /x HTTP/1.1\r\nContent-Length: 4\r\n\r\nbody"
CHUNKED = b"POST /x HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n"


def test_a_request_is_read_raw() -> None:
    asked, _ = talk(GET)

    assert asked == [Request("GET", "/eu/a%2Fb", "x=1&y", {"host": "h", "x-a": "1,2"}, b"")]


@pytest.mark.parametrize(
    "whole", [pytest.param(POST, id="length"), pytest.param(CHUNKED, id="chunks")]
)
def test_a_body_may_come_byte_by_byte(whole: bytes) -> None:
    asked, _ = talk(*(whole[n : n + 1] for n in range(len(whole))))

    assert [request.body for request in asked] == [b"body"]


def test_requests_may_come_pipelined() -> None:
    asked, wire = talk(POST + GET + POST)

    assert ([request.method for request in asked], wire.sent.count(b"200 OK")) == (
        ["POST", "GET", "POST"],
        3,
    )


@pytest.mark.parametrize(
    ("block", "status"),
    [
        pytest.param(b"nonsense", 400, id="no request line"),
        pytest.param(b"GET http://x/ HTTP/1.1", 400, id="a proxy's form"),
        pytest.param(b"GET / HTTP/2.0", 505, id="another version"),
        pytest.param(b"GET / HTTP/1.1\r\nno colon", 400, id="no header"),
        pytest.param(b"GET / HTTP/1.1\r\n folded: x", 400, id="a folded header"),
    ],
)
def test_what_is_no_request_is_refused(block: bytes, status: int) -> None:
    with pytest.raises(Broken) as broken:
        head(block)

    assert broken.value.status == status


def test_a_broken_request_closes_the_connection() -> None:
    asked, wire = talk(b"nonsense\r\n\r\n" + GET)

    assert (asked, wire.sent.startswith(b"HTTP/1.1 400"), wire.closed) == ([], True, True)


def test_chunks_that_are_no_numbers_are_refused() -> None:
    with pytest.raises(Broken):
        unchunk(b"zz\r\n", 0)


def test_a_client_that_wants_to_close_is_let_go() -> None:
    _, wire = talk(GET.replace(b"Host: h", b"Connection: close"))

    assert (wire.closed, b"connection: close" in wire.sent) == (True, True)


def test_a_client_that_waits_is_told_to_go_on() -> None:
    _, wire = talk(POST.replace(b"\r\n\r\nbody", b"\r\nExpect: 100-continue\r\n\r\n"), b"body")

    assert wire.sent.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK")


@pytest.mark.parametrize(
    ("act", "sent", "closed", "aborted"),
    [
        pytest.param("reset", b"", False, True, id="reset"),
        pytest.param("hang", b"", False, False, id="hang"),
        pytest.param("truncate", b"0123456789"[:5], True, False, id="truncate"),
    ],
)
def test_a_reply_is_withheld(act: str, sent: bytes, closed: bool, aborted: bool) -> None:
    _, wire = talk(GET, reply=Reply(200, b"0123456789", act=act))

    assert (wire.sent.partition(b"\r\n\r\n")[2], wire.closed, wire.aborted) == (
        sent,
        closed,
        aborted,
    )


def test_a_head_has_the_length_and_no_body() -> None:
    assert spelled(Reply(200, b"12"), keep=True, head=True).endswith(b"content-length: 2\r\n\r\n")
