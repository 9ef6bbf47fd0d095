"""What Amazon told us, and what became of what we asked of it (`records.md` 4).

In an observation an absent member was not stated; null was stated as none.
"""

from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, UnsetType

from schemas.event import Event, Part, SellerSku
from schemas.money import Money, Number

Source = Literal["report", "read", "notification", "confirmation"]
Aspect = Literal["price", "quantity", "content", "existence"]


class Enforcement(Part, frozen=True, kw_only=True):
    """Actions in force against a listing, unless exempt."""

    actions: list[str] = []
    exemption: str | None = None
    expires: datetime | None = None


class Issue(Part, frozen=True, kw_only=True):
    """One issue that Amazon reports on a listing or a submission."""

    code: str
    message: str = ""
    severity: str = "ERROR"
    categories: list[str] = []
    attributes: list[str] = []
    enforcements: Enforcement | None = None


class ProductId(Part, frozen=True, kw_only=True):
    """The report's product id by its declared type."""

    type: str
    value: str


class ObservedStore(Part, frozen=True, kw_only=True):
    """What one source states about one listing; absent = not stated, null = none."""

    exists: bool | UnsetType = UNSET
    asin: str | UnsetType = UNSET
    status: list[str] | UnsetType = UNSET
    report_status: str | UnsetType = UNSET
    price: Money | UnsetType | None = UNSET
    condition: str | UnsetType = UNSET
    product_id: ProductId | UnsetType = UNSET
    title: str | UnsetType = UNSET
    offer_from: datetime | UnsetType | None = UNSET
    offer_to: datetime | UnsetType | None = UNSET
    issues: list[Issue] | UnsetType = UNSET
    image: str | UnsetType = UNSET
    attributes: dict[str, Any] | UnsetType = UNSET


class Observation(Event, frozen=True, kw_only=True):
    """What one source says about one seller SKU at *as_of* (the source's own time)."""

    account: str
    seller_sku: SellerSku
    source: Source
    as_of: datetime
    report: str | None = None
    stores: dict[str, ObservedStore] = {}
    channel: str | UnsetType = UNSET
    quantity: Annotated[int, msgspec.Meta(ge=0)] | UnsetType = UNSET


class Report(Event, frozen=True, kw_only=True):
    """A report's life; *complete* carries the end offset per partition of amazon.listing.v1."""

    store: str
    report: str
    type: str
    state: Literal["requested", "complete", "refused"]
    requested_at: datetime
    data_end: datetime | None = None
    as_of: datetime | None = None
    rows: int = 0
    rows_refused: int = 0
    hash: str | None = None
    ends: dict[str, int] = {}
    why: str | None = None


class StoreParticipation(Part, frozen=True, kw_only=True):
    """Whether the account sells in the store's marketplace, and whether it is suspended."""

    participates: bool = True
    suspended: bool = False


class AbsenceWave(Part, frozen=True, kw_only=True):
    """More SKUs were read 404 within an hour than can be news: none read since then is gone.

    *read*: how many, of so many *known*.
    """

    since: datetime
    read: int
    known: int


class AccountState(Event, frozen=True, kw_only=True):
    """Per store: participates, suspended; the credentials' state; a wave of 404s, if any."""

    account: str
    as_of: datetime
    stores: dict[str, StoreParticipation] = {}
    credentials: str = "valid"
    absences: AbsenceWave | None = None


class FoundCandidate(Part, frozen=True, kw_only=True):
    """One catalogue item that a search offered, and *why*: kind and value that found it.

    *varies*: what tells it from its siblings, if it is a variation (colour, size, style).
    """

    asin: str
    title: str | None = None
    brand: str | None = None
    mpn: str | None = None
    pack: int | None = None
    parent: str | None = None
    children: list[str] = []
    gtins: list[str] = []
    product_type: str | None = None
    varies: dict[str, str] = {}
    why: str | None = None


class Restriction(Part, frozen=True, kw_only=True):
    """Why the account may not list this ASIN in this condition."""

    code: str
    message: str = ""
    link: str | None = None


class Lookup(Event, frozen=True, kw_only=True):
    """The answer to one lookup; it counts while store, kind, value and nonce are asked for."""

    account: str
    seller_sku: SellerSku
    store: str
    kind: str
    value: str
    state: Literal["answered", "failed"]
    condition: str | None = None
    nonce: int = 0
    candidates: list[FoundCandidate] = []
    restriction: Restriction | None = None


class CompetitorOffer(Part, frozen=True, kw_only=True):
    """One competitor's offer."""

    seller: str
    price: Money
    shipping: Money | None = None
    channel: str | None = None
    feedback_percent: Number | None = None
    feedback_count: int | None = None
    condition: str | None = None


class BuyBox(Part, frozen=True, kw_only=True):
    """Who holds the Buy Box, at which price."""

    seller: str
    price: Money


class Competition(Event, frozen=True, kw_only=True):
    """Competitors' offers and the Buy Box of one ASIN, with their as-of."""

    marketplace: str
    asin: str
    as_of: datetime
    condition: str | None = None
    offers: list[CompetitorOffer] = []
    buy_box: BuyBox | None = None


class Submission(Event, frozen=True, kw_only=True):
    """What became of one attempt to make Amazon show something (`reliability.md` 2.5)."""

    account: str
    seller_sku: SellerSku
    aspect: Aspect
    state: Literal["accepted", "invalid", "failed", "confirmed", "overdue", "superseded", "held"]
    at: datetime
    store: str | None = None
    submission: str | None = None
    value: str | None = None
    hash: str = ""
    issues: list[Issue] = []
    evidence: str | None = None
    attempt: int = 1
    hold: str | None = None
