"""The products role: candidates, claims, deletes, time, and independence of order."""

import itertools
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from processors.product_facts import ProductFacts
from processors.products import Products
from processors.step import Cause, Change, Output, Scan
from schemas import keys
from schemas.candidates import Candidate
from schemas.errors import Refused
from schemas.links import IdentifierClaimed
from schemas.record import Record
from schemas.settings import Settings
from tests.support import shop
from tests.support.shop import NOON, link, price, product, stock

SETTINGS = shop.settings()
TIMER = Cause(kind="due")


def after(
    *records: Record, settings: Settings = SETTINGS, now: datetime = NOON
) -> tuple[ProductFacts, dict[tuple[str, str], Output]]:
    """Give the facts after *records*, and the last output per topic and subject."""
    role, facts, said = Products(), ProductFacts(), {}
    for record in records:
        change = role.step(record, facts, settings, now)
        facts = shop.stored(change.facts)
        said |= {(o.topic, o.subject): o for o in change.outputs}
    return facts, said


def candidates(said: dict[tuple[str, str], Output]) -> dict[str, Candidate]:
    """Give the last candidates by seller SKU."""
    events = [o.event for o in said.values() if isinstance(o.event, Candidate)]
    return {c.seller_sku: c for c in events}


def claims(said: dict[tuple[str, str], Output]) -> dict[str, list[str]]:
    """Give the last claims: identifier → stores; identity and what suggests it apart."""
    events = [o.event for o in said.values() if isinstance(o.event, IdentifierClaimed)]
    others = ("shop:", "mpn:", "title:")
    return {c.identifier: c.stores for c in events if not c.identifier.startswith(others)}


def only(said: dict[tuple[str, str], Output]) -> Candidate:
    (candidate,) = candidates(said).values()
    return candidate


# --- what is said, and when ---------------------------------------------------------------


def test_nothing_is_said_before_the_product_record_is_there() -> None:
    _, said = after(stock(), price(), link("LAMP-12", {"acme-de": "published"}))

    assert said == {}


def test_a_product_becomes_one_candidate_for_all_stores_of_an_account() -> None:
    _, said = after(product(), stock(), price())

    candidate = only(said)
    assert (candidate.seller_sku, candidate.origin, sorted(candidate.stores)) == (
        "LAMP-12",
        "default",
        ["acme-de", "acme-fr"],
    )


def test_a_candidate_carries_the_answers_of_its_store() -> None:
    _, said = after(product(), stock(), price())

    here = only(said).stores["acme-de"]
    assert here.verdict.eligible
    assert here.condition.code == "new_new"
    assert here.base is not None
    assert str(here.base.quantity) == "5"
    assert here.prices.source is not None
    assert (str(here.prices.source.amount), here.prices.source.currency) == ("49.90", "EUR")
    assert [i.gtin14 for i in here.identifiers] == ["00036000291452"]


def test_a_candidate_is_keyed_by_shared_sku_and_its_subject_names_the_product() -> None:
    _, said = after(product(sku="A|B", shop_id=None))

    (output,) = [o for o in said.values() if o.topic == "listing.candidate.v1"]
    assert (output.key, output.subject) == (keys.shared("acme-eu", "A|B"), "acme-eu|A%7CB|A%7CB")


def test_no_stock_record_yet_is_no_base_and_no_price_record_no_source() -> None:
    _, said = after(product())

    here = only(said).stores["acme-de"]
    assert (here.base, here.prices.source) == (None, None)


def test_a_website_that_the_stock_does_not_name_has_that_of_the_star() -> None:
    fr = {"fr": {"managed": False}, "*": {"managed": True, "quantity": "7"}}
    _, said = after(product(), stock(websites=fr))

    bases = {s: c.base for s, c in only(said).stores.items()}
    assert bases["acme-fr"] is not None
    assert not bases["acme-fr"].managed
    assert bases["acme-de"] is not None
    assert str(bases["acme-de"].quantity) == "7"


