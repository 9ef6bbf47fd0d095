"""Ground truth: what Amazon holds and will hold, with time and cause (S37).

Told from the world itself, never from replies. Tests assert on it.
"""

from collections.abc import Iterator
from typing import Any

from deploy.sandbox.api import Amazon
from deploy.sandbox.effects import Effect
from deploy.sandbox.marketplaces import marketplace
from deploy.sandbox.pending import Submission
from deploy.sandbox.status import report_status, statuses
from deploy.sandbox.when import text
from deploy.sandbox.world import Account, Sku, World, shop

Wanted = dict[str, str]


def listings(amazon: Amazon, wanted: Wanted, now: int) -> dict[str, Any]:
    """Give the truth of each listing that *wanted* names: account, marketplace, sku."""
    store = marketplace(wanted["marketplace"]).id if "marketplace" in wanted else None
    found = [
        _truth(amazon, account, name, place, now)
        for account in _accounts(amazon.world, wanted)
        for name in _names(amazon, account, wanted)
        for place in _places(amazon, account, name)
        if store in (None, place)
    ]
    return {"at": text(now), "listings": found}


def _accounts(world: World, wanted: Wanted) -> list[Account]:
    name = wanted.get("account")
    return [account for account in world.accounts.values() if name in (None, account.id)]


def _names(amazon: Amazon, account: Account, wanted: Wanted) -> list[str]:
    if "sku" in wanted:
        return [wanted["sku"]]
    changed = {sku for name, sku in amazon.world.history if name == account.id}
    waiting = {sku for name, sku in amazon.scheduler.pending.skus() if name == account.id}
    return list(dict.fromkeys([*amazon.world.shelves[account.id], *sorted(changed | waiting)]))


def _places(amazon: Amazon, account: Account, name: str) -> Iterator[str]:
    sku = amazon.world.sku(account.id, name)
    held = [row.marketplace for row in sku.listings] if sku else []
    waiting = [effect.marketplace for effect in amazon.scheduler.pending.of(account.id, name)]
    changes = amazon.world.history.get((account.id, name), [])
    once = [change.marketplace for change in changes if change.marketplace]
    yield from dict.fromkeys([*held, *waiting, *once])


def _truth(amazon: Amazon, account: Account, name: str, place: str, now: int) -> dict[str, Any]:
    world = amazon.world
    sku = world.sku(account.id, name)
    waiting = [e for e in amazon.scheduler.pending.of(account.id, name) if _touches(e, place)]
    held = _state(world, account, sku, place, now)
    after = held
    if waiting:
        later = amazon.scheduler.foreseen(account.id, name)
        after = _state(world, account, later, place, max(e.due for e in waiting))
    changes = world.history.get((account.id, name), [])
    return {
        "account": account.id,
        "marketplace": place,
        "sku": name,
        **held,
        "will": after,
        "pending": [_waiting(effect) for effect in waiting],
        "history": [
            {"at": text(change.at), "cause": change.cause, **change.facts}
            for change in changes
            if change.marketplace in (None, place)
        ],
    }


def _touches(effect: Effect, place: str) -> bool:
    return effect.marketplace == place or effect.aspect in ("quantity", "all")


def _waiting(effect: Effect) -> dict[str, Any]:
    return {
        "due": text(effect.due),
        "aspect": effect.aspect,
        "cause": f"submission:{effect.submission}",
        "lost": effect.lost,
    }


def _state(world: World, account: Account, sku: Sku | None, place: str, now: int) -> dict[str, Any]:
    listing = sku.listing(place) if sku else None
    if sku is None or listing is None:
        return {"exists": False}
    return {
        "exists": True,
        "asin": listing.asin,
        "price": _money(listing.price, place),
        "business_price": _money(listing.business_price, place),
        "quantity": sku.quantity,
        "fba_stock": sku.fba_stock if sku.fba else None,
        "channel": sku.fba or "DEFAULT",
        "lead_time": sku.lead_time,
        "condition": listing.condition,
        "title": world.title(listing),
        "status": statuses(account, sku, listing, now),
        "report_status": report_status(account, sku, listing, now),
        "offer_from": None if listing.start is None else text(listing.start),
        "offer_to": None if listing.end is None else text(listing.end),
        "issues": list(listing.issues),
        "created": text(listing.created),
        "updated": text(listing.updated),
    }


def _money(amount: str | None, place: str) -> dict[str, str] | None:
    return None if amount is None else {"amount": amount, "currency": shop(place).currency}


def submissions(amazon: Amazon, wanted: Wanted) -> dict[str, Any]:
    """Give the fate of each accepted write that *wanted* names: account, sku, submission."""
    found = amazon.scheduler.submissions.values()
    names = [("account", "account"), ("sku", "sku"), ("submission", "id")]
    asked = [(field, wanted[name]) for name, field in names if name in wanted]
    return {
        "submissions": [
            _fate(submission)
            for submission in found
            if all(getattr(submission, field) == value for field, value in asked)
        ]
    }


def _fate(submission: Submission) -> dict[str, Any]:
    effects = [
        {
            "aspect": effect.aspect,
            "marketplace": effect.marketplace,
            "due": text(effect.due),
            "fate": _fate_of(submission, effect),
        }
        for effect in submission.effects
    ]
    return {
        "submission": submission.id,
        "account": submission.account,
        "sku": submission.sku,
        "marketplaces": submission.marketplaces,
        "at": text(submission.at),
        "effects": effects,
    }


def _fate_of(submission: Submission, effect: Effect) -> str:
    if effect.lost:
        return "lost"
    return "applied" if effect.aspect in submission.applied else "pending"
