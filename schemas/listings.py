"""What we say of a listing, to everyone: status, transitions, imported values (`records.md` 5)."""

from datetime import datetime
from typing import Any, ClassVar, Literal

import msgspec

from schemas.event import Event, Part, SellerSku, Sequence
from schemas.money import Money, Number
from schemas.reasons import Reason
from schemas.tabs import Status, Tab


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


class Choice(Part, frozen=True, kw_only=True):
    """What a person may pick: an item of Amazon's catalogue, or a product of ours.

    *why* it is offered: what found it; *score*: how alike it is, from 0 to 1, where likeness
    is all there is.
    """

    asin: str | None = None
    product: str | None = None
    title: str | None = None
    brand: str | None = None
    mpn: str | None = None
    pack: int | None = None
    parent: str | None = None
    children: list[str] = []
    varies: dict[str, str] = {}
    score: Number | None = None
    why: str | None = None


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
    choices: list[Choice] = []
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


class ImportedValue(Part, frozen=True, kw_only=True):
    """One of Amazon's values for one catalogue attribute in one scope."""

    attribute: str
    scope: str
    value: str | list[str] | None
    source: dict[str, str] = msgspec.field(name="from", default={})
    overwrite: bool = False


class AttributesImported(Event, frozen=True, kw_only=True):
    """Amazon's attribute values mapped to the catalogue's, per store view; null = none left.

    Values come in the order of their stores, the oldest first: the first for one attribute
    and scope stands. Without `overwrite` a value only fills what is empty.
    """

    sku: str
    account: str
    seller_sku: SellerSku
    values: list[ImportedValue] = []