def test_no_source_for_a_website_is_none_to_sell_not_unlimited() -> None:
    _, said = after(product(), stock(websites={"fr": {"managed": True, "quantity": "7"}}))

    base = only(said).stores["acme-de"].base
    assert base is not None
    assert (base.managed, str(base.quantity)) == (True, "0")


@pytest.mark.parametrize(
    ("changed", "what"),
    [
        pytest.param({"type": "configurable"}, "configurable", id="its children are listed"),
        pytest.param({"type": "bundle"}, "bundle", id="bundle"),
        pytest.param({"type": "grouped"}, "grouped", id="grouped"),
        pytest.param({"type": "giftcard"}, "giftcard", id="gift card"),
        pytest.param({"type": "downloadable"}, "downloadable", id="downloadable"),
        pytest.param({"required_options": True}, "has required options", id="required options"),
        pytest.param({"sold_by": "6"}, "sold by 6", id="sold in sixes"),
    ],
)
def test_what_cannot_be_listed_still_says_why(changed: dict[str, Any], what: str) -> None:
    _, said = after(product(**changed))

    verdict = only(said).stores["acme-de"].verdict
    assert not verdict.eligible
    assert (verdict.reasons[0].code, verdict.reasons[0].facts) == (
        "UNSUPPORTED_PRODUCT_TYPE",
        {"type": what},
    )


# --- seller SKUs and links ----------------------------------------------------------------


def test_a_row_under_the_default_seller_sku_changes_nothing() -> None:
    before = after(product(), stock(), price())[1]
    _, said = after(
        product(),
        stock(),
        price(),
        link("LAMP-12", {"acme-de": "unpublished", "acme-fr": "unpublished"}, by="default"),
    )

    assert only(said) == only(before)


def test_another_seller_sku_takes_the_store_it_is_published_in() -> None:
    _, said = after(product(), link("OLD", {"acme-de": "published"}))

    found = candidates(said)
    assert {sku: sorted(c.stores) for sku, c in found.items()} == {
        "LAMP-12": ["acme-fr"],
        "OLD": ["acme-de"],
    }
    assert (found["OLD"].origin, found["LAMP-12"].origin) == ("link", "default")


def test_an_ended_seller_sku_keeps_its_store() -> None:
    _, said = after(product(), link("OLD", {"acme-de": "ended"}))

    assert sorted(candidates(said)["LAMP-12"].stores) == ["acme-fr"]


def test_the_other_seller_skus_are_named_with_what_is_known_of_them() -> None:
    _, said = after(product(), link("OLD", {"acme-de": "published", "acme-fr": "unpublished"}))

    (other,) = candidates(said)["LAMP-12"].others
    assert (other.seller_sku, other.stores, sorted(other.known)) == (
        "OLD",
        ["acme-de"],
        ["acme-de", "acme-fr"],
    )


def test_an_unpublished_alias_stands_beside_the_default() -> None:
    _, said = after(product(), link("K-FR", {"acme-fr": "unpublished"}, by="alias"))

    found = candidates(said)
    assert found["K-FR"].origin == "alias"
    assert sorted(found["LAMP-12"].stores) == ["acme-de", "acme-fr"]


def test_a_default_row_merges_into_the_seller_sku_that_takes_all_its_stores() -> None:
    taken = {"acme-de": "published", "acme-fr": "published"}
    _, said = after(product(), link("OLD", taken))

    withdrawn = candidates(said)["LAMP-12"].withdrawn
    assert withdrawn is not None
    assert (withdrawn.code, withdrawn.facts) == ("MERGED", {"seller_sku": "OLD"})


def test_a_link_taken_back_takes_its_candidate_back() -> None:
    published = {"acme-de": "published"}
    facts, said = after(
        product(), link("OLD", published), link("OLD", published, sequence=2, linked=False)
    )

    withdrawn = candidates(said)["OLD"].withdrawn
    assert withdrawn is not None
    assert withdrawn.code == "NO_PRODUCT"
    assert facts.candidates == ("acme-eu|LAMP-12",)


