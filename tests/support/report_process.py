"""Workers of the role *reports*, one after the other, each to be killed at a failpoint.

Each line on stdin is a point (`reports.archive.put.after:1:kill`, or nothing): a worker is
forked that ends whatever run of the store is open, says `ready`, waits for another line, then
arms the point and goes on until killed. A worker that is not killed ends once none is open,
and tells every point it passed as one JSON object. Its end is told: `ended -9`.

Forked, because a machine with other things to do takes seconds to import all of it.
"""

import json
import os
import random
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import msgspec

from deploy import logs, roles
from deploy.connect import archive, kafka, whole
from deploy.connect.amazon import build, reports
from deploy.settings import load, process_environment
from producers.amazon import runs as runs_module
from producers.amazon.ports import Ports
from producers.amazon.rounds import Rounds
from tests.support.failpoints import Failpoints
from tests.support.report_api import Everyone
from tests.support.reporting import STORE

ROLE = "reports"
LOADED = (archive, kafka, whole, build, reports, runs_module)
"""What a worker imports when it starts: here before it is forked."""


def watched(ports: Ports, runs: Any, points: Failpoints) -> tuple[Ports, Any]:
    """Give *ports* and *runs* with a point before and after each call."""
    publisher: Callable[[], Any] = ports.publisher
    ledger = points.port(f"{ROLE}.db", runs)
    return msgspec.structs.replace(
        ports,
        amazon=points.port(f"{ROLE}.amazon", ports.amazon),
        archive=points.port(f"{ROLE}.archive", ports.archive),
        ledger=ledger,
        publisher=lambda: points.port(f"{ROLE}.broker", publisher()),
        ends=points.call(f"{ROLE}.broker.ends", ports.ends),
    ), ledger


def main() -> None:
    """Fork a worker for each line."""
    logs.start("warning")
    for line in iter(sys.stdin.readline, ""):
        pid = os.fork()
        if pid == 0:
            work(line.strip())
            os._exit(0)
        _, status = os.waitpid(pid, 0)
        print(f"ended {os.waitstatus_to_exitcode(status)}", flush=True)


def work(stated: str) -> None:
    """Work until killed, or until nothing is open."""
    environ = process_environment()
    deployment, _ = load(environ)
    with ExitStack() as stack:
        runs, _, ports = roles.reporting(deployment, environ, stack)
        _until_ended(runs, Rounds(runs, Everyone(), ports, chance=random.random))  # type: ignore[arg-type]
        print("ready", flush=True)
        sys.stdin.readline()  # the next run is wanted now
        points = Failpoints.read(stated)
        armed, ledger = watched(ports, runs, points)
        _until_ended(runs, Rounds(ledger, Everyone(), armed, chance=random.random))  # type: ignore[arg-type]
        print(json.dumps(points.passed), flush=True)


def _until_ended(runs: Any, rounds: Rounds) -> None:
    while any(run.open for run in runs.newest().values() if run.store == STORE):
        if not rounds.turn():
            time.sleep(0.05)


if __name__ == "__main__":
    main()
