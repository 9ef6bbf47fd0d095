"""A child behind the wall that tries to get out: prints what each attempt came to, as JSON."""

import json
import os
import resource
import socket
import sys
from collections.abc import Callable
from pathlib import Path

from deploy.apart import wall


def _memory() -> None:
    bytearray(wall.MEMORY * 2)


def _write() -> None:
    os.write(int(sys.argv[1]), b"x")


def _raise_limit() -> None:
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))


def _dup() -> None:
    os.close(2)
    os.dup(1)


ATTEMPTS: dict[str, Callable[[], object]] = {
    "file": lambda: Path("/etc/passwd").read_text(),
    "socket": socket.socket,
    "pipe": os.pipe,
    "fork": os.fork,
    "memory": _memory,
    "write": _write,
    "limit": _raise_limit,
    "descriptor": _dup,
}


def attempt(act: Callable[[], object]) -> str:
    """Try *act*; give the name of the error, or that it went through."""
    try:
        act()
    except (OSError, MemoryError, ValueError) as error:
        return type(error).__name__ if type(error) is not OSError else os.strerror(error.errno or 0)
    return "went through"


if __name__ == "__main__":
    wall.shut()
    came = {name: attempt(act) for name, act in ATTEMPTS.items()}
    print(json.dumps(came | {"environment": dict(os.environ), "user": os.geteuid()}))
