"""What a product says about one seller SKU: products → listings (`records.md` 3)."""

from typing import Any, ClassVar, Literal

import msgspec

from schemas.event import Event, Part, SellerSku, Sequence
from schemas.links import LinkedStore
from schemas.money import Number, zero
from schemas.reasons import Reason


class Verdict(Part, frozen=True, kw_only=True):
    """The listing rule's answer, tests 1-5 of `listings.md` 7.3; all failing reasons."""

    eligible: bool
    reasons: list[Reason] = []
    version: int = 0


class ConditionAnswer(Part, frozen=True, kw_only=True):
    """Amazon's condition code (`new_new`) or none, and why."""

    code: str | None = None
    note: str | None = None
    reasons: list[Reason] = []


class IdentifierClaim(Part, frozen=True, kw_only=True):
    """One mapped identifier as it is asked for; *invalid* (as typed then) says why not."""

    kind: str
    value: str
    gtin14: str | None = None
    invalid: str | None = None


class StockBase(Part, frozen=True, kw_only=True):
    """The inputs of the quantity pipeline for one store's website."""

    managed: bool
    salable: bool = True
    quantity: Number = msgspec.field(default_factory=zero)
    reserved: Number = msgspec.field(default_factory=zero)
    pending: Number = msgspec.field(default_factory=zero)
    unmanaged_quantity: int | None = None


class SourcePrice(Part, frozen=True, kw_only=True):
    """A catalogue price in the website's currency, and the attribute it came from."""

    amount: Number
    currency: str
    source: str = msgspec.field(name="from")


class Prices(Part, frozen=True, kw_only=True):
    """The price sources of one product in one store; *until* is information."""

    source: SourcePrice | None = None
    map: SourcePrice | None = None
    msrp: SourcePrice | None = None
    floor: SourcePrice | None = None
    ceiling: SourcePrice | None = None
    until: str | None = None
    reasons: list[Reason] = []


class Content(Part, frozen=True, kw_only=True):
    """What a new offer needs beside price and stock."""

    product_type: str | None = None
    missing: list[str] = []


class StoreCandidate(Part, frozen=True, kw_only=True):
    """What one product says about one seller SKU in one store."""

    verdict: Verdict
    condition: ConditionAnswer = ConditionAnswer()
    fulfilment: Literal["merchant", "amazon"] = "merchant"
    identifiers: list[IdentifierClaim] = []
    asin: str | None = None
    base: StockBase | None = None
    prices: Prices = Prices()
    pricing_rules: list[str] = []
    content: Content = Content()


class OtherSku(Part, frozen=True, kw_only=True):
    """Another seller SKU of the same product: the stores it is published or ended in.

    *known* is all that is known of it there, unpublished rows included.
    """

    seller_sku: str
    stores: list[str] = []
    alias: bool = False
    known: dict[str, LinkedStore] = {}


class Candidate(Event, frozen=True, kw_only=True):
    """What one product says about one seller SKU, for all the account's stores."""

    VOLATILE: ClassVar[dict[str, Any]] = {"sequence": 0, "settings": {}}

    product: str
    sequence: Sequence
    account: str
    seller_sku: SellerSku
    shop_id: str | None = None
    origin: Literal["default", "link", "alias"]
    withdrawn: Reason | None = None
    others: list[OtherSku] = []
    name: str | None = None
    keywords: str | None = None
    brand: str | None = None
    mpn: str | None = None
    pack: int | None = None
    varies: dict[str, str] = {}
    settings: dict[str, int] = {}
    stores: dict[str, StoreCandidate] = {}
