"""How many units Amazon should show: one shared SKU, the deciding store's settings.

`listings.md` 8, one function per part. The base is what could be sold; the verdict's test 6
compares it with the threshold; the quantity is the base after threshold, cap and verdict.
"""

from decimal import ROUND_FLOOR, Decimal

from processors.rules.answer import Answer
from schemas.candidates import StockBase
from schemas.reasons import Reason
from schemas.settings import Listing

_FULFILLED_BY_AMAZON = Answer[int | None](None, (Reason("FULFILLED_BY_AMAZON"),))
_EXCLUDED = Answer[int | None](0, (Reason("EXCLUDED"),))
_UNKNOWN = Answer[int | None](None, (Reason("STOCK_MISSING"),))
_NOT_SALABLE = Answer[int | None](0, (Reason("NOT_SALABLE"),))


def base(stock: StockBase | None, *, unmanaged: int, buffer: int) -> Answer[int | None]:
    """Give what could be sold, in whole units; None as long as no stock record has arrived.

    *unmanaged* is the store's quantity for products whose stock is not managed; the
    product's own wins. Reservations are negative numbers.
    """
    if stock is None:
        return _UNKNOWN
    if not stock.managed:
        own = stock.unmanaged_quantity
        quantity = unmanaged if own is None else own
        return Answer(quantity, (Reason("UNMANAGED", {"quantity": str(quantity)}),))
    if not stock.salable:
        return _NOT_SALABLE
    return _managed(stock, buffer)


def _managed(stock: StockBase, buffer: int) -> Answer[int | None]:
    rest = stock.quantity + stock.reserved - stock.pending - buffer
    whole = int(max(Decimal(0), rest).to_integral_value(ROUND_FLOOR))
    facts = {
        "stock": format(stock.quantity, "f"),
        "reserved": format(stock.reserved, "f"),
        "pending": format(stock.pending, "f"),
        "buffer": str(buffer),
    }
    return Answer(whole, (Reason("BASE", facts),))


def below_threshold(base: int | None, *, fba: bool, listing: Listing) -> Reason | None:
    """Judge test 6 of the verdict: give the reason why the stock excludes, if it does."""
    if fba or base is None or listing.below_threshold != "ineligible":
        return None
    return _short(base, listing.threshold) if base < listing.threshold else None


def _short(base: int, threshold: int) -> Reason:
    return Reason("BELOW_STOCK_THRESHOLD", {"base": str(base), "threshold": str(threshold)})


def quantity(
    base: int | None,
    *,
    eligible: bool,
    fba: bool,
    threshold: int,
    below_threshold: str,
    maximum: int | None,
) -> Answer[int | None]:
    """Give the quantity to show; None = none of ours: never pushed.

    *eligible* is the effective verdict, test 6 included: whoever is excluded shows 0, even
    while the stock is unknown.
    """
    if fba:
        return _FULFILLED_BY_AMAZON
    if not eligible:
        return _EXCLUDED if base is None else _excluded(base, threshold, below_threshold)
    if base is None:
        return _UNKNOWN
    if base < threshold:
        return Answer(0, (_threshold(base, threshold, below_threshold),))
    return _capped(base, maximum)


def _excluded(base: int, threshold: int, below: str) -> Answer[int | None]:
    if base < threshold and below == "ineligible":
        return Answer(0, (*_EXCLUDED.reasons, _short(base, threshold)))
    return _EXCLUDED


def _threshold(base: int, threshold: int, below: str) -> Reason:
    if below == "ineligible":
        return _short(base, threshold)
    return Reason("THRESHOLD", {"threshold": str(threshold)})


def _capped(base: int, maximum: int | None) -> Answer[int | None]:
    if not maximum or base <= maximum:
        return Answer(base)
    return Answer(maximum, (Reason("MAXIMUM", {"maximum": str(maximum)}),))
