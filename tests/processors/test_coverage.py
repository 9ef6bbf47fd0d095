"""Coverage: every offset is told once, and what nobody has seen is told apart."""

from datetime import UTC, datetime

import pytest

from processors.coverage import RANGES, Covered, Ledger
from schemas import codec, keys
from schemas.pipeline import Coverage, Handled, Range

NOW = datetime(2026, 11, 25, tzinfo=UTC)


def covered(start: int, *noted: tuple[int, Handled], known: Coverage | None = None) -> Covered:
    result = Covered(start, known)
    for offset, outcome in noted:
        result.note(offset, outcome)
    return result


def known(next_: int, **counts: int) -> Coverage:
    return Coverage(
        group="listwire-a", topic="in.v1", partition=2, start=0, next=next_, counts=counts
    )


@pytest.mark.parametrize(
    ("result", "position", "next_", "counts"),
    [
        pytest.param(covered(5), 5, 5, {}, id="nothing yet"),
        pytest.param(
            covered(0, (0, "emitted"), (1, "unchanged"), (2, "filtered")),
            3,
            3,
            {"emitted": 1, "unchanged": 1, "filtered": 1},
            id="one after another",
        ),
        pytest.param(
            covered(0, (0, "emitted"), (4, "emitted")),
            5,
            5,
            {"emitted": 2, "gap": 3},
            id="a gap between two",
        ),
        pytest.param(
            covered(0, (3, "emitted")), 4, 4, {"gap": 3, "emitted": 1}, id="a gap at the start"
        ),
        pytest.param(
            covered(4, (4, "emitted"), known=known(6, emitted=6)),
            5,
            6,
            {"emitted": 6},
            id="read again: not counted twice",
        ),
        pytest.param(
            covered(4, (4, "emitted"), (5, "emitted"), (6, "filtered"), known=known(6, emitted=6)),
            7,
            7,
            {"emitted": 6, "filtered": 1},
            id="read again, then on",
        ),
        pytest.param(
            covered(9, (9, "emitted"), known=known(6, emitted=6)),
            10,
            10,
            {"emitted": 7, "gap": 3},
            id="someone moved the offset on",
        ),
        pytest.param(
            covered(0, (0, "emitted"), (0, "emitted")), 1, 1, {"emitted": 1}, id="noted twice"
        ),
    ],
)
def test_each_offset_is_accounted_for(
    result: Covered, position: int, next_: int, counts: dict[str, int]
) -> None:
    assert (result.position, result.next, result.counts) == (position, next_, counts)
    assert sum(result.counts.values()) == result.next - result.start


def test_gaps_and_quarantined_offsets_are_told_one_by_one() -> None:
    result = covered(0, (0, "emitted"), (1, "quarantined"), (5, "emitted"))

    assert result.ranges == [
        Range(first=1, next=2, outcome="quarantined"),
        Range(first=2, next=5, outcome="gap"),
    ]


def test_ranges_do_not_grow_without_end() -> None:
    result = Covered(0)
    for offset in range(1, 6 * RANGES, 2):
        result.note(offset, "emitted")

    assert (len(result.ranges), sum(result.counts.values())) == (RANGES, result.next)


def ledger() -> Ledger:
    made = Ledger("listwire-a", "/listwire/processors/a")
    made.begin("in.v1", 2, 0, None)
    return made


def test_a_fresh_partition_is_told_at_once() -> None:
    assert ledger().untold() == {("in.v1", 2): 0}


def test_what_was_told_is_told_again_only_when_it_moved() -> None:
    made = ledger()
    made.told(made.untold())
    quiet = made.untold()
    made.note("in.v1", 2, 0, "emitted")

    assert (quiet, made.untold()) == ({}, {("in.v1", 2): 1})


def test_what_moved_while_it_was_told_is_told_again() -> None:
    made = ledger()
    places = made.untold()
    made.note("in.v1", 2, 0, "emitted")
    made.told(places)

    assert made.untold() == {("in.v1", 2): 1}


def test_the_record_stands_under_group_topic_and_partition() -> None:
    made = ledger()
    made.note("in.v1", 2, 0, "filtered")

    [record] = made.records(made.untold(), NOW)

    assert keys.split(record.key or b"") == ("listwire-a", "in.v1", "2")
    assert codec.decoder(Coverage).decode(record.value or b"") == Coverage(
        group="listwire-a", topic="in.v1", partition=2, start=0, next=1, counts={"filtered": 1}
    )


def test_a_partition_let_go_is_not_noted() -> None:
    made = ledger()
    made.forget()
    made.note("in.v1", 2, 0, "emitted")

    assert (made.untold(), made.position("in.v1", 2)) == ({}, None)
