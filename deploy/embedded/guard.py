"""Keep one child for a parent, and end it when the parent is gone, however it went.

A script of its own, standard library only: `guard.py ORDER`, where ORDER is JSON. End of
file on standard input means that the parent stopped, or was killed. The guard's own end by
kill -9 reaches the child as its parent-death signal (Linux): set here and not in the parent,
because that signal follows the *thread* that forked, and a guard has only one.
"""

import contextlib
import ctypes
import json
import os
import select
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

PR_SET_PDEATHSIG = 1


def main(order: dict[str, Any]) -> int:
    """Run the child of *order* until it ends or the parent does; give its exit code."""
    wake = _wake_on_signals()
    with Path(order["log"]).open("ab") as log:
        child = subprocess.Popen(  # noqa: S603 - our own order, no shell
            order["command"],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=order["cwd"],
            env={"LC_ALL": "C.UTF-8", **os.environ},  # or Java cannot read its own paths
            preexec_fn=_dies_with_me(order["orphaned"]),  # noqa: PLW1509 - no threads here
            **order["account"],
        )
    sys.stdout.write(f"{child.pid}\n")
    sys.stdout.flush()
    try:
        if _parent_is_gone_before(child, wake):
            _stop(child, order["stop"])
        return child.wait()
    finally:
        _remove(order["remove"])


def _wake_on_signals() -> int:
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    signal.set_wakeup_fd(writer)
    for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: None)
    return reader


def _dies_with_me(number: int) -> Callable[[], None] | None:
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None).prctl  # loaded before the fork
    return lambda: prctl(PR_SET_PDEATHSIG, number)


def _parent_is_gone_before(child: subprocess.Popen[bytes], wake: int) -> bool:
    while child.poll() is None:
        ready, _, _ = select.select([0, wake], [], [])
        if 0 in ready or set(os.read(wake, 64)) - {signal.SIGCHLD}:
            return True
    return False


def _stop(child: subprocess.Popen[bytes], steps: list[tuple[int, float]]) -> None:
    for number, seconds in steps:
        child.send_signal(number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(seconds)
    child.kill()


def _remove(folders: list[str]) -> None:
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)
        with contextlib.suppress(OSError):  # the last one out takes the folder above, too
            Path(folder).parent.rmdir()


if __name__ == "__main__":
    sys.exit(main(json.loads(sys.argv[1])) % 256)