def test_an_older_link_is_stale() -> None:
    role = Products()
    facts = role.step(
        link("OLD", {"acme-de": "ended"}, sequence=5), ProductFacts(), SETTINGS, NOON
    ).facts

    late = role.step(link("OLD", {"acme-de": "published"}, sequence=4), facts, SETTINGS, NOON)

    assert (late.facts, late.outputs, late.filtered) == (facts, (), "stale")


def test_a_long_sku_is_listed_under_its_beginning_and_the_shops_id() -> None:
    sku = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789X"
    _, said = after(product(sku=sku, shop_id="1234"))

    assert only(said).seller_sku == "ABCDEFGHIJKLMNOPQRSTUVWXYZ-1234"


def test_a_sku_that_amazon_does_not_take_says_what_is_missing() -> None:
    _, said = after(product(sku="X" * 41, shop_id=None))

    assert only(said).stores["acme-de"].content.missing == ["seller_sku"]


# --- identifiers --------------------------------------------------------------------------


def test_a_product_claims_what_listings_may_ask_for() -> None:
    attributes = {"upc": {"global": "036000291452"}, "asin": {"view:de": "B07XJ8C8F5"}}
    _, said = after(product(attributes=attributes))

    assert claims(said) == {
        "sku:LAMP-12": ["acme-de", "acme-fr"],
        "gtin:00036000291452": ["acme-de", "acme-fr"],
        "asin:B07XJ8C8F5": ["acme-de"],
    }


def test_an_identifier_that_is_gone_is_given_up() -> None:
    _, said = after(product(), product(2, attributes={}))

    assert claims(said)["gtin:00036000291452"] == []


def test_an_invalid_identifier_is_shown_and_not_claimed() -> None:
    _, said = after(product(attributes={"upc": {"global": "045678912345"}}))

    (shown,) = only(said).stores["acme-de"].identifiers
    assert shown.invalid == "check digit should be 7"
    assert [point for point in claims(said) if point.startswith("gtin:")] == []


CORPUS = [
    pytest.param("upc", "045678912345", "check digit", id="34 wrong check digit"),
    pytest.param("upc", "212345678909", "in-store", id="35 in-store number"),
    pytest.param("upc", "0000000000000", "zeros only", id="36 zeros"),
    pytest.param("asin", "b000000000", "upper-case", id="39 lower case"),
    pytest.param("asin", "B0000000000", "10 upper-case", id="39 eleven characters"),
    pytest.param("asin", "B000000000\n", "10 upper-case", id="39 a line end"),
]


@pytest.mark.parametrize(("attribute", "typed", "why"), CORPUS)
def test_a_bad_identifier_keeps_the_product_and_says_why(
    attribute: str, typed: str, why: str
) -> None:
    _, said = after(product(attributes={attribute: {"global": typed}}))

    here = only(said).stores["acme-de"]
    assert here.verdict.eligible
    assert [why in (i.invalid or "") for i in here.identifiers] == [True]
    assert set(claims(said)) == {"sku:LAMP-12"}


def test_an_isbn_10_with_x_is_claimed_as_its_isbn_13() -> None:
    books = shop.settings(search={"acme-de": {"isbn": "isbn"}})
    _, said = after(product(attributes={"isbn": {"global": "3-7412-2815-X"}}), settings=books)

    assert claims(said)["gtin:09783741228155"] == ["acme-de"]


def test_two_products_may_claim_one_number() -> None:
    _, first = after(product())
    _, second = after(product(sku="LAMP-13"))

    assert "gtin:00036000291452" in claims(first).keys() & claims(second).keys()


def identity(said: dict[tuple[str, str], Output]) -> list[tuple[str, list[str], int]]:
    events = [o.event for o in said.values() if isinstance(o.event, IdentifierClaimed)]
    return [(c.identifier, c.stores, c.since) for c in events if c.identifier.startswith("shop:")]


