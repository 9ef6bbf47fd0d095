"""Accepted writes on their way: when each takes effect, and what it then changes.

Writes to one SKU take effect in the order they came, within each aspect, and everything
keeps its order around a creation or deletion (S13). Due effects fire in time order.
"""

import heapq
from decimal import Decimal
from typing import Any

import msgspec

from deploy.sandbox.attributes import Patch, derived, facts, name_of, patched
from deploy.sandbox.chance import asin
from deploy.sandbox.status import in_dates
from deploy.sandbox.world import Attributes, Change, Issue, Listing, Product, Sku, World

EXISTENCE = "existence"
ALL = "all"


class Effect(msgspec.Struct, kw_only=True):
    """One accepted write, or the part of it that takes effect at one time."""

    due: int
    number: int
    account: str
    sku: str
    marketplace: str
    aspect: str
    submission: str
    put: Attributes | None = None
    sent: Attributes | None = None
    product_type: str = "PRODUCT"
    patches: tuple[Patch, ...] = ()
    delete: bool = False
    lost: bool = False

    def clashes(self, other: "Effect") -> bool:
        """Say whether the two must keep their order."""
        whole = {EXISTENCE, ALL}
        return self.aspect == other.aspect or bool({self.aspect, other.aspect} & whole)


class Pending:
    """The effects still to come, by time and by SKU."""

    def __init__(self) -> None:
        self._heap: list[tuple[int, int, Effect]] = []
        self._waiting: dict[tuple[str, str], list[Effect]] = {}
        self._number = 0

    def __len__(self) -> int:
        return len(self._heap)

    def of(self, account: str, sku: str) -> list[Effect]:
        """Give what waits for one SKU, in the order it will happen."""
        waiting = self._waiting.get((account, sku), [])
        return sorted(waiting, key=lambda effect: (effect.due, effect.number))

    def skus(self) -> set[tuple[str, str]]:
        """Give the SKUs, as account and SKU, that something waits for."""
        return set(self._waiting)

    def add(self, effect: Effect) -> None:
        """Let *effect* wait: never before an earlier one that it must not overtake."""
        waiting = self._waiting.setdefault((effect.account, effect.sku), [])
        earlier = [other.due for other in waiting if effect.clashes(other)]
        self._number += 1
        effect.number, effect.due = self._number, max([effect.due, *earlier])
        waiting.append(effect)
        heapq.heappush(self._heap, (effect.due, effect.number, effect))

    def next(self) -> int | None:
        """Give the time of the next effect, or None."""
        return self._heap[0][0] if self._heap else None

    def pop(self, now: int) -> Effect | None:
        """Take the next effect that is due at *now*, or None."""
        if not self._heap or self._heap[0][0] > now:
            return None
        effect = heapq.heappop(self._heap)[2]
        key = (effect.account, effect.sku)
        self._waiting[key].remove(effect)
        if not self._waiting[key]:
            del self._waiting[key]
        return effect


def apply(world: World, sku: Sku | None, effect: Effect, *, quietly: bool = False) -> Sku | None:
    """Give *sku* after *effect*, None when nothing is left of it; *sku* itself may change.

    *quietly*: as the truth looks ahead: no chance, and no new ASIN.
    """
    if effect.delete:
        return deleted(sku, effect.marketplace)
    if effect.put is not None:
        return _put(world, sku, effect, quietly=quietly)
    if sku is None or (listing := sku.listing(effect.marketplace)) is None:
        return sku
    for patch in effect.patches:
        if name_of(patch) == "fulfillment_availability":
            _stock(world, sku, patch)
    _patch_listing(world, sku, listing, effect=effect, quietly=quietly)
    return sku


def deleted(sku: Sku | None, marketplace: str) -> Sku | None:
    """Give *sku* without its listing in *marketplace*; None without any."""
    if sku is None:
        return None
    sku.listings = tuple(row for row in sku.listings if row.marketplace != marketplace)
    return sku if sku.listings else None


def _put(world: World, sku: Sku | None, effect: Effect, *, quietly: bool) -> Sku:
    attributes = effect.put or {}
    sku = sku or Sku(sku=effect.sku)
    listing = sku.listing(effect.marketplace)
    if listing is None:
        listing = Listing(
            marketplace=effect.marketplace, asin=None, created=effect.due, updated=effect.due
        )
        listing.sent = effect.sent
        sku.listings = (*sku.listings, listing)
    listing.product_type = effect.product_type
    listing.asin = asin_of(world, effect, quietly=quietly) or listing.asin
    _settle(listing, attributes, effect.due)
    rows = attributes.get("fulfillment_availability", [])
    if not sku.fba:
        sku.quantity, sku.lead_time, sku.restock = None, None, None
    _stock(world, sku, {"op": "replace", "path": "fulfillment_availability", "value": rows})
    if sku.quantity is None and not sku.fba:
        sku.quantity = 0
    return sku


