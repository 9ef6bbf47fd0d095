"""What is asked for: of Amazon by the listings, of the listings by people."""

from datetime import datetime
from typing import Any, ClassVar

from schemas.event import Event, SellerSku, Sequence


class LookupRequested(Event, frozen=True, kw_only=True):
    """What to search for in Amazon's catalogue, or which restriction to check."""

    VOLATILE: ClassVar[dict[str, Any]] = {"sequence": 0}

    account: str
    seller_sku: SellerSku
    store: str
    kind: str
    value: str
    sequence: Sequence
    condition: str | None = None
    nonce: int = 0


class ReadRequested(Event, frozen=True, kw_only=True):
    """Read this SKU at Amazon, in these stores, because of *why*."""

    account: str
    seller_sku: SellerSku
    stores: list[str]
    why: str
    nonce: int = 0


class Intent(Event, frozen=True, kw_only=True):
    """A person's command about one shared SKU, in one store or (null) in all of them."""

    kind: str
    account: str
    seller_sku: SellerSku
    by: str
    at: datetime
    store: str | None = None
    why: str | None = None
    arguments: dict[str, Any] = {}
