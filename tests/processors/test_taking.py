"""Taking records: each once, in order, whatever Faust hands out while partitions move."""

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import pytest
from faust.types import TP

from processors.bounds import Limits, Poison
from processors.outbox import Posting
from processors.taking import Refusals, Taking
from schemas.record import Record

PLACE = ("in.v1", 3)


class Desk:
    def __init__(self, start: int = 100, generation: int = 7) -> None:
        self.sought: list[int] = []
        self.taking = Taking(self._seek)
        self.taking.begin({PLACE: start}, generation)

    async def _seek(self, offsets: Mapping[TP, int]) -> None:
        self.sought += offsets.values()

    async def taken(self, *offsets: int, generation: int = 7) -> list[int]:
        """Hand out these offsets; give those that were taken."""
        found = []
        for offset in offsets:
            message: Any = SimpleNamespace(
                topic=PLACE[0],
                partition=PLACE[1],
                offset=offset,
                generation_id=generation,
                tp=TP(*PLACE),
            )
            if await self.taking.timely(message):
                self.taking.took(message)
                found.append(offset)
        return found


@pytest.mark.parametrize(
    ("handed", "taken", "sought"),
    [
        pytest.param([100, 101, 102], [100, 101, 102], [], id="one after another"),
        pytest.param([98, 99, 100, 101], [100, 101], [], id="read again from before"),
        pytest.param([100, 101, 100, 101, 102], [100, 101, 102], [], id="handed out twice"),
        pytest.param([100, 105, 109], [100, 105, 109], [], id="gaps later on"),
        pytest.param([140, 141, 142], [], [100], id="too early: asked for once more"),
        pytest.param([140, 141, 100, 101], [100, 101], [100], id="they were hidden: all are taken"),
        pytest.param([140, 141, 140, 141], [140, 141], [100], id="they do not exist: a gap"),
        pytest.param([140, 141, 120, 121], [], [100], id="neither: never taken"),
    ],
)
async def test_records_are_taken_once_and_in_order(
    handed: list[int], taken: list[int], sought: list[int]
) -> None:
    desk = Desk()

    assert (await desk.taken(*handed), desk.sought) == (taken, sought)


async def test_a_record_of_another_generation_is_not_taken() -> None:
    assert await Desk().taken(100, generation=6) == []


async def test_after_the_end_nothing_is_taken() -> None:
    desk = Desk()
    taking = desk.taking.end(), desk.taking.end()

    assert (taking, await desk.taken(100)) == ((True, False), [])


async def test_a_new_generation_begins_at_its_own_start() -> None:
    desk = Desk()
    await desk.taken(100, 101)
    desk.taking.begin({PLACE: 100}, 8)

    assert await desk.taken(100, 101, generation=8) == [100, 101]


def refused(offset: int, code: str = "MALFORMED") -> Posting:
    headers = (("dlq-original-topic", b"in.v1"), ("dlq-code", code.encode()))
    headers += (("dlq-reason", b"schema-error"), ("dlq-error-message", b"no"))
    letter = Record(topic="in.v1.g.dlq", key=b"k", value=b"", headers=headers)
    return Posting(
        partition=3,
        key=b"k",
        records=(letter,),
        topic="in.v1",
        offset=offset,
        outcome="quarantined",
    )


def test_refusals_stop_a_partition_that_gives_too_many() -> None:
    refusals = Refusals("g", Limits(row=2), lambda *_, **__: None)
    refusals.judge(refused(1))
    refusals.judge(refused(2))

    with pytest.raises(Poison, match=r"in\.v1/3/3"):
        refusals.judge(refused(3))


def test_records_behind_a_parked_key_are_no_new_failures() -> None:
    refusals = Refusals("g", Limits(row=2), lambda *_, **__: None)

    for offset in range(50):
        refusals.judge(refused(offset, "KEY_PARKED"))


def test_each_refusal_is_counted() -> None:
    counted: list[dict[str, str]] = []
    refusals = Refusals("g", Limits(), lambda name, **labels: counted.append({"n": name} | labels))

    refusals.judge(refused(1))

    assert counted == [
        {"n": "dead_letters_total", "topic": "in.v1", "group": "g", "reason": "schema-error"}
    ]
