"""The stand-in as a process of its own, over real sockets."""

import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.support.amazon import DE, lamp, quantity, seed
from tests.support.sandbox import ROOT, START, Sandbox, running_sandbox

URL = "/eu/listings/2021-08-01/items/A1EXAMPLE/LAMP%2F12"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    folder = tmp_path_factory.mktemp("journal")
    with running_sandbox("--journal", str(folder)) as sandbox:
        yield sandbox


def call(sandbox: Sandbox, method: str = "GET", **how: Any) -> httpx2.Response:
    token = sandbox.token("Atzr|acme")
    headers = {"x-amz-access-token": token, "user-agent": "test"}
    query = {"marketplaceIds": DE}
    return httpx2.request(
        method, sandbox.api + URL, params=query, headers=headers, timeout=2, **how
    )


PATCH = {"productType": "PRODUCT", "patches": [quantity(3)]}


def test_a_patch_over_the_wire_reaches_truth_journal_and_report(running: Sandbox) -> None:
    running.seed(seed())

    response = call(running, "PATCH", json=PATCH)
    running.advance(1)

    asked = running.requests(operation="patchListingsItem")[-1]
    truth = running.truth(account="acme-eu", sku="LAMP/12")[0]
    row = running.report("acme-eu", "DE").decode().splitlines()[1].split("\t")
    assert (
        response.json()["status"],
        (asked["sku"], asked["account"], asked["status"], asked["outcome"], asked["body"]),
        truth["quantity"],
        row[5],
    ) == ("ACCEPTED", ("LAMP/12", "acme-eu", 200, "ACCEPTED", PATCH), 3, "3")


def test_the_journal_tells_wall_time_and_no_secret(running: Sandbox) -> None:
    running.seed(seed())
    before = time.time() * 1000

    call(running)

    login, asked = running.requests()[-2:]
    text = json.dumps([login, asked])
    assert (before <= asked["received_ms"] <= time.time() * 1000, "Atz" in text) == (True, False)


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        pytest.param("lost", httpx2.ReadError, id="reset"),
        pytest.param("truncated", httpx2.RemoteProtocolError, id="cut short"),
        pytest.param("slow", httpx2.ReadTimeout, id="slow"),
    ],
)
def test_a_fault_reaches_the_socket(running: Sandbox, kind: str, error: type[Exception]) -> None:
    running.seed(seed())
    running.fault(kind=kind, operation="patchListingsItem", times=1, seconds=5)

    with pytest.raises(error):
        call(running, "PATCH", json=PATCH)

    assert running.truth(sku="LAMP/12")[0]["will"]["quantity"] == 3


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "why"),
    [
        pytest.param("POST", "/seed", b'{"sed": 7}', 400, "sed", id="misspelt seed"),
        pytest.param("GET", "/nothing", b"", 404, "/nothing", id="unknown path"),
        pytest.param("DELETE", "/seed", b"", 405, "POST", id="unknown method"),
        pytest.param("POST", "/events", b'{"type": "sell"}', 400, "account", id="half an event"),
        pytest.param("GET", "/truth/report", b"", 400, "account", id="whose report"),
        pytest.param("POST", "/clock", b'{"mode": "fast"}', 400, "stepped", id="unknown clock"),
    ],
)
def test_the_control_plane_refuses_with_a_reason(
    running: Sandbox, method: str, path: str, body: bytes, status: int, why: str
) -> None:
    response = httpx2.request(method, running.control + path, content=body)

    assert (response.status_code, why in response.json()["error"]) == (status, True)


def test_reset_goes_back_to_what_was_seeded(running: Sandbox) -> None:
    running.seed(seed())
    running.seed(seed(lamp(sku="MORE"), accounts={}, catalogue=[]) | {"add": True})
    running.event(type="sell", account="acme-eu", sku="LAMP/12", quantity=5)

    told = running.call("POST", "/reset").json()

    skus = {row["sku"]: row["quantity"] for row in running.truth()}
    assert (told["asins"], skus) == (6, {"LAMP/12": 5, "MORE": 5})


def test_limits_may_change_while_it_runs(running: Sandbox) -> None:
    running.seed(seed())

    told = running.call("POST", "/buckets", json={"quota_factor": 20}).json()

    rate = call(running).headers["x-amzn-ratelimit-limit"]
    assert (told["quota_factor"], rate) == (20, "100.0")


def test_to_the_next_event(running: Sandbox) -> None:
    running.seed(seed())
    call(running, "PATCH", json=PATCH)

    shown = running.call("POST", "/clock", json={"to": "next"}).json()

    assert (shown["now"], shown["next"]) == ("2026-11-25T10:00:01.000Z", None)


def test_a_report_states_its_charset(running: Sandbox) -> None:
    running.seed(seed(lamp(title="Lampe für Ω")))
    wanted = {"account": "acme-eu", "marketplace": "DE", "encoding": "cp1252"}

    response = running.call("GET", "/truth/report", params=wanted)

    assert (response.headers["content-type"], "für ?".encode("cp1252") in response.content) == (
        "text/plain; charset=Cp1252",
        True,
    )


def test_the_journal_is_on_disk_before_the_answer(tmp_path: Path) -> None:
    document = tmp_path / "seed.json"
    document.write_text(json.dumps(seed()))

    with running_sandbox("--journal", str(tmp_path), "--seed", str(document)) as sandbox:
        call(sandbox)
        lines = (tmp_path / "requests.jsonl").read_text().splitlines()

    assert [json.loads(line)["operation"] for line in lines] == ["lwa.token", "getListingsItem"]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child of its parent's end")
def test_it_ends_with_a_parent_that_is_killed() -> None:
    mother = (
        "import subprocess, sys, time\n"
        f"child = subprocess.Popen([sys.executable, '-c', {START!r}, '--die-with-parent'])\n"
        "print(child.pid, flush=True)\n"
        "time.sleep(60)\n"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", mother],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    )
    if parent.stdout is None:
        raise AssertionError("no output to read")
    child = int(parent.stdout.readline())
    ready = parent.stdout.readline()

    parent.send_signal(signal.SIGKILL)
    parent.wait()

    assert ("api" in json.loads(ready), gone(child, within=10)) == (True, True)


def gone(process: int, *, within: float) -> bool:
    """Wait until *process* has ended."""
    try:
        watch = os.pidfd_open(process)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([watch], [], [], within)[0])
    finally:
        os.close(watch)
