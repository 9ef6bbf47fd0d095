"""Traffic made up from Amazon's models: no undeclared status, no reply beside its schema.

Each kind of broken request is refused, each method that is not declared is a 405. One pass
over the corner cases of every operation; `make referees` goes further.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.alarms import ALARMS
from tests.support.official import GRANTLESS, Stage
from tests.support.sandbox import running_sandbox

MODELS = (
    ("sellers.json", False),
    ("listingsRestrictions_2021-08-01.json", False),
    ("catalogItems_2022-04-01.json", False),
    ("listingsItems_2021-08-01.json", False),
    ("reports_2021-06-30.json", False),
    ("notifications.json", False),
    ("notifications.json", True),
)
PHASES = os.environ.get("REFEREE_PHASES", "coverage")
EXAMPLES = os.environ.get("REFEREE_EXAMPLES", "1")


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    with running_sandbox() as sandbox:
        yield Stage(sandbox)


def config() -> str:
    """Give the known false alarms as the referee reads them: one block for an operation."""
    rows = [alarm for alarm in ALARMS if alarm.referee == "schemathesis"]
    blocks = []
    for operation in dict.fromkeys(row.operation for row in rows):
        lines = ["[[operations]]", f"include-operation-id = {json.dumps(operation)}"]
        for row in rows:
            if row.operation == operation:
                lines += [f"# {row.reason}", f"checks.{row.check}.enabled = false"]
        blocks.append("\n".join(lines))
    return "\n\n".join(blocks) + "\n"


def verdict(stage: Stage, name: str, folder: Path, *, grantless: bool) -> tuple[int, str]:
    (folder / "model.json").write_text(json.dumps(stage.narrowed(name)))
    (folder / "schemathesis.toml").write_text(config())
    token = stage.free if grantless else stage.token
    arguments = [sys.executable, "-m", "schemathesis.cli", "--config-file", "schemathesis.toml"]
    arguments += ["run", "model.json", "--url", f"{stage.sandbox.api}/eu", "--seed", "1"]
    arguments += ["-H", f"x-amz-access-token: {token}", "-H", "user-agent: Listwire/test"]
    arguments += ["--phases", PHASES, "--max-examples", EXAMPLES, "--continue-on-failure"]
    which = "--include-operation-id" if grantless else "--exclude-operation-id"
    for operation in GRANTLESS if name == "notifications.json" else ():
        arguments += [which, operation]
    done = subprocess.run(arguments, check=False, cwd=folder, capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("name", "grantless"),
    [
        pytest.param(*row, id=row[0].partition("_")[0] + (" grantless" if row[1] else ""))
        for row in MODELS
    ],
)
def test_no_request_made_up_from_the_model_finds_a_breach(
    stage: Stage, tmp_path: Path, name: str, grantless: bool
) -> None:
    code, told = verdict(stage, name, tmp_path, grantless=grantless)

    assert code == 0, told


def test_the_referee_finds_a_reply_that_breaks_the_model(tmp_path: Path) -> None:
    with running_sandbox() as sandbox:
        stage = Stage(sandbox)
        sandbox.fault(kind="missing_field", field="payload", operation="getAccount")
        sandbox.fault(kind="html_503", operation="getMarketplaceParticipations")

        code, told = verdict(stage, "sellers.json", tmp_path, grantless=False)

    assert (code, "marketplaceParticipations" in told) == (1, True)


def test_every_false_alarm_has_a_reason() -> None:
    assert all(len(alarm.reason) > 20 for alarm in ALARMS)