IDENTITIES = [
    pytest.param("1042", [("shop:1042", ["acme-de", "acme-fr"], 0)], id="an id"),
    pytest.param("0", [], id="0 is nobody's"),
    pytest.param("", [], id="an empty one"),
    pytest.param(None, [], id="none"),
]


@pytest.mark.parametrize(("shop_id", "expected"), IDENTITIES)
def test_a_product_claims_its_identity_in_the_shop(
    shop_id: str | None, expected: list[tuple[str, list[str], int]]
) -> None:
    assert identity(after(product(shop_id=shop_id))[1]) == expected


def test_a_deleted_product_keeps_its_identity() -> None:
    _, said = after(product(), shop.record("catalog.product.v1", None, sequence=2))

    assert identity(said) == [("shop:1042", ["acme-de", "acme-fr"], 0)]


@pytest.mark.parametrize(
    ("stated", "timestamp_ms", "since"),
    [
        pytest.param("2026-11-25T12:00:00Z", 0, 1_795_608_000_000_000, id="its own time"),
        pytest.param("2027-01-01T00:00:00Z", 1_795_608_000_000, 1_795_608_000_000_000,
                     id="a time to come is when Kafka got it"),
        pytest.param("9999-12-31T23:59:59-01:00", 1_000, 1_000_000, id="beyond all calendars"),
    ],
)  # fmt: skip
def test_since_when_it_bears_its_identity(stated: str, timestamp_ms: int, since: int) -> None:
    made = shop.record("catalog.product.v1", shop.PRODUCT, ce_time=stated)
    record = msgspec.structs.replace(made, timestamp_ms=timestamp_ms)

    ((_, _, told),) = identity(after(record)[1])
    assert told == since


def test_a_dropdown_cannot_be_matched() -> None:
    dropdown = {"sku_at_amazon": {"type": "dropdown", "options": {"1": "OLD"}}}
    mapped = {"acme-de": {"seller_sku": "sku_at_amazon"}, "acme-fr": {}}
    changed = shop.settings(attribute=dropdown, third_party=mapped)
    _, said = after(product(attributes={"sku_at_amazon": {"global": "1"}}), settings=changed)

    assert claims(said) == {"sku:LAMP-12": ["acme-fr"]}


def test_stock_and_price_say_nothing_new_about_identifiers() -> None:
    facts, _ = after(product())

    change = Products().step(stock(), facts, SETTINGS, NOON)

    assert {o.topic for o in change.outputs} == {"listing.candidate.v1"}
    assert change.facts.claims == facts.claims


# --- versions and deletes -----------------------------------------------------------------


@pytest.mark.parametrize("make", [product, stock, price])
@pytest.mark.parametrize("sequence", [6, 7], ids=["older", "the same again"])
def test_a_record_that_is_no_newer_is_stale(make: Any, sequence: int) -> None:
    facts, _ = after(product(7), stock(7), price(7))

    change = Products().step(make(sequence), facts, SETTINGS, NOON)

    assert change == Change(facts, (), "stale")


DELETES = [
    pytest.param([shop.record("catalog.product.v1", shop.PRODUCT, sequence=2, ce_op="D")], id="D"),
    pytest.param([shop.record("catalog.product.v1", None, sequence=2)], id="null"),
    pytest.param([shop.record("catalog.product.v1", None, offset=9)], id="null, no version"),
    pytest.param(
        [
            shop.record("catalog.product.v1", shop.PRODUCT, sequence=2, offset=8, ce_op="D"),
            shop.record("catalog.product.v1", None, sequence=2, offset=9),
        ],
        id="both",
    ),
    pytest.param(
        [
            shop.record("catalog.product.v1", shop.PRODUCT, sequence=2, offset=8, ce_op="D"),
            shop.record("catalog.product.v1", None, offset=9),
        ],
        id="both, the null without version",
    ),
]


