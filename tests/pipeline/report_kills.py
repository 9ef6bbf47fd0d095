"""`kill -9` at each step of a report's life, ten times each: nothing lost, nothing doubled.

`python tests/pipeline/report_kills.py [--times 10] [--listings 40] [--points A,B]` starts
Kafka, Postgres and Amazon's stand-in, lets one report live in peace to learn its steps, and
then kills its worker at each of them. Ends with one line of JSON, and 0 only if every zero is
zero.
"""

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))  # a script: the tree's own tests/ folder

from deploy.embedded.stack import Stack
from deploy.preparing import prepare
from tests.support.reporting import Lives, apply_settings, world
from tests.support.sandbox import running_sandbox

ACTS = (
    "reports.amazon.request",
    "reports.amazon.told",
    "reports.amazon.fetch",
    "reports.archive.put",
    "reports.archive.local",
    "reports.broker.send",
    "reports.broker.flush",
    "reports.broker.ends",
    "reports.db.save",
)
"""Acts that leave something behind; a worker dies behind each, before the next begins."""


def steps(passed: dict[str, int]) -> list[str]:
    """Give each act, and which of its times, behind which a worker is killed: `point:nth`."""
    found = []
    for act in ACTS:
        count = passed[f"{act}.after"]
        every = range(1, count + 1)
        chosen = every if count < 10 else (1, (count + 1) // 2, count)
        found += [f"{act}.after:{nth}" for nth in chosen]
    return [f"{ACTS[0]}.before:1", *found]


def main() -> int:
    """Run it and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=10)
    parser.add_argument("--listings", type=int, default=40)
    parser.add_argument("--points", default="")
    asked = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="listwire-report-kills-"))
    folder.chmod(0o755)
    began = time.monotonic()
    with Stack(folder) as stack, running_sandbox() as sandbox:
        prepare(stack.bootstrap_servers, stack.url)
        sandbox.seed(world(asked.listings))
        apply_settings(stack.bootstrap_servers)
        with Lives(stack.bootstrap_servers, stack.url, sandbox, folder) as lives:
            chosen = asked.points.split(",") if asked.points else steps(lives.undisturbed())
            ended = _strike(lives, chosen, asked.times)
            lives.settle()
            told = lives.judge()
    return _close(told, ended, began)


def _strike(lives: Lives, chosen: list[str], times: int) -> dict[str, int]:
    ended: dict[str, int] = {}
    for number, point in enumerate(chosen):
        ended[point] = sum(lives.strike(point) for _ in range(times))
        print(f"{number + 1} of {len(chosen)}: {point}: {ended[point]} kills", flush=True)
    return ended


def _close(told: dict, ended: dict[str, int], began: float) -> int:  # type: ignore[type-arg]
    points = told["points"]
    steps_told = {
        point: {
            "kills": ended.get(point, 0),
            "lost": found["lost"] + found["unfinished"] + found["behind its marker"],
            "doubled": found["doubled"] + found["doubled markers"],
        }
        for point, found in points.items()
    }
    summary = {
        "kills": sum(ended.values()),
        "lost": sum(s["lost"] for s in steps_told.values()),
        "doubled": sum(s["doubled"] for s in steps_told.values()) + told["unasked"],
        "lives": told["lives"],
        "requests_too_many": told["unasked"],
        "rows_sent_again": told["rows_sent_again"],
        "not_reached": sorted(p for p, n in ended.items() if n == 0),
        "steps": steps_told,
        "seconds": round(time.monotonic() - began),
    }
    print(json.dumps(summary), flush=True)
    return 1 if summary["lost"] or summary["doubled"] or summary["not_reached"] else 0


if __name__ == "__main__":
    sys.exit(main())
