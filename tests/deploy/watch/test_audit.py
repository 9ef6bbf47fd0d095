"""Nothing is unaccounted for without being named."""

from datetime import UTC, datetime, timedelta

import pytest

from deploy.watch.audit import Hole, Standing, holes, settled
from schemas.pipeline import Coverage, Range


def coverage(start: int = 0, next_: int = 100, *gaps: tuple[int, int]) -> Coverage:
    ranges = [Range(first=a, next=b, outcome="gap") for a, b in gaps]
    return Coverage(group="g", topic="t", partition=0, start=start, next=next_, ranges=ranges)


@pytest.mark.parametrize(
    ("said", "log", "open_"),
    [
        pytest.param(coverage(), (0, 100), [], id="all handled"),
        pytest.param(coverage(0, 90), (0, 100), [(90, 100)], id="not read to the end"),
        pytest.param(coverage(0, 100, (31, 32)), (0, 100), [(31, 32)], id="one skipped"),
        pytest.param(coverage(0, 100, (31, 32)), (40, 100), [], id="skipped and expired"),
        pytest.param(coverage(5, 100), (0, 100), [(0, 5)], id="begun too late"),
        pytest.param(None, (0, 100), [(0, 100)], id="never begun"),
        pytest.param(None, (7, 7), [], id="an empty log"),
    ],
)
def test_a_hole_is_what_the_log_has_and_nobody_handled(
    said: Coverage | None, log: tuple[int, int], open_: list[tuple[int, int]]
) -> None:
    given = {("g", "t", 0): said} if said else {}

    found = holes({"g": [("t", 0)]}, given, {("t", 0): log}, lambda _p, a, b: Standing(b - a))

    assert [(h.first, h.next) for h in found] == open_


def test_offsets_that_hold_no_record_are_no_hole() -> None:
    said = {("g", "t", 0): coverage(0, 100, (31, 40))}

    assert (
        holes({"g": [("t", 0)]}, said, {("t", 0): (0, 100)}, lambda _p, _a, _b: Standing(0)) == []
    )


NOW = datetime(2026, 11, 25, 10, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("since", "kept"),
    [
        pytest.param(NOW - timedelta(seconds=61), True, id="older than the grace"),
        pytest.param(NOW - timedelta(seconds=59), False, id="still on its way"),
        pytest.param(None, True, id="nobody knows how old"),
    ],
)
def test_a_hole_counts_once_it_has_stood_for_the_grace(since: datetime | None, kept: bool) -> None:
    hole = Hole(group="g", topic="t", partition=0, first=1, next=2, records=1, since=since)

    assert settled([hole], NOW, grace=60) == ([hole] if kept else [])