@pytest.mark.parametrize("deletes", DELETES)
def test_a_deleted_product_takes_everything_back_and_keeps_its_links(
    deletes: list[Record],
) -> None:
    facts, said = after(product(), link("OLD", {"acme-de": "published"}), *deletes)

    withdrawn = {sku: c.withdrawn and c.withdrawn.code for sku, c in candidates(said).items()}
    assert withdrawn == {"LAMP-12": "PRODUCT_DELETED", "OLD": "PRODUCT_DELETED"}
    assert set(map(tuple, claims(said).values())) == {()}
    assert (facts.product, list(facts.links)) == (None, ["acme-eu|OLD"])


def test_a_product_that_returns_finds_its_links() -> None:
    gone = shop.record("catalog.product.v1", None, sequence=2)
    _, said = after(product(), link("OLD", {"acme-de": "published"}), gone, product(3))

    assert {sku: c.withdrawn for sku, c in candidates(said).items()} == {
        "LAMP-12": None,
        "OLD": None,
    }


def test_the_version_that_was_deleted_stays_deleted() -> None:
    gone = shop.record("catalog.product.v1", None, offset=9)
    facts, _ = after(product(4), gone, product(4))

    assert facts.product is None


def test_a_higher_version_brings_it_back() -> None:
    gone = shop.record("catalog.product.v1", None, offset=900)
    facts, _ = after(product(4), gone, product(5))

    assert facts.product is not None


def test_a_null_read_again_behind_what_came_later_deletes_nothing() -> None:
    gone = shop.record("catalog.product.v1", None, offset=9)
    later = shop.record("catalog.product.v1", shop.PRODUCT, sequence=5, offset=10)
    facts, _ = after(product(4), gone, later, gone)

    assert facts.product is not None


def test_without_versions_kafkas_order_counts() -> None:
    first = shop.record("catalog.price.v1", shop.PRICE, offset=3)
    second = shop.record("catalog.price.v1", shop.PRICE | {"prices": {}}, offset=4)
    facts, _ = after(first, second, first)

    assert facts.price is not None
    assert facts.price.prices == {}


def test_a_deleted_stock_is_stock_unknown() -> None:
    _, said = after(product(), stock(), shop.record("catalog.stock.v1", None, sequence=2))

    assert only(said).stores["acme-de"].base is None


# --- what is refused ----------------------------------------------------------------------

EMPTY_SKU = shop.record("catalog.product.v1", shop.PRODUCT | {"sku": ""}, key=b"X")
OTHER_KEY = shop.record("catalog.product.v1", shop.PRODUCT, key=b"OTHER")
NULL_LINK = shop.record("catalog.link.v1", None, key=b"LAMP-12")


def priced(amount: str) -> Record:
    return price(prices={"price": {"global": amount}})


REFUSED = [
    pytest.param(OTHER_KEY, "KEY_MISMATCH", id="another key"),
    pytest.param(product(sku="   "), "MALFORMED", id="a SKU of blanks"),
    pytest.param(product(sku="A\tB"), "MALFORMED", id="a control character in a SKU"),
    pytest.param(EMPTY_SKU, "MALFORMED", id="an empty SKU"),
    pytest.param(priced("-1"), "MALFORMED", id="a negative price"),
    pytest.param(priced("1000000000000"), "MALFORMED", id="a price of 10^12"),
    pytest.param(priced("1.1234567890123"), "MALFORMED", id="13 decimals"),
    pytest.param(priced(""), "MALFORMED", id="a blank price"),
    pytest.param(price(special_from={"global": "6/15/26"}), "MALFORMED", id="a foreign date"),
    pytest.param(price(special_to={"global": "2026-02-30"}), "MALFORMED", id="a day that is none"),
    pytest.param(NULL_LINK, "TOMBSTONE_FORBIDDEN", id="a null link"),
]


