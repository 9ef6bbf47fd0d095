"""The price pipeline: N1-N6 of `listings.md` 9, and what 10.6 says of standard rules."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from processors.rules.answer import Answer
from processors.rules.price import converted, in_order, next_change, price, within
from schemas.candidates import Prices, SourcePrice
from schemas.money import Money, Number
from schemas.settings import Listing, PricingRule, Rates

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")
RATES = {"EUR": Rates(to={"USD": Number("1.1"), "SEK": Number("11.2700")})}


def rule(change: str, **stated: Any) -> PricingRule:
    if "change" not in stated:
        stated["change"] = Number(change)
    return PricingRule(store="acme-de", **stated)


def priced(
    amount: str | None,
    *rules: tuple[str, PricingRule],
    currency: str = "EUR",
    map_: str | None = None,
    override: str | None = None,
    now: datetime = NOON,
    **listing: Any,
) -> Answer[Money | None]:
    """Give the price of a source of *amount* EUR."""
    source = amount and SourcePrice(amount=Number(amount), currency="EUR", source="price")
    least = map_ and SourcePrice(amount=Number(map_), currency="EUR", source="map")
    return price(
        Prices(source=source or None, map=least or None),
        listing=Listing(**listing),
        currency=currency,
        rates=RATES,
        rules=list(rules),
        zone=BERLIN,
        now=now,
        override=Money(Number(override), currency) if override else None,
    )


def amount(answer: Answer[Money | None]) -> str | None:
    return None if answer.value is None else format(answer.value.amount, "f")


def codes(answer: Answer[Money | None]) -> list[str]:
    return [reason.code for reason in answer.reasons]


FIXED: dict[str, Any] = {"apply": "fixed"}
TEN_DOWN = ("a", rule("-10", priority=1))
TEN_OFF = ("b", rule("-10", priority=2, **FIXED))

GOLDEN = [
    pytest.param("45.49", [TEN_DOWN, TEN_OFF], "30.94", id="G1 standard rules stack"),
    pytest.param("47.76", [TEN_DOWN, TEN_OFF], "32.98", id="G1 the same on another price"),
    pytest.param(
        "100.00",
        [
            ("1", rule("-10", priority=1)),
            ("2", rule("-2", priority=2, discard=True, **FIXED)),
            ("3", rule("-5", priority=3)),
        ],
        "88.00",
        id="G2 nothing after a discard",
    ),
    pytest.param("100.00", [("3", rule("-5", priority=3))], "95.00", id="G3 only what matches"),
    pytest.param(
        "25.00",
        [("1", rule("-30", priority=1, **FIXED)), ("2", rule("-10", priority=2))],
        "22.50",
        id="G21 a decrease to nothing is not applied",
    ),
    pytest.param("1.0005", [("1", rule("-1", **FIXED))], "1.00", id="G31 less than 0.001"),
    pytest.param("10.00", [("1", rule("5", **FIXED))], "15.00", id="increase by a fixed amount"),
    pytest.param("10.00", [("1", rule("12.5"))], "11.25", id="increase by a percentage"),
    pytest.param("10.00", [("1", rule("-100"))], "10.00", id="100 % off leaves the catalogue's"),
]


@pytest.mark.parametrize(("start", "rules", "expected"), GOLDEN)
def test_standard_rules(start: str, rules: list[tuple[str, PricingRule]], expected: str) -> None:
    assert amount(priced(start, *rules)) == expected


def test_a_fixed_amount_is_not_converted_g25() -> None:
    plus_two = ("1", rule("2.00", **FIXED))

    assert amount(priced("10.00", plus_two, currency="USD", convert_currency=True)) == "13.00"


def test_map_raises_the_price_g26() -> None:
    answer = priced("18.50", map_="20.00")

    assert (amount(answer), codes(answer)[-1]) == ("20.00", "MAP_CLAMPED")


def test_map_only_sent_raises_nothing_g26() -> None:
    assert amount(priced("18.50", map_="20.00", map_mode="send")) == "18.50"


def test_an_override_replaces_everything_g27() -> None:
    answer = priced("30.00", map_="20.00", override="9.99", vat_percent=Number("20"))

    assert (amount(answer), codes(answer)) == ("9.99", ["OVERRIDE"])


def test_an_override_of_0_is_none_g27() -> None:
    assert amount(priced("30.00", override="0.00")) == "30.00"


def test_an_override_needs_no_source_and_no_rate() -> None:
    assert amount(priced(None, override="9.99", currency="SEK")) == "9.99"


def test_vat_comes_after_all_rules() -> None:
    answer = priced("12.50", ("1", rule("5.00", **FIXED)), vat_percent=Number("10"))

    assert amount(answer) == "19.25"


def test_map_is_compared_including_vat() -> None:
    assert amount(priced("18.50", map_="20.00", vat_percent=Number("10"))) == "20.35"


ROUNDING = [
    pytest.param("13.599", "EUR", {"lower": "13.599"}, "13.60", id="N1"),
    pytest.param("13.594", "EUR", {"lower": "13.594"}, "13.60", id="N2"),
    pytest.param("12.506", "EUR", {"upper": "12.506"}, "12.50", id="N3"),
    pytest.param("1234.5", "JPY", {}, "1235", id="N4"),
    pytest.param("30.941", "USD", {}, "30.94", id="N5"),
    pytest.param("12.999", "EUR", {"lower": "12.999", "upper": "12.5"}, "13.00", id="lower wins"),
    pytest.param("0.005", "EUR", {}, "0.01", id="half up"),
]


@pytest.mark.parametrize(("before", "currency", "bounds", "expected"), ROUNDING)
def test_one_rounding_within_bounds(
    before: str, currency: str, bounds: dict[str, str], expected: str
) -> None:
    limits = {name: Decimal(text) for name, text in bounds.items()}

    assert format(within(Decimal(before), currency, **limits), "f") == expected


def test_map_between_two_cents_rounds_up_n6() -> None:
    assert amount(priced("19.50", map_="19.999")) == "20.00"


def test_without_a_price_nothing_is_sent() -> None:
    answer = priced(None)

    assert (answer.value, codes(answer)) == (None, ["PRICE_MISSING"])


@pytest.mark.parametrize("convert", [True, False], ids=["no rate", "conversion off"])
def test_a_missing_rate_is_never_taken_as_1(convert: bool) -> None:
    answer = priced("10.00", currency="PLN" if convert else "USD", convert_currency=convert)

    assert (answer.value, codes(answer)) == (None, ["CURRENCY_RATE_MISSING"])


def test_a_converted_amount_is_kept_to_six_decimals() -> None:
    source = SourcePrice(amount=Number("0.0000049"), currency="EUR", source="price")
    listing = Listing(convert_currency=True)

    assert converted(source, "USD", listing=listing, rates=RATES) == Decimal("0.000005")


def test_each_step_says_what_it_did() -> None:
    answer = priced("9.999", TEN_DOWN, vat_percent=Number("19"))

    assert [(r.code, r.facts["amount"]) for r in answer.reasons] == [
        ("FROM_SOURCE", "9.999"),
        ("RULE_APPLIED", "8.9991"),
        ("VAT_ADDED", "10.708929"),
        ("ROUNDED", "10.71"),
    ]


WINDOWED = ("1", rule("-10", start=date(2026, 12, 1), until=date(2026, 12, 31)))


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        pytest.param(datetime(2026, 11, 30, 22, 59, tzinfo=UTC), "10.00", id="the evening before"),
        pytest.param(datetime(2026, 11, 30, 23, 0, tzinfo=UTC), "9.00", id="midnight in Berlin"),
        pytest.param(datetime(2026, 12, 31, 22, 59, tzinfo=UTC), "9.00", id="its last minute"),
        pytest.param(datetime(2026, 12, 31, 23, 0, tzinfo=UTC), "10.00", id="the day after"),
    ],
)
def test_a_window_covers_whole_days_of_the_store(now: datetime, expected: str) -> None:
    assert amount(priced("10.00", WINDOWED, now=now)) == expected


def test_a_window_says_when_it_turns() -> None:
    opens = next_change([WINDOWED], BERLIN, NOON)

    assert opens == datetime(2026, 11, 30, 23, tzinfo=UTC)
    assert next_change([WINDOWED], BERLIN, opens) == datetime(2026, 12, 31, 23, tzinfo=UTC)


def test_an_inactive_rule_does_nothing_and_discards_nothing() -> None:
    off = ("1", rule("-50", priority=1, active=False, discard=True))

    assert amount(priced("10.00", off, ("2", rule("-10", priority=2)))) == "9.00"


def test_rules_go_by_priority_then_by_id_and_those_without_one_last() -> None:
    rules = [
        ("z", rule("0", priority=1)),
        ("b", rule("0")),
        ("a", rule("0", priority=2)),
        ("c", rule("0", priority=2)),
    ]

    assert [name for name, _ in in_order(rules)] == ["z", "a", "c", "b"]


SEVERAL = [TEN_DOWN, TEN_OFF, ("c", rule("3")), ("d", rule("1", **FIXED))]


@given(
    st.permutations(SEVERAL),
    st.decimals("0.01", 10**6, places=2),
)
def test_the_order_of_the_rules_handed_over_changes_nothing(
    rules: list[tuple[str, PricingRule]], start: Decimal
) -> None:
    in_one_order = priced(
        str(start), TEN_DOWN, TEN_OFF, ("c", rule("3")), ("d", rule("1", **FIXED))
    )

    assert priced(str(start), *rules) == in_one_order


@given(st.decimals("0.001", 10**9, places=6), st.decimals("0.01", 10**9, places=6))
def test_no_price_is_below_map_in_force(start: Decimal, least: Decimal) -> None:
    answer = priced(str(start), map_=str(least))

    assert answer.value is not None
    assert answer.value.amount >= least
