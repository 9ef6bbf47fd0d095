"""Which catalogue prices count for a store today (`listings.md` 6.8, 9).

The special price only inside its window and below Price; an empty source falls back to
Price. Each price and each of the two dates is scoped by itself.
"""

from collections.abc import Mapping

import msgspec

from processors.rules import days, scopes
from processors.rules.scopes import Scopes, Values
from schemas.candidates import Prices, SourcePrice
from schemas.catalog import Price
from schemas.money import Number, number
from schemas.reasons import Reason
from schemas.settings import Listing

SPECIAL = "special_price"
REGULAR = "price"

Stated = Mapping[str, Number | None]


class Sources(msgspec.Struct, frozen=True, kw_only=True):
    """Where one store takes its prices from; *websites* is empty for price scope global."""

    listing: Listing
    currency: str
    websites: tuple[str, ...]
    scopes: Scopes

    @property
    def special(self) -> bool:
        """Whether the special price is the source, so that time alone changes it."""
        return self.listing.price_source == SPECIAL


def sources(listing: Listing, *, website: str, currency: str, price_scope: str) -> Sources:
    """Give the price sources of a store on *website*."""
    here = () if price_scope == "global" else (website,)
    nearest = (*(f"website:{code}" for code in here), "global")
    return Sources(listing=listing, currency=currency, websites=here, scopes=nearest)


def prices(values: Values, of: Sources, today: days.Day) -> Prices:
    """Give the prices of one product in one store, as of *today* in the website's zone."""
    if values.price is None:
        return Prices()
    listing = of.listing
    found, reasons, until = _source(values, of, today)
    return Prices(
        source=None if found is None else _priced(found, of),
        map=_other(values, listing.map, of),
        msrp=_other(values, listing.strike_through, of),
        until=until,
        reasons=reasons,
    )


Found = tuple[str, Number]


def _source(
    values: Values, of: Sources, today: days.Day
) -> tuple[Found | None, list[Reason], str | None]:
    if of.special:
        return _special(values, of, today)
    wanted = of.listing.price_source
    for attribute in dict.fromkeys((wanted, REGULAR)):
        found = _amount(values, attribute, of)
        if found is not None:
            return (attribute, found), _fallback(wanted, attribute), None
    return None, [], None


def _special(
    values: Values, of: Sources, today: days.Day
) -> tuple[Found | None, list[Reason], str | None]:
    regular, special = _amount(values, REGULAR, of), _amount(values, SPECIAL, of)
    if regular is None:
        return None, [], None
    start, until = window(values.price, of.scopes)
    if special is None or not days.inside(today, start, until) or special >= regular:
        return (REGULAR, regular), [] if special else _fallback(SPECIAL, REGULAR), None
    last = None if until is None else until.isoformat()
    facts = {"amount": format(special, "f"), "until": last or "–"}
    return (SPECIAL, special), [Reason("SPECIAL_PRICE", facts)], last


def _fallback(wanted: str, used: str) -> list[Reason]:
    return [] if wanted == used else [Reason("FALLBACK", {"source": wanted})]


def _other(values: Values, attribute: str | None, of: Sources) -> SourcePrice | None:
    found = _amount(values, attribute, of) if attribute else None
    return None if found is None else _priced((attribute or "", found), of)


def _priced(found: Found, of: Sources) -> SourcePrice:
    return SourcePrice(amount=found[1], currency=of.currency, source=found[0])


def _amount(values: Values, attribute: str, of: Sources) -> Number | None:
    prices: Mapping[str, Stated] = {} if values.price is None else values.price.prices
    stated = prices.get(attribute) or _as_prices(values, attribute)
    return scopes.amount(stated, of.websites) if stated else None


def _as_prices(values: Values, attribute: str) -> Stated:
    stated = values.product.attributes.get(attribute)
    if not stated:
        return {}
    return {scope: _number(scopes.text(found)) for scope, found in stated.items()}


def _number(typed: str | None) -> Number | None:
    try:
        return None if typed is None else number(typed)
    except ValueError:
        return None


def window(price: Price | None, of: Scopes) -> tuple[days.Day | None, days.Day | None]:
    """Give first and last day of the special price. Raises ValueError for what is no date."""
    if price is None:
        return None, None
    return _date(price.special_from, of), _date(price.special_to, of)


def _date(stated: Mapping[str, str | None], of: Scopes) -> days.Day | None:
    typed = next((stated[scope] for scope in of if scope in stated), None)
    return None if typed is None else days.plain(typed)


def edges(values: Values, of: Sources) -> list[days.Day]:
    """Give the days on whose first instant the special price turns for this product."""
    return days.edges(*window(values.price, of.scopes)) if of.special else []
