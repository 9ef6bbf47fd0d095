"""What the shop says: products, stock, prices (`records.md` 2)."""

from typing import Annotated, Literal

import msgspec

from schemas.event import Event, Part
from schemas.money import Number

Sku = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
"""A catalogue SKU, byte for byte as the shop spells it."""

Scope = str
"""`global`, `website:<code>` or `view:<code>`."""

ProductType = Literal[
    "simple", "virtual", "configurable", "bundle", "grouped", "downloadable", "giftcard"
]

Value = str | list[str] | None
"""An attribute's value in one scope; null = none there, absent = inherited."""


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


class WebsiteStock(Part, frozen=True, kw_only=True):
    """What may be sold on one website; not managed = the other two mean nothing."""

    managed: bool
    salable: bool = True
    quantity: Number = Number(0)


class Stock(Event, frozen=True, kw_only=True):
    """Stock of one product per website; `*` stands for every website not named."""

    sku: Sku
    websites: dict[str, WebsiteStock]


class Price(Event, frozen=True, kw_only=True):
    """Every price of one product by attribute and scope; replaces what was known before.

    Dates (`2026-11-20`) bound the special price, whole days in the website's zone.
    """

    sku: Sku
    prices: dict[str, dict[Scope, Number | None]]
    special_from: dict[Scope, str | None] = {}
    special_to: dict[Scope, str | None] = {}
