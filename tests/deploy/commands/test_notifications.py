"""`listwire notifications setup|check` against the stand-in, as a person runs it."""

from collections.abc import Callable, Iterator

import pytest

from deploy.commands import notifications
from deploy.connect.postgres import migrate, open_engine
from deploy.errors import Failure
from schemas.settings import Settings
from tests.deploy.conftest import Run
from tests.support.notices import account, store
from tests.support.sandbox import Sandbox, running_sandbox

KNOWN = Settings(
    records={"account": {"acme-eu": account()}, "store": {"acme-de": store("acme-eu", "DE")}}
)
SEED = {
    "seed": 7,
    "profile": "quiet",
    "clock": "real",
    "quota_factor": None,
    "accounts": {
        "acme-eu": {
            "region": "EU",
            "merchant_token": "A1EXAMPLE",
            "refresh_token": "Atzr|1",
            "marketplaces": ["DE"],
        }
    },
}


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with running_sandbox() as running:
        yield running


@pytest.fixture
def told(sandbox: Sandbox, run: Run, monkeypatch: pytest.MonkeyPatch) -> Callable[..., object]:
    """The command before an empty stand-in that is all of Amazon."""
    sandbox.seed(SEED)
    named = {
        "AMAZON__EU": f"{sandbox.api}/eu",
        "AMAZON__LOGIN": f"{sandbox.api}/auth/o2/token",
        "AMAZON__CLIENT_ID": "sandbox",
        "AMAZON__CLIENT_SECRET": "sandbox",
        "AMAZON__QUOTA_FACTOR": "1000",
        "NOTIFICATIONS__STAND_IN": f"{sandbox.control}/queues/notifications",
    }
    for name, value in named.items():
        monkeypatch.setenv(f"LISTWIRE_{name}", value)
    monkeypatch.setenv("ACME_REFRESH_TOKEN", "Atzr|1")
    monkeypatch.setattr(notifications, "known_settings", lambda _: KNOWN)
    return run


def test_setting_up_makes_what_is_missing_and_says_what_to_do_in_aws(told: Run) -> None:
    first = told("notifications", "setup", "--json")
    again = told("notifications", "setup", "--json")

    assert (first.code, again.code) == (0, 0)
    assert {f["state"] for f in first.json["findings"]} == {"made"}
    assert {f["state"] for f in again.json["findings"]} == {"ok"}
    assert "sqs:SendMessage" in str(first.json["needed"]["queue policy"])
    assert "Atzr" not in first.out + first.err


def test_setting_up_is_readable(told: Run) -> None:
    said = told("notifications", "setup")

    assert "LISTINGS_ITEM_STATUS_CHANGE 1.0" in said.out
    assert "queue policy" in said.err


@pytest.mark.postgres
def test_checking_tells_what_is_missing_and_leaves_with_6(told: Run, postgres: str) -> None:
    engine = open_engine(postgres)
    migrate(engine)
    engine.dispose()

    before = told("--postgres", postgres, "notifications", "check", "--json")
    told("notifications", "setup")
    after = told("--postgres", postgres, "notifications", "check", "--json")

    assert (before.code, after.code) == (6, 0)
    assert {f["state"] for f in before.json["findings"]} == {"missing"}
    assert (after.json["silent"], after.json["heard"], after.json["dead"]) == ([], [], [])


def test_without_a_queue_there_is_nothing_to_set_up(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notifications, "known_settings", lambda _: KNOWN)

    said = run("notifications", "setup", "--json")

    assert (said.code, said.error["code"]) == (3, "LW-0101")
    assert Failure("LW-0101", where="", why="", do="").exit == said.code
