"""Workers of a role are killed under load; afterwards every answer is right, and accounted for.

`LISTWIRE_TEST_KILLS=20` runs the full number.
"""

import asyncio
import os
from uuid import uuid4

import msgspec
import pytest

from tests.support.killing import Death, die, suffer

pytestmark = pytest.mark.kafka

KILLS = int(os.environ.get("LISTWIRE_TEST_KILLS", "5"))


def test_killed_workers_lose_nothing_and_account_for_everything(
    kafka: str, capsys: pytest.CaptureFixture[str]
) -> None:
    run = uuid4().hex[:8]

    outcome = asyncio.run(suffer(kafka, run, inputs=2_000 * KILLS, kills=KILLS))

    with capsys.disabled():
        print(f"\n{msgspec.json.encode(outcome).decode()}")
    assert {
        "kills": outcome.kills + outcome.stops,
        "wrong": outcome.wrong,
        "unaccounted": outcome.unaccounted,
        "uncommitted": outcome.uncommitted,
        "double_ids": outcome.double_ids,
    } == {"kills": KILLS, "wrong": 0, "unaccounted": 0, "uncommitted": 0, "double_ids": 0}


@pytest.mark.parametrize(
    ("point", "twice"),
    [
        pytest.param("outputs:3", True, id="between outputs and rows: decided again"),
        pytest.param("rows:3", False, id="between rows and offsets: nothing is said twice"),
    ],
)
def test_a_worker_that_dies_within_a_step_is_taken_over(
    kafka: str, point: str, twice: bool
) -> None:
    outcome = asyncio.run(die(kafka, uuid4().hex[:8], point, inputs=3_000))

    assert (outcome.sent_twice > 0) is twice
    assert outcome == Death(
        ended=-9,
        wrong=0,
        unaccounted=0,
        inversions=0,
        double_ids=0,
        sent_twice=outcome.sent_twice,
    )
