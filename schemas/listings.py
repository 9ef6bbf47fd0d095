"""What the processors say to each other and to everyone (`records.md` 3 and 5)."""

from datetime import datetime
from enum import Enum
from typing import Annotated, Any, ClassVar, Literal

import msgspec

from schemas.event import Event, Part
from schemas.money import Money, Number, zero
from schemas.reasons import Reason

SellerSku = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
Sequence = Annotated[int, msgspec.Meta(ge=0)]


class Tab(str, Enum):
    """Where a listing is shown; `in_process` and `not_listed` are in no tab."""

    ACTIVE = "active"
    READY_TO_LIST = "ready_to_list"
    INACTIVE = "inactive"
    INELIGIBLE = "ineligible"
    INCOMPLETE = "incomplete"
    ENDED = "ended"
    NEW_THIRD_PARTY = "new_third_party"
    IN_PROCESS = "in_process"
    NOT_LISTED = "not_listed"
    UNKNOWN = "unknown"

    @classmethod
    def _missing_(cls, value: object) -> "Tab":  # noqa: ARG003
        return cls.UNKNOWN


class Status(str, Enum):
    """The exact state of a listing (`listings.md` 4.1)."""

    MISSING_CONDITION = "missing_condition"
    UNABLE_TO_ASSIGN = "unable_to_assign"
    MULTIPLE_MATCHES = "multiple_matches"
    HAS_VARIANTS = "has_variants"
    MISSING_INFORMATION = "missing_information"
    AWAITING_ASSIGNMENT = "awaiting_assignment"
    READY = "ready"
    LIST_IN_PROGRESS = "list_in_progress"
    VALIDATING_ASIN = "validating_asin"
    GENERAL_SEARCH = "general_search"
    INACTIVE = "inactive"
    ACTIVE = "active"
    RELIST_IN_PROGRESS = "relist_in_progress"
    REMOVAL_PENDING = "removal_pending"
    INELIGIBLE = "ineligible"
    ENDING_IN_PROGRESS = "ending_in_progress"
    MANUALLY_ENDED = "manually_ended"
    ENDED_ON_AMAZON = "ended_on_amazon"
    NOT_LISTED = "not_listed"
    UNKNOWN = "unknown"

    @classmethod
    def _missing_(cls, value: object) -> "Status":  # noqa: ARG003
        return cls.UNKNOWN


# --- products → listings ------------------------------------------------------------------


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


class LinkedStore(Part, frozen=True, kw_only=True):
    """Where one seller SKU of a product stands in one store."""

    state: Literal["unpublished", "published", "ended"]
    asin: str | None = None
    condition: str | None = None


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
    origin: Literal["default", "link", "alias"]
    withdrawn: Reason | None = None
    others: list[OtherSku] = []
    name: str | None = None
    keywords: str | None = None
    brand: str | None = None
    mpn: str | None = None
    pack: int | None = None
    settings: dict[str, int] = {}
    stores: dict[str, StoreCandidate] = {}


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


# --- listings → Amazon's readers ----------------------------------------------------------


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


# --- people -------------------------------------------------------------------------------


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


# --- listings → everyone ------------------------------------------------------------------


class Cause(Part, frozen=True, kw_only=True):
    """The record (or timer, scan) that made the decision."""

    event: str = ""
    type: str = ""
    topic: str = ""
    partition: int = -1
    offset: int = -1


class Wish(Part, frozen=True, kw_only=True):
    """What Amazon should show for one listing."""

    quantity: int | None = None
    price: Money | None = None
    condition: str | None = None


class Observed(Part, frozen=True, kw_only=True):
    """What Amazon showed last."""

    quantity: int | None = None
    price: Money | None = None
    exists: bool | None = None
    as_of: datetime | None = None


class Standing(Part, frozen=True, kw_only=True):
    """What people decided about this listing; it outlives the intents' topic."""

    intent: Literal["publish", "end"] | None = None
    assigned: str | None = None
    asin: str | None = None
    overrides: dict[str, Any] = {}


class Step(Part, frozen=True, kw_only=True):
    """One step of `evaluate`: its answer and why."""

    name: str
    answer: str | int | bool | None = None
    reasons: list[Reason] = []


