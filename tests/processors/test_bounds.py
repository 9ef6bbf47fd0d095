"""Bounds on how much of a partition may be refused."""

import pytest

from processors.bounds import Bounds, Limits, Poison


def bounds(**limits: float) -> Bounds:
    return Bounds(Limits(**limits))  # type: ignore[arg-type]


def test_so_many_in_a_row_stop_the_partition() -> None:
    made = bounds(row=20)
    for n in range(20):
        made.dead(f"a/0/{n}")

    with pytest.raises(Poison, match="the last at a/0/20"):
        made.dead("a/0/20")


def test_a_good_record_ends_the_row() -> None:
    made = bounds(row=3, share=1.0)
    for n in range(50):
        made.dead(f"a/0/{n}")
        made.good()

    made.dead("a/0/51")


def test_too_large_a_share_of_many_stops_the_partition() -> None:
    made = bounds(row=20, share=0.01, window=10_000)
    with pytest.raises(Poison, match="of the last"):
        for n in range(10_000):
            made.dead(f"a/0/{n}") if n % 50 == 0 else made.good()


def test_what_is_long_past_does_not_count() -> None:
    made = bounds(row=20, share=0.01, window=100)
    for n in range(20):
        made.dead(f"a/0/{n}")
        made.good()
    for _ in range(200):
        made.good()

    for n in range(20):
        made.dead(f"a/0/{n}")
        made.good()
