"""The matching role: who asks is answered, per store, in whatever order it came."""

import itertools
from collections import Counter
from typing import Any

import pytest

from processors.matching import ALIKE, Matching, MatchingFacts
from processors.step import Cause, Output, Scan
from schemas.errors import Refused
from schemas.links import Match
from schemas.record import Record
from tests.support import shop
from tests.support.shop import NOON

SETTINGS = shop.settings()
GTIN = "gtin:00036000291452"


def claim(product: str, *stores: str, sequence: int = 1, identifier: str = GTIN) -> Record:
    body = {
        "identifier": identifier,
        "product": product,
        "sequence": sequence,
        "stores": list(stores),
    }
    return shop.record("catalog.identifier.v1", body)


def ask(
    seller_sku: str,
    store: str = "acme-de",
    *,
    sequence: int = 1,
    asking: bool = True,
    identifier: str = GTIN,
) -> Record:
    body = {
        "identifier": identifier,
        "account": "acme-eu",
        "seller_sku": seller_sku,
        "store": store,
        "sequence": sequence,
        "asking": asking,
    }
    return shop.record("listing.match-request.v1", body)


def after(*records: Record) -> tuple[MatchingFacts, dict[str, Output]]:
    """Give the facts after *records*, and the last output per subject."""
    role, facts, said = Matching(), MatchingFacts(), {}
    for record in records:
        change = role.step(record, facts, SETTINGS, NOON)
        facts = shop.stored(change.facts)
        said |= {o.subject: o for o in change.outputs}
    return facts, said


def answers(said: dict[str, Output]) -> dict[tuple[str, str], list[str]]:
    events = [o.event for o in said.values() if isinstance(o.event, Match)]
    return {(e.seller_sku, e.store): e.products for e in events}


def test_nobody_asks_so_nothing_is_said() -> None:
    assert after(claim("LAMP-12", "acme-de"))[1] == {}


def test_who_asks_is_told_that_there_is_none() -> None:
    assert answers(after(ask("OLD"))[1]) == {("OLD", "acme-de"): []}


def test_a_product_that_appears_later_wakes_who_asked() -> None:
    _, said = after(ask("OLD"), claim("LAMP-12", "acme-de"))

    assert answers(said) == {("OLD", "acme-de"): ["LAMP-12"]}


def test_every_listing_that_asks_is_answered_for_its_own_store() -> None:
    _, said = after(
        ask("OLD"), ask("OLD", "acme-fr"), ask("NEW"), claim("B", "acme-de"), claim("A", "acme-de")
    )

    assert answers(said) == {
        ("OLD", "acme-de"): ["A", "B"],
        ("OLD", "acme-fr"): [],
        ("NEW", "acme-de"): ["A", "B"],
    }


def test_a_claim_given_up_is_told() -> None:
    _, said = after(claim("A", "acme-de"), ask("OLD"), claim("A", sequence=2))

    assert answers(said) == {("OLD", "acme-de"): []}


def test_who_no_longer_asks_is_left_alone() -> None:
    role, (facts, _) = Matching(), after(ask("OLD"), ask("OLD", sequence=2, asking=False))

    assert role.step(claim("A", "acme-de"), facts, SETTINGS, NOON).outputs == ()


def test_an_answer_is_keyed_by_shared_sku_and_its_subject_names_what_was_asked() -> None:
    (output,) = after(ask("A|B"))[1].values()

    assert (output.key, output.subject) == (
        b"acme-eu|A%7CB",
        "acme-eu|A%7CB|gtin:00036000291452|acme-de",
    )


@pytest.mark.parametrize(
    "late",
    [
        pytest.param(claim("A", sequence=1), id="an older claim"),
        pytest.param(claim("A", "acme-de", sequence=2), id="the same claim again"),
        pytest.param(ask("OLD", sequence=1, asking=False), id="an older question"),
        pytest.param(ask("OLD", sequence=2), id="the same question again"),
    ],
)
def test_what_is_no_newer_is_stale(late: Record) -> None:
    facts, _ = after(claim("A", "acme-de", sequence=2), ask("OLD", sequence=2))

    change = Matching().step(late, facts, SETTINGS, NOON)

    assert (change.facts, change.outputs, change.filtered) == (facts, (), "stale")


HISTORY = [claim("A", "acme-de"), claim("B", "acme-fr"), ask("OLD"), ask("OLD", "acme-fr")]


@pytest.mark.parametrize("order", list(itertools.permutations(HISTORY)))
def test_the_order_of_arrival_changes_nothing(order: tuple[Record, ...]) -> None:
    facts, said = after(*order)

    assert (facts, answers(said)) == (after(*HISTORY)[0], answers(after(*HISTORY)[1]))


def test_answering_again_says_the_same() -> None:
    facts, said = after(*HISTORY)

    again = Matching().review(facts, SETTINGS, NOON, Cause(kind="scan"))

    assert (again.facts, {o.subject: o for o in again.outputs}) == (facts, said)


def test_neither_time_nor_settings_matter() -> None:
    facts, _ = after(*HISTORY)

    assert Matching().due(facts, SETTINGS) is None
    assert not Matching().touches(facts, Scan(kind="rule", id="acme-de", version=1))


REFUSED = [
    pytest.param("catalog.identifier.v1", {"identifier": ""}, b"x", "MALFORMED", id="no text"),
    pytest.param("catalog.identifier.v1", {}, b"gtin:1", "KEY_MISMATCH", id="another key"),
    pytest.param("catalog.identifier.v1", None, b"gtin:1", "TOMBSTONE_FORBIDDEN", id="null claim"),
    pytest.param("listing.match-request.v1", None, b"x", "TOMBSTONE_FORBIDDEN", id="null question"),
]


@pytest.mark.parametrize(("topic", "changed", "key", "code"), REFUSED)
def test_a_bad_record_is_refused(
    topic: str, changed: dict[str, Any] | None, key: bytes, code: str
) -> None:
    whole = {"identifier": GTIN, "product": "A", "sequence": 1, "stores": []}
    body = None if changed is None else whole | changed
    with pytest.raises(Refused) as refused:
        Matching().step(shop.record(topic, body, key=key), MatchingFacts(), SETTINGS, NOON)

    assert refused.value.reason.code == code


WORDS = "title:desk lamp"


def lamps(count: int) -> list[Record]:
    return [claim(f"LAMP-{n:04d}", "acme-de", identifier=WORDS) for n in range(count)]


def askers(count: int) -> list[Record]:
    return [ask(f"OLD-{n:04d}", identifier=WORDS) for n in range(count)]


@pytest.mark.parametrize("records", [lamps(500) + askers(500), askers(500) + lamps(500)])
def test_words_that_many_share_tell_nothing_and_cost_little(records: list[Record]) -> None:
    role, facts, said = Matching(), MatchingFacts(), Counter[str]()
    for record in records:
        change = role.step(record, facts, SETTINGS, NOON)
        facts = shop.stored(change.facts)
        said.update(o.subject for o in change.outputs)
    _, last = after(*records, ask("LATE", identifier=WORDS))

    assert len(said) == 500
    assert said.total() < 500 + 2 * ALIKE * (ALIKE + 1)
    assert (len(facts.claims), len(facts.asks) <= ALIKE) == (ALIKE + 1, True)
    assert answers(last)["LATE", "acme-de"] == []


def test_words_that_few_share_wake_who_asked() -> None:
    _, said = after(*askers(3), *lamps(2))

    assert set(map(tuple, answers(said).values())) == {("LAMP-0000", "LAMP-0001")}
