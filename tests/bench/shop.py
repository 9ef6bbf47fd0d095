"""A shop of a known size: its settings, its records, and what Amazon holds of it.

Each account sells every product in one store of its own, and each store has a website of its
own; so one price event can change one listing, or all of a product's.
"""

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import msgspec

from schemas import codec, keys
from schemas.amazon import Observation, ObservedStore
from schemas.catalog import Category, Price, Product, Stock, WebsiteStock
from schemas.event import Event
from schemas.money import Money, Number, number
from schemas.record import Record

GERMANY = "A1PA6795UKMFR9"
ABOUT = "A text of the length that a shop's own descriptions have, told to nobody else. " * 3


class Shop(msgspec.Struct, frozen=True):
    """A shop of *products*, each sold by every one of *accounts*."""

    accounts: int
    products: int

    @property
    def sellers(self) -> list[str]:
        """The account ids."""
        return [f"seller-{n}" for n in range(self.accounts)]

    def settings(self) -> str:
        """Give the settings file (JSON is YAML, too)."""
        numbered = list(enumerate(self.sellers))
        stores = {store(s): s for s in self.sellers}
        document = {
            "account": {s: _account(s) for s in self.sellers},
            "website": {website(s): _website(n) for n, s in numbered},
            "store": {name: _store(s) for name, s in stores.items()},
            "shop": {"default": {"manage_stock": True, "out_of_stock_threshold": "0"}},
            "attribute": {code: {"type": "text"} for code in ("ean", "color", "material")},
            "listing": {name: {"auto_list": False} for name in stores},
            "search": {name: {"ean": "ean", "general": "name"} for name in stores},
            "third_party": {name: {"import": True, "seller_sku": "sku"} for name in stores},
            "rule": dict.fromkeys(stores, RULE),
        }
        return json.dumps(document, indent=1)

    def seed(self) -> dict[str, Any]:
        """Give the stand-in's world: every listing is there, with the right price."""
        return {
            "seed": 7,
            "clock": "real",
            "profile": "quiet",
            "apply_seconds": 1.0,
            "accounts": {
                s: {
                    "region": "EU",
                    "merchant_token": merchant_token(s),
                    "refresh_token": refresh_token(s),
                    "marketplaces": [GERMANY],
                }
                for s in self.sellers
            },
            "catalogue": [{"asin": asin(n), "title": name(n)} for n in range(self.products)],
            "listings": [_seeded(s, n) for s in self.sellers for n in range(self.products)],
        }

    def environ(self) -> dict[str, str]:
        """Give the variables that the accounts' credentials refer to."""
        return {f"{_variable(s)}_REFRESH_TOKEN": refresh_token(s) for s in self.sellers}

    def stocks_and_prices(self) -> Iterator[Record]:
        """Give stock and price of everything; until the product is there nothing is said."""
        return (told for n in range(self.products) for told in (stock(n), price(n, "10.00")))

    def catalogue(self) -> Iterator[Record]:
        """Give every product."""
        return (self.product(n) for n in range(self.products))

    def observations(self) -> Iterator[Record]:
        """Give what a report would say of every listing."""
        return (observation(s, n) for n in range(self.products) for s in self.sellers)

    def product(self, n: int) -> Record:
        """Give the record of product *n*."""
        told = {"ean": ean(n), "color": "Moss", "material": "Oak", "description": ABOUT}
        return said(
            Product(
                sku=sku(n),
                name=name(n),
                shop_id=str(n + 1),
                websites=[website(s) for s in self.sellers],
                categories=[Category(id="12", path="Default Category/Home/Lamps")],
                attribute_set="Home",
                attributes={code: {"global": value} for code, value in told.items()},
            )
        )


RULE = {
    "all": True,
    "of": [
        {"attribute": "price", "greater_or_equal": "1"},
        {"any": False, "of": [{"attribute": "color", "is": "Pink"}]},
    ],
}


