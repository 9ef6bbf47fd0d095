"""The desired offer: what Amazon should show of one listing (`records.md` 5).

Which lines of the decision table manage an offer stands beside the table; here it gets its
terms, and a short hash per aspect by which the pusher tells one wish from another.
"""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

import msgspec

from processors.rules import price as pricing
from processors.rules.answer import Answer
from processors.rules.draft import Draft
from processors.rules.known import SharedSku, StoreFacts
from processors.rules.status import MANAGED, REMOVED
from schemas.candidates import Prices
from schemas.listings import Observed
from schemas.money import Money, Number, number
from schemas.offers import OfferHashes, StoreOffer, Tier
from schemas.settings import Rates, Settings, Website

BUSINESS = frozenset({"US", "DE", "FR", "GB"})
"""Marketplaces with business prices (`listings.md` 9)."""

LEAST_BUSINESS = Number(1)
_NO_PRICE = Answer[Money | None](None, ())
_UTC = ZoneInfo("UTC")


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """What an offer says beside its quantity, whether or not it is sent."""

    price: Money | None = None
    map: Money | None = None
    floor: Money | None = None
    list_price: Money | None = None
    b2b: Money | None = None
    tiers: tuple[Tier, ...] = ()
    asin: str | None = None
    product_type: str = "PRODUCT"
    condition: str | None = None
    note: str | None = None
    tax_code: str | None = None


def price_of(own: Draft, settings: Settings, now: datetime) -> Answer[Money | None]:
    """Give the listing price by the pipeline; none without a product."""
    if own.mine is None:
        return _NO_PRICE
    return pricing.price(
        own.mine.prices,
        listing=own.listing,
        currency=own.record.place.currency,
        rates=settings.of("rates"),
        rules=rules_of(own, settings),
        zone=zone_of(own, settings),
        now=now,
        override=_override(own),
    )


def _override(own: Draft) -> Money | None:
    """A person's price, already in the marketplace's currency."""
    stated = own.facts.overrides.get("price")
    return None if stated is None else Money(number(stated), own.record.place.currency)


def rules_of(own: Draft, settings: Settings) -> pricing.Rules:
    """Give the pricing rules whose conditions the product meets."""
    if own.mine is None:
        return ()
    known = settings.of("pricing_rule")
    return [(name, known[name]) for name in own.mine.pricing_rules if name in known]


def zone_of(own: Draft, settings: Settings) -> ZoneInfo:
    """Give the zone in which the website's days begin and end."""
    website: Website | None = settings.of("website").get(own.record.website)
    return ZoneInfo(website.zone) if website else _UTC


def terms(own: Draft, price: Money | None, settings: Settings) -> Terms:
    """Give the money side of an offer at *price*."""
    if own.mine is None or price is None:
        return Terms(price=price)
    rates: Mapping[str, Rates] = settings.of("rates")
    prices, listing = own.mine.prices, own.listing
    business = _business(own, price)
    return Terms(
        price=price,
        map=_side(own, prices, "map", rates),
        floor=_side(own, prices, "floor", rates),
        list_price=_struck(_side(own, prices, "msrp", rates), price),
        b2b=business,
        tiers=_tiers(own) if business else (),
        tax_code=None if own.published else listing.tax_code,
    )


def _side(own: Draft, prices: Prices, name: str, rates: Mapping[str, Rates]) -> Money | None:
    source = getattr(prices, name)
    if source is None:
        return None
    currency = own.record.place.currency
    amount = pricing.converted(source, currency, listing=own.listing, rates=rates)
    if amount is None or amount <= 0:
        return None
    return Money(pricing.within(amount, currency), currency)


def _struck(list_price: Money | None, price: Money) -> Money | None:
    """A strike-through below our price is not sent."""
    return list_price if list_price and list_price.amount > price.amount else None


def _business(own: Draft, price: Money) -> Money | None:
    sold = own.listing.b2b and own.record.place.country in BUSINESS
    return price if sold and price.amount >= LEAST_BUSINESS else None


