"""Which candidate is accepted, what is asked next, what a person settles (`listings.md` 6.3)."""

import pytest

from processors.rules.known import Answered
from processors.rules.matching import Outcome, Question, Wanted, outbound
from schemas.amazon import FoundCandidate

UPC = Question("upc", "036000291452")
EAN = Question("ean", "4006381333931")
GCID = Question("gcid", "ABCDEF0123456789")
WANTED = Wanted(claims=(EAN, UPC), keywords="desk lamp")


def found(asin: str, **more: object) -> FoundCandidate:
    return FoundCandidate(asin=asin, **more)  # type: ignore[arg-type]


A, B, C = found("B00000000A"), found("B00000000B"), found("B00000000C")
PARENT = found("B0000PARENT"[:10], children=["B00000000A", "B00000000B"])
PACK = found("B0000000P6", pack=6)


def answers(*told: tuple[Question, list[FoundCandidate]]) -> list[Answered]:
    return [Answered(q.kind, q.value, None, candidates) for q, candidates in told]


def keywords(*candidates: FoundCandidate) -> tuple[Question, list[FoundCandidate]]:
    return Question("keywords", "desk lamp"), list(candidates)


def brief(outcome: Outcome) -> tuple[str, str | None, tuple[str, ...]]:
    asked = outcome.ask.kind if outcome.ask else None
    return outcome.kept, outcome.asin or asked, tuple(r.code for r in outcome.reasons)


PENDING = ("LOOKUP_PENDING",)
CASES = [
    pytest.param([], ("pending", "upc", PENDING), id="a UPC is asked before an EAN"),
    pytest.param([(UPC, [A])], ("accepted", A.asin, ("ACCEPTED_BY",)), id="exactly one"),
    pytest.param([(UPC, [])], ("pending", "ean", PENDING), id="none: the next identifier"),
    pytest.param(
        [(UPC, [PARENT, C])],
        ("accepted", C.asin, ("ACCEPTED_BY",)),
        id="a parent beside a child is dropped",
    ),
    pytest.param([(UPC, [PARENT])], ("pending", "ean", PENDING), id="only a parent: the next"),
    pytest.param(
        [(UPC, [PARENT]), (EAN, [])],
        ("parent", "children", ("VARIATION_PARENT",)),
        id="only one parent in the end: who are its children?",
    ),
    pytest.param([(UPC, [PACK])], ("pending", "ean", PENDING), id="another pack: the next"),
    pytest.param(
        [(UPC, [PACK]), (EAN, [])],
        ("open", None, ("PACK_SIZE_DIFFERS",)),
        id="only another pack in the end",
    ),
    pytest.param(
        [(UPC, [PACK]), (EAN, [A])],
        ("accepted", A.asin, ("ACCEPTED_BY",)),
        id="another pack, then exactly one",
    ),
    pytest.param([(UPC, [A, B])], ("pending", "ean", PENDING), id="several: the next"),
    pytest.param(
        [(UPC, [A, B]), (EAN, [])], ("open", None, ("SEVERAL_ASINS",)), id="several in the end"
    ),
    pytest.param(
        [(UPC, [A, B]), (EAN, [B, C])],
        ("accepted", B.asin, ("ACCEPTED_BY",)),
        id="two sets meet in one",
    ),
    pytest.param(
        [(UPC, [A, PACK]), (EAN, [C, PACK])],
        ("open", None, ("SEVERAL_ASINS",)),
        id="two sets meet in one of another pack",
    ),
    pytest.param(
        [(UPC, [A, B]), (EAN, [C, found("B00000000D")])],
        ("open", None, ("CONFLICTING_IDENTIFIERS",)),
        id="two sets that do not meet",
    ),
    pytest.param(
        [(UPC, []), (EAN, [])], ("pending", "keywords", PENDING), id="keywords last of all"
    ),
    pytest.param(
        [(UPC, []), (EAN, []), keywords()], ("none", None, ("NOT_FOUND",)), id="nothing at all"
    ),
    pytest.param(
        [(UPC, []), (EAN, []), keywords(A)],
        ("open", None, ("KEYWORD_ONLY",)),
        id="a keyword hit is never accepted alone",
    ),
]


@pytest.mark.parametrize(("told", "expected"), CASES)
def test_outbound(
    told: list[tuple[Question, list[FoundCandidate]]],
    expected: tuple[str, str | None, tuple[str, ...]],
) -> None:
    assert brief(outbound(WANTED, answers(*told))) == expected


KEYWORD_CASES = [
    pytest.param({"mpn": "L-12"}, {"mpn": "l-12"}, True, id="the same part number"),
    pytest.param({"mpn": "L-12"}, {"mpn": "L-13"}, False, id="another part number"),
    pytest.param({"brand": "Lux"}, {"brand": "Lux"}, False, id="the brand alone"),
    pytest.param(
        {"brand": "Lux", "pack": 1}, {"brand": "LUX", "pack": 1}, True, id="brand and pack"
    ),
    pytest.param(
        {"mpn": "L-12", "brand": "Lux"},
        {"mpn": "L-12", "brand": "Dim"},
        False,
        id="part number agrees, brand disagrees",
    ),
    pytest.param({"mpn": "L-12", "pack": 2}, {"mpn": "L-12", "pack": 1}, False, id="another pack"),
]


@pytest.mark.parametrize(("ours", "theirs", "accepted"), KEYWORD_CASES)
def test_a_keyword_hit_needs_agreement_and_no_disagreement(
    ours: dict[str, object], theirs: dict[str, object], accepted: bool
) -> None:
    wanted = Wanted(keywords="desk lamp", **ours)  # type: ignore[arg-type]

    outcome = outbound(wanted, answers(keywords(found("B00000000A", **theirs))))

    assert (outcome.kept == "accepted") is accepted


def test_keywords_are_not_asked_once_an_identifier_found_anything() -> None:
    outcome = outbound(WANTED, answers((UPC, [PACK]), (EAN, [])))

    assert outcome.ask is None


def test_a_gcid_is_never_sent() -> None:
    outcome = outbound(Wanted(claims=(GCID,)), [])

    assert (outcome.kept, outcome.ask, outcome.searchable) == ("none", None, False)


def test_a_persons_asin_ends_the_search_and_is_looked_up_once() -> None:
    chosen = Question("asin", A.asin)

    assert outbound(WANTED, [], person=A.asin).ask == chosen
    assert outbound(WANTED, answers((chosen, [A])), person=A.asin).ask is None
    assert outbound(WANTED, answers((chosen, [])), person=A.asin).absent


def test_the_answer_to_another_question_changes_nothing() -> None:
    other = Question("upc", "847999000143")

    assert outbound(WANTED, answers((other, [A]))) == outbound(WANTED, [])


def test_the_order_of_answers_does_not_matter() -> None:
    told = answers((UPC, [A, B]), (EAN, [B, C]))

    assert outbound(WANTED, told) == outbound(WANTED, told[::-1])
