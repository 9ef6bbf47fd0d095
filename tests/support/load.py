"""The load of the fault run: four accounts, their catalogue and its changes, as files.

Everything follows from one seed, so a disturbed run can be compared with an undisturbed one.
"""

import json
import random
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec

PLACES = {
    "a1": ("DE", "A1PA6795UKMFR9"),
    "a2": ("FR", "A13V1IB3VIYZZH"),
    "a3": ("IT", "APJ6JRA9NG5V4"),
    "a4": ("ES", "A1RKKUPIHCS9HS"),
}
"""Account → the one marketplace it sells in."""

ACCOUNTS = tuple(PLACES)
FACTOR = 20
"""Quotas of the stand-in and of the limiter, times the real ones."""


class Size(msgspec.Struct, frozen=True, kw_only=True):
    """How much there is to do, and how fast it comes."""

    products: int = 5_000
    changes: int = 10_000
    new: int = 200
    rate: float = 200.0


class Files(msgspec.Struct, frozen=True, kw_only=True):
    """What is brought in, in this order."""

    settings: Path
    seed: Path
    catalogue: Path
    changes: Path
    environ: dict[str, str]


class Expected(msgspec.Struct, frozen=True):
    """What the newest change of one product says: price in EUR, units."""

    price: str
    quantity: int


def sku(number: int) -> str:
    """Give the SKU of product *number*."""
    return f"P-{number:05d}"


def account(number: int) -> str:
    """Give the account that product *number* is sold by."""
    return ACCOUNTS[number % len(ACCOUNTS)]


def seller_of(name: str) -> str:
    """Give the account that product *name* is sold by; the others do not have its website."""
    return account(int(name.rpartition("-")[2]))


def ean(number: int) -> str:
    """Give the (invented) EAN-13 of product *number*."""
    body = f"401234{number:06d}"
    total = sum(int(d) * w for d, w in zip(body, (1, 3) * 6, strict=True))
    return f"{body}{-total % 10}"


def asin(number: int) -> str:
    """Give the ASIN of product *number*."""
    return f"B0FT{number:06d}"


def price(number: int) -> str:
    """Give the first price of product *number*."""
    return str(Decimal(1_000 + number % 5_000) / 100)


def write(folder: Path, size: Size, *, seed: int = 1) -> tuple[Files, dict[str, Expected]]:
    """Write the files of one run; give them, and what every product must end at."""
    folder.mkdir(parents=True, exist_ok=True)
    files = Files(
        settings=folder / "settings.yaml",
        seed=folder / "seed.json",
        catalogue=folder / "catalogue.jsonl",
        changes=folder / "changes.jsonl",
        environ={f"{name.upper()}_REFRESH_TOKEN": f"Atzr|{name}" for name in ACCOUNTS}
        | {"LISTWIRE_AMAZON__QUOTA_FACTOR": str(FACTOR)},
    )
    files.settings.write_text(settings())
    files.seed.write_text(json.dumps(world(size)))
    _lines(files.catalogue, (e for n in range(size.products) for e in product(n)))
    changes, expected = _changes(size, random.Random(seed))
    _lines(files.changes, iter(changes))
    return files, expected


def _lines(path: Path, events: Iterator[dict[str, Any]]) -> None:
    with path.open("w") as file:
        for event in events:
            file.write(json.dumps(event) + "\n")


def settings() -> str:
    """Give the settings of four accounts with one store each."""
    rows = list(enumerate(PLACES.items(), 1))
    account_lines = [
        f"  {a}: {{region: EU, merchant_token: T{a.upper()}, credentials: env:{a.upper()}}}"
        for _, (a, _) in rows
    ]
    site_lines = [
        f"  w{n}: {{id: {n}, zone: Europe/Berlin, currency: EUR, default_view: v{n},"
        f" views: {{v{n}: {n}}}}}"
        for n, _ in rows
    ]
    store_lines = [
        f"  s{n}: {{account: {a}, marketplace: {country}, website: w{n}, created: 2024-01-0{n}}}"
        for n, (a, (country, _)) in rows
    ]
    search = [f"  s{n}: {{ean: ean}}" for n, _ in rows]
    text = {"account": account_lines, "website": site_lines, "store": store_lines}
    text |= {"attribute": ["  ean: {type: text}"], "search": search}
    return "\n".join(line for kind, lines in text.items() for line in (f"{kind}:", *lines)) + "\n"


def product(number: int) -> list[dict[str, Any]]:
    """Give the three events of one product."""
    name, site = sku(number), f"w{number % len(ACCOUNTS) + 1}"
    whole = {
        "sku": name,
        "name": f"Product {number}",
        "websites": [site],
        "attributes": {"ean": {"global": ean(number)}},
    }
    return [
        _event("catalog.product.v1", name, whole),
        _event("catalog.stock.v1", name, _stock(name, 10)),
        _event("catalog.price.v1", name, _price(name, price(number))),
    ]


def _event(topic: str, name: str, data: dict[str, Any]) -> dict[str, Any]:
    return {"type": topic, "time": "2026-11-25T10:00:00Z", "subject": name, "data": data}


def _stock(name: str, units: int) -> dict[str, Any]:
    return {"sku": name, "websites": {"*": {"managed": True, "quantity": str(units)}}}


def _price(name: str, amount: str) -> dict[str, Any]:
    return {"sku": name, "prices": {"price": {"global": amount}}}


def _changes(size: Size, chance: random.Random) -> tuple[list[dict[str, Any]], dict[str, Expected]]:
    prices = {n: price(n) for n in range(size.products + size.new)}
    units = dict.fromkeys(prices, 10)
    events: list[dict[str, Any]] = []
    every = max(1, size.changes // max(1, size.new))
    for step in range(size.changes):
        number = chance.randrange(size.products)
        if chance.random() < 0.5:
            prices[number] = str(Decimal(chance.randrange(900, 7_000)) / 100)
            events.append(
                _event("catalog.price.v1", sku(number), _price(sku(number), prices[number]))
            )
        else:
            units[number] = chance.choice((0, 1, 2, 5, 20, 60))
            events.append(
                _event("catalog.stock.v1", sku(number), _stock(sku(number), units[number]))
            )
        if step % every == 0 and step // every < size.new:
            events += product(size.products + step // every)
    return events, {sku(n): Expected(prices[n], units[n]) for n in prices}


def world(size: Size) -> dict[str, Any]:
    """Give the stand-in's seed: every product known, all but the new ones listed, right."""
    numbers = range(size.products + size.new)
    return {
        "seed": 3,
        "clock": "real",
        "profile": "quiet",
        "apply_seconds": 1.0,
        "quota_factor": FACTOR,
        "accounts": {
            name: {
                "region": "EU",
                "merchant_token": f"T{name.upper()}",
                "refresh_token": f"Atzr|{name}",
                "marketplaces": [place],
            }
            for name, (_, place) in PLACES.items()
        },
        "catalogue": [
            {"asin": asin(n), "gtins": ["0" + ean(n)], "title": f"Product {n}"} for n in numbers
        ],
        "listings": [
            {
                "account": account(n),
                "marketplace": PLACES[account(n)][1],
                "sku": sku(n),
                "asin": asin(n),
                "price": price(n),
                "quantity": 10,
                "channel": "DEFAULT",
            }
            for n in range(size.products)
        ],
    }
