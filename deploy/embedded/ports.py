"""Free loopback ports, outside the range from which outgoing connections take theirs."""

import random
import socket

from deploy.errors import Failure

RANGE = range(20_000, 32_000)
"""Below Linux's ephemeral ports (32768-60999): no connection takes one between look and bind."""


def free(count: int, *, chance: random.Random | None = None) -> list[int]:
    """Give *count* different ports of 127.0.0.1 that nobody listens on now."""
    tries = (chance or random.SystemRandom()).sample(RANGE, len(RANGE) // 10)
    found = [port for _, port in zip(range(count), filter(is_free, tries), strict=False)]
    if len(found) < count:
        raise OSError(f"no {count} free ports between {RANGE.start} and {RANGE.stop}")
    return found


def is_free(port: int) -> bool:
    """Tell whether *port* of 127.0.0.1 can be listened on."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def taken(port: int) -> Failure:
    """Say that *port*, which somebody asked for, is in use."""
    return Failure(
        "LW-0909",
        where=f"127.0.0.1:{port}",
        why="something listens there already",
        do="end it, or name another port",
    )
