"""Workers are started again when they end, ever later when they keep ending, and stopped."""

import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.supervisor import BACKOFF, Place, Post
from tests.support.eventually import eventually

SLEEPS = [sys.executable, "-c", "import time; time.sleep(60)"]
ENDS = [sys.executable, "-c", "print('cannot go on'); raise SystemExit(3)"]


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    made = Place(Post("listings", 2), SLEEPS, tmp_path, dict(os.environ))
    yield made
    if running := made.ask_to_stop():
        running.stop()


def test_a_killed_worker_is_found_gone_and_started_again(place: Place) -> None:
    place.start()
    first = place.pid
    os.kill(first, signal.SIGKILL)

    assert eventually(place.tend, within=5)
    place.tend()
    assert place.pid not in (0, first)


def test_a_worker_that_runs_is_left_alone(place: Place) -> None:
    place.start()
    pid = place.pid

    assert (place.tend(), place.pid) == (False, pid)


def test_a_worker_that_keeps_ending_is_started_ever_later(tmp_path: Path) -> None:
    made = Place(Post("listings", 1), ENDS, tmp_path, dict(os.environ))
    made.start()
    eventually(made.tend, within=5)
    made.tend()
    eventually(made.tend, within=5)
    ended = time.monotonic()
    made.tend()

    assert made.pid == 0
    eventually(lambda: made.tend() or made.log.read_text().count("cannot go on") == 3, within=5)
    assert time.monotonic() - ended >= BACKOFF[1] * 0.9


def test_it_shows_what_the_worker_wrote_last(tmp_path: Path) -> None:
    made = Place(Post("listings", 1), ENDS, tmp_path, dict(os.environ))
    made.start()
    eventually(made.tend, within=5)

    assert made.why() == "cannot go on"


def test_a_worker_that_was_asked_to_stop_stays_away(place: Place) -> None:
    place.start()
    running = place.ask_to_stop()
    assert running is not None
    running.stop()
    place.tend()

    assert (place.pid, running.running) == (0, False)
