"""Keep one child for a parent, and end it when the parent is gone, however it went.

A script of its own, standard library only: `guard.py ORDER`, where ORDER is JSON. End of
file on standard input means that the parent stopped, or was killed. The guard's own end by
kill -9 reaches the child as its parent-death signal (Linux): set here and not in the parent,
because that signal follows the *thread* that forked, and a guard has only one.
"""

import ctypes
import json
import os
import select
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable

PR_SET_PDEATHSIG = 1


def main(order: dict) -> int:
    """Run the child of *order* until it ends or the parent does; give its exit code."""
    wake = _wake_on_signals()
    child = subprocess.Popen(
        order["command"],
        stdin=subprocess.DEVNULL,
        stdout=(log := open(order["log"], "ab")),  # noqa: SIM115 - the child's for life
        stderr=log,
        cwd=order["cwd"],
        preexec_fn=_dies_with_me(order["orphaned"]),
        **order["account"],
    )
    print(child.pid, flush=True)
    try:
        if _parent_is_gone_before(child, wake):
            _stop(child, order["stop"])
        return child.wait()
    finally:
        for folder in order["remove"]:
            shutil.rmtree(folder, ignore_errors=True)


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


def _parent_is_gone_before(child: subprocess.Popen, wake: int) -> bool:
    while child.poll() is None:
        ready, _, _ = select.select([0, wake], [], [])
        if 0 in ready or set(os.read(wake, 64)) - {signal.SIGCHLD}:
            return True
    return False


def _stop(child: subprocess.Popen, steps: list[tuple[int, float]]) -> None:
    for number, seconds in steps:
        child.send_signal(number)
        try:
            child.wait(seconds)
            return
        except subprocess.TimeoutExpired:
            continue
    child.kill()


if __name__ == "__main__":
    sys.exit(min(main(json.loads(sys.argv[1])) % 256, 255))
