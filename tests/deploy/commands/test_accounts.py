"""`listwire accounts`: what is known of each account, and a person's word on a wave of 404s."""

from datetime import UTC, datetime

import pytest

from deploy.commands import accounts
from schemas.amazon import AbsenceWave, AccountState, StoreParticipation
from schemas.settings import Settings
from tests.deploy.conftest import Run
from tests.support.notices import SETTINGS

AT = datetime(2026, 11, 25, 10, tzinfo=UTC)
STORES = {
    "acme-de": StoreParticipation(),
    "acme-fr": StoreParticipation(participates=False, suspended=True),
}
CALM = AccountState(account="acme-eu", as_of=AT, stores=STORES, credentials="expires 2026-12-24")
FLOODED = AccountState(
    account="acme-eu", as_of=AT, absences=AbsenceWave(since=AT, read=41, known=1000)
)


def known(monkeypatch: pytest.MonkeyPatch, *states: AccountState) -> None:
    settings: Settings = SETTINGS
    for state in states:
        settings = settings.with_state(state)
    monkeypatch.setattr(accounts, "known_settings", lambda _: settings)


def test_what_is_known_of_each_store_is_shown(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    known(monkeypatch, CALM)

    rows = run("accounts", "show", "--json").json["accounts"]

    assert [(r["store"], r["sells"], r["credentials"]) for r in rows] == [
        ("acme-de", "yes", "expires 2026-12-24"),
        ("acme-fr", "no", "expires 2026-12-24"),
    ]


def test_what_is_not_known_is_shown_as_that(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    known(monkeypatch)

    rows = run("accounts", "show", "--json").json["accounts"]

    assert {r["sells"] for r in rows} == {None}


def test_a_wave_of_404s_is_shown_and_may_be_believed(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    believed: list[str] = []
    monkeypatch.setattr(accounts, "_believe", lambda _, account: believed.append(account))
    known(monkeypatch, FLOODED)

    assert "41 of 1000" in run("accounts", "show").out
    assert run("accounts", "believe-absences", "acme-eu", "--why", "a clearance").code == 0
    assert believed == ["acme-eu"]


def test_without_a_wave_there_is_nothing_to_believe(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    known(monkeypatch, CALM)

    said = run("accounts", "believe-absences", "acme-eu", "--why", "x")

    assert (said.code, said.err.count("error LW-0402")) == (4, 1)
