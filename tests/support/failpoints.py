"""Failpoints around ports (`reliability.md` 3.3): the package itself has none.

A point is `<role>.<port>.<verb>.<before|after>`; `FAILPOINT=reports.archive.put.after:1:kill`
ends the process with -9 at the first time it is passed. In one process, `raise` ends what is
under way with `Died`, which nothing of ours catches.
"""

import os
import signal
from collections import Counter
from collections.abc import Callable
from typing import Any

from tests.support.producer import Died


class Failpoints:
    """Counts every point that is passed, and strikes at one of them."""

    def __init__(self, where: str = "", nth: int = 1, act: Callable[[], None] | None = None):
        self.passed: Counter[str] = Counter()
        self._where = where
        self._nth = nth
        self._act = act or died

    @classmethod
    def read(cls, stated: str) -> "Failpoints":
        """Read `point:nth:kill` or `point:nth:raise`; nothing stated strikes nowhere."""
        if not stated:
            return cls()
        where, nth, act = stated.split(":")
        return cls(where, int(nth), {"kill": killed, "raise": died}[act])

    def pass_by(self, point: str) -> None:
        """Note that *point* is passed, and strike if it is the one."""
        self.passed[point] += 1
        if point == self._where and self.passed[point] == self._nth:
            self._act()

    def port(self, name: str, inner: Any) -> Any:
        """Give *inner* with a point before and after each call of its methods."""
        return _Port(self, name, inner)

    def call(self, name: str, inner: Callable[..., Any]) -> Callable[..., Any]:
        """Give *inner* with a point before and after it."""

        def around(*values: Any, **more: Any) -> Any:
            self.pass_by(f"{name}.before")
            given = inner(*values, **more)
            self.pass_by(f"{name}.after")
            return given

        return around


class _Port:
    def __init__(self, points: Failpoints, name: str, inner: Any) -> None:
        self._points = points
        self._name = name
        self._inner = inner

    def __getattr__(self, verb: str) -> Any:
        found = getattr(self._inner, verb)
        return self._points.call(f"{self._name}.{verb}", found) if callable(found) else found


def killed() -> None:
    """End this process as the kernel would."""
    os.kill(os.getpid(), signal.SIGKILL)


def died() -> None:
    """End what is under way; nothing tidies up behind it."""
    raise Died
