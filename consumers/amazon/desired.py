"""From a desired offer to ledger rows: what is wanted, and what Amazon was seen to show.

Newest wins: an offer that is not newer than the rows changes nothing. Where there is no row
yet, the observed value is taken as confirmed, so that connecting an account whose prices are
right sends nothing. A store that the offer does not manage is left alone.
"""

from datetime import datetime
from typing import Any

import msgspec

from consumers.amazon.row import (
    Change,
    Key,
    Row,
    Rows,
    changed,
    moved,
    price_value,
    said_unsent,
)
from schemas.amazon import Aspect, Submission
from schemas.offers import Offer, StoreOffer

BY_AMAZON = "AMAZON"
"""How the channel of a SKU begins whose stock Amazon holds: it never gets a quantity."""


class Want(msgspec.Struct, frozen=True):
    """One aspect's wanted value (None = hands off), and what Amazon was seen to show."""

    value: str | None
    hash: str = ""
    details: dict[str, Any] = {}
    seen: str | None = None
    seen_at: datetime | None = None


def wants(offer: Offer) -> dict[Key, Want]:
    """Give what *offer* wants of each aspect."""
    found: dict[Key, Want] = {("quantity", ""): _quantity(offer)}
    for store, here in offer.stores.items():
        found["existence", store] = _existence(offer, here)
        found["price", store] = _price(here)
    return found


def _existence(offer: Offer, here: StoreOffer) -> Want:
    seen = {True: "present", False: "absent", None: None}[here.observed.exists]
    wanted = here.existence if here.manage else None
    return Want(wanted, here.hash.existence, _details(offer, here), seen, here.observed.as_of)


def _details(offer: Offer, here: StoreOffer) -> dict[str, Any]:
    stated = {
        "asin": here.asin,
        "product_type": here.product_type,
        "condition": here.condition,
        "note": here.note,
        "tax_code": here.tax_code,
        "channel": offer.channel,
        "handling_days": offer.handling_days,
    }
    return {name: value for name, value in stated.items() if value is not None}


def _price(here: StoreOffer) -> Want:
    seen = None if here.observed.price is None else price_value(here.observed.price)
    managed = here.manage and here.existence != "absent" and here.price is not None
    value = price_value(here.price) if managed and here.price is not None else None
    return Want(value, here.hash.price, {}, seen, here.observed.as_of)


def _quantity(offer: Offer) -> Want:
    seen, seen_at = _seen_quantity(offer)
    mine = [s for s in offer.stores.values() if s.manage]
    by_amazon = (offer.channel or "").startswith(BY_AMAZON)
    if not mine or by_amazon:
        return Want(None, seen=seen, seen_at=seen_at)
    if _ends_for_good(offer):
        return Want("0", seen=seen, seen_at=seen_at)
    value = None if offer.quantity is None else str(offer.quantity)
    return Want(value, seen=seen, seen_at=seen_at)


def _ends_for_good(offer: Offer) -> bool:
    """Tell whether the offer ends somewhere and no store keeps the SKU (`listings.md` 11.4)."""
    ending = [s for s in offer.stores.values() if s.manage and s.existence == "absent"]
    kept = [s for s in offer.stores.values() if s not in ending and _stays(s)]
    return bool(ending) and not kept


def _stays(here: StoreOffer) -> bool:
    return (here.manage and here.existence == "present") or bool(here.observed.exists)


def _seen_quantity(offer: Offer) -> tuple[str | None, datetime | None]:
    known = [s.observed for s in offer.stores.values() if s.observed.quantity is not None]
    dated = sorted((o for o in known if o.as_of is not None), key=lambda o: str(o.as_of))
    newest = dated[-1] if dated else (known[0] if known else None)
    return (None, None) if newest is None else (str(newest.quantity), newest.as_of)


