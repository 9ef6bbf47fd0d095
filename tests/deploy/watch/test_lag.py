"""The situations in which lag is easily read wrong (`operations.md` 4.3)."""

from datetime import UTC, datetime, timedelta

import pytest

from deploy.watch.lag import Lag, Reading, above, by_group, lag

NOW = datetime(2026, 11, 25, 10, 0, tzinfo=UTC)


def reading(**known: object) -> Reading:
    usual = {"committed": 90, "start": 0, "end": 100, "waiting": NOW - timedelta(seconds=3)}
    place = {"group": "g", "topic": "t", "partition": 0, "read_at": NOW}
    return Reading(**(place | usual | known))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("known", "state", "seconds", "offsets", "lost"),
    [
        pytest.param({}, "ok", 3.0, 10, 0, id="a little behind"),
        pytest.param({"waiting": NOW - timedelta(hours=1)}, "behind", 3600.0, 10, 0, id="behind"),
        pytest.param({"committed": 100, "waiting": None}, "ok", 0.0, 0, 0, id="4 quiet topic"),
        pytest.param({"waiting": None}, "ok", 0.0, 0, 0, id="10 only a transaction's marker"),
        pytest.param({"committed": None}, "no-commit", None, 100, 0, id="2 no commit yet"),
        pytest.param(
            {"committed": None, "start": 60}, "no-commit", None, 40, 0, id="3 expired history"
        ),
        pytest.param({"start": 95}, "data-lost", 3.0, 5, 5, id="retention took unread records"),
        pytest.param({"committed": 120}, "data-lost", None, 0, 20, id="topic made again"),
        pytest.param({"fault": "no leader"}, "unknown", None, None, 0, id="end cannot be read"),
        pytest.param({"committed": 120, "high": 110}, "data-lost", None, 0, 10, id="tail lost"),
        pytest.param({"committed": 105, "high": 110}, "ok", 0.0, 0, 0, id="end said too early"),
        pytest.param(
            {"waiting": NOW + timedelta(seconds=9)}, "ok", 0.0, 10, 0, id="producer's clock ahead"
        ),
    ],
)
def test_a_reading_is_read_right(
    known: dict[str, object], state: str, seconds: float | None, offsets: int | None, lost: int
) -> None:
    found = lag(reading(**known))

    assert (found.state, found.seconds, found.offsets, found.lost) == (
        state,
        seconds,
        offsets,
        lost,
    )


def test_a_group_is_as_bad_as_its_worst_partition_and_sorted_by_it() -> None:
    lags = [
        lag(reading()),
        lag(reading(partition=1, fault="no leader")),
        lag(reading(group="h", committed=100, waiting=None)),
    ]

    assert [(g.group, g.state, g.seconds, g.offsets) for g in by_group(lags)] == [
        ("g", "unknown", 3.0, 10),
        ("h", "ok", 0.0, 0),
    ]


def test_a_commit_beyond_an_end_that_was_said_too_early_is_marked_approximate() -> None:
    assert lag(reading(committed=105, high=110)).approximate
    assert not lag(reading(committed=120, high=110)).approximate
    assert not lag(reading()).approximate


def test_a_group_without_members_says_so_even_when_it_is_caught_up() -> None:
    lags = [lag(reading(committed=100, waiting=None))]

    assert [(g.group, g.state, g.members) for g in by_group(lags, {"g": 0, "h": None})] == [
        ("h", "unknown", None),
        ("g", "empty", 0),
    ]


def test_lag_is_a_plain_value() -> None:
    assert lag(reading()) == Lag(
        group="g",
        topic="t",
        partition=0,
        state="ok",
        seconds=3.0,
        offsets=10,
        committed=90,
        end=100,
        read_at=NOW,
    )


@pytest.mark.parametrize(
    ("known", "crossed"),
    [
        pytest.param({}, False, id="below"),
        pytest.param({"waiting": NOW - timedelta(hours=1)}, True, id="above"),
        pytest.param({"fault": "no leader"}, True, id="unknown"),
        pytest.param({"committed": None}, True, id="never begun, records stand there"),
        pytest.param({"committed": None, "end": 0}, False, id="never begun, nothing there"),
        pytest.param({"start": 95}, True, id="data lost"),
    ],
)
def test_a_threshold_is_crossed_by_what_is_not_known_to_be_below(
    known: dict[str, object], crossed: bool
) -> None:
    one = lag(reading(**known))

    assert above([one], 300.0) == ([one] if crossed else [])
