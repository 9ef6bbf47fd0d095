"""The corpus as notifications (`reliability.md` 4, numbers 81-88 and 90; 89 is the policy's)."""

import tomllib
from typing import Any

import pytest
from structlog.testing import capture_logs

from tests.producers.amazon.test_listen import World, one
from tests.support.bad_input import FOLDER
from tests.support.inboxes import ListedInbox, ListedQueue

NUMBERS = (81, 82, 83, 84, 85, 86, 87, 88, 90)
GOOD = 999


def cases(each: int | None = None) -> list[Any]:
    told = {n: tomllib.loads((FOLDER / f"{n:03d}.toml").read_text()) for n in NUMBERS}
    return [
        pytest.param(case | {"verdict": t["verdict"]}, id=f"{n:03d} {case['name']}")
        for n, t in told.items()
        for case in t["case"][:each]
    ]


def body_of(case: dict[str, Any]) -> bytes:
    head, tail = case["body"], case.get("tail", "")
    return (head + "x" * max(0, case.get("pad", 0) - len(head) - len(tail)) + tail).encode()


def sent(case: dict[str, Any], *good: bytes) -> World:
    """Send the case in the middle of *good* ones, until nothing is left in the queue."""
    bad = [body_of(case)] * case.get("times", 1)
    middle = len(good) // 2
    queue = ListedQueue(*good[:middle], *bad, *good[middle:])
    return World(queue, ListedInbox(*(["bad"] if case.get("fails") else []))).settle(turns=300)


def verdict_of(world: World, bodies: int) -> str:
    """Say what became of the bad one: a dead letter, dropped as a repeat, or taken in."""
    if world.inbox.letters:
        return "Q"
    taken = [a for a in world.inbox.arrivals.values() if a.notice.id == "bad"]
    return "D" if bodies > len(taken) else "N"


@pytest.mark.parametrize("case", cases())
def test_a_bad_notification_alone(case: dict[str, Any]) -> None:
    with capture_logs() as logs:
        world = sent(case)

    assert verdict_of(world, case.get("times", 1)) == case["verdict"]
    assert [letter.code for letter in world.inbox.letters.values()] == (
        [case["code"]] if "code" in case else []
    )
    assert any(log.get("security") for log in logs) is case.get("security", False)
    assert len(world.queue) == 0
    assert (world.queue.dead == [body_of(case)]) is case.get("fails", False)


@pytest.mark.parametrize("case", cases(each=1))
def test_a_bad_notification_among_a_thousand(case: dict[str, Any]) -> None:
    world = sent(case, *(one(n) for n in range(GOOD)))

    assert {s for s in world.said if s != "BAD"} == {f"SKU-{n}" for n in range(GOOD)}
    assert world.said.count("BAD") == (case["verdict"] != "Q")
    assert len(world.queue) == 0
