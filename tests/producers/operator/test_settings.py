"""A settings file → records: all of them or none, each mistake with its line."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from producers.operator.settings import Change, plan, records, show
from producers.operator.text import Invalid, Problem
from schemas import codec
from schemas.settings import KINDS, Fulfilment, Pause, Rule, Settings, Store

NOW = datetime(2026, 11, 25, 10, 0, tzinfo=UTC)

WHOLE = """
account:
  acme-eu: {region: EU, merchant_token: A1EXAMPLE, credentials: env:ACME_EU}
website:
  base: {id: 1, zone: Europe/Berlin, currency: EUR, sort_order: 1, default_view: default,
         views: {default: 1, fr: 3}}
store:
  acme-de: {account: acme-eu, marketplace: DE, website: base, created: 2024-03-01, active: true}
shop:
  default: {manage_stock: true, out_of_stock_threshold: "0", dates: month-first}
attribute:
  on_sale: {type: yes_no}
  color: {type: dropdown, label: Colour, options: {"49": Black, "50": Blue}}
  climate: {type: multiselect, options: {1: Cool, 2: Indoor}}
  weight: {type: number}
  launch: {type: date}
  secret: {promo_rules: false}
rates:
  EUR: {USD: 1.0850, SEK: "11.27"}
listing:
  acme-de: {handling_days: 3, vat_percent: 19, condition: {global: new_new}}
search:
  acme-de: {asin: asin, upc: upc, general: name}
third_party:
  acme-de: {import: true, seller_sku: sku, asin: asin}
import_mapping:
  DE/Brand: {target: amazon_brand, overwrite: false}
condition:
  acme-de: {attribute: color, options: {new_new: Black, used_good: "50"},
            notes: {used_good: Light wear.}}
fulfilment:
  acme-de: {by: {attribute: name, value: "FBA"}}
rule:
  acme-de:
    all: true
    of:
      - {attribute: category, is_one_of: ["12", "Default Category/Men/Tops"]}
      - any: false
        of: [{attribute: color, is: Black}, {attribute: price, less: 10}]
      - {attribute: on_sale, is: Yes}
      - {attribute: climate, is_one_of: "Cool; 2"}
pricing_rule:
  de-minus-5: {store: acme-de, priority: 10, change: -5.5}
reports:
  acme-de: {every: {GET_MERCHANT_LISTINGS_ALL_DATA: 2h}}
guards:
  acme-de: {ending: {count: 10, share_1h: 0.02}}
pause:
  listings: {until: 2026-11-25T18:00:00Z, reason: "broker upgrade", by: ops}
