"""Amazon's attribute values on their way to the catalogue (`listings.md` 6.1, F26, F127)."""

from itertools import permutations
from typing import Any

import pytest

from schemas.listings import ImportedValue
from schemas.settings import ImportMapping, Website
from tests.support.history import ASIN, DE, FR, NOON, SKU, History, euro, live, settings

TOPIC = "catalog.attributes-imported.v1"
KEY = f"{SKU}|acme-eu|{SKU}"


def mapped(name: str = "DE/Brand", target: str = "amazon_brand", **more: Any) -> Any:
    return "import_mapping", name, ImportMapping(target=target, **more)


def value(text: Any = "Acme", **more: Any) -> ImportedValue:
    source = {"store": DE, "amazon_attribute": "Brand", "asin": ASIN} | more.pop("source", {})
    about = {"attribute": "amazon_brand", "scope": "global"} | more
    return ImportedValue(value=text, source=source, **about)


def said(history: History, key: str = KEY) -> list[ImportedValue] | None:
    """Give the values last said under *key*, None for a delete or nothing at all."""
    event: Any = history.last.get((TOPIC, key))
    return None if event is None else event.values


def shown(*more: Any, **stated: Any) -> History:
    return live(settings(*(more or (mapped(),))), **{"attributes": {"brand": "Acme"}} | stated)


def test_a_mapped_attribute_of_a_linked_listing_goes_to_the_catalogue() -> None:
    assert said(shown()) == [value()]


@pytest.mark.parametrize(
    "more",
    [
        pytest.param([], id="no mapping"),
        pytest.param([mapped(active=False)], id="mapping not active"),
        pytest.param([mapped("FR/Brand")], id="mapping of another country"),
        pytest.param([mapped("DE/Binding")], id="mapping of another attribute"),
    ],
)
def test_what_is_not_mapped_is_neither_said_nor_kept(more: list[Any]) -> None:
    history = live(settings(*more), attributes={"brand": "Acme"})

    kept = history.facts.known.stores[DE].attributes
    assert (said(history), list(kept)) == (None, [])


VIEWS = (
    "website",
    "base",
    Website(id=1, zone="Europe/Berlin", currency="EUR", views={"default": 1, "fr": 3}),
)
OTHER = (
    "website",
    "us",
    Website(id=2, zone="America/New_York", currency="USD", sort_order=2, views={"us": 4}),
)


@pytest.mark.parametrize(
    ("scope", "scopes"),
    [
        pytest.param("global", ["global"], id="global"),
        pytest.param("all", ["view:default", "view:fr", "view:us"], id="all: every view"),
        pytest.param("view:fr", ["view:fr"], id="one view"),
        pytest.param(["view:us", "view:default"], ["view:default", "view:us"], id="some views"),
        pytest.param(["view:fr", "view:gone"], ["view:fr"], id="a view that is gone"),
    ],
)
def test_each_scope_of_the_mapping_receives_the_value(scope: Any, scopes: list[str]) -> None:
    history = shown(mapped(scope=scope, overwrite=True), VIEWS, OTHER)

    assert said(history) == [value(scope=s, overwrite=True) for s in scopes]


def test_what_every_listing_has_is_mapped_without_a_read() -> None:
    rows = [mapped("DE/ASIN", "a"), mapped("DE/AmazonSKU", "s"), mapped("DE/ListingPrice", "p")]
    history = live(settings(*rows), source="report", price=euro("12.50"), attributes=...)

    found = {v.attribute: v.value for v in said(history) or []}
    assert (found, history.reads()) == ({"a": ASIN, "s": SKU, "p": "12.50"}, [])


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("Caf\ufffd", id="replacement character"),
        pytest.param("M?ller", id="letter already lost at the source"),
        pytest.param("Caf\u00c3\u00a9", id="mojibake"),
        pytest.param(["good", "b\ufffdd"], id="one of several"),
    ],
)
def test_damaged_text_is_never_written_and_says_so(text: Any) -> None:
    history = shown(attributes={"brand": text})

    step = next(s for s in history.status().steps if s.name == "import")
    assert (said(history), [r.code for r in step.reasons]) == (None, ["IMPORT_DAMAGED"])


def test_damaged_text_replaces_a_good_one_in_no_order() -> None:
    told = [(1, "read", "Caf\u00e9"), (2, "read", "Caf\u00c3\u00a9"), (3, "report", "Kaffee")]
    found = []
    for order in permutations(told):
        history = live(settings(mapped()), as_of=NOON, attributes=...)
        for minutes, source, text in order:
            at = NOON.replace(minute=minutes)
            history.observe(source=source, as_of=at, attributes={"brand": text})
        found.append(said(history))

    assert found == [[value("Caf\u00e9")]] * 6


