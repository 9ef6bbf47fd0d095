"""Spelling paths and queries as Amazon reads them (C1 to C3 of `amazon.md` 13)."""

from collections.abc import Mapping, Sequence
from urllib.parse import quote

Query = Mapping[str, str | Sequence[str]]
"""Parameters by name; a sequence is one of Amazon's comma-separated arrays."""


def encoded_sku(seller_sku: str) -> str:
    """Give *seller_sku* as one path segment. Raises ValueError for an empty one.

    `.` and `..` are escaped too: the HTTP library would take them for steps in the path.
    """
    if not seller_sku:
        raise ValueError("a SKU is not empty")
    if seller_sku in (".", ".."):
        return seller_sku.replace(".", "%2E")
    return quote(seller_sku, safe="")


def joined(query: Query) -> str:
    """Give the query string: arrays joined by commas in one parameter.

    Raises ValueError for a member that holds a comma itself.
    """
    return "&".join(f"{name}={_value(value)}" for name, value in query.items())


def _value(value: str | Sequence[str]) -> str:
    if isinstance(value, str):
        return quote(value, safe="")
    if inside := [v for v in value if "," in v]:
        raise ValueError(f"{inside[0]!r} holds a comma and cannot stand in a list")
    return ",".join(quote(v, safe="") for v in value)