"""
HEAD = WHOLE[: WHOLE.index("shop:")]


def applied(text: str, known: Settings | None = None, **more: Any) -> Settings:
    """Give the settings after *text* is applied through the topic."""
    after = known or Settings()
    for record in records(plan(text, after, by="ops", **more), now=NOW):
        after = after.with_record(*codec.decode_setting(record))
    return after


def changes(text: str, known: Settings, **more: Any) -> list[tuple[str, str, bool, int]]:
    told: list[Change] = plan(text, known, by="ops", **more)
    return [(c.kind, c.id, c.value is None, c.version) for c in told]


def wrong(text: str, known: Settings | None = None, **more: Any) -> list[Problem]:
    with pytest.raises(Invalid) as invalid:
        plan(text, known or Settings(), by="ops", **more)
    return invalid.value.problems


def test_a_whole_file_is_applied_in_an_order_in_which_each_finds_what_it_needs() -> None:
    kinds = [c.kind for c in plan(WHOLE, Settings(), by="ops")]

    assert list(dict.fromkeys(kinds)) == list(KINDS)


def test_values_are_what_was_typed() -> None:
    after = applied(WHOLE)

    assert after.store("acme-de") == Store(
        version=1,
        by="ops",
        account="acme-eu",
        marketplace="DE",
        website="base",
        created=date(2024, 3, 1),
    )
    assert str(after.of("rates")["EUR"].to["USD"]) == "1.0850"
    assert str(after.of("pricing_rule")["de-minus-5"].change) == "-5.5"
    assert after.of("fulfilment")["acme-de"] == Fulfilment(
        version=1, by="attribute", attribute="name", value="FBA"
    )
    assert after.of("pause")["listings"] == Pause(
        version=1, by="ops", until=datetime(2026, 11, 25, 18, tzinfo=UTC), reason="broker upgrade"
    )


def test_labels_become_option_ids() -> None:
    after = applied(WHOLE)

    rule: Rule = after.of("rule")["acme-de"]
    leaves = [rule.tree.of[1].of[0], rule.tree.of[2], rule.tree.of[3]]  # type: ignore[index]
    assert [leaf.operators() for leaf in leaves] == [
        {"is": "49"},
        {"is": "1"},
        {"is_one_of": ["1", "2"]},
    ]
    assert after.of("condition")["acme-de"].options == {"new_new": "49", "used_good": "50"}


def test_what_stays_as_it_is_is_not_sent_again() -> None:
    assert plan(WHOLE, applied(WHOLE), by="somebody else") == []


def test_a_change_counts_its_own_version_up_and_leaves_the_others() -> None:
    after = applied(WHOLE)

    twice = applied(WHOLE.replace("handling_days: 3", "handling_days: 4"), after)

    assert changes(WHOLE, twice) == [("listing", "acme-de", False, 3)]
    assert (twice.listing("acme-de").version, twice.version("store", "acme-de")) == (2, 1)


def test_a_record_that_is_named_is_replaced_whole() -> None:
    after = applied("listing:\n  acme-de: {buffer: 2}\n", applied(WHOLE))

    assert (after.listing("acme-de").buffer, after.listing("acme-de").handling_days) == (2, 2)


def test_what_is_shown_can_be_applied_and_changes_nothing() -> None:
    after = applied(WHOLE)

    assert plan(show(after), after, by="x") == []
    assert show(applied(show(after))) == show(after)


def test_nothing_is_shown_as_an_empty_file() -> None:
    assert plan(show(Settings()), Settings(), by="x") == []


def test_null_deletes_one_record() -> None:
    text = "pause:\n  listings: null\n"

    assert changes(text, applied(WHOLE)) == [("pause", "listings", True, 2)]
    assert changes(text, Settings()) == []


KEPT = """
attribute:
  weight: {type: number}
  color: {type: dropdown, label: Colour, options: {"49": Black, "50": Blue}}
  on_sale: {type: yes_no}
  climate: {type: multiselect, options: {1: Cool, 2: Indoor}}
