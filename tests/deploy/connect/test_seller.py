"""Catalogue searches over Amazon's client: all pages, and each item as a candidate."""

from collections.abc import Sequence
from typing import Any

import pytest

from deploy.connect.amazon.documents import CatalogItems, Pagination
from deploy.connect.seller import Seller, candidate, words
from schemas.amazon import FoundCandidate, Observation
from schemas.errors import TryAgain, Unanswered


class Pages:
    """A client that gives one page after another."""

    def __init__(self, *pages: CatalogItems | Exception) -> None:
        self.pages = list(pages)
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
        page = self.pages.pop(0)
        if isinstance(page, Exception):
            raise page
        return page

    def read(self, account: str, seller_sku: str, stores: Sequence[str]) -> Observation:
        raise NotImplementedError


def page(*asins: str, of: int, then: str | None = None) -> CatalogItems:
    token = Pagination(next_token=then) if then else None
    return CatalogItems(number_of_results=of, items=[{"asin": a} for a in asins], pagination=token)


def found(client: Pages, kind: str = "ean", value: str = "4006381333931") -> list[str]:
    return [one.asin for one in Seller(client).search("acme-eu", "acme-de", kind, value)]


def test_a_search_follows_all_pages() -> None:
    client = Pages(page("A", "B", of=3, then="t1"), page("C", of=3))

    assert (found(client), [a["token"] for a in client.asked]) == (["A", "B", "C"], [None, "t1"])


def test_a_token_that_comes_again_ends_the_search() -> None:
    client = Pages(page("A", of=9, then="t"), page("B", of=9, then="t"))

    assert found(client) == ["A", "B"]


def test_a_page_that_was_cut_decides_nothing() -> None:
    with pytest.raises(TryAgain, match="1 of 3 items came"):
        found(Pages(page("A", of=3)))


def test_a_search_without_answer_may_be_asked_again() -> None:
    with pytest.raises(TryAgain):
        found(Pages(Unanswered("time-out")))


@pytest.mark.parametrize(
    ("kind", "value", "asked"),
    [
        pytest.param("ean", "4006381333931", ("EAN", ["4006381333931"]), id="an identifier"),
        pytest.param("keywords", "Mug, blue", (None, ["Mug", "blue"]), id="keywords"),
    ],
)
def test_each_kind_is_asked_in_its_own_way(
    kind: str, value: str, asked: tuple[str | None, list[str]]
) -> None:
    client = Pages(page(of=0))
    found(client, kind, value)

    assert (client.asked[0]["kind"], client.asked[0]["of"]) == asked


def test_keywords_hold_no_comma_and_are_at_most_twenty() -> None:
    assert (words("a,b  c"), len(words("x " * 50))) == (["a", "b", "c"], 20)


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
