"""Which product a listing is: claims, questions, answers, links (`records.md` 3)."""

from typing import Any, ClassVar, Literal

from schemas.event import Event, Part, SellerSku, Sequence


class Likeness(Part, frozen=True, kw_only=True):
    """What tells how alike two things are where no identifier does."""

    name: str | None = None
    brand: str | None = None
    mpn: str | None = None


class IdentifierClaimed(Event, frozen=True, kw_only=True):
    """This product claims the identifier in these stores; none = no longer.

    *pack*: how many units it holds, if that is known. *since*: microseconds since 1970 from
    which on it bears the identity `shop:…`; 0 for any other identifier. *about*: at `mpn:…`
    and `title:…`, where products only wait to be suggested.
    """

    VOLATILE: ClassVar[dict[str, Any]] = {"sequence": 0}

    identifier: str
    product: str
    sequence: Sequence
    stores: list[str] = []
    pack: int | None = None
    since: int = 0
    about: Likeness | None = None


class MatchRequested(Event, frozen=True, kw_only=True):
    """This listing asks for the product behind the identifier, or no longer does."""

    VOLATILE: ClassVar[dict[str, Any]] = {"sequence": 0}

    identifier: str
    account: str
    seller_sku: SellerSku
    store: str
    sequence: Sequence
    asking: bool


class Claimant(Part, frozen=True, kw_only=True):
    """More about one product that claims an identifier."""

    product: str
    pack: int | None = None
    since: int = 0
    stores: list[str] = []
    about: Likeness | None = None


class Match(Event, frozen=True, kw_only=True):
    """The products that claim the identifier that was asked for.

    *claims*: what more is known of them; for `shop:…` of all, whatever their stores. *many*:
    so many SKUs bear it that it is nobody's identity. *asked*: the request's sequence, so that
    who asks again, having forgotten, is told again.
    """

    VOLATILE: ClassVar[dict[str, Any]] = {"sequence": 0}

    identifier: str
    account: str
    seller_sku: SellerSku
    store: str
    sequence: Sequence
    products: list[str] = []
    claims: list[Claimant] = []
    many: bool = False
    asked: int = 0


class LinkedStore(Part, frozen=True, kw_only=True):
    """Where one seller SKU of a product stands in one store."""

    state: Literal["unpublished", "published", "ended"]
    asin: str | None = None
    condition: str | None = None


class Renamed(Part, frozen=True, kw_only=True):
    """The SKU that a product bears since that instant (microseconds since 1970)."""

    to: str
    shop_id: str
    since: int


class Link(Event, frozen=True, kw_only=True):
    """This seller SKU is (or no longer is) that product; *renamed*: its links moved on."""

    VOLATILE: ClassVar[dict[str, Any]] = {"sequence": 0}

    product: str
    account: str
    seller_sku: SellerSku
    linked: bool
    sequence: Sequence
    by: Literal["default", "alias", "sku", "asin", "gtin", "person"] | None = None
    stores: dict[str, LinkedStore] = {}
    renamed: Renamed | None = None
