"""A worker that stands still while records wait is noticed; one with nothing to do is not."""

import asyncio
from collections.abc import Mapping, Sequence
from itertools import count
from typing import Any

import pytest
from aiokafka.structs import TopicPartition

from processors.watchdog import Place, Position, Standing, Stands, watch

HERE: Place = ("catalog.product.v1", 5)


def at(handled: int, *, read: int = 0) -> Position:
    """A place whose records are stored as far as *handled*, and handed out as far as *read*."""
    return Position(max(read, handled), handled)


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
        lambda: {HERE: at(position())},
        Log(end),
        waiting,
        clock=lambda: float(next(looks)),
        every=0.0,
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


ENDS = {HERE: 9, ("catalog.price.v1", 5): 9}
THERE: Place = ("catalog.price.v1", 5)


def test_a_place_that_left_is_not_held_against_its_next_time_here() -> None:
    standing = Standing(after=60.0)
    standing.look({HERE: at(3)}, ENDS, 0.0)
    standing.look({}, ENDS, 50.0)

    assert standing.look({HERE: at(3)}, ENDS, 100.0) == []
    assert standing.look({HERE: at(3)}, ENDS, 161.0) == [HERE]


def test_the_time_before_a_record_came_does_not_count() -> None:
    standing = Standing(after=60.0)
    standing.look({HERE: at(9)}, ENDS, 0.0)

    assert standing.look({HERE: at(9)}, {HERE: 10}, 600.0) == []
    assert standing.look({HERE: at(9)}, {HERE: 10}, 661.0) == [HERE]


@pytest.mark.parametrize(
    ("later", "stands"),
    [
        pytest.param(at(5), False, id="others are handled: it waits its turn"),
        pytest.param(at(4), True, id="nothing at all is handled"),
    ],
)
def test_what_was_handed_out_waits_its_turn(later: Position, stands: bool) -> None:
    standing = Standing(after=60.0)
    standing.look({HERE: at(3, read=8), THERE: at(4)}, {HERE: 9}, 0.0)

    assert (standing.look({HERE: at(3, read=8), THERE: later}, {HERE: 9}, 61.0) != []) is stands