class ListingStatus(Event, frozen=True, kw_only=True):
    """Tab, status and reasons of one listing, with what we want and what Amazon shows.

    Take the record with the highest `sequence` per key; null = the store was deleted. A
    listing in no tab has tab `not_listed`. Unknown codes may appear: treat them as text.
    """

    VOLATILE: ClassVar[dict[str, Any]] = {
        "sequence": 0,
        "cause": None,
        "previous": None,
        "since": None,
        "settings": {},
    }

    account: str
    store: str
    marketplace: str
    seller_sku: SellerSku
    sequence: Sequence
    tab: Tab
    status: Status
    reasons: list[Reason] = []
    flags: list[Reason] = []
    asin: str | None = None
    product: str | None = None
    name: str | None = None
    previous: str | None = None
    since: datetime | None = None
    cause: Cause | None = None
    desired: Wish = Wish()
    observed: Observed = Observed()
    standing: Standing = Standing()
    steps: list[Step] = []
    settings: dict[str, int] = {}

    def settled(self) -> Event:
        """Blank the volatile members, and the age of what Amazon showed."""
        seen = msgspec.structs.replace(self.observed, as_of=None)
        return msgspec.structs.replace(self, observed=seen, **self.VOLATILE)


class RefusedIntent(Part, frozen=True, kw_only=True):
    """An intent that was not admissible, and why."""

    code: str
    intent: str
    facts: dict[str, str] = {}


class ListingStatusChanged(Event, frozen=True, kw_only=True):
    """One change of tab or status of a listing, or one refused intent, with its cause."""

    VOLATILE: ClassVar[dict[str, Any]] = {
        "sequence": 0,
        "cause": None,
        "previous": None,
        "at": None,
    }

    account: str
    store: str
    marketplace: str
    seller_sku: SellerSku
    sequence: Sequence
    tab: Tab
    status: Status
    reasons: list[Reason] = []
    flags: list[Reason] = []
    previous: str | None = None
    cause: Cause | None = None
    at: datetime | None = None
    refused: RefusedIntent | None = None


class OfferHashes(Part, frozen=True, kw_only=True):
    """Hash of what is wanted per aspect; equal hashes ask for the same."""

    price: str = ""
    content: str = ""
    existence: str = ""


class Tier(Part, frozen=True, kw_only=True):
    """From this quantity on, this percentage off."""

    quantity: int
    percent: Number


class StoreOffer(Part, frozen=True, kw_only=True):
    """What Amazon should show in one store; `manage: false` = hands off."""

    manage: bool
    existence: Literal["present", "absent"] | None = None
    asin: str | None = None
    product_type: str = "PRODUCT"
    condition: str | None = None
    note: str | None = None
    price: Money | None = None
    map: Money | None = None
    floor: Money | None = None
    list_price: Money | None = None
    b2b: Money | None = None
    tiers: list[Tier] = []
    tax_code: str | None = None
    hash: OfferHashes = OfferHashes()
    observed: Observed = Observed()


class OfferCause(Part, frozen=True, kw_only=True):
    """What moved the offer; the guards ask for it."""

    kind: Literal["stock", "order", "price", "rule", "settings", "person", "observation"]
    event: str = ""


class Offer(Event, frozen=True, kw_only=True):
    """The desired offer of every store of one shared SKU."""

    VOLATILE: ClassVar[dict[str, Any]] = {"sequence": 0, "cause": None}

    account: str
    seller_sku: SellerSku
    sequence: Sequence
    product: str | None = None
    channel: str | None = None
    quantity: int | None = None
    handling_days: int | None = None
    stores: dict[str, StoreOffer] = {}
    cause: OfferCause | None = None

    def settled(self) -> Event:
        """Blank the volatile members, and the age of what Amazon showed."""
        stores = {
            k: msgspec.structs.replace(v, observed=_ageless(v)) for k, v in self.stores.items()
        }
        return msgspec.structs.replace(self, stores=stores, **self.VOLATILE)


def _ageless(offer: StoreOffer) -> Observed:
    return msgspec.structs.replace(offer.observed, as_of=None)


class ImportedValue(Part, frozen=True, kw_only=True):
    """One of Amazon's values for one catalogue attribute in one scope."""

    attribute: str
    scope: str
    value: str | list[str] | None
    source: dict[str, str] = msgspec.field(name="from", default={})
    overwrite: bool = False


class AttributesImported(Event, frozen=True, kw_only=True):
    """Amazon's attribute values mapped to the catalogue's, per store view."""

    sku: str
    account: str
    seller_sku: SellerSku
    values: list[ImportedValue] = []
