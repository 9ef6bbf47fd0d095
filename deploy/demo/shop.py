"""The sample shop: products, and what its seller already has at Amazon. Pure, no chance.

Each product belongs to one *story*, and the story alone decides what its catalogue row,
Amazon's catalogue and the seller's listings hold; tabs and statuses follow from these.
"""

import csv
import io
from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import msgspec

KINDS = (
    "Desk lamp,Mug,Bowl,Bath towel,Cushion,Vase,Clock,Tray,Candle holder,Bread knife,Kettle,"
    "Teapot,Photo frame,Coat hook,Shelf,Stool"
).split(",")
MATERIALS = ("Steel", "Oak", "Linen", "Stoneware")
COLOURS = ("White", "Black", "Sand", "Moss", "Slate")
RATE = Decimal("1.0850")
MARKETPLACES = {
    "acme-de": "A1PA6795UKMFR9",
    "acme-fr": "A13V1IB3VIYZZH",
    "acme-us": "ATVPDKIKX0DER",
}
ACCOUNTS = {"acme-de": "acme-eu", "acme-fr": "acme-eu", "acme-us": "acme-us"}

STORIES: dict[str, tuple[int, ...]] = {
    "suppressed": (5, 25, 45),
    "image missing": (6, 26),
    "clearance, on Amazon": (7, 27, 47, 67),
    "condition empty": (8, 28),
    "wrong check digit": (9, 29),
    "no identifier": (30,),
    "three items with its code": (10, 50),
    "variation parent": (11, 31),
    "sold under an older SKU": (12, 32, 52),
    "new, to be listed": (13, 33, 53, 73, 93),
    "ended by a person": (14, 34),
    "code shared by two products": (15, 16),
    "sold out": (17, 37),
    "fulfilled by Amazon": (18, 38),
    "unknown to Amazon": (19,),
}
"""Which products (by number) have which story; all others are simply on sale."""