def accept(offer: Offer, rows: Rows, now: datetime) -> Change:
    """Give the rows after *offer*, and what it overtook."""
    if rows and offer.sequence <= max(r.sequence for r in rows.values()):
        return Change(rows)
    wanted = wants(offer)
    after: Rows = {}
    overtaken: list[Submission] = []
    for key in sorted({*wanted, *rows}):
        row, want = rows.get(key), wanted.get(key, Want(None))
        if row is None:
            if want.value is not None:
                after[key] = _first(offer, key, want, now)
            continue
        if _overtakes(row, want):
            overtaken.append(said_unsent(row, "superseded", now))
        after[key] = changed(_want(_drift(row, want), want, now), sequence=offer.sequence)
    return Change(_unblock(rows, after, now), tuple(overtaken))


def withdraw(rows: Rows, now: datetime) -> Change:
    """Give the rows after the offer was deleted: hands off, whatever was wanted."""
    overtaken = tuple(
        said_unsent(r, "superseded", now) for r in rows.values() if _overtakes(r, Want(None))
    )
    return Change({k: _want(r, Want(None), now) for k, r in rows.items()}, overtaken)


def _first(offer: Offer, key: Key, want: Want, now: datetime) -> Row:
    aspect: Aspect = key[0]
    return Row(
        account=offer.account,
        seller_sku=offer.seller_sku,
        aspect=aspect,
        store=key[1],
        state="idle" if want.seen is None else "confirmed",
        wanted=want.value,
        wanted_hash=want.hash,
        details=want.details,
        sequence=offer.sequence,
        since=now,
        confirmed=want.seen,
        evidence=None if want.seen is None else "observed",
        confirmed_at=want.seen_at,
        due_at=now,
    )


def _overtakes(row: Row, want: Want) -> bool:
    """Tell whether something wanted and not yet sent is replaced."""
    unsent = not row.satisfied and not (row.in_flight and row.wanted == row.sent)
    return unsent and row.state != "blocked" and want.value != row.wanted


def _drift(row: Row, want: Want) -> Row:
    """Believe a newer observation over what was confirmed: ours is due again."""
    if row.in_flight or want.seen is None or want.seen == row.confirmed:
        return row
    if want.seen_at is None or (row.confirmed_at is not None and want.seen_at <= row.confirmed_at):
        return row
    facts = {"confirmed": want.seen, "evidence": "observed", "confirmed_at": want.seen_at}
    return moved(row, "idle", **facts) if row.state == "confirmed" else changed(row, **facts)


def _want(row: Row, want: Want, now: datetime) -> Row:
    kept = changed(row, wanted_hash=want.hash, details=want.details or row.details)
    if want.value == row.wanted:
        return kept
    newer = changed(kept, wanted=want.value, since=now, tries=0, rounds=0)
    if row.state == "blocked" or (row.state == "held" and newer.satisfied):
        return moved(newer, "idle", due_at=now, note=None)
    if _cannot_wait(newer):
        return moved(newer, "unknown", due_at=now)
    waits = row.in_flight and not (row.state == "unknown" and row.aspect == "quantity")
    return newer if waits else changed(newer, due_at=now)


def _cannot_wait(row: Row) -> bool:
    """Tell whether a fall to 0 stands behind an accepted quantity: read now, then send."""
    return row.state == "awaiting" and row.aspect == "quantity" and row.wanted == "0"


def _unblock(before: Rows, after: Rows, now: datetime) -> Rows:
    """Let a refused offer go out again once what it carries has changed, stock apart."""
    return {k: _again(r, before, after, now) for k, r in after.items()}


def _again(row: Row, before: Rows, after: Rows, now: datetime) -> Row:
    if row.aspect != "existence" or row.state != "blocked":
        return row
    carried: list[Key] = [("existence", row.store), ("price", row.store)]
    if all(_content(before.get(k)) == _content(after.get(k)) for k in carried):
        return row
    return moved(row, "idle", due_at=now, note=None, tries=0)


def _content(row: Row | None) -> tuple[str | None, str, dict[str, Any]] | None:
    return None if row is None else (row.wanted, row.wanted_hash, row.details)
