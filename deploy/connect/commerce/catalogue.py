"""The shop's attributes and values over the client, as `consumers.commerce` asks for them.

Shapes: `catalog-data-product-interface` and `catalog-data-product-attribute-interface` of the
published schema. Options have the labels of a view, and those of the global scope.
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Protocol

from consumers.commerce.api import ALL, Target

FRESH = 600.0
"""Seconds for which an attribute's definition is believed."""

OWN_MEMBERS = frozenset({"name", "price", "weight"})
"""Attributes that are members of a product; all others are in `custom_attributes`."""


class Client(Protocol):
    """The calls of the shop's client that are used here."""

    def search(
        self, what: str, view: str = "all", *, where: Sequence[tuple[str, str, str]] = ()
    ) -> tuple[list[dict[str, Any]], int]:
        """Give one page of what can be searched."""

    def product(self, sku: str, view: str = "all") -> dict[str, Any] | None:
        """Give one product."""

    def save_product(
        self, sku: str, product: Mapping[str, Any], view: str = "all"
    ) -> dict[str, Any]:
        """Change one product."""


class Catalogue:
    """One shop's catalogue. Raises the four classes of `schemas.errors`."""

    def __init__(self, client: Client, clock: Callable[[], float]) -> None:
        self._client = client
        self._clock = clock
        self._known: dict[tuple[str, str], tuple[float, Target | None]] = {}
        self._lock = threading.Lock()

    def target(self, code: str, view: str) -> Target | None:
        """Give the attribute *code* with the labels of *view*, None if there is none."""
        with self._lock:
            asked, known = self._known.get((code, view), (0.0, None))
            if asked == 0.0 or self._clock() - asked > FRESH:
                known = self._asked(code, view)
                self._known[code, view] = self._clock() or 1.0, known
            return known

    def _asked(self, code: str, view: str) -> Target | None:
        found = self._definition(code, view)
        if found is None:
            return None
        options = labels(found)
        if view != ALL and options:
            options = labels(self._definition(code, ALL) or {}) | options
        return Target(
            code=code,
            kind=str(found.get("frontend_input") or "text"),
            scope=str(found.get("scope") or "store"),
            options=options,
        )

    def _definition(self, code: str, view: str) -> dict[str, Any] | None:
        found, _ = self._client.search("attributes", view, where=[("attribute_code", "eq", code)])
        return next((one for one in found if one.get("attribute_code") == code), None)

    def values(self, sku: str, view: str) -> Mapping[str, Any] | None:
        """Give the product's values by attribute as *view* shows them, None without product."""
        found = self._client.product(sku, view)
        return None if found is None else held(found)

    def write(self, sku: str, view: str, values: Mapping[str, Any]) -> Mapping[str, Any]:
        """Change these values of the product in *view*; give its values as they are now."""
        return held(self._client.save_product(sku, changes(values), view))


def labels(definition: Mapping[str, Any]) -> dict[str, list[str]]:
    """Give the ids of the options of each label; the empty option means none."""
    found: dict[str, list[str]] = {}
    for option in definition.get("options") or ():
        label, value = str(option.get("label", "")).strip(), str(option.get("value", ""))
        if label and value:
            found.setdefault(label, []).append(value)
    return found


def held(product: Mapping[str, Any]) -> dict[str, Any]:
    """Give the values of a product's document by attribute."""
    stated = product.get("custom_attributes") or ()
    custom = {str(one.get("attribute_code")): one.get("value") for one in stated}
    return custom | {name: product[name] for name in OWN_MEMBERS if name in product}


def _own(name: str, value: str) -> str | Decimal:
    return value if name == "name" else Decimal(value)


def changes(values: Mapping[str, Any]) -> dict[str, Any]:
    """Give the product's document that changes *values* and nothing else."""
    custom = [
        {"attribute_code": code, "value": value}
        for code, value in values.items()
        if code not in OWN_MEMBERS
    ]
    own = {name: _own(name, value) for name, value in values.items() if name in OWN_MEMBERS}
    return own | ({"custom_attributes": custom} if custom else {})