def test_text_of_a_report_alone_is_not_written() -> None:
    history = shown(source="report")

    assert (said(history), history.reads()) == (None, ["IMPORT_ATTRIBUTES"])


def test_a_value_that_amazon_no_longer_has_is_withdrawn_and_not_written_empty() -> None:
    history = shown()
    history.later(minutes=1)

    history.observe(attributes={"brand": None})

    assert (said(history), [r.value for r in history.records if r.topic == TOPIC]) == (None, [None])


def test_unchanged_values_are_not_said_again() -> None:
    history = shown()
    history.later(minutes=1)

    history.observe(price=euro("50"), attributes={"brand": "Acme"})

    assert history.told(TOPIC) == []


# --- asking -------------------------------------------------------------------------------


def test_a_mapping_that_is_added_asks_for_a_read_and_nothing_else_does() -> None:
    history = live(settings())
    assert history.reads() == []

    history.review(settings(mapped()))
    assert history.reads() == ["IMPORT_ATTRIBUTES"]

    history.later(minutes=1)
    history.observe(attributes={"brand": "Acme"})
    assert (said(history), history.facts.known.reading) == ([value()], None)


def test_a_read_that_knew_no_mapping_yet_is_made_again_at_once_and_then_ever_later() -> None:
    history = live(settings())
    history.review(settings(mapped()))

    asked = []
    for _ in range(3):
        history.later(seconds=1)
        history.observe()
        asked.append(history.reads())
    history.later(minutes=30)

    assert (asked, history.reads()) == ([["IMPORT_ATTRIBUTES"], [], []], ["IMPORT_ATTRIBUTES"])


def test_an_attribute_that_amazon_does_not_have_is_asked_for_once() -> None:
    history = live(settings(mapped()), attributes={"brand": None})

    assert (history.reads(), history.facts.known.reading) == ([], None)


def test_a_person_may_have_it_asked_again() -> None:
    history = shown()
    history.later(minutes=1)

    history.intent("import")
    assert history.reads() == ["IMPORT_AGAIN"]

    history.later(minutes=1)
    history.observe(attributes={"brand": "Zen"})
    assert (said(history), history.facts.known.reading) == ([value("Zen")], None)


def test_what_is_not_on_amazon_cannot_be_asked_again() -> None:
    history = History(settings(mapped()))
    history.candidate()

    history.intent("import")

    assert history.refusals() == ["NOT_ON_AMAZON"]


# --- links --------------------------------------------------------------------------------


def third_party() -> History:
    """Give a listing of Amazon's that no product claims."""
    history = History(settings(mapped()))
    history.observe(attributes={"brand": "Acme"})
    for identifier in list(history.facts.known.stores[DE].asked):
        history.matched(identifier)
    return history


def test_without_a_product_nothing_is_said_but_the_listing_shows_the_value() -> None:
    history = third_party()

    step = next(s for s in history.status().steps if s.name == "import")
    assert (said(history), step.answer, [r.code for r in step.reasons]) == (
        None,
        0,
        ["IMPORT_UNLINKED"],
    )


def test_a_manual_match_gives_the_same_as_an_automatic_one() -> None:
    by_person = third_party()
    by_person.intent("assign", product=SKU)
    by_person.candidate(origin="link")
    by_rule = third_party()
    by_rule.candidate(origin="default")

    assert said(by_person) == said(by_rule) == [value()]


def test_another_product_takes_the_values_over() -> None:
    history = shown()

    history.intent("assign", product="LAMP-13")
    history.candidate(product="LAMP-13", origin="link")

    assert (said(history), said(history, f"LAMP-13|acme-eu|{SKU}")) == (None, [value()])


def test_a_deleted_product_receives_nothing_until_it_returns() -> None:
    history = shown()
    history.withdraw()
    gone = said(history)

    history.candidate()

    assert (gone, said(history)) == (None, [value()])


def test_a_deleted_mapping_takes_its_values_back() -> None:
    history = shown()

    history.review(settings())

    assert said(history) is None


def test_every_store_tells_its_value_the_oldest_first() -> None:
    history = History(settings(mapped(), mapped("FR/Brand")))
    history.candidate(DE, FR)
    history.observe(store=FR, attributes={"brand": "Ac\u00e9"})
    history.observe(attributes={"brand": "Acme"})

    assert said(history) == [value(), value("Ac\u00e9", source={"store": FR})]


def test_a_listing_that_is_gone_says_nothing() -> None:
    history = shown()
    history.later(minutes=1)

    history.gone()

    assert said(history) is None
