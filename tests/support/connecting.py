"""One account with many listings that Listwire has never seen, and what must come of them.

Each listing belongs to a story; its story and what Amazon's stand-in holds tell the status.
"""

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ACCOUNT, STORE, PLACE = "acme-eu", "acme-de", "A1PA6795UKMFR9"
FACTOR = 200
"""Quotas of the stand-in and of the limiter, times the real ones."""

STORIES = (
    *["on sale"] * 13,
    "found by its ASIN",
    "a stranger",
    "no product any more",
    "suppressed",
    "sold out",
    "incomplete",
    "fulfilled by Amazon",
)
"""What listing number n is: its story is that of n modulo their number."""

LINKED = frozenset(STORIES) - {"a stranger", "no product any more"}

SETTINGS = f"""
account:
  acme-eu: {{region: EU, merchant_token: A1ACME, credentials: env:ACME_EU}}
website:
  base: {{id: 1, zone: Europe/Berlin, currency: EUR, default_view: default, views: {{default: 1}}}}
store:
  {STORE}: {{account: acme-eu, marketplace: DE, website: base, created: 2024-03-01}}
attribute:
  asin: {{type: text}}
listing:
  {STORE}: {{auto_list: false}}
search:
  {STORE}: {{asin: asin}}
third_party:
  {STORE}: {{import: true, seller_sku: sku, asin: asin}}
"""


def story(number: int) -> str:
    """Give the story of listing *number*."""
    return STORIES[number % len(STORIES)]


def seller_sku(number: int) -> str:
    """Give the seller SKU of listing *number*."""
    prefix = {"found by its ASIN": "OLD", "a stranger": "ATTIC", "no product any more": "GONE"}
    return f"{prefix.get(story(number), 'P')}-{number:05d}"


def sku(number: int) -> str:
    """Give the catalogue SKU that listing *number* belongs to, if to any."""
    return f"P-{number:05d}"


def asin(number: int) -> str:
    """Give the ASIN of listing *number*."""
    return f"B0FC{number:06d}"


def units(number: int) -> int:
    """Give the stock of listing *number*, in the shop and at Amazon."""
    return 0 if story(number) == "sold out" else 5 + number % 7


def price(number: int) -> str:
    """Give the price of listing *number*, in the shop and at Amazon."""
    return f"{9 + number % 50}.90"


def catalogue(count: int) -> Iterator[dict[str, Any]]:
    """Give the events of the shop's products."""
    for n in range(count):
        if story(n) in LINKED:
            yield from _product(n)


def _product(n: int) -> Iterator[dict[str, Any]]:
    whole = {"sku": sku(n), "name": f"Product {n}", "websites": ["base"],
             "attributes": {"asin": {"global": asin(n)}}}  # fmt: skip
    stock = {"*": {"managed": True, "quantity": str(units(n))}}
    yield _event("catalog.product.v1", n, whole)
    yield _event("catalog.stock.v1", n, {"sku": sku(n), "websites": stock})
    yield _event("catalog.price.v1", n, {"sku": sku(n), "prices": {"price": {"global": price(n)}}})


def _event(topic: str, n: int, data: dict[str, Any]) -> dict[str, Any]:
    return {"type": topic, "time": "2026-11-25T10:00:00Z", "subject": sku(n), "data": data}


def world(count: int) -> dict[str, Any]:
    """Give the stand-in's seed."""
    return {
        "seed": 11,
        "clock": "real",
        "profile": "quiet",
        "apply_seconds": 1.0,
        "quota_factor": FACTOR,
        "accounts": {
            ACCOUNT: {
                "region": "EU",
                "merchant_token": "A1ACME",
                "refresh_token": "Atzr|acme",
                "marketplaces": [PLACE],
            }
        },
        "catalogue": [{"asin": asin(n), "title": f"Product {n}"} for n in range(count)],
        "listings": [_listing(n) for n in range(count)],
    }


def _listing(n: int) -> dict[str, Any]:
    row: dict[str, Any] = {
        "account": ACCOUNT,
        "marketplace": PLACE,
        "sku": seller_sku(n),
        "asin": asin(n),
        "price": price(n),
        "quantity": units(n),
        "channel": "DEFAULT",
    }
    return row | TROUBLE.get(story(n), {})


TROUBLE: dict[str, dict[str, Any]] = {
    "fulfilled by Amazon": {"channel": "AMAZON_EU"},
    "incomplete": {"status": "incomplete"},
    "suppressed": {
        "issues": [
            {
                "code": "18299",
                "message": "The main image shows a logo.",
                "severity": "ERROR",
                "categories": ["INVALID_IMAGE"],
                "enforcements": {
                    "actions": [{"action": "LISTING_SUPPRESSED"}],
                    "exemption": {"status": "NOT_EXEMPT"},
                },
            }
        ]
    },
}


def write(folder: Path, count: int) -> tuple[Path, Path]:
    """Write catalogue and seed into *folder*."""
    folder.mkdir(parents=True, exist_ok=True)
    products, seed = folder / "catalogue.jsonl", folder / "seed.json"
    with products.open("w") as file:
        file.writelines(json.dumps(event) + "\n" for event in catalogue(count))
    seed.write_text(json.dumps(world(count)))
    return products, seed


def expected(truth: list[dict[str, Any]], known: set[str]) -> Counter[tuple[str, str]]:
    """Give how many listings must have each tab and status, by what Amazon holds.

    *known*: seller SKUs that some product stands behind. Our own zero is no block.
    """
    return Counter(_judged(listing, known) for listing in truth)


def _judged(listing: dict[str, Any], known: set[str]) -> tuple[str, str]:
    if listing["sku"] not in known:
        return "new_third_party", "awaiting_assignment"
    if listing["report_status"] == "Incomplete":
        return "incomplete", "missing_information"
    if "BUYABLE" in listing["status"] or listing["quantity"] == 0:
        return "active", "active"
    return "inactive", "inactive"


def linked(count: int) -> set[str]:
    """Give the seller SKUs that a product stands behind."""
    return {seller_sku(n) for n in range(count) if story(n) in LINKED}
