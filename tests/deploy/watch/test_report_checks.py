"""What `doctor` finds in the runs of reports."""

from datetime import timedelta
from typing import Any

import msgspec
import pytest

from deploy.watch.report_checks import report_check
from producers.amazon.run import Run
from producers.amazon.schedule import run
from tests.support.report_api import ALL, START


def last(store: str = "acme-de", **more: Any) -> Run:
    return msgspec.structs.replace(run(store, ALL, "acme-eu", now=START, slot=START), **more)


@pytest.mark.parametrize(
    ("runs", "state", "what"),
    [
        pytest.param([], "skipped", "none was ever wanted", id="none"),
        pytest.param(
            [last(state="complete"), last("acme-fr", state="dropped")],
            "ok",
            "2 of store and type, none refused, none waits long",
            id="as they should be",
        ),
        pytest.param(
            [last(state="refused", why="0 bytes")],
            "warning",
            f"acme-de {ALL} refused: 0 bytes",
            id="refused",
        ),
        pytest.param(
            [last(state="done", why="S3 did not put")],
            "warning",
            f"acme-de {ALL} done for 3 h: S3 did not put",
            id="waits for long",
        ),
        pytest.param(
            [last(f"s{n}", state="refused", why="x") for n in range(5)],
            "warning",
            f"s0 {ALL} refused: x; s1 {ALL} refused: x; s2 {ALL} refused: x (and 2 more)",
            id="many",
        ),
    ],
)
def test_the_last_reports_are_judged(runs: list[Run], state: str, what: str) -> None:
    found = report_check({(r.store, r.type): r for r in runs}, START + timedelta(hours=3))

    assert (found.state, found.what) == (state, what)


def test_a_report_that_was_just_wanted_is_no_matter() -> None:
    found = report_check({("acme-de", ALL): last()}, START + timedelta(minutes=90))

    assert found.state == "ok"
