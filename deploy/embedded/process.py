"""A child process that cannot outlive us: our end of a guard (`guard.py`)."""

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import msgspec

GUARD = Path(__file__).with_name("guard.py")


class Account(msgspec.Struct, frozen=True):
    """The unix account a child runs under; None of both = ours."""

    user: int | None = None
    group: int | None = None

    def options(self) -> dict[str, Any]:
        """Give the arguments of `subprocess` that change to this account."""
        if self.user is None:
            return {}
        return {"user": self.user, "group": self.group, "extra_groups": []}

    def give(self, path: Path) -> None:
        """Make this account the owner of *path*."""
        if self.user is not None and self.group is not None:
            os.chown(path, self.user, self.group)


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """What to run, and how it ends.

    *stop*: signals in order, each with the seconds it is given. *orphaned*: the signal the
    child gets should its guard be killed. *held*: descriptors that stay open while it lives.
    """

    command: Sequence[str]
    cwd: Path
    log: Path
    stop: tuple[tuple[signal.Signals, float], ...]
    orphaned: signal.Signals
    account: Account = Account()
    held: tuple[int, ...] = ()
    remove: tuple[Path, ...] = ()
    environ: dict[str, str] | None = None
    """The child's whole environment; None = ours."""


class Guarded:
    """One running child. Leaving the context stops it; killing us does, too."""

    def __init__(self, order: Order) -> None:
        self._order = order
        self._guard = subprocess.Popen(  # noqa: S603 - our own words, no shell
            # a bare interpreter: quick, small, and blind to the working directory
            [sys.executable, "-I", "-S", str(GUARD), _as_json(order)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,  # Ctrl-C reaches us alone, we end the child in order
            pass_fds=order.held,
            env=order.environ,
        )
        self.pid = int(_first_line(self._guard) or 0)

    @property
    def running(self) -> bool:
        """Whether the child still runs."""
        return self._guard.poll() is None

    def stop(self) -> None:
        """End the child in order; returns when it is gone. A second call does nothing."""
        for pipe in (self._guard.stdin, self._guard.stdout):
            if pipe:
                pipe.close()
        try:
            self._guard.wait(sum(seconds for _, seconds in self._order.stop) + 5)
        except subprocess.TimeoutExpired:
            self._guard.kill()
            self._guard.wait()

    def kill(self) -> None:
        """Kill the child with -9, as a fault would, and wait until it is gone."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        self.stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


def tail(log: Path, lines: int = 12) -> str:
    """Give the last *lines* of *log*, to be shown as the reason of a failure."""
    text = log.read_text(errors="replace") if log.exists() else ""
    return "\n".join(text.splitlines()[-lines:]) or "it wrote nothing"


def _first_line(guard: subprocess.Popen[bytes]) -> bytes:
    return guard.stdout.readline() if guard.stdout else b""


def _as_json(order: Order) -> str:
    return json.dumps(
        {
            "command": list(order.command),
            "cwd": str(order.cwd),
            "log": str(order.log),
            "stop": [(int(number), seconds) for number, seconds in order.stop],
            "orphaned": int(order.orphaned),
            "account": order.account.options(),
            "remove": [str(folder) for folder in order.remove],
        }
    )
