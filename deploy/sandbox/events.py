"""Unasked acts of Amazon, of buyers and of people in Seller Central (`POST /events`)."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any, NamedTuple

import msgspec

from deploy.sandbox.api import Amazon
from deploy.sandbox.attributes import money
from deploy.sandbox.effects import deleted, place, snapshot
from deploy.sandbox.marketplaces import marketplace
from deploy.sandbox.notices import DEFINITIONS, TYPES
from deploy.sandbox.pending import enforced
from deploy.sandbox.seed import issue_of, restriction
from deploy.sandbox.validation import issue
from deploy.sandbox.watch import Notice
from deploy.sandbox.world import Account, Change, Listing, Sku


class Act(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """One act; which fields it needs is its kind's business (README)."""

    type: str
    account: str = ""
    sku: str = ""
    marketplace: str = ""
    asin: str = ""
    quantity: int | None = None
    price: Decimal | None = None
    condition: str | None = None
    title: str | None = None
    product_type: str | None = None
    action: str = "LISTING_SUPPRESSED"
    issue: dict[str, Any] | None = None
    exemption: dict[str, str] | None = None
    restricted: bool | list[str] | dict[str, list[str]] = True
    notification: str = ""
    payload: dict[str, Any] = {}


class Scene(NamedTuple):
    """An act on one listing."""

    amazon: Amazon
    sku: Sku
    listing: Listing
    act: Act


class Stage(NamedTuple):
    """An act on one account."""

    amazon: Amazon
    account: Account
    act: Act
    now: int

    @property
    def stores(self) -> set[str]:
        """The marketplaces that it is about: the named one, or all of the account."""
        named = self.act.marketplace
        return {marketplace(named).id} if named else set(self.account.marketplaces)


def happen(amazon: Amazon, act: Act, now: int) -> dict[str, Any]:
    """Let *act* happen. Raises `ValueError` when it cannot."""
    amazon.scheduler.advance(now)
    if act.type in OF_ACCOUNT:
        return _on_account(amazon, act, now)
    if act.type == "restrict":
        amazon.world.products[act.asin].restricted = restriction(act.restricted)
        return {"type": act.type, "asin": act.asin}
    if act.type not in OF_LISTING:
        known = ", ".join([*OF_LISTING, *OF_ACCOUNT, "restrict"])
        raise ValueError(f"type is one of {known}, not {act.type!r}")
    return _on_listing(amazon, act, now)


def _on_account(amazon: Amazon, act: Act, now: int) -> dict[str, Any]:
    account = _account(amazon, act)
    skus = amazon.world.shelves[account.id] if act.type in SELLING else ()
    with amazon.watch.on(account.id, *skus, now=now):
        OF_ACCOUNT[act.type](Stage(amazon, account, act, now))
    return {"type": act.type, "account": act.account}


def _account(amazon: Amazon, act: Act) -> Account:
    account = amazon.world.accounts.get(act.account)
    if account is None:
        raise ValueError(f"no account {act.account!r}")
    return account


def _on_listing(amazon: Amazon, act: Act, now: int) -> dict[str, Any]:
    account = _account(amazon, act)
    sku = amazon.world.sku(account.id, act.sku)
    store = marketplace(act.marketplace).id if act.marketplace else account.marketplaces[0]
    listing = sku.listing(store) if sku else None
    if sku is None or listing is None:
        raise ValueError(f"no listing {act.sku!r} of {account.id} in {store}")
    with amazon.watch.on(account.id, act.sku, now=now):
        OF_LISTING[act.type](Scene(amazon, sku, listing, act))
    if act.type in ("edit", "change_product_type"):
        listing.updated, listing.live = now, None
    told = snapshot(amazon.world.sku(account.id, act.sku), store)
    amazon.world.record(account.id, act.sku, Change(now, f"event:{act.type}", store, told))
    return {"type": act.type, "account": account.id, "sku": act.sku, **told}


def _sell(scene: Scene) -> None:
    units = scene.act.quantity or 1
    if scene.sku.stock < units:
        raise ValueError(f"only {scene.sku.stock} of {scene.sku.sku!r} can be sold")
    if scene.sku.quantity is not None:
        scene.sku.quantity -= units
    else:
        scene.sku.fba_stock -= units


