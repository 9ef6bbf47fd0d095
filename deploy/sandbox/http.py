"""HTTP/1.1 on a socket, as little as the stand-in needs, and the ways to break it.

Our own, because a fault must reach the socket (a reset, a body cut short), the path must
stay raw, and 500 requests/s must leave most of one core free. Requests of a connection are
answered in order, one after another, also when they come pipelined.
"""

import asyncio
import socket
import struct
from collections.abc import Callable
from http import HTTPStatus
from typing import cast

from deploy.sandbox.exchange import Reply, Request

LONGEST_HEAD = 65_536
"""Bytes of request line and headers that are read before the client is refused."""
NO_WAIT = struct.pack("ii", 1, 0)
"""SO_LINGER on, 0 seconds: closing sends a reset."""

Ask = Callable[[Request], Reply]


class Broken(Exception):
    """Bytes that are no request; *status* is what they deserve."""

    def __init__(self, status: int) -> None:
        super().__init__(HTTPStatus(status).phrase)
        self.status = status


class Connection(asyncio.Protocol):
    """One client's connection: bytes in, whole requests to *ask*, replies out."""

    def __init__(self, ask: Ask, loop: asyncio.AbstractEventLoop) -> None:
        self._ask = ask
        self._loop = loop
        self._bytes = bytearray()
        self._busy = False
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember where replies go."""
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is no subclass of it

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        """Forget the client."""
        self._transport = None

    def data_received(self, data: bytes) -> None:
        """Take in bytes and answer what has become a whole request."""
        self._bytes += data
        self._serve()

    def _serve(self) -> None:
        while self._transport is not None and not self._busy and self._bytes:
            try:
                taken = self._next()
            except Broken as broken:
                self._bytes.clear()
                self._send(Reply(broken.status), keep=False, head=False)
                return
            if taken is None:
                return
            request, keep = taken
            self._reply(self._ask(request), keep=keep, head=request.method == "HEAD")

    def _next(self) -> tuple[Request, bool] | None:
        end = self._bytes.find(b"\r\n\r\n")
        if end < 0:
            if len(self._bytes) > LONGEST_HEAD:
                raise Broken(431)
            return None
        line, headers = head(bytes(self._bytes[:end]))
        body = self._body(headers, end + 4)
        if body is None:
            return None
        content, after = body
        del self._bytes[:after]
        method, target, version = line
        path, _, query = target.partition("?")
        kept = headers.get("connection", "").lower()
        keep = kept != "close" and (version == "HTTP/1.1" or kept == "keep-alive")
        return Request(method, path, query, headers, content), keep

    def _body(self, headers: dict[str, str], start: int) -> tuple[bytes, int] | None:
        if headers.get("transfer-encoding", "").lower() == "chunked":
            found = unchunk(self._bytes, start)
        else:
            length = headers.get("content-length", "0")
            if not (length.isascii() and length.isdigit()):
                raise Broken(400)
            end = start + int(length)
            found = (bytes(self._bytes[start:end]), end) if len(self._bytes) >= end else None
        if found is None and headers.get("expect", "").lower() == "100-continue":
            self._continue()
        return found

    def _continue(self) -> None:
        if self._transport is not None:
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def _reply(self, reply: Reply, *, keep: bool, head: bool) -> None:
        if reply.delay <= 0:
            self._send(reply, keep=keep, head=head)
            return
        self._busy = True
        self._loop.call_later(reply.delay, self._later, reply, keep, head)

    def _later(self, reply: Reply, keep: bool, head: bool) -> None:
        self._busy = False
        self._send(reply, keep=keep, head=head)
        self._serve()

    def _send(self, reply: Reply, *, keep: bool, head: bool) -> None:
        transport = self._transport
        if transport is None:
            return
        if reply.act == "hang":
            self._busy = True
        elif reply.act == "reset":
            self._reset(transport)
        elif reply.act == "truncate":
            whole = spelled(reply, keep=keep, head=False)
            transport.write(whole[: len(whole) - (len(reply.body) + 1) // 2])
            transport.close()
        else:
            transport.write(spelled(reply, keep=keep, head=head))
            if not keep:
                transport.close()

    def _reset(self, transport: asyncio.Transport) -> None:
        plug = transport.get_extra_info("socket")
        if plug is not None:
            plug.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NO_WAIT)
        transport.abort()


def head(block: bytes) -> tuple[tuple[str, str, str], dict[str, str]]:
    """Read request line and headers; names lower case, a repeated one joined by commas."""
    first, *rest = block.decode("latin-1").split("\r\n")
    parts = first.split(" ")
    if len(parts) != 3 or not parts[1].startswith("/"):
        raise Broken(400)
    if parts[2] not in ("HTTP/1.1", "HTTP/1.0"):
        raise Broken(505)
    headers: dict[str, str] = {}
    for line in rest:
        name, colon, value = line.partition(":")
        if not colon or not name or name != name.strip():
            raise Broken(400)
        name, value = name.lower(), value.strip()
        headers[name] = f"{headers[name]},{value}" if name in headers else value
    return (parts[0], parts[1], parts[2]), headers


def unchunk(data: bytes | bytearray, start: int) -> tuple[bytes, int] | None:
    """Read a chunked body that starts at *start*; None while it is not all there."""
    body = bytearray()
    while True:
        end = data.find(b"\r\n", start)
        if end < 0:
            return None
        try:
            size = int(bytes(data[start:end]).partition(b";")[0], 16)
        except ValueError:
            raise Broken(400) from None
        start = end + 2 + size + 2
        if len(data) < start:
            return None
        if size == 0:
            return bytes(body), start
        body += data[end + 2 : end + 2 + size]


def spelled(reply: Reply, *, keep: bool, head: bool) -> bytes:
    """Spell a reply as bytes; *head*: without its body."""
    try:
        phrase = HTTPStatus(reply.status).phrase
    except ValueError:
        phrase = "Unknown"
    lines = [f"HTTP/1.1 {reply.status} {phrase}"]
    lines += [f"{name}: {value}" for name, value in reply.headers.items()]
    lines.append(f"content-length: {len(reply.body)}")
    if not keep:
        lines.append("connection: close")
    start = "\r\n".join(lines).encode("latin-1", "replace") + b"\r\n\r\n"
    return start if head else start + reply.body