def sku(n: int) -> str:
    """Give the SKU of product *n*; its seller SKUs are the same."""
    return f"LAMP-{n:06d}"


def name(n: int) -> str:
    """Give its name."""
    return f"Desk lamp, oak, number {n}"


def asin(n: int) -> str:
    """Give its ASIN."""
    return f"B0{n:08d}"


def ean(n: int) -> str:
    """Give its EAN-13, with the right check digit."""
    body = f"400638{n:06d}"
    weights = (1, 3) * 6
    return f"{body}{-sum(int(d) * w for d, w in zip(body, weights, strict=True)) % 10}"


def store(seller: str) -> str:
    """Give the one store of an account."""
    return f"{seller}-de"


def website(seller: str) -> str:
    """Give the website of its store."""
    return f"site-{seller}"


def refresh_token(seller: str) -> str:
    """Give what the account logs in with."""
    return f"Atzr|bench-{seller}"


def merchant_token(seller: str) -> str:
    """Give Amazon's id of the account."""
    return "A1" + seller.replace("-", "").upper()


def _variable(seller: str) -> str:
    return seller.replace("-", "_").upper()


def _account(seller: str) -> dict[str, Any]:
    credentials = f"env:{_variable(seller)}"
    return {"region": "EU", "merchant_token": merchant_token(seller), "credentials": credentials}


def _website(n: int) -> dict[str, Any]:
    view = f"view-{n}"
    return {
        "id": n + 1,
        "zone": "Europe/Berlin",
        "currency": "EUR",
        "sort_order": n + 1,
        "default_view": view,
        "views": {view: n + 1},
    }


def _store(seller: str) -> dict[str, Any]:
    return {
        "account": seller,
        "marketplace": "DE",
        "website": website(seller),
        "created": "2024-03-01",
        "active": True,
    }


def _seeded(seller: str, n: int) -> dict[str, Any]:
    return {
        "account": seller,
        "marketplace": GERMANY,
        "sku": sku(n),
        "asin": asin(n),
        "price": "10.00",
        "quantity": 5,
        "condition": "new_new",
        "channel": "DEFAULT",
    }


# --- records ------------------------------------------------------------------------------


def said(event: Product | Stock | Price) -> Record:
    """Give the record with which a shop says *event* now."""
    topic = f"catalog.{type(event).__name__.lower()}.v1"
    return record(event, topic, keys.join(event.sku), event.sku)


def record(event: Event, topic: str, key: bytes, subject: str) -> Record:
    """Give the record of *event*, said now."""
    return codec.encode(
        event,
        topic=topic,
        key=key,
        id=str(uuid4()),
        source="//bench",
        subject=subject,
        time=datetime.now(UTC),
        sequence=time.time_ns() // 1000,
    )


def price(n: int, amount: str, **websites: str) -> Record:
    """Give a price event of product *n*: *amount* everywhere but on some *websites*."""
    scopes: dict[str, Number | None] = {"global": number(amount)}
    scopes |= {f"website:{site}": number(its) for site, its in websites.items()}
    return said(Price(sku=sku(n), prices={"price": scopes}))


def stock(n: int) -> Record:
    """Give a stock event of product *n*: five everywhere."""
    five = WebsiteStock(managed=True, salable=True, quantity=number("5"))
    return said(Stock(sku=sku(n), websites={"*": five}))


def observation(seller: str, n: int) -> Record:
    """Give what a report says now of one listing."""
    shown = ObservedStore(
        exists=True,
        asin=asin(n),
        report_status="Active",
        price=Money(amount=number("10.00"), currency="EUR"),
        condition="new_new",
        title=name(n),
    )
    observed = Observation(
        account=seller,
        seller_sku=sku(n),
        source="report",
        as_of=datetime.now(UTC),
        report="bench",
        stores={store(seller): shown},
        channel="DEFAULT",
        quantity=5,
    )
    return record(observed, "amazon.listing.v1", keys.shared(seller, sku(n)), sku(n))
