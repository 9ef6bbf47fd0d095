"""A worker that stands still while records wait is noticed; one with nothing to do is not."""

import asyncio
from collections.abc import Mapping, Sequence
from itertools import count
from typing import Any

import pytest
from aiokafka.structs import TopicPartition

from processors.watchdog import Place, Standing, Stands, watch

HERE: Place = ("catalog.product.v1", 5)


class Log:
    """Where a log ends."""

    def __init__(self, end: int) -> None:
        self.end = end

    async def end_offsets(self, partitions: Sequence[TopicPartition]) -> Mapping[Any, int]:
        return dict.fromkeys(partitions, self.end)


async def watched(position: Any, *, end: int, record: bool = True) -> None:
    async def waiting(place: Place, at: int) -> bool:
        return record

    looks = count(0, 40)
    looking = watch(
        lambda: {HERE: position()}, Log(end), waiting, clock=lambda: float(next(looks)), every=0.0
    )
    await asyncio.wait_for(looking, 0.3)


async def test_a_place_that_stands_before_a_record_ends_the_worker() -> None:
    with pytest.raises(Stands, match=r"catalog.product.v1/5 stands at 0"):
        await watched(lambda: 0, end=48)


@pytest.mark.parametrize(
    ("end", "record"),
    [
        pytest.param(7, True, id="caught up"),
        pytest.param(9, False, id="only a transaction's marker behind it"),
    ],
)
async def test_a_place_without_a_record_to_read_is_left_alone(end: int, record: bool) -> None:
    with pytest.raises(TimeoutError):
        await watched(lambda: 7, end=end, record=record)


async def test_a_place_that_moves_is_left_alone() -> None:
    steps = count()

    with pytest.raises(TimeoutError):
        await watched(lambda: next(steps), end=10**12)


def test_a_place_that_left_is_not_held_against_its_next_time_here() -> None:
    standing = Standing(after=60.0)
    standing.look({HERE: 3}, 0.0)
    standing.look({}, 50.0)

    assert standing.look({HERE: 3}, 100.0) == []
    assert standing.look({HERE: 3}, 161.0) == [HERE]
