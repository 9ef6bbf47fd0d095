"""Waking through the database: others are heard, one's own words are not heard again."""

import threading
from collections.abc import Iterator

import pytest
from sqlalchemy import Engine

from consumers.amazon.bells import Bell, Bells, listen, notify
from tests.support.eventually import eventually


@pytest.fixture
def bells(clean: Engine) -> Iterator[Bells]:
    """Bells that listen to the database; nothing rings any more when the test begins."""
    hung, stopped = Bells("ours"), threading.Event()
    first = hung.hang("first")
    listening = threading.Thread(target=listen, args=(clean, hung, stopped))
    listening.start()
    eventually(lambda: rung(first))  # once, as soon as it listens
    try:
        yield hung
    finally:
        stopped.set()
        listening.join(10)


def rung(bell: Bell) -> bool:
    """Tell whether *bell* was rung since the last wait."""
    return bell.wait(0)


def test_only_what_another_process_says_rings(clean: Engine, bells: Bells) -> None:
    own, other = bells.hang("own"), bells.hang("other")
    with clean.begin() as connection:
        notify(connection, ["own"], bells.mark)
    with clean.begin() as connection:
        notify(connection, ["other"], "theirs")
    eventually(lambda: rung(other))  # said later: the first was heard, too

    assert not rung(own)