def _tiers(own: Draft) -> tuple[Tier, ...]:
    """Level 1 must be there or none is sent; a level with a zero on either side is skipped."""
    levels = own.listing.tiers
    if not levels or levels[0].quantity <= 0 or levels[0].percent <= 0:
        return ()
    kept = [t for t in levels[:5] if t.quantity > 0 and t.percent > 0]
    return tuple(Tier(quantity=t.quantity, percent=t.percent) for t in kept)


# --- hashes -------------------------------------------------------------------------------


def digest(*values: object) -> str:
    """Give a short hash of *values*: equal for equal values, on every machine."""
    text = "\x1f".join("" if v is None else str(v) for v in values)
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()


def _money(money: Money | None) -> str:
    return f"{money.amount:f}{money.currency}" if money else ""


def hashes(own: Draft, wish: Terms, *, existence: str | None) -> OfferHashes:
    """Give the hash of each aspect of what is wanted; empty where nothing is."""
    if existence is None:
        return OfferHashes()
    if existence == "absent":
        return OfferHashes(existence=digest("absent"))
    return OfferHashes(
        price=price_hash(wish),
        content="" if own.published and own.facts.procedure is None else content_hash(wish),
        existence=existence_hash(own, wish),
    )


def price_hash(wish: Terms) -> str:
    """Give the hash of everything about money; empty while no price is known."""
    if wish.price is None:
        return ""
    tiers = ",".join(f"{t.quantity}:{t.percent:f}" for t in wish.tiers)
    sides = (wish.price, wish.map, wish.floor, wish.list_price, wish.b2b)
    return digest(*(_money(m) for m in sides), tiers)


def content_hash(wish: Terms) -> str:
    """Give the hash of what describes the offer."""
    return digest(wish.asin, wish.product_type, wish.condition, wish.note, wish.tax_code)


def creation_hash(own: Draft, wish: Terms) -> str:
    """Give the hash of all that a creation sends, its quantity apart: stock changes daily."""
    return digest("present", content_hash(wish), price_hash(wish), own.channel)


def existence_hash(own: Draft, wish: Terms) -> str:
    """Give the hash of being there: once it is, that of what it was created with stands."""
    if not own.published:
        return creation_hash(own, wish)
    sent = own.facts.sent.get("existence")
    made = sent is not None and sent.value != "absent" and sent.hash
    return sent.hash if sent and made else digest("present")


# --- the offer ----------------------------------------------------------------------------


def existence_wanted(line: int, facts: StoreFacts, *, blocked: bool) -> str | None:
    """Give what is wanted by the line that decided: present, absent, or None: hands off.

    *blocked*: something must be known first (line 40 before the first report or read).
    """
    if line == 10 and facts.procedure is not None:
        return "present"
    if line in REMOVED:
        return "absent"
    return "present" if line in MANAGED and not blocked else None


def store_offer(
    own: Draft, wish: Terms, *, existence: str | None, observed: Observed
) -> StoreOffer:
    """Give the part of the offer that belongs to one store."""
    if existence != "present":
        return StoreOffer(
            manage=existence is not None,
            existence=existence,  # type: ignore[arg-type]
            asin=wish.asin,
            hash=hashes(own, wish, existence=existence),
            observed=observed,
        )
    return StoreOffer(
        manage=True,
        existence="present",
        asin=wish.asin,
        product_type=wish.product_type,
        condition=wish.condition,
        note=wish.note,
        price=wish.price,
        map=wish.map,
        floor=wish.floor,
        list_price=wish.list_price,
        b2b=wish.b2b,
        tiers=list(wish.tiers),
        tax_code=wish.tax_code,
        hash=hashes(own, wish, existence=existence),
        observed=observed,
    )


def observed(sku: SharedSku, own: Draft) -> Observed:
    """Give what Amazon showed last."""
    newest = own.shows.newest
    return Observed(
        quantity=sku.quantity.value if sku.quantity else None,
        price=own.shows.price,
        exists=own.facts.exists,
        as_of=newest.as_of if newest else None,
    )
