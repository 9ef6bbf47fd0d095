"""What holds on one website: values and prices by scope (`listings.md` 6.8).

A value stated in a nearer scope wins: the website's default view, the website, global. Null
there means *none there*; an absent scope inherits.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from schemas.catalog import Price, Product, Value
from schemas.money import Number

Scopes = tuple[str, ...]
"""Scope names, nearest first."""

GLOBAL: Scopes = ("global",)


def of_website(code: str, default_view: str | None) -> Scopes:
    """Give the scopes of attribute values on one website, nearest first."""
    view = () if default_view is None else (f"view:{default_view}",)
    return (*view, f"website:{code}", "global")


def value(stated: Mapping[str, Value], scopes: Scopes) -> Value:
    """Give the value in force, None where there is none."""
    for scope in scopes:
        if scope in stated:
            return stated[scope]
    return None


def texts(found: Value) -> list[str]:
    """Give a value as the texts it holds, empty ones left out."""
    if not found:
        return []
    return [found] if isinstance(found, str) else [text for text in found if text]


def text(found: Value) -> str | None:
    """Give a value as one text, blanks around it off; a list's first; None where empty."""
    if isinstance(found, str):
        return found.strip() or None
    return next((t.strip() for t in found or () if t.strip()), None)


def amount(stated: Mapping[str, Number | None], websites: Sequence[str]) -> Number | None:
    """Give the price in force above 0: the first website's own, else the default.

    *websites* stand in their sort order; none = price scope *global*.
    """
    for code in websites:
        scope = f"website:{code}"
        if scope in stated:
            own = stated[scope]
            if own is not None and own > 0:
                return own
            if own is None and len(websites) == 1:
                return None
    return _positive(stated.get("global"))


def _positive(found: Number | None) -> Number | None:
    return found if found is not None and found > 0 else None


class Values:
    """The values of one product on one website, by attribute code."""

    __slots__ = ("price", "product", "scopes")

    def __init__(self, product: Product, price: Price | None, scopes: Scopes) -> None:
        self.product = product
        self.price = price
        self.scopes = scopes

    def get(self, attribute: str) -> Value:
        """Give the value of *attribute* here, None where it is missing."""
        stated = self.product.attributes.get(attribute)
        if stated is not None and (found := value(stated, self.scopes)):
            return found
        own = _OWN.get(attribute)
        return self._price(attribute) if own is None else own(self.product)

    def _price(self, attribute: str) -> Value:
        stated = None if self.price is None else self.price.prices.get(attribute)
        for scope in self.scopes if stated else ():
            if stated is not None and scope in stated:
                return _plain(stated[scope])
        return None


def _plain(number: Decimal | None) -> str | None:
    return None if number is None else format(number, "f")


_OWN = {
    "sku": lambda product: product.sku,
    "name": lambda product: product.name,
    "attribute_set": lambda product: product.attribute_set,
    "type": lambda product: product.type,
}
