"""What Amazon should show, for every store of one shared SKU (`records.md` 5)."""

from typing import Any, ClassVar, Literal

import msgspec

from schemas.event import Event, Part, SellerSku, Sequence
from schemas.listings import Observed
from schemas.money import Money, Number


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
