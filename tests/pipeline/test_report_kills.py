"""A report's worker killed with -9 on the real parts; `report_kills.py` does it at every step."""

from collections.abc import Callable
from pathlib import Path

import pytest

from deploy.preparing import prepare
from tests.pipeline.report_kills import ACTS, steps
from tests.support.reporting import Lives, apply_settings, world
from tests.support.sandbox import running_sandbox

pytestmark = [pytest.mark.kafka, pytest.mark.postgres]

POINTS = (
    "reports.amazon.request.after:1",
    "reports.archive.put.after:1",
    "reports.broker.send.after:5",
    "reports.db.save.after:6",
)


def test_killed_in_the_midst_of_its_life_a_report_loses_nothing_and_doubles_nothing(
    kafka: str, new_database: Callable[[], str], tmp_path: Path
) -> None:
    url = new_database()
    prepare(kafka, url)
    apply_settings(kafka)
    with running_sandbox() as sandbox:
        sandbox.seed(world(10))
        with Lives(kafka, url, sandbox, tmp_path) as lives:
            died = [lives.strike(point) for point in POINTS]
            lives.settle()
            told = lives.judge()

    well = {"lives": 1, "unfinished": 0, "lost": 0, "behind its marker": 0}
    well |= {"doubled": 0, "doubled markers": 0}
    assert died == [True] * len(POINTS)
    assert told["points"] == dict.fromkeys(POINTS, well)
    assert told["unasked"] == 0


def test_every_act_that_leaves_something_behind_is_struck() -> None:
    passed = {f"{act}.after": 1 for act in ACTS} | {"reports.broker.send.after": 42}

    chosen = {point.rsplit(".", 1)[0] for point in steps(passed)}

    assert chosen == set(ACTS)
