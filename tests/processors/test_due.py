"""What falls due: oldest first, once, and only what its row still says."""

import pytest

from processors.due import DueList, stands
from processors.rows import HEAD


def row(due: int, version: int = 1) -> bytes:
    return HEAD.pack(version, due) + b"\x80"


def fired(due: DueList, now: int) -> list[tuple[int, bytes]]:
    found = []
    while entry := due.next(now):
        found.append((entry[0], entry[2]))
    return found


def test_the_oldest_comes_first_and_nothing_before_its_time() -> None:
    due = DueList()
    for key, instant in ((b"c", 30), (b"a", 10), (b"b", 20), (b"never", 0)):
        due.note(1, key, row(instant))

    assert fired(due, 20) == [(10, b"a"), (20, b"b")]


def test_it_fires_once() -> None:
    due = DueList()
    due.note(1, b"a", row(10))
    fired(due, 20)

    assert fired(due, 30) == []


def test_a_rule_that_wants_the_same_moment_again_is_not_asked_for_ever() -> None:
    due = DueList()
    due.note(1, b"a", row(10))
    fired(due, 20)
    due.note(1, b"a", row(10, version=2))
    due.note(1, b"a", row(9, version=3))

    assert fired(due, 30) == []


def test_a_later_moment_fires_again() -> None:
    due = DueList()
    due.note(1, b"a", row(10))
    fired(due, 20)
    due.note(1, b"a", row(25, version=2))

    assert fired(due, 30) == [(25, b"a")]


def test_it_is_rebuilt_from_the_rows_of_owned_partitions() -> None:
    due = DueList()
    due.note(1, b"lost", row(5))
    due.rebuild({2: {b"a": row(10), b"b": row(0)}})

    assert (fired(due, 20), len(due)) == ([(10, b"a")], 0)


@pytest.mark.parametrize(
    ("newest", "expected"),
    [
        pytest.param(row(10), True, id="still said"),
        pytest.param(row(11), False, id="moved"),
        pytest.param(row(0), False, id="taken back"),
        pytest.param(None, False, id="no row"),
    ],
)
def test_only_what_the_newest_row_says_stands(newest: bytes | None, expected: bool) -> None:
    assert stands((10, 1, b"a"), newest) is expected
