"""What is asked of the shop itself: one product, read whole.

An event of the shop tells what was saved in one scope, or only that something was. The whole
product comes from reading it again, which is never older than the event.
"""

from typing import Protocol

import msgspec

from schemas.catalog import Price, Product, Stock


class Whole(msgspec.Struct, frozen=True, kw_only=True):
    """Everything of one product, in all scopes. None: nothing is told of that part."""

    product: Product
    stock: Stock | None = None
    price: Price | None = None


class Shop(Protocol):
    """The shop, or what stands for it in a test."""

    def whole(self, *, shop_id: str | None = None, sku: str | None = None) -> Whole | None:
        """Give the product of this id (where it is stated, the SKU does not count) or SKU.

        `product.shop_id` is always there. None: the shop says that it has no such product.
        Raises `TryAgain` where it does not answer.
        """
