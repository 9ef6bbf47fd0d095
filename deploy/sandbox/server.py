"""Running the stand-in: two ports on loopback, one process, one core.

When both ports listen, one line of JSON on standard output says where they are.
"""

import argparse
import asyncio
import contextlib
import ctypes
import json
import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO

import msgspec
import uvloop

from deploy.sandbox.control import Plane
from deploy.sandbox.exchange import Reply, Request, answer
from deploy.sandbox.http import Connection
from deploy.sandbox.journal import Journal

PR_SET_PDEATHSIG = 1
"""Linux's prctl(2): the signal a process gets when its parent dies."""


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """Where the stand-in listens, and what it starts with. Port 0 is any free one.

    *journal* is a folder for `requests.jsonl`, appended to; *seed* a seed document;
    *die_with_parent* ends the process with its parent (Linux), even a killed one. The
    parent is the thread that started it: start it from one that lives as long as wanted.
    """

    host: str = "127.0.0.1"
    api_port: int = 0
    control_port: int = 0
    journal: Path | None = None
    seed: Path | None = None
    die_with_parent: bool = False


def serve(settings: Settings) -> None:
    """Run the stand-in until SIGTERM or SIGINT."""
    if settings.die_with_parent:
        die_with(os.getppid())
    with contextlib.ExitStack() as stack:
        file = None if settings.journal is None else stack.enter_context(_open(settings.journal))
        plane = Plane(wall=_wall(), journal=Journal(file))
        if settings.seed is not None:
            plane.seed(settings.seed.read_bytes(), _wall())
        uvloop.run(_listen(settings, plane))


def die_with(parent: int) -> None:
    """Have the kernel kill this process when *parent* dies; end at once if it already has."""
    if sys.platform != "linux":
        return
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        raise SystemExit("the parent is gone")


def _open(folder: Path) -> IO[bytes]:
    folder.mkdir(parents=True, exist_ok=True)
    return (folder / "requests.jsonl").open("ab")


def _wall() -> int:
    return int(time.time() * 1000)


async def _listen(settings: Settings, plane: Plane) -> None:
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop.set)
    api = await loop.create_server(
        lambda: Connection(_guarded(plane.ask), loop), settings.host, settings.api_port
    )
    control = await loop.create_server(
        lambda: Connection(_guarded(plane.control), loop), settings.host, settings.control_port
    )
    told = {"api": _address(api), "control": _address(control)}
    sys.stdout.write(json.dumps(told) + "\n")
    sys.stdout.flush()
    await stop.wait()
    api.close()
    control.close()


def _address(server: asyncio.Server) -> str:
    host, port = server.sockets[0].getsockname()[:2]
    return f"http://{host}:{port}"


def _guarded(handle: Callable[[Request, float], Reply]) -> Callable[[Request], Reply]:
    """Answer 500 to a request that shows a fault of ours, and say so on standard error."""

    def ask(request: Request) -> Reply:
        try:
            return handle(request, round(time.time() * 1000, 3))
        except Exception as fault:  # noqa: BLE001 - one bad request must not end the stand-in
            sys.stderr.write(f"sandbox fault: {request.method} {request.path}: {fault!r}\n")
            return answer({"errors": [{"code": "SandboxFault", "message": repr(fault)}]}, 500)

    return ask


def run(arguments: Sequence[str]) -> None:
    """Run the stand-in with *arguments* as on a command line."""
    parser = argparse.ArgumentParser(prog="sandbox", description="Amazon's stand-in.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--api-port", type=int, default=0)
    parser.add_argument("--control-port", type=int, default=0)
    parser.add_argument("--journal", type=Path, help="folder for requests.jsonl")
    parser.add_argument("--seed", type=Path, help="seed document to start with")
    parser.add_argument("--die-with-parent", action="store_true")
    serve(Settings(**vars(parser.parse_args(arguments))))
