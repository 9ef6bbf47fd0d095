"""Ten thousand numbers through lookups, client, stand-in and matching: none is matched wrongly."""

import pytest

from tests.conftest import DATA
from tests.support import gtins
from tests.support.gtins import Found, cases, real, search

COUNT = 10_000
FILE = DATA / "catalog" / "datakick_items.csv"


@pytest.fixture(scope="module")
def found() -> Found:
    """All of them, against a stand-in that shuffles, hides and cuts as Amazon does."""
    if not FILE.exists():
        pytest.skip(f"no {FILE.name} here: reference data is not committed")
    return search(cases(real(FILE), COUNT), profile="real")


def test_every_number_ends_as_its_own_arithmetic_says(found: Found) -> None:
    assert (found.wrong, sum(found.counts.values())) == ([], COUNT)


def test_no_number_is_asked_for_that_is_not_sound(found: Found) -> None:
    refused = [found.counts[name] for name in ("check_digit", "restricted", "malformed")]

    assert min(refused) > 0
    assert found.counts["pending"] == 0


def test_it_takes_a_fraction_of_the_calls_that_one_by_one_would(found: Found) -> None:
    asked = COUNT - sum(found.counts[n] for n in ("check_digit", "restricted", "malformed"))

    assert found.calls < asked / 5
    assert found.throttled < found.calls / 100


def test_trouble_delays_a_decision_and_never_changes_it() -> None:
    hostile = search(cases([], 600), profile="hostile")

    assert [told for _, told in hostile.wrong if told != "pending"] == []
    assert hostile.counts["matched"] > 300


def test_a_wrong_decision_would_be_seen() -> None:
    (case,) = cases(["00036000291452"], 1)

    assert search([case]).wrong == []
    assert search([case._replace(truth="restricted")]).wrong != []


@pytest.mark.parametrize(
    ("number", "truth"),
    [
        pytest.param("00036000291452", "matched", id="sound"),
        pytest.param("00045678912345", "check_digit", id="a wrong check digit"),
        pytest.param("02012345678903", "restricted", id="an in-store number"),
        pytest.param("00212345678909", "restricted", id="a UPC that begins with 2"),
        pytest.param("00000000000000", "malformed", id="zeros"),
        pytest.param("0003600029145X", "malformed", id="a letter"),
    ],
)
def test_the_arithmetic_that_judges(number: str, truth: str) -> None:
    assert gtins.cases([number], 1)[0].truth == truth
