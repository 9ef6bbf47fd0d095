"""Whether a product may be listed in a store: tests 1 to 5 of `listings.md` 7.3.

All failing reasons are kept, in the order of the tests. Test 6, the stock threshold, needs
facts of the listing and is in `quantity`.
"""

from datetime import tzinfo

import msgspec

from processors.rules import days, eligibility
from processors.rules.scopes import Values, text
from schemas.candidates import Verdict
from schemas.catalog import Product
from schemas.reasons import Reason
from schemas.settings import SaleWindow

LISTABLE = ("simple", "virtual")
ELIGIBLE = Verdict(eligible=True)


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """What one store demands of a product: website, sale window, and the compiled rule."""

    website: str
    zone: tzinfo
    window: SaleWindow
    rule: eligibility.Node | None = None
    version: int = 0


def verdict(values: Values, terms: Terms, today: days.Day) -> Verdict:
    """Judge one product for one store; *today* is the day in the website's zone."""
    product = values.product
    failing = [
        *_type(product),
        *_enabled(product, values),
        *_website(product, terms.website),
        *_window(values, terms, today),
        *_rule(values, terms),
    ]
    return Verdict(eligible=False, reasons=failing) if failing else ELIGIBLE


def _type(product: Product) -> list[Reason]:
    failing: list[str] = [] if product.type in LISTABLE else [product.type]
    if product.required_options:
        failing.append("has required options")
    if product.sold_by is not None and product.sold_by > 1:
        failing.append(f"sold by {product.sold_by.normalize():f}")
    return [Reason("UNSUPPORTED_PRODUCT_TYPE", {"type": what}) for what in failing]


def _enabled(product: Product, values: Values) -> list[Reason]:
    stated = product.enabled
    on = next((stated[scope] for scope in values.scopes if scope in stated), True)
    return [] if on else [Reason("PRODUCT_DISABLED", {"website": _website_of(values)})]


def _website_of(values: Values) -> str:
    named = (s.removeprefix("website:") for s in values.scopes if s.startswith("website:"))
    return next(named, "–")


def _website(product: Product, website: str) -> list[Reason]:
    if website in product.websites:
        return []
    return [Reason("NOT_ON_WEBSITE", {"website": website})]


def _window(values: Values, terms: Terms, today: days.Day) -> list[Reason]:
    window = terms.window
    if window.start is None and window.until is None:
        return []
    start, until = _typed(values, window.start), _typed(values, window.until)
    if _open(start, until, terms.zone, today):
        return []
    facts = {"from": start or "–", "until": until or "–", "zone": str(terms.zone)}
    return [Reason("OUTSIDE_SALE_WINDOW", facts | {"to": facts["until"]})]


def _typed(values: Values, attribute: str | None) -> str | None:
    return text(values.get(attribute)) if attribute else None


def _open(start: str | None, until: str | None, zone: tzinfo, today: days.Day) -> bool:
    try:
        return days.inside(today, _day(start, zone), _day(until, zone))
    except ValueError:
        return False  # a date that cannot be read is never *no date*


def _day(typed: str | None, zone: tzinfo) -> days.Day | None:
    return None if typed is None else days.in_zone(typed, zone)


def edges(values: Values, terms: Terms) -> list[days.Day]:
    """Give the days on whose first instant the sale window turns for this product."""
    if terms.window.start is None and terms.window.until is None:
        return []
    start, until = _typed(values, terms.window.start), _typed(values, terms.window.until)
    try:
        return days.edges(_day(start, terms.zone), _day(until, terms.zone))
    except ValueError:
        return []


def _rule(values: Values, terms: Terms) -> list[Reason]:
    if terms.rule is None or terms.rule.holds(values):
        return []
    return [
        Reason(
            "RULE_NOT_MET", eligibility.facts(terms.rule, values) | {"version": str(terms.version)}
        )
    ]