@pytest.mark.parametrize(("record", "code"), REFUSED)
def test_a_bad_record_is_refused_with_its_reason(record: Record, code: str) -> None:
    with pytest.raises(Refused) as refused:
        Products().step(record, ProductFacts(), SETTINGS, NOON)

    assert refused.value.reason.code == code


def test_a_record_without_a_key_is_refused() -> None:
    keyless = Record(topic="catalog.product.v1", key=None, value=product().value)

    with pytest.raises(Refused) as refused:
        Products().step(keyless, ProductFacts(), SETTINGS, NOON)

    assert refused.value.reason.code == "KEY_MISSING"


@pytest.mark.parametrize(
    "sku", ["007", "A/B #1", "50%|off", "Größe-XL", "👟", "it's", "a..b", " x "]
)
def test_a_strange_sku_stays_as_it_is(sku: str) -> None:
    _, said = after(product(sku=sku))

    assert only(said).seller_sku == sku


# --- time and settings --------------------------------------------------------------------

SPECIAL = shop.settings(listing={"acme-de": {"price_source": "special_price"}})
ON_SALE = {
    "prices": {"price": {"global": "49.90"}, "special_price": {"global": "44.90"}},
    "special_from": {"global": "2026-11-26"},
    "special_to": {"global": "2026-11-27"},
}


def source(change: Change[ProductFacts]) -> str:
    (candidate,) = [o.event for o in change.outputs if isinstance(o.event, Candidate)]
    found = candidate.stores["acme-de"].prices.source
    return "none" if found is None else str(found.amount)


def test_a_special_price_begins_and_ends_at_the_websites_midnight() -> None:
    role, history = Products(), []
    facts, _ = after(product(), price(**ON_SALE), settings=SPECIAL)
    while (instant := role.due(facts, SPECIAL)) is not None:
        change = role.review(facts, SPECIAL, instant, TIMER)
        history.append((instant, source(change)))
        facts = shop.stored(change.facts)

    assert history == [
        (datetime(2026, 11, 25, 23, tzinfo=UTC), "44.90"),
        (datetime(2026, 11, 27, 23, tzinfo=UTC), "49.90"),
    ]


def test_without_a_window_nothing_is_due() -> None:
    facts, _ = after(product(), price(**ON_SALE))

    assert Products().due(facts, SETTINGS) is None


def test_a_sale_window_opens_by_time_alone() -> None:
    window = {"acme-de": {"sale_window": {"from": "on_from", "until": "on_to"}}}
    windowed = shop.settings(listing=window)
    dates = {"on_from": {"global": "2026-12-01"}, "on_to": {"website:base": "2026-12-24"}}
    facts, said = after(product(attributes=dates), settings=windowed)

    assert only(said).stores["acme-de"].verdict.reasons[0].code == "OUTSIDE_SALE_WINDOW"
    opening = Products().due(facts, windowed)
    assert opening == datetime(2026, 11, 30, 23, tzinfo=UTC)
    change = Products().review(facts, windowed, opening, TIMER)
    assert change.facts.wake == datetime(2026, 12, 24, 23, tzinfo=UTC)
    (candidate,) = [o.event for o in change.outputs if isinstance(o.event, Candidate)]
    assert candidate.stores["acme-de"].verdict.eligible


def test_a_review_follows_new_settings() -> None:
    facts, _ = after(product(), stock(), price())
    excluding = shop.settings(rule={"acme-de": {"tree": {"attribute": "color", "is": "Red"}}})

    change = Products().review(facts, excluding, NOON, Cause(kind="scan"))

    (candidate,) = [o.event for o in change.outputs if isinstance(o.event, Candidate)]
    assert [s for s, c in candidate.stores.items() if not c.verdict.eligible] == ["acme-de"]


def test_a_store_that_is_gone_takes_the_accounts_candidates_back() -> None:
    facts, _ = after(product())

    change = Products().review(facts, shop.settings(store={}), NOON, Cause(kind="scan"))

    (candidate,) = [o.event for o in change.outputs if isinstance(o.event, Candidate)]
    assert candidate.withdrawn is not None
    assert candidate.withdrawn.code == "NO_PRODUCT"
    assert change.facts.claims == ()


