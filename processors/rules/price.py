"""What a listing should cost: one pipeline, one step after another (`listings.md` 9, 10.2).

Start → standard pricing rules → VAT → MAP → minimum → rounding, each with its reason; a
person's override replaces all of it. Exact decimals throughout, rounded once at the end.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, tzinfo
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Context, Decimal

import msgspec

from processors.rules import days
from processors.rules.answer import Answer
from schemas.candidates import Prices, SourcePrice
from schemas.money import Money, Number, minor_units
from schemas.reasons import Reason
from schemas.settings import Listing, PricingRule, Rates

Rules = Sequence[tuple[str, PricingRule]]

EXACT = Context(prec=100)
"""Wide enough for every product of amounts, rates and percentages that `Number` admits."""

SMALLEST = Decimal("0.001")
"""Below it a result is no price: the catalogue price stands instead (10.2 step 5)."""

RATE_DIGITS = Decimal("0.000001")
"""A converted amount is kept to six decimals, half up (section 9)."""

_HUNDRED = Decimal(100)
_MISSING = Answer[Money | None](None, (Reason("PRICE_MISSING"),))


class Running(msgspec.Struct, frozen=True):
    """The price on its way through the pipeline, and why it is what it is."""

    amount: Decimal
    reasons: tuple[Reason, ...]

    def step(self, amount: Decimal, reason: Reason) -> "Running":
        """Give the price after one more step."""
        return Running(amount, (*self.reasons, reason))


def price(
    prices: Prices,
    *,
    listing: Listing,
    currency: str,
    rates: Mapping[str, Rates],
    rules: Rules,
    zone: tzinfo,
    now: datetime,
    override: Money | None,
) -> Answer[Money | None]:
    """Give the listing price in the marketplace's *currency*, None where it is blocked.

    *rules* are the store's pricing rules whose conditions match the product, with their ids,
    in any order; *zone* is the website's; *rates* are keyed by the currency they convert from.
    """
    if override is not None and override.amount > 0:
        return _overridden(override)
    start = _start(prices, listing, currency, rates)
    if not isinstance(start, Running):
        return start
    after = _after_rules(start, rules, days.day(now, zone))
    least = lower_bound(prices, listing=listing, currency=currency, rates=rates)
    settled = _at_least(_with_vat(after, listing), least, start.amount)
    amount = within(settled.amount, currency, lower=least)
    done = settled.reasons
    if amount != settled.amount:
        done = (*done, Reason("ROUNDED", {"amount": format(amount, "f")}))
    return Answer(Money(amount, currency), done)


def _overridden(override: Money) -> Answer[Money | None]:
    amount = within(override.amount, override.currency)
    facts = {"value": f"{amount:f} {override.currency}"}
    return Answer(Money(amount, override.currency), (Reason("OVERRIDE", facts),))


# --- start --------------------------------------------------------------------------------


def _start(
    prices: Prices, listing: Listing, currency: str, rates: Mapping[str, Rates]
) -> Running | Answer[Money | None]:
    source = prices.source
    if source is None or source.amount <= 0:
        return _MISSING
    amount = converted(source, currency, listing=listing, rates=rates)
    if amount is None:
        pair = {"from": source.currency, "to": currency}
        return Answer(None, (Reason("CURRENCY_RATE_MISSING", pair),))
    start = Running(source.amount, (_from(source), *prices.reasons))
    return (
        start
        if source.currency == currency
        else start.step(amount, _converted(amount, source, currency, rates))
    )


def _from(source: SourcePrice) -> Reason:
    amount = format(source.amount, "f")
    facts = {"amount": amount, "currency": source.currency, "source": source.source}
    return Reason("FROM_SOURCE", facts)


def _converted(
    amount: Decimal, source: SourcePrice, currency: str, rates: Mapping[str, Rates]
) -> Reason:
    rate = format(rates[source.currency].to[currency], "f")
    return Reason("CONVERTED", {"amount": f"{amount:f}", "currency": currency, "rate": rate})


def converted(
    source: SourcePrice | None, currency: str, *, listing: Listing, rates: Mapping[str, Rates]
) -> Decimal | None:
    """Give a source's amount in *currency*; None without source, rate, or leave to convert.

    A missing rate is never taken as 1, and neither is a switched-off conversion.
    """
    if source is None or source.currency == currency:
        return None if source is None else source.amount
    rate = rates[source.currency].to.get(currency) if source.currency in rates else None
    if rate is None or rate <= 0 or not listing.convert_currency:
        return None
    return EXACT.multiply(source.amount, rate).quantize(RATE_DIGITS, ROUND_HALF_UP, EXACT)


# --- rules --------------------------------------------------------------------------------


def _after_rules(price: Running, rules: Rules, today: days.Day) -> Running:
    for name, rule in in_order(rules):
        if not (rule.active and rule.type == "standard" and in_window(rule, today)):
            continue
        price = _apply(price, name, rule)
        if rule.discard:
            break
    return price


def in_order(rules: Iterable[tuple[str, PricingRule]]) -> list[tuple[str, PricingRule]]:
    """Sort rules: priority 1 first, those without one last, ties by id."""
    last = 1 << 31
    return sorted(rules, key=lambda r: (last if r[1].priority is None else r[1].priority, r[0]))


def in_window(rule: PricingRule, today: days.Day) -> bool:
    """Tell whether *today* lies in the rule's window, both ends inclusive."""
    return days.inside(today, rule.start, rule.until)