class Item(msgspec.Struct, frozen=True):
    """One product of the sample shop."""

    number: int
    story: str

    @property
    def sku(self) -> str:
        """The catalogue SKU."""
        return f"{self.kind[:3].upper()}-{self.number:03d}"

    @property
    def kind(self) -> str:
        """What it is."""
        return KINDS[self.number % len(KINDS)]

    @property
    def material(self) -> str:
        """What it is made of."""
        return MATERIALS[self.number // len(KINDS) % len(MATERIALS)]

    @property
    def colour(self) -> str:
        """Its colour."""
        return COLOURS[self.number // (len(KINDS) * len(MATERIALS)) % len(COLOURS)]

    @property
    def name(self) -> str:
        """Its name in the shop and at Amazon."""
        return f"{self.kind}, {self.material}, {self.colour}"

    @property
    def price(self) -> Decimal:
        """Its price in EUR."""
        return Decimal(890 + self.number * 37 % 9100) / 100

    @property
    def stock(self) -> int:
        """Units in stock."""
        return 0 if self.story == "sold out" else 3 + self.number * 7 % 40

    @property
    def ean(self) -> str:
        """Its EAN-13 (an invented one), with the right check digit unless its story says so."""
        body = f"400638{self.number:06d}"
        weights = (1, 3) * 6
        check = -sum(int(d) * w for d, w in zip(body, weights, strict=True)) % 10
        return f"{body}{(check + 1) % 10 if self.story == 'wrong check digit' else check}"

    @property
    def asin(self) -> str:
        """The ASIN of its catalogue item at Amazon."""
        return f"B0LW{self.number:06d}"


def items(count: int = 320) -> Iterator[Item]:
    """Give the products of the shop."""
    told = {number: story for story, numbers in STORIES.items() for number in numbers}
    return (Item(n, told.get(n, "on sale")) for n in range(1, count + 1))


COLUMNS = (
    "sku,store_view_code,attribute_set_code,product_type,categories,product_websites,name,"
    "product_online,price,additional_attributes,qty,is_in_stock,manage_stock,"
    "use_config_manage_stock"
).split(",")


def catalogue() -> str:
    """Give the shop's catalogue as the export CSV of its commerce system."""
    out = io.StringIO()
    table = csv.writer(out, lineterminator="\n")
    table.writerow(COLUMNS)
    table.writerows(_row(item) for item in items())
    table.writerow(_parent())
    return out.getvalue()


def _row(item: Item) -> list[str]:
    return [
        item.sku,
        "",
        "Home",
        "simple",
        f"Default Category/Home/{item.kind}",
        "base,us",
        item.name,
        "1",
        str(item.price),
        ",".join(f"{code}={value}" for code, value in _attributes(item)),
        str(item.stock),
        "1" if item.stock else "0",
        "1",
        "0",
    ]


def _attributes(item: Item) -> list[tuple[str, str]]:
    told = [("color", item.colour), ("material", item.material)]
    if item.story != "no identifier":
        told.append(("ean", item.ean))
    if item.story != "condition empty":
        told.append(("state", "New"))
    if item.story == "code shared by two products":
        told.append(("asin", "B0LWSHARED"))
    if item.story == "sold under an older SKU":
        told.append(("asin", item.asin))
    told.append(("clearance", "1" if item.story == "clearance, on Amazon" else "0"))
    return told


def _parent() -> list[str]:
    row = dict.fromkeys(COLUMNS, "")
    row |= {"sku": "MUG", "product_type": "configurable", "attribute_set_code": "Home"}
    row |= {"product_websites": "base", "name": "Mug, all colours", "product_online": "1"}
    return list(row.values())


def seed(*, apply_seconds: float = 1.0) -> dict[str, Any]:
    """Give the document from which the stand-in makes its world (`records.md` 6)."""
    return {
        "seed": 7,
        "clock": "real",
        "profile": "quiet",
        "apply_seconds": apply_seconds,
        "accounts": {
            "acme-eu": _account("EU", "A1ACMEEU", "acme-de", "acme-fr"),
            "acme-us": _account("NA", "A1ACMEUS", "acme-us"),
        },
        "catalogue": [one for item in items() for one in _catalogue_items(item)],
        "listings": [one for item in items() for one in _listings(item)] + list(_strangers()),
    }


def _account(region: str, token: str, *stores: str) -> dict[str, Any]:
    return {
        "region": region,
        "merchant_token": token,
        "refresh_token": f"Atzr|demo-{token}",
        "marketplaces": [MARKETPLACES[s] for s in stores],
    }


def _catalogue_items(item: Item) -> list[dict[str, Any]]:
    one = {"asin": item.asin, "gtins": ["0" + item.ean], "title": item.name, "brand": "Acme"}
    if item.story in ("unknown to Amazon", "wrong check digit", "no identifier"):
        return []
    if item.story == "variation parent":
        return [one | {"children": [f"B0LWCH{item.number:04d}"]}]
    if item.story == "three items with its code":
        return [one | {"asin": f"{item.asin[:-1]}{x}"} for x in "XYZ"]
    if item.story == "code shared by two products":
        return [one | {"asin": "B0LWSHARED"}] if item.number == 15 else []
    return [one]


UNLISTED = {
    "condition empty",
    "wrong check digit",
    "no identifier",
    "three items with its code",
    "variation parent",
    "new, to be listed",
    "code shared by two products",
    "unknown to Amazon",
}
"""Stories of products that the seller has not put on Amazon."""


def _listings(item: Item) -> Iterator[dict[str, Any]]:
    if item.story in UNLISTED:
        return
    yield _listing(item, "acme-de", str(item.price)) | _trouble(item)
    waiting = item.number % 20 == 3  # eligible there, and not on Amazon yet
    if item.material == "Linen" and item.price >= 15 and not waiting:
        yield _listing(item, "acme-fr", str(item.price))
    if item.material == "Oak" and not waiting:
        dollars = (item.price * RATE).quantize(Decimal("0.01"), ROUND_HALF_UP)
        yield _listing(item, "acme-us", str(dollars))


def _listing(item: Item, store: str, price: str) -> dict[str, Any]:
    older = item.story == "sold under an older SKU" and store == "acme-de"
    return {
        "account": ACCOUNTS[store],
        "marketplace": MARKETPLACES[store],
        "sku": f"OLD-{item.sku}" if older else item.sku,
        "asin": item.asin,
        "price": price,
        "quantity": item.stock,
        "condition": "new_new",
        "channel": "DEFAULT",
    }


def _trouble(item: Item) -> dict[str, Any]:
    if item.story == "suppressed":
        return {
            "issues": [
                _issue(
                    "18299", "The main image shows a logo.", "INVALID_IMAGE", "LISTING_SUPPRESSED"
                )
            ]
        }
    if item.story == "image missing":
        return {"status": "incomplete"}
    if item.story == "fulfilled by Amazon":
        return {"channel": "AMAZON_EU"}
    return {}


def _issue(code: str, message: str, category: str, action: str | None) -> dict[str, Any]:
    issue: dict[str, Any] = {
        "code": code,
        "message": message,
        "severity": "ERROR",
        "categories": [category],
    }
    if action:
        issue["enforcements"] = {
            "actions": [{"action": action}],
            "exemption": {"status": "NOT_EXEMPT"},
        }
    return issue


def _strangers() -> Iterator[dict[str, Any]]:
    for n in range(1, 6):
        item = Item(900 + n, "on sale")
        yield _listing(item, "acme-de", "9.99") | {"sku": f"ATTIC-{n}", "asin": f"B0ATTIC00{n}"}
    shared = _listing(Item(15, "on sale"), "acme-de", "19.99")
    yield shared | {"sku": "BOTH-FIT", "asin": "B0LWSHARED"}


ENDED_BY_PERSON = [item.sku for item in items() if item.story == "ended by a person"]
"""Seller SKUs that the demo's person ends in acme-de."""
