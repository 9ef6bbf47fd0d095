"""One account with 20,000 listings, connected for the first time, on the whole pipeline.

`python tests/pipeline/first_connection.py [--listings 20000]`: nothing is imported by hand:
the first report is asked for by itself. Then counts per status are held against what Amazon's
stand-in holds; a second report (the same document) and a third (the same listings in another
form) must change nothing. Ends with one line of JSON, and 0 only if every difference is zero.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))  # a script: the tree's own tests/ folder

from datetime import UTC, datetime

from consumers.postgres import read
from deploy.connect.postgres import open_engine
from deploy.running import ROLES, Pipeline, Sandbox
from producers.amazon.run import Run
from producers.amazon.runs import Runs
from producers.amazon.schedule import run as new_run
from tests.support import connecting as world
from tests.support.living import REPORT, Living
from tests.support.resting import rest

LINK = read.COMPARED.index("sku")
"""Where a compared row has its product."""

PATIENCE = 2_400.0
"""Seconds until the pipeline must be at rest, on a machine that has other things to do."""


class Connection:
    """The pipeline and what is asked of it."""

    def __init__(self, living: Living, runs: Runs, count: int) -> None:
        self.living, self.runs, self.count = living, runs, count

    def fetched(self) -> Run:
        """Ask for a report now, and wait for its end."""
        now = datetime.now(UTC)
        one = new_run(world.STORE, REPORT, world.ACCOUNT, now=now, slot=now, by="test")
        if not self.runs.add(one):
            raise AssertionError("a report is under way already")
        return self.ended()

    def ended(self) -> Run:
        """Wait until the newest report has ended."""
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            self.living.pipeline.tend()
            found = self.runs.find(world.STORE, limit=1)
            if found and not found[0].open:
                return found[0]
            time.sleep(0.5)
        raise AssertionError("no report has ended")

    def at_rest(self) -> None:
        """Wait until nothing is left to do."""
        rest(self.living.pipeline, self.living.engine, patience=PATIENCE)

    def truth(self) -> list[dict[str, Any]]:
        """Give what Amazon holds."""
        wanted = {"account": world.ACCOUNT}
        found = self.living.control.get("/truth/listings", params=wanted).json()["listings"]
        return [listing for listing in found if listing["exists"]]

    def writes(self) -> int:
        """Give how many writes Amazon has had."""
        found = self.living.control.get("/requests").json()["requests"]
        return sum(1 for r in found if r["operation"].startswith(("patch", "put", "delete")))


def main() -> int:
    """Run it and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--listings", type=int, default=20_000)
    count = parser.parse_args().listings
    folder = Path(tempfile.mkdtemp(prefix="listwire-first-"))
    folder.chmod(0o755)
    print(f"the run is kept in {folder}", flush=True)
    products, seed = world.write(folder / "files", count)
    sandbox = Sandbox(folder / "sandbox", seed=seed)
    environ = dict(os.environ) | sandbox.environ() | {
        "ACME_EU_REFRESH_TOKEN": "Atzr|acme",
        "LISTWIRE_AMAZON__QUOTA_FACTOR": str(world.FACTOR),
        "LISTWIRE_DATA": str(folder / "state"),
    }  # fmt: skip
    try:
        with Pipeline(folder / "stack", environ=environ, roles=dict.fromkeys(ROLES, 1),
                      say=print) as pipeline:  # fmt: skip
            engine = open_engine(pipeline.url, name="first")
            living = Living(pipeline, sandbox, engine)
            return _connect(Connection(living, Runs(engine), count), products)
    finally:
        sandbox.stop()


def _connect(here: Connection, products: Path) -> int:
    here.living.import_files([products])
    began = time.monotonic()
    here.living.apply(world.SETTINGS)
    first = here.ended()
    reported = time.monotonic() - began
    print(f"first report: {first.state}, {first.rows} rows, {reported:.0f} s", flush=True)
    here.at_rest()
    settled = time.monotonic() - began
    rows, writes = here.living.rows(), here.writes()
    truth = here.truth()
    wanted = world.expected(truth, world.linked(here.count))
    found = _statuses(rows, {listing["sku"] for listing in truth})
    later = []
    for form in (None, {"header": ["deprecated"], "gzip": True}):
        if form is not None:
            here.living.control.post("/variants", json={"type": REPORT, "times": 1} | form)
        later.append(here.fetched())
        here.at_rest()
    after = here.living.rows()
    told = {
        "listings": len(truth),
        "imported": first.rows,
        "first_report_seconds": round(reported),
        "settled_seconds": round(settled),
        "linked": sum(1 for row in rows if row[LINK] is not None),
        "linked_wanted": len(world.linked(here.count)),
        "statuses": {"/".join(k): n for k, n in sorted(found.items())},
        "status_differences": sum(((found - wanted) + (wanted - found)).values()),
        "second": [later[0].state, later[0].why],
        "third": [later[1].state, later[1].rows],
        "changed_by_them": len(set(map(str, rows)) ^ set(map(str, after))),
        "writes_to_amazon": writes,
        "written_by_them": here.writes() - writes,
    }
    print(json.dumps(told), flush=True)
    wrong = (told["status_differences"], told["changed_by_them"], told["written_by_them"])
    right = told["imported"] == told["listings"] and told["linked"] == told["linked_wanted"]
    return 0 if right and not any(wrong) else 1


def _statuses(rows: list[tuple[Any, ...]], there: set[str]) -> Counter[tuple[str, str]]:
    """Count what Amazon holds per tab and status.

    Beside these stands the seller SKU that a product would have had, had it none already.
    """
    at = [read.COMPARED.index(name) for name in ("seller_sku", "tab", "status")]
    held = [tuple(row[place] for place in at) for row in rows]
    return Counter((tab, status) for name, tab, status in held if name in there)


if __name__ == "__main__":
    sys.exit(main())
