"""A wave of 404s is an incident of the account, not news of its listings (`listings.md` 5.3)."""

from datetime import timedelta
from typing import Any

import pytest

from schemas.amazon import AbsenceWave, AccountState
from tests.support.history import DE, NOON, History, live

BEGAN = NOON + timedelta(minutes=1)


def flooded(history: History, *, since: Any = BEGAN, stands: bool = True) -> None:
    wave = AbsenceWave(since=since, read=41, known=1000) if stands else None
    state = AccountState(account="acme-eu", as_of=history.now, absences=wave)
    history.review(history.settings.with_state(state), "amazon.account.v1")


def denied() -> History:
    """Give a live listing that a read has just found nothing of."""
    history = live()
    history.later(minutes=5)
    history.gone()
    return history


def test_a_404_of_its_own_is_news() -> None:
    assert denied().place() == "ended/ended_on_amazon"


@pytest.mark.parametrize("turned", [False, True], ids=["read first", "told first"])
def test_a_404_in_a_wave_is_not_believed_and_said(turned: bool) -> None:
    history = live()
    history.later(minutes=5)
    if turned:
        flooded(history)
    history.gone()
    if not turned:
        flooded(history)

    assert history.place() == "active/active"
    assert "GONE_DOUBTED" in history.flags()


def test_a_404_before_the_wave_stays_news() -> None:
    history = denied()

    flooded(history, since=history.now + timedelta(seconds=1))

    assert history.place() == "ended/ended_on_amazon"


def test_once_a_person_believes_them_they_count() -> None:
    history = denied()
    flooded(history)

    flooded(history, stands=False)

    assert (history.place(), history.flags()) == ("ended/ended_on_amazon", ["ENDED_BUT_ELIGIBLE"])


def test_a_later_answer_of_amazons_settles_it() -> None:
    history = denied()
    flooded(history)

    history.later(minutes=5)
    history.observe()

    assert (history.place(), history.flags()) == ("active/active", [])


def test_what_a_person_ended_is_gone_in_a_wave_too() -> None:
    history = live()
    history.intent("end")
    flooded(history)
    history.later(minutes=5)
    history.gone()

    assert history.place() == "ended/manually_ended"


def test_what_was_never_there_is_not_there_in_a_wave_either() -> None:
    history = History()
    history.candidate()
    flooded(history)
    history.gone()

    assert history.facts.known.stores[DE].exists is False
    assert "GONE_DOUBTED" not in history.flags()
