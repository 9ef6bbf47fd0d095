"""`report fetch` and `report show`, before a worker that the test plays itself."""

import threading
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import delete

from deploy.commands import reports
from deploy.connect.postgres import migrate, open_engine
from producers.amazon.run import State, changed, moved
from producers.amazon.runs import Runs
from producers.amazon.tables import report_run
from schemas.settings import Account, Settings, Store
from tests.deploy.conftest import Run, Said
from tests.support.eventually import eventually
from tests.support.report_api import ALL, START

pytestmark = pytest.mark.postgres

KNOWN = Settings(
    records={
        "account": {"acme-eu": Account(region="EU", merchant_token="M", credentials="env:X")},
        "store": {
            "acme-de": Store(
                account="acme-eu", marketplace="DE", website="b", created=date(2026, 1, 1)
            )
        },
    }
)


@pytest.fixture
def runs(postgres: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Runs]:
    """The runs of an empty table; the settings know one store."""
    engine = open_engine(postgres, name="test-reports", connections=2)
    migrate(engine)
    with engine.begin() as connection:
        connection.execute(delete(report_run))
    monkeypatch.setattr(reports, "known_settings", lambda _here: KNOWN)
    yield Runs(engine)
    engine.dispose()


def end(runs: Runs, state: State, **facts: Any) -> None:
    """Play the worker: let the one open run end."""
    eventually(runs.find, within=30)
    run = runs.find()[0]
    path: dict[State, tuple[State, ...]] = {
        "refused": ("refused",),
        "complete": ("requested", "done", "archived", "emitted", "complete"),
    }
    for step in path[state]:
        run = runs.save(moved(run, step, at=START, **facts))


def worked(runs: Runs, state: State, **facts: Any) -> threading.Thread:
    thread = threading.Thread(target=end, args=(runs, state), kwargs=facts, daemon=True)
    thread.start()
    return thread


def fetch(run: Run, postgres: str, *more: str) -> Said:
    return run("--postgres", postgres, "report", "fetch", "acme-de", *more, "--json")


def test_a_report_is_wanted_once_however_often_it_is_asked_for(
    run: Run, postgres: str, runs: Runs
) -> None:
    first = fetch(run, postgres, "--by", "anna", "--fewer")
    again = fetch(run, postgres)

    assert (first.code, again.code) == (0, 0)
    assert first.json["report"]["state"] == "wanted"
    assert again.json["report"]["wanted_at"] == first.json["report"]["wanted_at"]
    assert "under way already" in again.err
    [stored] = runs.find()
    assert (stored.type, stored.by, stored.fewer) == (ALL, "anna", True)


def test_it_can_be_waited_for(run: Run, postgres: str, runs: Runs) -> None:
    worker = worked(runs, "complete", report="R7", rows=12)

    said = fetch(run, postgres, "--wait")

    worker.join(10)
    assert (said.code, said.json["report"]["rows"]) == (0, 12)


def test_one_that_is_refused_says_why_and_exits_so(run: Run, postgres: str, runs: Runs) -> None:
    worker = worked(runs, "refused", why="Amazon cancelled it")

    said = fetch(run, postgres, "--wait")

    worker.join(10)
    assert (said.code, "Amazon cancelled it" in said.err) == (5, True)


def test_reports_are_shown_with_their_ages_and_reasons(run: Run, postgres: str, runs: Runs) -> None:
    fetch(run, postgres)
    stored = runs.find()[0]
    asked = {"asked_at": stored.slot, "data_end": stored.slot - timedelta(hours=1)}
    rows = [{"line": 7, "why": "12 fields, the header has 28"}]
    runs.save(changed(stored, report="R7", refused_rows=rows, rows_refused=1, **asked))
    end(runs, "refused", why="a header and no row")

    shown = run("--postgres", postgres, "report", "show", "R7")
    listed = run("--postgres", postgres, "report", "show", "--json")

    assert "a header and no row" in shown.out
    assert "refused line 7: 12 fields, the header has 28" in shown.err
    [one] = listed.json["reports"]
    assert (one["state"], one["why"]) == ("refused", "a header and no row")
    assert one["data_older_by_seconds"] == 3600.0
    assert "version" not in one


def test_a_run_that_no_worker_takes_on_is_said_to_wait(
    run: Run, postgres: str, runs: Runs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reports, "PICKED_UP", 0.0)
    waited = threading.Timer(2.0, end, (runs, "refused"), {"why": "no"})
    waited.start()

    said = fetch(run, postgres, "--wait")

    waited.join(10)
    assert "is `listwire work reports` running?" in said.err