"""


def test_prune_deletes_those_of_the_kinds_in_the_file_only() -> None:
    gone = changes(KEPT, applied(WHOLE), prune=True)

    assert gone == [("attribute", "launch", True, 2), ("attribute", "secret", True, 2)]


def test_a_record_that_others_refer_to_is_not_deleted() -> None:
    found = wrong("store:\n  acme-de: null\n", applied(WHOLE))

    assert {p.path for p in found} >= {
        "listing.acme-de",
        "rule.acme-de",
        "pricing_rule.de-minus-5.store",
    }
    assert all(p.line == 2 for p in found)


def test_a_store_is_deleted_with_all_that_is_its_own() -> None:
    own = [
        "listing",
        "search",
        "third_party",
        "condition",
        "fulfilment",
        "rule",
        "reports",
        "guards",
        "store",
    ]
    text = (
        "".join(f"{kind}:\n  acme-de: null\n" for kind in own)
        + "pricing_rule:\n  de-minus-5: null\n"
    )

    gone = changes(text, applied(WHOLE))

    assert gone[-1] == ("store", "acme-de", True, 2)
    assert all(deleted for _, _, deleted, _ in gone)


@pytest.mark.parametrize(
    ("text", "line", "path", "says"),
    [
        pytest.param("stores:\n  a: {}\n", 1, "stores", "do you mean 'store'?", id="kind"),
        pytest.param("[]\n", 1, "", "top-level keys", id="no mapping"),
        pytest.param("store: 7\n", 1, "store", "stand ids", id="no ids"),
        pytest.param("store:\n  a: 7\n", 2, "store.a", "Expected", id="no record"),
        pytest.param(
            "rates:\n  EUR:\n    USD: 1,08\n", 3, "rates.EUR.USD", "no decimal", id="rate"
        ),
        pytest.param("a: [\n", 2, "", "no YAML", id="not YAML"),
        pytest.param("a: 1\n---\nb: 2\n", 2, "", "no YAML", id="two documents"),
        pytest.param("? [a]\n: 1\n", 1, "", "plain text", id="a list as key"),
    ],
)
def test_a_mistake_is_named_with_line_and_path(text: str, line: int, path: str, says: str) -> None:
    (found, *_) = wrong(text)

    assert (found.line, found.path) == (line, path)
    assert says in found.rule


@pytest.mark.parametrize(
    ("more", "path", "says"),
    [
        pytest.param(
            "listing:\n  acme-de: {b2b: true}\n", "listing.acme-de.b2b", "not yet", id="b2b"
        ),
        pytest.param(
            "listing:\n  acme-de: {tiers: [{quantity: 5, percent: 2}]}\n",
            "listing.acme-de.tiers",
            "not yet",
            id="tiers",
        ),
        pytest.param(
            "listing:\n  acme-de: {tax_code: A}\n",
            "listing.acme-de.tax_code",
            "not yet",
            id="tax code",
        ),
        pytest.param(
            "listing:\n  acme-de: {allocation: 0.5}\n",
            "listing.acme-de.allocation",
            "not yet",
            id="allocation",
        ),
        pytest.param(
            "listing:\n  acme-de: {strike_through: msrp}\n",
            "listing.acme-de.strike_through",
            "not yet",
            id="strike-through",
        ),
        pytest.param(
            "pricing_rule:\n  r: {store: acme-de, type: intelligent}\n",
            "pricing_rule.r.type",
            "not yet",
            id="intelligent",
        ),
        pytest.param(
            "listing:\n  acme-de: {price_source: name}\n",
            "listing.acme-de.price_source",
            "no price",
            id="price source",
        ),
        pytest.param(
            "listing:\n  acme-de: {condition: {}}\n",
            "listing.acme-de.condition",
            "either",
            id="no condition",
        ),
        pytest.param(
            "listing:\n  acme-de: {condition: {global: nwe_new}}\n",
            "listing.acme-de.condition.global",
            "'new_new'",
            id="condition",
        ),
        pytest.param(
            "listing:\n  acme-de: {graces: {report: soon}}\n",
            "listing.acme-de.graces.report",
            "regex",
            id="grace",
        ),
        pytest.param(
            "guards:\n  acme-de: {endings: {}}\n", "guards.acme-de.endings", "'ending'", id="guard"
        ),
        pytest.param(
            "guards:\n  acme-de: {ending: {counts: 1}}\n",
            "guards.acme-de.ending.counts",
            "'count'",
            id="limit",
        ),
        pytest.param("pause:\n  listing: {}\n", "pause.listing", "no group", id="group"),
        pytest.param(
            "import_mapping:\n  Brand: {target: x}\n",
            "import_mapping.Brand",
            "country/attribute",
            id="mapping",
        ),
        pytest.param(
            "import_mapping:\n  XX/Brand: {target: x}\n",
            "import_mapping.XX/Brand",
            "unknown marketplace",
            id="country",
        ),
        pytest.param(
            "fulfilment:\n  acme-de: {by: attribute}\n",
            "fulfilment.acme-de.by",
            "merchant",
            id="fulfilment",
        ),
        pytest.param(
            "condition:\n  acme-de: {attribute: x, notes: {new_new: hi}}\n",
            "condition.acme-de.notes.new_new",
            "no note",
            id="a note on New",
        ),
        pytest.param("shop:\n  other: {}\n", "shop.other", "one shop", id="shop"),
        pytest.param("attribute:\n  a b: {}\n", "attribute.a b", "no blank", id="code"),
        pytest.param(
            "attribute:\n  a: {options: {1: x}}\n",
            "attribute.a.options",
            "no options",
            id="options",
        ),
    ],
)
def test_what_contradicts_or_comes_later_is_refused(more: str, path: str, says: str) -> None:
    (found,) = wrong(HEAD + more)

    assert found.path == path
    assert says in found.rule
    assert found.line >= HEAD.count("\n")


@pytest.mark.parametrize(
    ("leaf", "says"),
    [
        pytest.param("{attribute: colour, is: Black}", "do you mean 'color'?", id="attribute"),
        pytest.param("{attribute: secret, is: x}", "promo_rules", id="not for rules"),
        pytest.param("{attribute: color, is: Blakc}", "do you mean 'Black'?", id="option"),
        pytest.param("{attribute: color, greater: Black}", "does not suit", id="order of options"),
        pytest.param(
            "{attribute: climate, is: Cool}", "does not suit", id="a list is not one value"
        ),
        pytest.param("{attribute: weight, less: heavy}", "not a number", id="number"),
        pytest.param("{attribute: launch, less: soon}", "not a day", id="day"),
        pytest.param("{attribute: on_sale, is: maybe}", "neither Yes nor No", id="yes or no"),
        pytest.param("{attribute: color, is: [Black]}", "one value", id="a list for is"),
        pytest.param("{attribute: color, is_undefined: false}", "true or left out", id="undefined"),
        pytest.param(
            "{attribute: color, is: Black, is_not: Blue}",
            "exactly one operator",
            id="two operators",
        ),
        pytest.param("{attribute: color}", "exactly one operator", id="no operator"),
        pytest.param("{all: true}", "a combination has", id="no children"),
        pytest.param("{all: true, any: true, of: []}", "a combination has", id="all and any"),
    ],
)
def test_a_rule_is_refused_with_the_line_of_its_leaf(leaf: str, says: str) -> None:
    text = (
        WHOLE[: WHOLE.index("rule:")]
        + f"rule:\n  acme-de:\n    any: true\n    of:\n      - {leaf}\n"
    )

    found = wrong(text)

    assert [p.line for p in found] == [text.count("\n")]
    assert says in found[0].rule


def test_an_id_that_would_not_fit_into_a_key_is_refused() -> None:
    found = wrong("account:\n  'a|b': {region: EU, merchant_token: B, credentials: env:B}\n")

    assert [(p.line, p.path) for p in found] == [(2, "account.a|b")]


def test_what_makes_a_store_what_it_is_cannot_be_changed() -> None:
    found = wrong(HEAD.replace("marketplace: DE", "marketplace: FR"), applied(HEAD))

    assert [(p.path, p.line) for p in found] == [("store.acme-de.marketplace", 8)]


def test_everything_that_is_wrong_is_told_at_once_and_in_order() -> None:
    text = HEAD.replace("EUR", "EURO").replace("marketplace: DE", "marketplace: XX") + "what: {}\n"
    structural = wrong(text)
    semantic = wrong(text.replace("what: {}\n", ""))

    assert [p.path for p in structural] == ["what"]
    assert [p.path for p in semantic] == ["website.base.currency", "store.acme-de.marketplace"]


@pytest.mark.parametrize("word", ["NO", "on", "010", "1e5", "0x1F", "2024-03-01", "12:30:00", ".5"])
def test_only_the_core_schema_makes_more_than_text_of_a_word(word: str) -> None:
    after = applied(HEAD + f"fulfilment:\n  acme-de: {{by: {{attribute: name, value: {word}}}}}\n")

    assert after.of("fulfilment")["acme-de"].value == word
    assert plan(show(after), after, by="x") == []


def test_a_null_record_travels_as_a_tombstone() -> None:
    (record,) = records(plan("pause:\n  listings: null\n", applied(WHOLE), by="x"), now=NOW)

    assert (record.key, record.value) == (b"pause/listings", None)


@given(st.text(max_size=200))
def test_no_text_makes_reading_fail(text: str) -> None:
    try:
        plan(text, Settings(), by="x")
    except Invalid as invalid:
        assert invalid.problems
