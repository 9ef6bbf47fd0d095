"""Catalogue searches over Amazon's client: pages, families, restrictions, candidates."""

from collections.abc import Sequence
from typing import Any

import pytest

from deploy.connect.amazon.documents import (
    CatalogItems,
    Link,
    OneRestriction,
    Pagination,
    RestrictionReason,
    Restrictions,
)
from deploy.connect.seller import Seller, candidate, words
from producers.amazon.lookup import Page
from schemas.amazon import FoundCandidate, Observation, Restriction
from schemas.errors import TryAgain, Unanswered


class Pages:
    """A client that gives one answer after another."""

    def __init__(self, *answers: object) -> None:
        self.answers = list(answers)
        self.asked: list[dict[str, Any]] = []

    def search_catalog(
        self,
        account: str,
        store: str,
        *,
        kind: str | None = None,
        identifiers: Sequence[str] = (),
        keywords: Sequence[str] = (),
        token: str | None = None,
    ) -> CatalogItems:
        self.asked.append({"kind": kind, "of": [*identifiers, *keywords], "token": token})
        return self._next()

    def restrictions(
        self, account: str, store: str, asin: str, condition: str | None
    ) -> Restrictions:
        return self._next()

    def read(self, account: str, seller_sku: str, stores: Sequence[str]) -> Observation:
        return self._next()

    def complete(self, seen: Observation) -> Observation:
        return seen

    def _next(self) -> Any:
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def page(*items: dict[str, Any], of: int, then: str | None = None) -> CatalogItems:
    token = Pagination(next_token=then) if then else None
    return CatalogItems(number_of_results=of, items=list(items), pagination=token)


def found(client: Pages, kind: str = "ean", *values: str) -> Page:
    return Seller(client).search("acme-eu", "acme-de", kind, values or ("4006381333931",), None)


def test_a_page_tells_its_items_their_number_and_where_it_goes_on() -> None:
    assert found(Pages(page({"asin": "A"}, of=3, then="t1"))) == Page(
        [FoundCandidate(asin="A", why="ean")], 3, "t1"
    )


@pytest.mark.parametrize(
    "call",
    [
        pytest.param(lambda s: s.search("a", "s", "ean", ["1"], None), id="a search"),
        pytest.param(lambda s: s.restriction("a", "s", "B1", None), id="a restriction"),
        pytest.param(lambda s: s.observe("a", "LAMP", ["s"]), id="a read"),
    ],
)
def test_what_changes_nothing_may_be_asked_again(call: Any) -> None:
    with pytest.raises(TryAgain):
        call(Seller(Pages(Unanswered("time-out"))))


@pytest.mark.parametrize(
    ("kind", "values", "asked"),
    [
        pytest.param("ean", ("1", "2"), ("EAN", ["1", "2"]), id="identifiers"),
        pytest.param("keywords", ("Mug, blue",), (None, ["Mug", "blue"]), id="keywords"),
    ],
)
def test_each_kind_is_asked_in_its_own_way(
    kind: str, values: tuple[str, ...], asked: tuple[str | None, list[str]]
) -> None:
    client = Pages(page(of=0))
    found(client, kind, *values)

    assert (client.asked[0]["kind"], client.asked[0]["of"]) == asked


def test_keywords_hold_no_comma_and_are_at_most_twenty() -> None:
    assert (words("a,b  c"), len(words("x " * 50))) == (["a", "b", "c"], 20)


PARENT = {
    "asin": "P",
    "relationships": [{"relationships": [{"type": "VARIATION", "childAsins": ["A", "B"]}]}],
}
CHILDREN = (
    {"asin": "A", "summaries": [{"color": "Black", "size": "M"}]},
    {"asin": "B", "summaries": [{"color": "Blue"}]},
)


def test_children_come_with_what_they_vary_in_and_their_parent_with_their_names() -> None:
    seller = Seller(Pages(page(PARENT, of=1), page(*CHILDREN, of=2)))

    (parent,) = seller.search("acme-eu", "acme-de", "asin", ["P"], None).items
    children = seller.search("acme-eu", "acme-de", "asin", parent.children, None).items

    assert [(c.asin, c.varies) for c in children] == [
        ("A", {"color": "Black", "size": "M"}),
        ("B", {"color": "Blue"}),
    ]


def restricted(*reasons: tuple[str | None, str | None]) -> Restrictions:
    link = Link(resource="https://sell.test/approve")
    return Restrictions(
        restrictions=[
            OneRestriction(
                marketplace_id="M",
                condition_type=condition,
                reasons=[RestrictionReason(message="no", reason_code=code, links=[link])],
            )
            for condition, code in reasons
        ]
    )


RESTRICTIONS = [
    pytest.param([], None, id="nothing in the way"),
    pytest.param([(None, "APPROVAL_REQUIRED")], "APPROVAL_REQUIRED", id="in every condition"),
    pytest.param([("new_new", "NOT_ELIGIBLE")], "NOT_ELIGIBLE", id="in this condition"),
    pytest.param([("used_good", "NOT_ELIGIBLE")], None, id="in another condition"),
    pytest.param(
        [(None, "APPROVAL_REQUIRED"), (None, "ASIN_NOT_FOUND")], "ASIN_NOT_FOUND", id="the graver"
    ),
    pytest.param([(None, "MOON_PHASE")], "MOON_PHASE", id="a code that nobody knows"),
    pytest.param([(None, None)], "NOT_ELIGIBLE", id="no code"),
]


@pytest.mark.parametrize(("reasons", "code"), RESTRICTIONS)
def test_the_gravest_restriction_counts(
    reasons: list[tuple[str | None, str | None]], code: str | None
) -> None:
    told = Seller(Pages(restricted(*reasons))).restriction("a", "s", "B1", "new_new")

    link = "https://sell.test/approve"
    assert told == (code and Restriction(code=code, message="no", link=link))


WHOLE = {
    "asin": "B000000001",
    "summaries": [{"itemName": "Mug", "brand": "Acme", "partNumber": "M-1", "packageQuantity": 2}],
    "identifiers": [{"identifiers": [{"identifierType": "EAN", "identifier": "4006381333931"}]}],
    "relationships": [{"relationships": [{"type": "VARIATION", "childAsins": ["B000000002"]}]}],
    "productTypes": [{"productType": "MUG"}],
}


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        pytest.param(
            WHOLE,
            FoundCandidate(
                asin="B000000001",
                title="Mug",
                brand="Acme",
                mpn="M-1",
                pack=2,
                children=["B000000002"],
                gtins=["04006381333931"],
                product_type="MUG",
                why="ean",
            ),
            id="everything stated",
        ),
        pytest.param({"asin": "B1"}, FoundCandidate(asin="B1", why="ean"), id="only the ASIN"),
        pytest.param(
            {"asin": "B1", "summaries": [{"packageQuantity": True, "brand": 7}], "identifiers": {}},
            FoundCandidate(asin="B1", why="ean"),
            id="members of another type",
        ),
    ],
)
def test_an_item_becomes_the_candidate_that_it_states(
    item: dict[str, Any], expected: FoundCandidate
) -> None:
    assert candidate(item, "ean") == expected
