"""A report's life on the real parts, its worker killed at one point after the other."""

import os
import select
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

import msgspec

from deploy.connect.kafka import open_consumer, open_producer
from deploy.connect.postgres import open_engine
from deploy.connect.whole import to_end
from producers.amazon.run import Run
from producers.amazon.runs import Runs
from producers.amazon.schedule import run
from producers.operator.settings import plan, records
from schemas import codec
from schemas.amazon import Observation, Report
from schemas.record import Record
from schemas.settings import Settings
from tests.support.sandbox import Sandbox

ROOT = Path(__file__).parents[2]
ALL = "GET_MERCHANT_LISTINGS_ALL_DATA"
ACCOUNT, STORE = "acme-eu", "acme-de"
PATIENCE = 90.0
"""Seconds for one life, on a machine that has other things to do."""

SETTINGS = """
account:
  acme-eu: {region: EU, merchant_token: A1EXAMPLE, credentials: env:ACME_EU}
website:
  base: {id: 1, zone: Europe/Berlin, currency: EUR, default_view: default, views: {default: 1}}
store:
  acme-de: {account: acme-eu, marketplace: DE, website: base, created: 2024-03-01}
reports:
  acme-de: {every: {}}
"""
"""Nothing is scheduled: each report is wanted when its worker is ready to be killed."""


def world(listings: int) -> dict[str, Any]:
    """Give a stand-in's seed in which reports are finished at once."""
    return {
        "seed": 7,
        "clock": "real",
        "profile": "quiet",
        "quota_factor": None,
        "settings": {"report_queue_seconds": 0.0, "report_seconds": 0.0},
        "accounts": {
            ACCOUNT: {
                "region": "EU",
                "merchant_token": "A1EXAMPLE",
                "refresh_token": "Atzr|acme",
                "marketplaces": ["DE"],
            }
        },
        "catalogue": [{"asin": "B000000001", "gtins": ["036000291452"], "title": "Desk lamp"}],
        "listings": [
            {"account": ACCOUNT, "marketplace": "DE", "sku": f"L-{n:05}", "asin": "B000000001",
             "price": "9.90", "quantity": 5}
            for n in range(listings)
        ],
    }  # fmt: skip


def apply_settings(bootstrap: str) -> None:
    """Let everybody know of the account and its store."""
    with open_producer(bootstrap) as producer:
        for record in records(plan(SETTINGS, Settings(), by="test"), now=datetime.now(UTC)):
            send(producer, record)
        producer.flush()


def send(producer: Any, record: Record) -> None:
    """Send one record."""
    headers = [(name, value or b"") for name, value in record.headers]
    producer.send(record.topic, value=record.value, key=record.key, headers=headers)


