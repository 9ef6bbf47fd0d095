"""What the shop says: products, stock, prices (`records.md` 2)."""

import re
from collections.abc import Iterable
from datetime import date
from typing import Annotated, Literal

import msgspec

from schemas.event import Event, Part
from schemas.images import IMAGES, image_of
from schemas.money import Number, zero

Sku = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
"""A catalogue SKU, byte for byte as the shop spells it."""

Scope = str
"""`global`, `website:<code>` or `view:<code>`."""

ProductType = Literal[
    "simple", "virtual", "configurable", "bundle", "grouped", "downloadable", "giftcard"
]

Value = str | list[str] | None
"""An attribute's value in one scope; null = none there, absent = inherited."""


CEILING = Number(10**12)
"""No price reaches it: beyond is a mistake (`reliability.md` 4, number 24)."""

MAX_ATTRIBUTES = 2_000
"""Attributes that one product may have (`reliability.md` 4, number 47)."""

MAX_VALUES = 1_000
"""Values that one attribute may have in one scope (`reliability.md` 4, number 47)."""

_UNFIT = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_SCOPE = re.compile(r"global|(?:website|view):\S{1,64}")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[T ].{1,40})?")


def sku_of(text: str) -> str:
    """Give *text* back. Raises ValueError if no catalogue may spell a SKU like that."""
    if not text.strip():
        raise ValueError("a SKU is not empty and not made of blanks alone")
    if len(text) > 64:
        raise ValueError(f"a SKU has at most 64 characters, not {len(text)}")
    if _UNFIT.search(text):
        raise ValueError("a control character in a SKU")
    return text


def price_of(amount: Number) -> Number:
    """Give *amount* back. Raises ValueError if it is negative, or 10¹² and more."""
    if not 0 <= amount < CEILING:
        raise ValueError(f"{amount} is no price: 0 up to 10¹²")
    return amount


def day_of(text: str) -> str:
    """Give *text* back, a time of day behind the day included. Raises ValueError."""
    if not _DAY.fullmatch(text):
        raise ValueError(f"{text[:40]!r} is no day: 2026-11-20")
    date.fromisoformat(text[:10])
    return text


def _scopes(scopes: Iterable[Scope]) -> None:
    for scope in scopes:
        if scope != "global" and not _SCOPE.fullmatch(scope):
            raise ValueError(f"{scope[:80]!r} is no scope: global, website:…, view:…")


def _pictures(values: dict[Scope, Value]) -> None:
    for found in values.values():
        for text in found if isinstance(found, list) else [found]:
            if text is not None:
                image_of(text)


class Category(Part, frozen=True, kw_only=True):
    """A category the product is assigned to directly: the shop's id, the path, or both."""

    id: str | None = None
    path: str | None = None


class Product(Event, frozen=True, kw_only=True):
    """The whole product, always: type, enabled, websites, categories, attributes per scope."""

    sku: Sku
    shop_id: str | None = None
    name: str | None = None
    type: ProductType = "simple"
    required_options: bool = False
    enabled: dict[Scope, bool] = {}
    parent: str | None = None
    sold_by: Number | None = None
    websites: list[str] = []
    categories: list[Category] = []
    attribute_set: str | None = None
    attributes: dict[str, dict[Scope, Value]] = {}

    def __post_init__(self) -> None:
        sku_of(self.sku)
        _scopes(self.enabled)
        if len(self.attributes) > MAX_ATTRIBUTES:
            raise ValueError(f"{len(self.attributes)} attributes, at most {MAX_ATTRIBUTES}")
        for code, values in self.attributes.items():
            # the usual case is cheap: facts are read often
            if len(values) > 1 or "global" not in values:
                _scopes(values)
            for found in values.values():
                if found.__class__ is list and len(found) > MAX_VALUES:
                    raise ValueError(f"more than {MAX_VALUES} values of attribute {code[:60]}")
        for code in IMAGES:
            if code in self.attributes:
                _pictures(self.attributes[code])


class WebsiteStock(Part, frozen=True, kw_only=True):
    """What may be sold on one website; not managed = the other two mean nothing."""

    managed: bool
    salable: bool = True
    quantity: Number = msgspec.field(default_factory=zero)


class Stock(Event, frozen=True, kw_only=True):
    """Stock of one product per website; `*` stands for every website not named."""

    sku: Sku
    websites: dict[str, WebsiteStock]

    def __post_init__(self) -> None:
        sku_of(self.sku)


class Price(Event, frozen=True, kw_only=True):
    """Every price of one product by attribute and scope; replaces what was known before.

    Dates (`2026-11-20`) bound the special price, whole days in the website's zone.
    """

    sku: Sku
    prices: dict[str, dict[Scope, Number | None]]
    special_from: dict[Scope, str | None] = {}
    special_to: dict[Scope, str | None] = {}

    def __post_init__(self) -> None:
        sku_of(self.sku)
        for amounts in self.prices.values():
            _scopes(amounts)
            for amount in amounts.values():
                if amount is not None:
                    price_of(amount)
        for days in (self.special_from, self.special_to):
            _scopes(days)
            for day in days.values():
                if day is not None:
                    day_of(day)


class Saved(Event, frozen=True, kw_only=True):
    """What was saved of one product in the shop, in one scope: never the whole product.

    *shop_id* or *sku* is there. *store* is the shop's id of the scope (0 = global, null = not
    told); *values* are attributes and prices as the shop writes them, *inherited* those that
    the scope no longer has of its own; *stock* is the shop's own stock record.
    """

    what: Literal["product", "prices", "stock", "sources", "deleted"]
    shop_id: str | None = None
    sku: Sku | None = None
    store: int | None = None
    type: ProductType | None = None
    enabled: bool | None = None
    required_options: bool | None = None
    websites: list[int] | None = None
    categories: list[str] | None = None
    values: dict[str, Value] = {}
    inherited: list[str] = []
    stock: dict[str, str] = {}

    def __post_init__(self) -> None:
        if not (self.shop_id or self.sku):
            raise ValueError("neither the shop's id nor a SKU says which product it is")
        if self.sku is not None:
            sku_of(self.sku)