@pytest.mark.parametrize(
    ("kind", "touched"),
    [
        ("rule", True),
        ("listing", True),
        ("attribute", True),
        ("report", False),
        ("account", False),
        ("guards", False),
    ],
)
def test_only_settings_about_products_touch_them(kind: str, touched: bool) -> None:
    facts, _ = after(product())

    assert Products().touches(facts, Scan(kind=kind, id="acme-de", version=1)) is touched


def test_a_key_without_a_product_is_never_touched() -> None:
    facts, _ = after(stock())

    assert not Products().touches(facts, Scan(kind="rule", id="acme-de", version=1))


# --- order and repetition -----------------------------------------------------------------

HISTORY = [product(), stock(), price(), link("OLD", {"acme-de": "published"})]


def standing(said: dict[tuple[str, str], Output]) -> dict[tuple[str, str], Any]:
    """Give what stands in the end: withdrawn candidates and given-up claims left out."""
    events = {at: o.event for at, o in said.items()}
    return {
        at: event
        for at, event in events.items()
        if not (isinstance(event, Candidate) and event.withdrawn)
    }


@pytest.mark.parametrize(
    "order",
    list(itertools.permutations(HISTORY)),
    ids=lambda o: "-".join(r.topic.split(".")[1] for r in o),
)
def test_the_order_of_arrival_changes_nothing(order: tuple[Record, ...]) -> None:
    facts, said = after(*order)
    expected, expected_said = after(*HISTORY)

    assert (facts, standing(said)) == (expected, standing(expected_said))


VERSIONS = [
    product(1, attributes={}),
    product(2),
    stock(1),
    stock(2, websites={"*": {"managed": False}}),
    price(1),
    shop.record("catalog.price.v1", shop.PRICE, sequence=2, ce_op="D"),
    link("OLD", {"acme-de": "published"}),
    link("OLD", {"acme-de": "ended"}, sequence=2),
    link("LAMP-12", {"acme-fr": "unpublished"}, by="default"),
]
DELETED = [*VERSIONS, shop.record("catalog.product.v1", None, sequence=3)]


def known(facts: ProductFacts) -> ProductFacts:
    """Leave out which identity a deleted product had: one that never stood had none."""
    alive = facts.product is not None
    return facts if alive else msgspec.structs.replace(facts, shop_id=None, since=0)


@pytest.mark.parametrize("history", [VERSIONS, DELETED], ids=["alive", "deleted"])
@given(data=st.data())
def test_versions_in_any_order_and_repeated_end_alike(
    history: list[Record], data: st.DataObject
) -> None:
    repeated = [*history, *data.draw(st.lists(st.sampled_from(history), max_size=5))]
    arrived = data.draw(st.permutations(repeated))

    facts, said = after(*arrived)

    in_order, said_in_order = after(*history)
    assert (known(facts), claimed(said)) == (known(in_order), claimed(said_in_order))
    assert standing_candidates(said) == standing_candidates(said_in_order)


def claimed(said: dict[tuple[str, str], Output]) -> dict[str, list[str]]:
    return {point: stores for point, stores in claims(said).items() if stores}


def standing_candidates(said: dict[tuple[str, str], Output]) -> dict[str, Candidate]:
    return {sku: c for sku, c in candidates(said).items() if c.withdrawn is None}


def test_every_record_twice_changes_nothing() -> None:
    twice, said = after(*[record for record in HISTORY for _ in (1, 2)])

    assert (twice, said) == after(*HISTORY)


def test_deciding_again_says_the_same() -> None:
    facts, said = after(*HISTORY)

    again = Products().review(facts, SETTINGS, NOON, TIMER)

    assert again.facts == facts
    assert {(o.topic, o.subject): o for o in again.outputs} == said
