"""One clock in three modes, and chance that depends on nothing but its key."""

import pytest

from deploy.sandbox.chance import Chance
from deploy.sandbox.clock import STEPPED_START, Clock
from deploy.sandbox.when import http_date, instant, text


@pytest.mark.parametrize(
    ("mode", "shown"),
    [
        pytest.param("real", [5_000, 6_000], id="real"),
        pytest.param("scaled:60", [5_000, 65_000], id="sixty times as fast"),
        pytest.param("stepped", [STEPPED_START, STEPPED_START], id="moved by hand alone"),
    ],
)
def test_a_clock_shows(mode: str, shown: list[int]) -> None:
    clock = Clock(mode, wall=5_000)

    assert [clock.now(5_000), clock.now(6_000)] == shown


def test_a_stepped_clock_moves_by_hand() -> None:
    clock = Clock("stepped", wall=0, start=100)

    assert (clock.advance(50, wall=7), clock.now(999)) == (150, 150)


def test_a_clock_does_not_go_back() -> None:
    with pytest.raises(ValueError, match="back"):
        Clock("stepped", wall=0).advance(-1, wall=0)


def test_a_clock_goes_on_from_where_it_was_when_its_mode_changes() -> None:
    clock = Clock("scaled:10", wall=0)

    clock.switch("stepped", wall=100)

    assert clock.now(500) == 1_000


@pytest.mark.parametrize("mode", ["fast", "scaled:", "scaled:0", "scaled:x"])
def test_an_unknown_mode_is_refused(mode: str) -> None:
    with pytest.raises(ValueError, match=r"clock|float"):
        Clock(mode, wall=0)


def test_chance_depends_on_seed_stream_entity_and_count_alone() -> None:
    first, second = Chance(7), Chance(7)
    for _ in range(3):
        second.draw("lost", "OTHER")

    draws = [[chance.draw("lost", "A") for _ in range(3)] for chance in (first, second)]

    assert (draws[0] == draws[1], len(set(draws[0]))) == (True, 3)


def test_another_seed_is_another_chance() -> None:
    assert Chance(7).draw("lost", "A") != Chance(8).draw("lost", "A")


@pytest.mark.parametrize(("rate", "happens"), [(0.0, False), (1.0, True)])
def test_what_is_certain_draws_nothing(rate: float, happens: bool) -> None:
    chance = Chance(7)

    found = {chance.happens(rate, "lost", "A") for _ in range(20)}

    assert (found, chance.draw("lost", "A")) == ({happens}, Chance(7).draw("lost", "A"))


def test_half_of_the_delays_are_longer_than_the_median() -> None:
    chance = Chance(7)

    longer = sum(
        chance.lognormal(120, 0.5, stream="delay", entity=str(n)) > 120 for n in range(2000)
    )

    assert 900 < longer < 1100


def test_instants_are_spelled_and_read() -> None:
    assert (text(1_500), instant("1970-01-01T01:00:01.500+01:00"), http_date(0)) == (
        "1970-01-01T00:00:01.500Z",
        1_500,
        "Thu, 01 Jan 1970 00:00:00 GMT",
    )