def next_change(rules: Rules, zone: tzinfo, now: datetime) -> datetime | None:
    """Give the next instant after *now* at which a rule's window opens or closes."""
    active = [rule for _, rule in rules if rule.active]
    edges = [edge for r in active for edge in days.edges(r.start, r.until)]
    return days.next_edge(edges, zone, now)


def _apply(price: Running, name: str, rule: PricingRule) -> Running:
    percent = rule.apply == "percent"
    change = f"{rule.change:+f}{' %' if percent else ''}"
    amount = _percent(price.amount, rule.change) if percent else price.amount + rule.change
    if not percent and amount <= 0:
        return price.step(
            price.amount, Reason("RULE_NOT_APPLIED", {"rule": name, "change": change})
        )
    facts = {"rule": name, "change": change, "amount": format(amount, "f")}
    return price.step(amount, Reason("RULE_APPLIED", facts))


def _percent(amount: Decimal, change: Decimal) -> Decimal:
    return EXACT.divide(EXACT.multiply(amount, EXACT.add(_HUNDRED, change)), _HUNDRED)


# --- VAT, bounds, rounding ----------------------------------------------------------------


def _with_vat(price: Running, listing: Listing) -> Running:
    if not listing.vat_percent:
        return price
    amount = _percent(price.amount, listing.vat_percent)
    facts = {"percent": format(listing.vat_percent, "f"), "amount": format(amount, "f")}
    return price.step(amount, Reason("VAT_ADDED", facts))


def lower_bound(
    prices: Prices, *, listing: Listing, currency: str, rates: Mapping[str, Rates]
) -> Decimal | None:
    """Give MAP where it raises prices (mode *clamp*), in *currency*."""
    if listing.map_mode != "clamp":
        return None
    return converted(prices.map, currency, listing=listing, rates=rates)


def _at_least(price: Running, least: Decimal | None, catalogue: Decimal) -> Running:
    if least is not None and price.amount < least:
        return price.step(least, Reason("MAP_CLAMPED", {"amount": format(least, "f")}))
    if price.amount < SMALLEST:
        return price.step(catalogue, Reason("PRICE_MINIMUM", {"amount": format(catalogue, "f")}))
    return price


def within(
    amount: Decimal, currency: str, *, lower: Decimal | None = None, upper: Decimal | None = None
) -> Number:
    """Round to the minor unit, half up; up to a lower bound, down to an upper one.

    Lower bounds win (section 9, N1-N6).
    """
    unit = Decimal(1).scaleb(-minor_units(currency))
    result = amount.quantize(unit, ROUND_HALF_UP, EXACT)
    if upper is not None and result > upper:
        result = upper.quantize(unit, ROUND_FLOOR, EXACT)
    if lower is not None and result < lower:
        result = lower.quantize(unit, ROUND_CEILING, EXACT)
    return Number(result)