class Lives:
    """One report after the other, each through the death of its worker."""

    def __init__(self, bootstrap: str, postgres: str, sandbox: Sandbox, folder: Path) -> None:
        self._bootstrap = bootstrap
        self._sandbox = sandbox
        self.runs = Runs(open_engine(postgres, name="test-lives"))
        self._price = 1000
        self._environ = os.environ | {
            "PYTHONPATH": str(ROOT),
            "LISTWIRE_KAFKA__BOOTSTRAP_SERVERS": bootstrap,
            "LISTWIRE_POSTGRES__URL": postgres,
            "LISTWIRE_ARCHIVE__FOLDER": str(folder / "archive"),
            "LISTWIRE_DATA": str(folder),
            "LISTWIRE_AMAZON__EU": f"{sandbox.api}/eu",
            "LISTWIRE_AMAZON__LOGIN": f"{sandbox.api}/auth/o2/token",
            "LISTWIRE_AMAZON__CLIENT_ID": "sandbox",
            "LISTWIRE_AMAZON__CLIENT_SECRET": "sandbox",
            "LISTWIRE_AMAZON__QUOTA_FACTOR": "10000",
            "ACME_EU_REFRESH_TOKEN": "Atzr|acme",
        }

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [sys.executable, "-W", "ignore", str(ROOT / "tests/support/report_process.py")],
            cwd=ROOT,
            env=self._environ,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait(10)
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe:
                pipe.close()

    def undisturbed(self) -> dict[str, int]:
        """Let one report live in peace; give the points it passed, and how often each."""
        self._say("")
        self._hear("ready")
        self._want("none")
        passed: dict[str, int] = msgspec.json.decode(self._line())
        self._hear("ended 0")
        return passed

    def strike(self, point: str) -> bool:
        """Let the worker of one report die at *point*; tell whether it did.

        The report lives on with the next worker.
        """
        self._say(f"{point}:kill")
        self._hear("ready")
        self._want(point)
        if self._line() == "ended -9":
            return True
        self._hear("ended 0")
        return False

    def settle(self) -> None:
        """Let the last report live to its end."""
        self._say("")
        self._hear("ready")
        self._say("go")
        self._line()
        self._hear("ended 0")

    def _want(self, point: str) -> None:
        """Change the world, so that the next document is another one, and want a report."""
        self._price += 1
        price = f"{self._price / 100:.2f}"
        self._sandbox.event(type="edit", account=ACCOUNT, marketplace="DE", sku="L-00000",
                            price=price)  # fmt: skip
        now = datetime.now(UTC)
        if not self.runs.add(run(STORE, ALL, ACCOUNT, now=now, slot=now, by=point)):
            raise AssertionError("the report before is still open")
        self._say("go")

    def _say(self, line: str) -> None:
        if self._process.stdin is None:
            raise AssertionError("no process to speak to")
        self._process.stdin.write(f"{line}\n")
        self._process.stdin.flush()

    def _hear(self, wanted: str) -> None:
        if (line := self._line()) != wanted:
            raise AssertionError(f"the worker said {line!r}, not {wanted!r}")

    def _line(self) -> str:
        out = self._process.stdout
        if out is None or not select.select([out], [], [], PATIENCE)[0]:
            raise AssertionError(f"the worker said nothing for {PATIENCE:.0f} s")
        return out.readline().rstrip("\n")

    def judge(self) -> dict[str, Any]:
        """Give, per point, how many lives lost or doubled something; all must be 0."""
        with open_consumer(self._bootstrap) as consumer:
            told = list(to_end(consumer, ("amazon.listing.v1", "amazon.report.v1")))
        return judged(told, self.runs.find(STORE, limit=10_000), self._asked(), self._known())

    def _asked(self) -> int:
        found = self._sandbox.requests(operation="createReport")
        return sum(1 for request in found if request["status"] == 202)

    def _known(self) -> set[str]:
        return {str(listing["sku"]) for listing in self._sandbox.truth(account=ACCOUNT)}


def judged(told: list[Record], runs: list[Run], asked: int, known: set[str]) -> dict[str, Any]:
    """Hold what is in the topics against what must be there, report by report."""
    rows, markers = _sorted(told)
    faults: dict[str, Counter[str]] = defaultdict(Counter)
    again = 0
    for one in runs:
        mine, marked = rows.get(one.name, []), markers.get(one.name, [])
        faults[one.by].update(dict(_faults(one, mine, marked, known)))
        again += len(mine) - len({id_ for _, _, id_ in mine})
    return {
        "lives": len(runs),
        "unasked": max(0, asked - sum(1 for r in runs if r.report)),
        "rows_sent_again": again,
        "points": {point: dict(found) for point, found in sorted(faults.items())},
    }


Row = tuple[Record, Observation, str]
Mark = tuple[Record, Report, str]


def _sorted(told: list[Record]) -> tuple[dict[str, list[Row]], dict[str, list[Mark]]]:
    rows: dict[str, list[Row]] = defaultdict(list)
    markers: dict[str, list[Mark]] = defaultdict(list)
    for record in told:
        id_ = codec.header(record, "ce_id") or ""
        if record.topic == "amazon.report.v1":
            marker = codec.decode(record, Report)
            if marker is not None:
                markers[marker.report].append((record, marker, id_))
        elif (seen := codec.decode(record, Observation)) and seen.report:
            rows[seen.report].append((record, seen, id_))
    return rows, markers


def _faults(
    one: Run, rows: list[Row], markers: list[Mark], known: set[str]
) -> Iterator[tuple[str, int]]:
    complete = [marker for _, marker, _ in markers if marker.state == "complete"]
    yield "lives", 1
    yield "unfinished", int(one.state != "complete" or not complete)
    yield "lost", len(known - {seen.seller_sku for _, seen, _ in rows})
    ends: Mapping[str, int] = complete[0].ends if complete else {}
    before = {
        seen.seller_sku
        for record, seen, _ in rows
        if record.offset < ends.get(str(record.partition), 0)
    }
    yield "behind its marker", len(known - before) if complete else 0
    events = {(id_, record.value) for record, _, id_ in rows}
    yield "doubled", max(0, len(events) - len(known))
    marks = {(id_, record.value) for record, _, id_ in markers}
    yield "doubled markers", max(0, len(marks) - 2)
