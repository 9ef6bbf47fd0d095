"""A worker of the role *reports* as a process of its own, to be killed at a failpoint.

`python tests/support/report_process.py POINT` ends whatever run is open, says `ready`, then
arms POINT (`reports.archive.put.after:1:kill`) and goes on until killed. Without a point it
ends, once nothing is open, and prints every point it passed as one JSON object.
"""

import json
import random
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import msgspec

from deploy import logs, roles
from deploy.settings import load, process_environment
from producers.amazon.fetch import Ports
from producers.amazon.rounds import Rounds
from tests.support.failpoints import Failpoints
from tests.support.report_api import Everyone

ROLE = "reports"


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


def main(stated: str = "") -> None:
    """Work until killed, or until nothing is open."""
    environ = process_environment()
    logs.start("warning")
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
    while any(run.open for run in runs.newest().values()):
        if not rounds.turn():
            time.sleep(0.05)


if __name__ == "__main__":
    main(*sys.argv[1:])