def asin_of(world: World, effect: Effect, *, quietly: bool) -> str | None:
    """Give the ASIN that a PUT is about: named, found by identifier, or a new one."""
    attributes = effect.put or {}
    if named := attributes.get("merchant_suggested_asin"):
        return str(named[0]["value"])
    for row in attributes.get("externally_assigned_product_identifier", []):
        if found := world.gtins.get(str(row["value"]).zfill(14)):
            return found[0]
    if quietly:
        return None
    title = str((attributes.get("item_name") or [{"value": effect.sku}])[0]["value"])
    made = asin(world.chance.digest("asin", f"{effect.account}|{effect.sku}"))
    world.add_product(Product(made, title, product_type=effect.product_type))
    return made


def _stock(world: World, sku: Sku, patch: Patch) -> None:
    for row in patch.get("value") or []:
        if row.get("fulfillment_channel_code") == "DEFAULT":
            _default_channel(world, sku, patch["op"], row)
        elif patch["op"] == "delete":
            sku.fba = None if sku.fba == row.get("fulfillment_channel_code") else sku.fba
        else:
            sku.fba = row["fulfillment_channel_code"]


def _default_channel(world: World, sku: Sku, op: str, row: dict[str, Any]) -> None:
    if op == "delete":
        sku.quantity = None
        return
    if sku.fba and sku.quantity is None and not world.profile.second_channel:
        return
    merging = op == "merge"
    if "quantity" in row or not merging:
        sku.quantity = row.get("quantity") or 0
    if "lead_time_to_ship_max_days" in row or not merging:
        sku.lead_time = row.get("lead_time_to_ship_max_days")
    if "restock_date" in row or not merging:
        sku.restock = row.get("restock_date")


def _patch_listing(
    world: World, sku: Sku, listing: Listing, *, effect: Effect, quietly: bool
) -> None:
    names = {name_of(patch) for patch in effect.patches}
    if names == {"fulfillment_availability"}:
        listing.updated = effect.due
        return
    attributes = listing.live if listing.live is not None else derived(sku, listing)
    before = listing.end
    for patch in effect.patches:
        attributes = patched(attributes, patch, effect.marketplace)
    _settle(listing, attributes, effect.due)
    reopened = before is not None and before <= effect.due and in_dates(listing, effect.due)
    if reopened and not quietly and _stays_shut(world, effect):
        listing.end = before


def _stays_shut(world: World, effect: Effect) -> bool:
    entity = f"{effect.account}|{effect.sku}"
    return world.chance.happens(world.profile.failed_reopening, "reopening", entity)


def _settle(listing: Listing, attributes: Attributes, at: int) -> None:
    for name, value in facts(attributes, listing.marketplace).items():
        setattr(listing, name, value)
    named = attributes.get("merchant_suggested_asin")
    if named:
        listing.asin = str(named[0]["value"])
    listing.live, listing.updated = attributes, at
    listing.missing = tuple(name for name in listing.missing if name not in attributes)
    listing.issues = tuple(row for row in listing.issues if not _resolved(row, attributes))


def _resolved(trouble: Issue, attributes: Attributes) -> bool:
    """Say whether what an issue says is missing has been supplied."""
    names = trouble.get("attributeNames")
    lacking = LACKING & set(trouble["categories"])
    return bool(lacking and names) and all(attributes.get(name) for name in names or ())


LACKING = {"MISSING_ATTRIBUTE", "MISSING_PRICE", "MISSING_IMAGE"}


def snapshot(sku: Sku | None, marketplace: str) -> dict[str, Any]:
    """Give the few facts of a listing that a history tells."""
    listing = sku.listing(marketplace) if sku else None
    if sku is None or listing is None:
        return {"exists": False}
    price = None if listing.price is None else str(Decimal(listing.price))
    return {"exists": True, "price": price, "quantity": sku.quantity, "asin": listing.asin}


def fire(world: World, effect: Effect) -> None:
    """Let a due effect happen, and remember it; a lost one is remembered only."""
    shelf = world.shelves[effect.account]
    before = shelf.get(effect.sku)
    gone = before.listing(effect.marketplace) if before and effect.delete else None
    if effect.lost:
        cause = f"lost:{effect.submission}"
    else:
        cause = f"submission:{effect.submission}"
        after = apply(world, before, effect)
        place(world, effect.account, effect.sku, after)
    if gone is not None and not effect.lost:
        world.cancelled[effect.account][effect.sku, effect.marketplace] = gone
    told = snapshot(shelf.get(effect.sku), effect.marketplace)
    change = Change(effect.due, cause, effect.marketplace, {"aspect": effect.aspect} | told)
    world.record(effect.account, effect.sku, change)


def place(world: World, account: str, name: str, sku: Sku | None) -> None:
    """Put *sku* on its shelf, or take it off."""
    if sku is None:
        world.shelves[account].pop(name, None)
    else:
        world.shelves[account][name] = sku
