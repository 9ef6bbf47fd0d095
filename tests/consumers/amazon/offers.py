"""Making offers and rows for the tests of the push."""

from datetime import UTC, datetime
from typing import Any

from consumers.amazon.desired import accept
from consumers.amazon.lanes import scheduled
from consumers.amazon.row import Change, Key, Row, Rows
from schemas.amazon import Observation, ObservedStore
from schemas.listings import Observed
from schemas.money import Money, number
from schemas.offers import Offer, StoreOffer

NOW = datetime(2026, 11, 25, 10, 0, tzinfo=UTC)
ACCOUNT, SKU = "acme-eu", "LAMP-12"

QUANTITY: Key = ("quantity", "")
PRICE: Key = ("price", "acme-de")
EXISTENCE: Key = ("existence", "acme-de")


def euro(amount: str) -> Money:
    """Give an amount in euro."""
    return Money(number(amount), "EUR")


def here(price: str | None = "44.90", existence: str | None = "present", **more: Any) -> StoreOffer:
    """Give the offer of one store, managed; *quantity*, *shows*, *exists* are what was seen."""
    observed = Observed(
        quantity=more.pop("quantity", None),
        price=euro(p) if (p := more.pop("shows", None)) else None,
        exists=more.pop("exists", None),
        as_of=more.pop("as_of", NOW),
    )
    stated = {"manage": True, "asin": "B000000001", "condition": "new_new"} | more
    return StoreOffer(
        existence=existence,  # type: ignore[arg-type]
        price=None if price is None else euro(price),
        observed=observed,
        **stated,
    )


def live(
    price: str = "44.90", *, shows: str = "44.90", quantity: int = 5, **more: Any
) -> StoreOffer:
    """Give the offer of a store in which Amazon shows the listing."""
    return here(price, shows=shows, quantity=quantity, exists=True, **more)


HANDS_OFF = StoreOffer(manage=False)


def offer(sequence: int = 1, quantity: int | None = 5, **stores: Any) -> Offer:
    """Give an offer; stores are named with an underscore, members of `Offer` as they are."""
    stated = {"channel": "DEFAULT"} | {
        k: stores.pop(k) for k in ("channel", "handling_days") if k in stores
    }
    return Offer(
        account=ACCOUNT,
        seller_sku=stores.pop("seller_sku", SKU),
        sequence=sequence,
        quantity=quantity,
        stores={k.replace("_", "-"): v for k, v in stores.items()},
        **stated,
    )


def after(*offers: Offer, rows: Rows | None = None, now: datetime = NOW) -> Rows:
    """Give the scheduled rows after *offers*."""
    held = dict(rows or {})
    for wanted in offers:
        held = scheduled(held | accept(wanted, held, now).rows)
    return held


def with_change(rows: Rows, change: Change) -> Rows:
    """Give the scheduled rows after *change*."""
    return scheduled(rows | change.rows)


def shows(
    price: str | None = None,
    quantity: int | None = None,
    *,
    exists: bool | None = True,
    as_of: datetime = NOW,
    store: str = "acme-de",
    **more: Any,
) -> Observation:
    """Give a read of one store; None is not stated."""
    told: dict[str, Any] = dict(more)
    if price is not None:
        told["price"] = euro(price)
    stores = {} if exists is None else {store: ObservedStore(exists=exists, **told)}
    stock = {} if quantity is None else {"quantity": quantity}
    return Observation(
        account=ACCOUNT, seller_sku=SKU, source="read", as_of=as_of, stores=stores, **stock
    )


def lanes(rows: Rows) -> dict[Key, tuple[int, str]]:
    """Give lane and operation of the rows that may go out."""
    return {k: (r.lane, str(r.operation)) for k, r in rows.items() if r.lane is not None}


def states(rows: Rows) -> dict[Key, tuple[str, str | None, str | None]]:
    """Give state, wanted and confirmed of each row."""
    return {k: (r.state, r.wanted, r.confirmed) for k, r in rows.items()}


def sole(rows: Rows) -> Row:
    """Give the one row that may go out."""
    (row,) = (r for r in rows.values() if r.lane is not None)
    return row