def _edit(scene: Scene) -> None:
    if scene.act.price is not None:
        scene.listing.price = money(scene.act.price, scene.listing.marketplace)
    if scene.act.quantity is not None:
        scene.sku.quantity = scene.act.quantity
    scene.listing.condition = scene.act.condition or scene.listing.condition
    scene.listing.title = scene.act.title or scene.listing.title


def _delete(scene: Scene) -> None:
    scene.amazon.world.cancelled[scene.act.account][scene.sku.sku, scene.listing.marketplace] = (
        scene.listing
    )
    place(
        scene.amazon.world,
        scene.act.account,
        scene.sku.sku,
        deleted(scene.sku, scene.listing.marketplace),
    )


def _suppress(scene: Scene) -> None:
    plain = issue("INVALID_IMAGE", "The main image breaks the guidelines.", code="18027")
    trouble = issue_of(scene.act.issue) if scene.act.issue else plain
    trouble = enforced(trouble, scene.act.action)
    if scene.act.exemption:
        trouble["enforcements"]["exemption"] = scene.act.exemption
    scene.listing.issues = (*scene.listing.issues, trouble)


def _exempt(scene: Scene) -> None:
    exemption = scene.act.exemption or {"status": "EXEMPT"}
    scene.listing.issues = tuple(
        trouble | {"enforcements": trouble["enforcements"] | {"exemption": exemption}}
        if trouble.get("enforcements")
        else trouble
        for trouble in scene.listing.issues
    )


def _lift(scene: Scene) -> None:
    scene.listing.issues, scene.listing.held, scene.listing.missing = (), False, ()


def _retype(scene: Scene) -> None:
    scene.listing.product_type = scene.act.product_type or scene.listing.product_type


def _suspend(stage: Stage) -> None:
    stage.account.suspended = stage.account.suspended | stage.stores


def _resume(stage: Stage) -> None:
    stage.account.suspended = stage.account.suspended - stage.stores


def _leave(stage: Stage) -> None:
    stage.account.departed = stage.account.departed | stage.stores


def _revoke(stage: Stage) -> None:
    stage.account.revoked = True
    stage.amazon.tokens.forget(stage.account.id)


def _grant(stage: Stage) -> None:
    stage.account.revoked = stage.account.unauthorized = False


def _expire(stage: Stage) -> None:
    stage.amazon.tokens.forget(stage.account.id)


def _unauthorize(stage: Stage) -> None:
    stage.account.unauthorized = True


def _notify(stage: Stage) -> None:
    if stage.act.notification not in TYPES:
        raise ValueError(f"notification is one of {', '.join(TYPES)}")
    told = Notice(stage.act.notification, stage.act.payload)
    stage.amazon.notices.tell(stage.account, "notify", told, stage.now)


def _define(stage: Stage) -> None:
    version = stage.amazon.world.chance.identity("product type version", stage.account.id)
    told: dict[str, Any] = {"AccountId": stage.account.merchant_token}
    told |= {"ProductTypeVersion": version, "NewProductTypes": [stage.act.product_type or "LAMP"]}
    for store in sorted(stage.stores):
        notice = Notice(DEFINITIONS, told | {"MarketplaceId": store}, store)
        stage.amazon.notices.tell(stage.account, store, notice, stage.now)


SELLING = {"suspend_store", "resume_store", "leave_store"}
"""Acts on an account that change what can be bought."""
OF_LISTING: dict[str, Callable[[Scene], None]] = {
    "sell": _sell,
    "edit": _edit,
    "delete": _delete,
    "suppress": _suppress,
    "exempt": _exempt,
    "lift": _lift,
    "change_product_type": _retype,
}
OF_ACCOUNT: dict[str, Callable[[Stage], None]] = {
    "suspend_store": _suspend,
    "resume_store": _resume,
    "leave_store": _leave,
    "revoke_token": _revoke,
    "grant_token": _grant,
    "expire_tokens": _expire,
    "unauthorize": _unauthorize,
    "notify": _notify,
    "new_definition": _define,
}
