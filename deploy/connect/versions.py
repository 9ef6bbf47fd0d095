"""Asking a stranger, by one small request, whether it is a Kafka broker and how old.

Clients keep trying until a time-out and then say the same for every cause. ApiVersions 0 is
answered by every broker since 0.10, before any login.
"""

import socket
import struct

API_VERSIONS, FETCH = 18, 1
FETCH_OF_3_9 = 17
"""Apache Kafka 3.9 brought Fetch 17 (KIP-853)."""

_ASK = struct.pack(">hhih8s", API_VERSIONS, 0, 1, 8, b"listwire")


def versions(host: str, port: int, *, seconds: float = 5.0) -> dict[int, int]:
    """Give the newest version per API of the broker at *host*; nothing if it is no broker."""
    try:
        with socket.create_connection((host, port), timeout=seconds) as connection:
            connection.sendall(struct.pack(">i", len(_ASK)) + _ASK)
            return _parsed(_answer(connection))
    except (OSError, ValueError, struct.error):
        return {}


def _answer(connection: socket.socket) -> bytes:
    (size,) = struct.unpack(">i", _exactly(connection, 4))
    if not 10 <= size <= 65_536:
        raise ValueError("no Kafka answer")
    return _exactly(connection, size)


def _exactly(connection: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        if not (more := connection.recv(size - len(data))):
            raise ValueError("it hung up")
        data += more
    return data


def _parsed(answer: bytes) -> dict[int, int]:
    correlation, error, count = struct.unpack_from(">ihi", answer)
    if (correlation, error) != (1, 0):
        raise ValueError("no Kafka answer")
    rows = (struct.unpack_from(">hhh", answer, 10 + 6 * i) for i in range(count))
    return {api: newest for api, _, newest in rows}
