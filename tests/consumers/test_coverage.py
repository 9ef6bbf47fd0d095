"""Every offset is accounted for, whatever came for it."""

import pytest

from consumers.coverage import KEPT, extended
from schemas.pipeline import Coverage, Handled, Range

START = Coverage(group="g", topic="t", partition=0, start=3, next=3)


def run(*outcomes: tuple[int, Handled]) -> Coverage:
    return extended(START, outcomes)


@pytest.mark.parametrize(
    ("outcomes", "next_", "counts", "ranges"),
    [
        pytest.param([(3, "emitted"), (4, "emitted")], 5, {"emitted": 2}, [], id="all is done"),
        pytest.param(
            [(3, "emitted"), (7, "emitted")],
            8,
            {"emitted": 2, "gap": 3},
            [(4, 7, "gap")],
            id="offsets that never came are a gap",
        ),
        pytest.param(
            [(3, "quarantined"), (4, "quarantined"), (5, "emitted"), (6, "quarantined")],
            7,
            {"quarantined": 3, "emitted": 1},
            [(3, 5, "quarantined"), (6, 7, "quarantined")],
            id="neighbours of one kind are one range",
        ),
        pytest.param([], 3, {}, [], id="nothing came"),
    ],
)
def test_what_became_of_each_offset(
    outcomes: list[tuple[int, Handled]],
    next_: int,
    counts: dict[str, int],
    ranges: list[tuple[int, int, Handled]],
) -> None:
    done = run(*outcomes)

    assert (done.start, done.next, done.counts, done.ranges) == (
        3,
        next_,
        counts,
        [Range(first=a, next=b, outcome=o) for a, b, o in ranges],
    )


def test_two_batches_cover_what_one_would() -> None:
    outcomes: list[tuple[int, Handled]] = [(3, "emitted"), (5, "quarantined"), (6, "quarantined")]

    assert extended(run(*outcomes[:2]), outcomes[2:]) == run(*outcomes)


def test_the_counts_stay_when_old_ranges_go() -> None:
    done = run(*((n, "emitted") for n in range(4, 4 + 4 * KEPT, 2)))

    assert (len(done.ranges), done.counts["gap"]) == (KEPT, 2 * KEPT)
