"""Unasked acts of Amazon, of buyers and of people in Seller Central (`POST /events`)."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import msgspec

from deploy.sandbox.api import Amazon
from deploy.sandbox.attributes import money
from deploy.sandbox.effects import deleted, place, snapshot
from deploy.sandbox.marketplaces import marketplace
from deploy.sandbox.pending import enforced
from deploy.sandbox.seed import issue_of, restriction
from deploy.sandbox.validation import issue
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


def happen(amazon: Amazon, act: Act, now: int) -> dict[str, Any]:
    """Let *act* happen. Raises `ValueError` when it cannot."""
    amazon.scheduler.advance(now)
    if act.type in OF_ACCOUNT:
        OF_ACCOUNT[act.type](amazon, _account(amazon, act), act)
        return {"type": act.type, "account": act.account}
    if act.type == "restrict":
        amazon.world.products[act.asin].restricted = restriction(act.restricted)
        return {"type": act.type, "asin": act.asin}
    if act.type not in OF_LISTING:
        known = ", ".join([*OF_LISTING, *OF_ACCOUNT, "restrict"])
        raise ValueError(f"type is one of {known}, not {act.type!r}")
    return _on_listing(amazon, act, now)


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
    OF_LISTING[act.type](amazon, sku, listing, act)
    if act.type in ("edit", "change_product_type"):
        listing.updated, listing.live = now, None
    told = snapshot(amazon.world.sku(account.id, act.sku), store)
    amazon.world.record(account.id, act.sku, Change(now, f"event:{act.type}", store, told))
    return {"type": act.type, "account": account.id, "sku": act.sku, **told}


def _sell(amazon: Amazon, sku: Sku, listing: Listing, act: Act) -> None:
    units = act.quantity or 1
    if sku.stock < units:
        raise ValueError(f"only {sku.stock} of {sku.sku!r} can be sold")
    if sku.quantity is not None:
        sku.quantity -= units
    else:
        sku.fba_stock -= units


def _edit(amazon: Amazon, sku: Sku, listing: Listing, act: Act) -> None:
    if act.price is not None:
        listing.price = money(act.price, listing.marketplace)
    if act.quantity is not None:
        sku.quantity = act.quantity
    listing.condition = act.condition or listing.condition
    listing.title = act.title or listing.title


def _delete(amazon: Amazon, sku: Sku, listing: Listing, act: Act) -> None:
    amazon.world.cancelled[act.account][sku.sku, listing.marketplace] = listing
    place(amazon.world, act.account, sku.sku, deleted(sku, listing.marketplace))


def _suppress(amazon: Amazon, sku: Sku, listing: Listing, act: Act) -> None:
    plain = issue("INVALID_IMAGE", "The main image breaks the guidelines.", code="18027")
    trouble = issue_of(act.issue) if act.issue else plain
    trouble = enforced(trouble, act.action)
    if act.exemption:
        trouble["enforcements"]["exemption"] = act.exemption
    listing.issues = (*listing.issues, trouble)


def _exempt(amazon: Amazon, sku: Sku, listing: Listing, act: Act) -> None:
    exemption = act.exemption or {"status": "EXEMPT"}
    listing.issues = tuple(
        trouble | {"enforcements": trouble["enforcements"] | {"exemption": exemption}}
        if trouble.get("enforcements")
        else trouble
        for trouble in listing.issues
    )


def _lift(amazon: Amazon, sku: Sku, listing: Listing, act: Act) -> None:
    listing.issues, listing.held, listing.missing = (), False, ()


def _retype(amazon: Amazon, sku: Sku, listing: Listing, act: Act) -> None:
    listing.product_type = act.product_type or listing.product_type


def _stores(act: Act, account: Account) -> set[str]:
    return {marketplace(act.marketplace).id} if act.marketplace else set(account.marketplaces)


def _suspend(amazon: Amazon, account: Account, act: Act) -> None:
    account.suspended = account.suspended | _stores(act, account)


def _resume(amazon: Amazon, account: Account, act: Act) -> None:
    account.suspended = account.suspended - _stores(act, account)


def _leave(amazon: Amazon, account: Account, act: Act) -> None:
    account.departed = account.departed | _stores(act, account)


def _revoke(amazon: Amazon, account: Account, act: Act) -> None:
    account.revoked = True
    amazon.tokens.forget(account.id)


def _grant(amazon: Amazon, account: Account, act: Act) -> None:
    account.revoked = account.unauthorized = False


def _expire(amazon: Amazon, account: Account, act: Act) -> None:
    amazon.tokens.forget(account.id)


def _unauthorize(amazon: Amazon, account: Account, act: Act) -> None:
    account.unauthorized = True


OF_LISTING: dict[str, Callable[[Amazon, Sku, Listing, Act], None]] = {
    "sell": _sell,
    "edit": _edit,
    "delete": _delete,
    "suppress": _suppress,
    "exempt": _exempt,
    "lift": _lift,
    "change_product_type": _retype,
}
OF_ACCOUNT: dict[str, Callable[[Amazon, Account, Act], None]] = {
    "suspend_store": _suspend,
    "resume_store": _resume,
    "leave_store": _leave,
    "revoke_token": _revoke,
    "grant_token": _grant,
    "expire_tokens": _expire,
    "unauthorize": _unauthorize,
}
