"""Which item answers which question: by number or ASIN, whatever the order or the type."""

import itertools

import pytest

from producers.amazon.answers import correlated
from schemas.amazon import FoundCandidate

LAMP = FoundCandidate(asin="B000000001", gtins=["00036000291452"])
PEN = FoundCandidate(asin="B000000002", gtins=["04006381333931"])
BOTH = FoundCandidate(asin="B000000003", gtins=["00036000291452", "04006381333931"])
BOOK = FoundCandidate(asin="0131177052", gtins=["09780131177055"])
NOVEL = FoundCandidate(asin="374122815X", gtins=["09783741228155"])
PARENT = FoundCandidate(asin="B0PARENT01")
UPC, EAN = "036000291452", "4006381333931"

CASES = [
    pytest.param("ean", [UPC, EAN], [PEN, LAMP], [[LAMP], [PEN]], id="in another order"),
    pytest.param("gtin", [UPC, EAN], [LAMP], [[LAMP], []], id="one is not there"),
    pytest.param("upc", [UPC, EAN], [], [[], []], id="none is there"),
    pytest.param("ean", [UPC, EAN], [BOTH], [[BOTH], [BOTH]], id="one item answers both"),
    pytest.param("ean", [UPC, EAN], [LAMP, LAMP, PEN], [[LAMP], [PEN]], id="a page repeated"),
    pytest.param("ean", [UPC, EAN], [LAMP, BOTH], [[LAMP, BOTH], [BOTH]], id="one has several"),
    pytest.param(
        "isbn",
        ["0131177052", "9783741228155"],
        [NOVEL, BOOK],
        [[BOOK], [NOVEL]],
        id="an ISBN-10 is its ISBN-13",
    ),
    pytest.param("asin", [LAMP.asin, PEN.asin], [PEN], [[], [PEN]], id="by ASIN"),
    pytest.param("ean", [UPC, EAN], [LAMP, PARENT], None, id="an item of nobody's: undecided"),
    pytest.param("ean", [UPC], [PARENT], [[PARENT]], id="asked alone: whatever comes"),
    pytest.param("upc", [UPC], [LAMP, PARENT], [[LAMP, PARENT]], id="asked alone: all of it"),
]


@pytest.mark.parametrize(("kind", "values", "items", "expected"), CASES)
def test_each_question_gets_its_own(
    kind: str,
    values: list[str],
    items: list[FoundCandidate],
    expected: list[list[FoundCandidate]] | None,
) -> None:
    found = correlated(kind, values, items)

    told = found and [[c.asin for c in found[value]] for value in values]
    assert told == (expected and [[c.asin for c in each] for each in expected])


@pytest.mark.parametrize("order", list(itertools.permutations([LAMP, PEN, BOTH])))
def test_the_order_of_items_decides_nothing(order: tuple[FoundCandidate, ...]) -> None:
    found = correlated("ean", [UPC, EAN], order)

    assert found is not None
    assert {v: {c.asin for c in each} for v, each in found.items()} == {
        UPC: {LAMP.asin, BOTH.asin},
        EAN: {PEN.asin, BOTH.asin},
    }


def test_every_candidate_says_why_it_was_offered() -> None:
    found = correlated("ean", [UPC, EAN], [LAMP, PEN])

    assert found is not None
    assert [c.why for each in found.values() for c in each] == [f"ean {UPC}", f"ean {EAN}"]
