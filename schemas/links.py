"""Which product a listing is: claims, questions, answers, links (`records.md` 3)."""

from typing import Any, ClassVar, Literal

from schemas.event import Event, Part, SellerSku, Sequence


class IdentifierClaimed(Event, frozen=True, kw_only=True):
    """This product claims the identifier in these stores; none = no longer."""

    VOLATILE: ClassVar[dict[str, Any]] = {"sequence": 0}

    identifier: str
    product: str
    sequence: Sequence
    stores: list[str] = []


class MatchRequested(Event, frozen=True, kw_only=True):
    """This listing asks for the product behind the identifier, or no longer does."""

    VOLATILE: ClassVar[dict[str, Any]] = {"sequence": 0}

    identifier: str
    account: str
    seller_sku: SellerSku
    store: str
    sequence: Sequence
    asking: bool


class Match(Event, frozen=True, kw_only=True):
    """The products that claim the identifier that was asked for."""

    VOLATILE: ClassVar[dict[str, Any]] = {"sequence": 0}

    identifier: str
    account: str
    seller_sku: SellerSku
    store: str
    sequence: Sequence
    products: list[str] = []


class LinkedStore(Part, frozen=True, kw_only=True):
    """Where one seller SKU of a product stands in one store."""

    state: Literal["unpublished", "published", "ended"]
    asin: str | None = None
    condition: str | None = None


class Link(Event, frozen=True, kw_only=True):
    """This seller SKU is (or no longer is) that product."""

    VOLATILE: ClassVar[dict[str, Any]] = {"sequence": 0}

    product: str
    account: str
    seller_sku: SellerSku
    linked: bool
    sequence: Sequence
    by: Literal["default", "alias", "sku", "asin", "gtin", "person"] | None = None
    stores: dict[str, LinkedStore] = {}
