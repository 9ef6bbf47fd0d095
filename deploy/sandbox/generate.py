"""Worlds from a catalogue file, or of a stated size, in the shares that a seed asks for.

Each product gets an ASIN; each account one listing of it per marketplace, in a state drawn
from the seed. Further shares: `fba`, `third_party` (under a SKU that the shop does not know)
and `absent` (in Amazon's catalogue only).
"""

import csv
from collections.abc import Iterable, Iterator
from decimal import Decimal, InvalidOperation
from itertools import count, islice
from typing import NamedTuple

from deploy.sandbox import chance
from deploy.sandbox.chance import fixed
from deploy.sandbox.seed import Generate, SeedAccount, SeedListing, SeedProduct
from deploy.sandbox.wishes import WISHES

NUMBERS = ("gtin", "ean", "upc", "isbn", "barcode")
OTHER_STATES = ("fba", "third_party", "absent")


class Row(NamedTuple):
    """What a generated world needs to know of one product."""

    sku: str
    title: str
    price: Decimal
    quantity: int
    gtins: list[str]


def rows(lines: Iterable[str]) -> Iterator[Row]:
    """Read the simple products of a catalogue CSV: sku, name, price, qty, and a GTIN column."""
    for record in csv.DictReader(lines):
        simple = (record.get("product_type") or "simple") == "simple"
        if simple and record.get("sku") and not record.get("store_view_code"):
            yield _row(record)


def _row(record: dict[str, str]) -> Row:
    more = dict(
        pair.split("=", 1)
        for pair in (record.get("additional_attributes") or "").split(",")
        if "=" in pair
    )
    numbers = [record.get(name) or more.get(name) for name in NUMBERS]
    price = _number(record.get("price")) or Decimal("9.99")
    quantity = _number(record.get("qty") or record.get("quantity")) or Decimal(0)
    stated = [number for number in numbers if number]
    return Row(record["sku"], record.get("name") or record["sku"], price, int(quantity), stated)


def _number(text: str | None) -> Decimal | None:
    try:
        return Decimal((text or "").strip())
    except InvalidOperation:
        return None


def numbered(prefix: str, most: int) -> Iterator[Row]:
    """Make *most* products that differ in number, price and stock."""
    for number in islice(count(1), most):
        price = Decimal(500 + number * 37 % 9500) / 100
        stem = f"40{number:010d}"
        gtin = stem + check_digit(stem)
        yield Row(f"{prefix}{number}", f"Product {number}", price, 1 + number % 50, [gtin])


def check_digit(digits: str) -> str:
    """Give the check digit of a trade item number without it (GS1)."""
    total = sum(int(d) * (3 if place % 2 == 0 else 1) for place, d in enumerate(reversed(digits)))
    return str(-total % 10)


def asin(seed: int, sku: str) -> str:
    """Give a product's ASIN in this world."""
    return chance.asin(fixed(seed, "asin", sku))


def products(seed: int, found: Iterable[Row]) -> Iterator[SeedProduct]:
    """Give the catalogue of a generated world."""
    for row in found:
        yield SeedProduct(asin=asin(seed, row.sku), title=row.title, gtins=row.gtins)


def listings(
    seed: int, found: Iterable[Row], plan: Generate, accounts: dict[str, SeedAccount]
) -> Iterator[SeedListing]:
    """Give the listings of a generated world, every account's in its own states."""
    check(plan.share)
    named = {name: accounts[name] for name in plan.accounts or accounts}
    for row in found:
        for name, account in named.items():
            state = state_of(seed, f"{name}|{row.sku}", plan.share)
            if state != "absent":
                yield from _listing(
                    seed, row, state=state, account=name, shops=account.marketplaces
                )


def check(share: dict[str, float]) -> None:
    """Refuse a share of a state that does not exist."""
    for state in share:
        if state not in WISHES and state not in OTHER_STATES:
            raise ValueError(f"no state {state!r} - at `$.generate.share`")


def state_of(seed: int, entity: str, share: dict[str, float]) -> str:
    """Draw the state of one listing; what the shares leave is active."""
    drawn = int.from_bytes(fixed(seed, "state", entity)[:7]) / 2**56
    for state, part in share.items():
        if drawn < part:
            return state
        drawn -= part
    return "active"


def _listing(
    seed: int, row: Row, *, state: str, account: str, shops: list[str]
) -> Iterator[SeedListing]:
    for shop in shops:
        yield SeedListing(
            account=account,
            marketplace=shop,
            sku=f"TP-{row.sku}" if state == "third_party" else row.sku,
            asin=asin(seed, row.sku),
            price=row.price,
            quantity=row.quantity,
            channel="FBA" if state == "fba" else None,
            status=state if state in WISHES else None,
        )
