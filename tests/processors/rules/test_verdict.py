"""Tests 1 to 5 of the verdict (`listings.md` 7.3), all failing reasons kept in their order."""

from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest

from processors.rules import eligibility, scopes
from processors.rules.scopes import Values
from processors.rules.verdict import Terms, edges, verdict
from schemas.candidates import Verdict
from schemas.catalog import Product
from schemas.event import as_number
from schemas.settings import RuleNode, SaleWindow

BERLIN = ZoneInfo("Europe/Berlin")
TODAY = date(2026, 11, 25)
RED = eligibility.compiled(RuleNode(attribute="color", is_="Red"), {}, BERLIN)
WINDOW = SaleWindow(start="on_from", until="on_to")


def values(**stated: Any) -> Values:
    product = {"sku": "A", "websites": ["base"]} | stated
    return Values(
        msgspec.convert(product, Product, dec_hook=as_number),
        None,
        scopes.of_website("base", None),
    )


def judged(found: Values, today: date = TODAY, **terms: Any) -> Verdict:
    whole = {"website": "base", "zone": BERLIN, "window": SaleWindow(), "version": 4} | terms
    return verdict(found, Terms(**whole), today)


def codes(answer: Verdict) -> list[str]:
    return [reason.code for reason in answer.reasons]


def test_a_simple_product_of_the_website_is_eligible() -> None:
    assert judged(values()) == Verdict(eligible=True)


FAILING = [
    pytest.param({"type": "bundle"}, {}, "UNSUPPORTED_PRODUCT_TYPE", id="1 type"),
    pytest.param({"required_options": True}, {}, "UNSUPPORTED_PRODUCT_TYPE", id="1 options"),
    pytest.param({"sold_by": "6"}, {}, "UNSUPPORTED_PRODUCT_TYPE", id="1 sold in sixes"),
    pytest.param({"enabled": {"global": False}}, {}, "PRODUCT_DISABLED", id="2 disabled"),
    pytest.param(
        {"enabled": {"global": True, "website:base": False}}, {}, "PRODUCT_DISABLED", id="2 here"
    ),
    pytest.param({"websites": ["fr"]}, {}, "NOT_ON_WEBSITE", id="3 elsewhere"),
    pytest.param({"websites": []}, {}, "NOT_ON_WEBSITE", id="3 nowhere"),
    pytest.param({}, {"rule": RED}, "RULE_NOT_MET", id="5 rule"),
]


@pytest.mark.parametrize(("product", "terms", "code"), FAILING)
def test_each_test_fails_with_its_reason(
    product: dict[str, Any], terms: dict[str, Any], code: str
) -> None:
    answer = judged(values(**product), **terms)

    assert (answer.eligible, codes(answer)) == (False, [code])


PASSING = [
    pytest.param({"type": "virtual"}, {}, id="virtual"),
    pytest.param({"sold_by": "1"}, {}, id="sold by one"),
    pytest.param({"enabled": {"global": False, "website:base": True}}, {}, id="enabled here"),
    pytest.param({"enabled": {"website:fr": False}}, {}, id="disabled elsewhere"),
    pytest.param({"attributes": {"color": {"global": "red"}}}, {"rule": RED}, id="rule"),
]


@pytest.mark.parametrize(("product", "terms"), PASSING)
def test_what_passes(product: dict[str, Any], terms: dict[str, Any]) -> None:
    assert judged(values(**product), **terms).eligible


def test_all_failing_reasons_are_kept_the_first_test_first() -> None:
    wrong = values(type="giftcard", enabled={"global": False}, websites=[])

    assert codes(judged(wrong, rule=RED)) == [
        "UNSUPPORTED_PRODUCT_TYPE",
        "PRODUCT_DISABLED",
        "NOT_ON_WEBSITE",
        "RULE_NOT_MET",
    ]


def test_the_rule_names_its_version_and_what_would_do() -> None:
    (reason,) = judged(values(attributes={"color": {"global": "Blue"}}), rule=RED).reasons

    assert reason.facts == {
        "path": "",
        "attribute": "color",
        "seen": "Blue",
        "wanted": "Red",
        "smallest_change": "color: Blue → Red",
        "version": "4",
    }


def windowed(start: str | None, until: str | None) -> Values:
    stated = {"on_from": {"global": start}, "on_to": {"global": until}}
    return values(attributes=stated)


DAYS = [
    pytest.param("2026-11-25", "2026-11-25", True, id="one day, inclusive"),
    pytest.param("2026-11-26", None, False, id="starts tomorrow"),
    pytest.param(None, "2026-11-24", False, id="ended yesterday"),
    pytest.param(None, None, True, id="no dates"),
    pytest.param("2026-11-24T23:00:00Z", None, True, id="an instant is its day in the zone"),
    pytest.param("2026-11-25T23:30:00Z", None, False, id="tomorrow in the zone"),
    pytest.param("2026-11-20 00:00:00", None, True, id="a time of day without zone"),
    pytest.param("some day", None, False, id="what cannot be read is never no date"),
]


@pytest.mark.parametrize(("start", "until", "eligible"), DAYS)
def test_the_sale_window(start: str | None, until: str | None, eligible: bool) -> None:
    answer = judged(windowed(start, until), window=WINDOW)

    assert answer.eligible is eligible
    assert eligible or codes(answer) == ["OUTSIDE_SALE_WINDOW"]


def test_the_sale_window_says_when_it_turns() -> None:
    terms = Terms(website="base", zone=BERLIN, window=WINDOW)

    assert edges(windowed("2026-12-01", "2026-12-24"), terms) == [
        date(2026, 12, 1),
        date(2026, 12, 25),
    ]
    assert edges(windowed("some day", None), terms) == []
