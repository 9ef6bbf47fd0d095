"""Processes that a test starts, looks at and kills; only ever those."""

import contextlib
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import psutil

ROOT = Path(__file__).parents[2]


def alive(pid: int) -> bool:
    """Tell whether *pid* runs; a zombie does not."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def descendants(pid: int) -> list[psutil.Process]:
    """Give every process below *pid*; each object knows its process even once it is gone."""
    try:
        return psutil.Process(pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def left(processes: Sequence[psutil.Process]) -> list[int]:
    """Give the pids of those of *processes* that still run."""
    return [p.pid for p in processes if p.is_running() and alive(p.pid)]


def kill(process: subprocess.Popen[str]) -> None:
    """Kill *process* with -9 and wait until it is gone."""
    process.send_signal(signal.SIGKILL)
    process.wait(10)


@contextlib.contextmanager
def running(*command: str, cwd: Path = ROOT, **options: Any) -> Iterator[subprocess.Popen[str]]:
    """Run *command* with its output in pipes; kill it at the end if it still runs."""
    process = subprocess.Popen(
        command,
        cwd=cwd,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        stdin=subprocess.PIPE,
        text=True,
        **options,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            kill(process)
        for pipe in (process.stdin, process.stdout, process.stderr):
            if pipe:
                with contextlib.suppress(BrokenPipeError):
                    pipe.close()


@contextlib.contextmanager
def python(code: str, *arguments: str, cwd: Path = ROOT) -> Iterator[subprocess.Popen[str]]:
    """Run *code* in a Python of its own, with the rooms importable; unbuffered."""
    with running(sys.executable, "-u", "-c", code, *arguments, cwd=cwd) as process:
        yield process
