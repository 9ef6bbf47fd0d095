"""Reports from an Amazon that throttles, delays, loses answers, aborts and caches: S25 to S34.

The stand-in itself, within the test: its time is the test's own.
"""

from collections import Counter
from typing import Any

import httpx2
import pytest
from pydantic import SecretStr

from deploy.connect.amazon.client import AmazonClient
from deploy.connect.amazon.credentials import Application, Credentials
from deploy.connect.amazon.download import Downloads
from deploy.connect.amazon.exchange import Exchange
from deploy.connect.amazon.lwa import Tokens
from deploy.connect.amazon.reports import Reporting
from deploy.connect.limits import Limits
from deploy.sandbox.exchange import Request
from deploy.sandbox.faults import Fault
from schemas import codec
from schemas.amazon import Observation
from tests.support.amazon import DE, Desk, lamp, seed
from tests.support.report_api import Outside

HERE = "http://127.0.0.1:1"
FAILURES = {
    "reset": httpx2.ReadError,
    "hang": httpx2.ReadTimeout,
    "truncate": httpx2.RemoteProtocolError,
}


class Hostile(Outside):
    """An outside whose Amazon is the stand-in."""

    def __init__(self, number: int, profile: str, *faults: Fault) -> None:
        super().__init__()
        rows = [lamp(sku=f"L-{n}") for n in range(30)]
        self.desk = Desk(seed(*rows, seed=number, profile=profile))
        for fault in faults:
            self.desk.amazon.faults.add(fault)
        http = httpx2.Client(transport=httpx2.MockTransport(self.answer))
        held = Credentials(Application("sandbox", SecretStr("sandbox")), SecretStr("Atzr|acme"))
        tokens = Tokens(http, f"{HERE}/auth/o2/token", lambda _: held, self.steady)
        limits = Limits(self.steady, chance=lambda: 0.5)
        exchange = Exchange(http, tokens, limits, agent="Listwire/test", now=lambda: self.time)
        client = AmazonClient(exchange, lambda: self.settings, {"EU": f"{HERE}/eu"})
        self.amazon = Reporting(client, Downloads(http, [], local=True))  # type: ignore[assignment]

    def steady(self) -> float:
        return self.time.timestamp()

    def answer(self, request: httpx2.Request) -> httpx2.Response:
        """Answer as the stand-in does over its socket."""
        path, _, query = request.url.raw_path.decode().partition("?")
        headers = {name.lower(): value for name, value in request.headers.items()}
        now = round(self.time.timestamp() * 1000)
        asked = Request(request.method, path, query, headers, request.content)
        reply = self.desk.amazon.answer(asked, now, float(now))[0]
        self.pass_time(seconds=reply.delay)
        if reply.act != "send":
            raise FAILURES[reply.act](reply.act)
        body = httpx2.ByteStream(reply.body)
        return httpx2.Response(reply.status, stream=body, headers=reply.headers)

    def change(self, number: int) -> None:
        """Let the seller change a price, so that the next document is another one."""
        sku = self.desk.amazon.world.sku("acme-eu", "L-0")
        listing = sku.listing(DE) if sku else None
        if listing is None:
            raise AssertionError("the listing is gone")
        listing.price = f"{10 + number / 100:.2f}"

    def sold(self) -> list[Any]:
        """Give the reports that Amazon has taken on."""
        return self.desk.amazon.reports.of("acme-eu")


CRUEL = (
    ("lost", "createReport", 0.4),
    ("reset", "createReport", 0.2),
    ("error_500", "getReports", 0.2),
    ("html_503", "getReport", 0.2),
    ("truncated", "getReportDocument", 0.2),
    ("empty_429", "getReport", 0.1),
    ("wrong_date", None, 0.1),
)
"""Faults far beyond any that were seen: kind, operation, probability."""


@pytest.mark.parametrize("number", range(1, 6))
@pytest.mark.parametrize("profile", ["real", "hostile", "cruel"])
def test_a_day_of_reports_ends_well_whatever_amazon_does(number: int, profile: str) -> None:
    faults = [Fault(kind=k, operation=o, probability=p) for k, o, p in CRUEL]
    cruel = profile == "cruel"
    outside = Hostile(number, "hostile" if cruel else profile, *(faults if cruel else ()))
    process = outside.process()
    for minute in range(24 * 60):
        if minute % 60 == 0:
            outside.change(minute)
        process.turn()
        outside.pass_time(minutes=1)

    runs = outside.runs.find(limit=100)
    states = Counter(run.state for run in runs)
    asked = sum(run.aborted + 1 for run in runs if run.report or run.aborted)
    ended = [run for run in runs if not run.open]
    assert states["complete"] >= 3
    assert len(runs) - len(ended) <= 1
    assert [run.why for run in ended if "fault" in (run.why or "")] == []
    assert len(outside.sold()) == asked, states
    assert {len(told) for told in told_per_report(outside).values()} == {30}


def told_per_report(outside: Outside) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for record in outside.topic.settled:
        if record.topic == "amazon.listing.v1" and (seen := codec.decode(record, Observation)):
            found.setdefault(str(seen.report), set()).add(seen.seller_sku)
    return found


def test_the_stand_in_is_asked_within_its_quotas() -> None:
    outside = Hostile(1, "real")
    process = outside.process()
    for _ in range(240):
        process.turn()
        outside.pass_time(minutes=1)

    refused = [run.why for run in outside.runs.find() if run.state == "refused"]
    assert refused == []
