"""What this room needs of the shop; whoever assembles the process hands it over."""

from collections.abc import Mapping
from typing import Any, Protocol

import msgspec

ALL = "all"
"""The view that is the shop's global scope."""


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """One attribute of the shop: how it is filled in, and its options (label → ids).

    *kind* is the shop's word (`text`, `select`, `boolean`, …), *scope* global, website, store.
    """

    code: str
    kind: str = "text"
    scope: str = "store"
    options: dict[str, list[str]] = {}


class Shop(Protocol):
    """The shop's catalogue. Raises the four classes of `schemas.errors`."""

    def target(self, code: str, view: str) -> Target | None:
        """Give the attribute *code* with the labels of *view*, None if there is none."""

    def values(self, sku: str, view: str) -> Mapping[str, Any] | None:
        """Give the product's values by attribute as *view* shows them, None without product."""

    def write(self, sku: str, view: str, values: Mapping[str, Any]) -> Mapping[str, Any]:
        """Change these values of the product in *view*; give its values as they are now."""
