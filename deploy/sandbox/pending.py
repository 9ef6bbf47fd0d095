"""Accepting writes: from one call to the effects that will come of it, and their times."""

from contextlib import AbstractContextManager, nullcontext
from copy import deepcopy
from typing import Any, Protocol

import msgspec

from deploy.sandbox.agenda import Agenda
from deploy.sandbox.attributes import Patch, name_of
from deploy.sandbox.effects import ALL, EXISTENCE, Effect, Pending, apply, fire
from deploy.sandbox.validation import issue
from deploy.sandbox.world import Account, Attributes, Sku, World

ASPECTS = {"fulfillment_availability": "quantity", "purchasable_offer": "price"}


class Accepting(Protocol):
    """What the scheduler needs to know of a call."""

    account: Account
    sku: str
    stores: list[str]
    now: int
    submission: str | None

    @property
    def entity(self) -> str:
        """What this call's chance is keyed by."""


class Watching(Protocol):
    """Looks at SKUs before and after a block."""

    def __call__(self, account: str, *skus: str, now: int) -> AbstractContextManager[None]:
        """Begin to look."""


def _unwatched(account: str, *skus: str, now: int) -> AbstractContextManager[None]:  # noqa: ARG001
    return nullcontext()


class Submission(msgspec.Struct, kw_only=True):
    """The fate of one accepted write."""

    id: str
    account: str
    sku: str
    marketplaces: list[str]
    at: int
    effects: list[Effect] = []
    applied: dict[str, int] = {}


class Scheduler:
    """All that is still to happen in one world, and what was accepted so far."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.pending = Pending()
        self.agenda = Agenda()
        self.submissions: dict[str, Submission] = {}
        self.watch: Watching = _unwatched

    def advance(self, now: int) -> None:
        """Let everything happen that is due at *now*, in time order."""
        while (due := self.next()) is not None and due <= now:
            if effect := self.pending.pop(due):
                self._fire(effect)
            else:
                self.agenda.happen()

    def next(self) -> int | None:
        """Give the time of whatever happens next, or None."""
        times = (self.pending.next(), self.agenda.next())
        return min((time for time in times if time is not None), default=None)

    def _fire(self, effect: Effect) -> None:
        with self.watch(effect.account, effect.sku, now=effect.due):
            fire(self.world, effect)
            self.submissions[effect.submission].applied[effect.aspect] = effect.due
            if not effect.lost and not effect.delete:
                self._afterthought(effect)

    def awaited(self, account: str, sku: str) -> bool:
        """Say whether anything accepted for a SKU is still to come."""
        return bool(self.pending.of(account, sku))

    def expected(self, account: str, sku: str) -> Sku | None:
        """Give a SKU as it will be after the creations and deletions that wait for it."""
        waiting = self.pending.of(account, sku)
        held = self.world.sku(account, sku)
        if not any(effect.aspect == EXISTENCE for effect in waiting):
            return held
        return self.foreseen(account, sku)

    def foreseen(self, account: str, sku: str) -> Sku | None:
        """Give a copy of a SKU after everything that waits for it, lost writes apart."""
        after = deepcopy(self.world.sku(account, sku))
        for effect in self.pending.of(account, sku):
            if not effect.lost:
                after = apply(self.world, after, effect, quietly=True)
        return after

    def put(self, call: Accepting, attributes: Attributes, product_type: str) -> None:
        """Accept a PUT: existence at its time; price and quantity with it, or after."""
        store = call.stores[0]
        if not self.world.profile.apart:
            whole = {"put": attributes, "sent": attributes, "product_type": product_type}
            self._add(call, store, EXISTENCE, **whole)
            return
        later = {name: rows for name, rows in attributes.items() if name in ASPECTS}
        first = {name: rows for name, rows in attributes.items() if name not in ASPECTS}
        whole = {"put": first, "sent": attributes, "product_type": product_type}
        self._add(call, store, EXISTENCE, **whole)
        for name, rows in sorted(later.items()):
            change = {"op": "replace", "path": f"/attributes/{name}", "value": rows}
            self._add(call, store, ASPECTS[name], patches=(change,))

    def patch(self, call: Accepting, store: str, patches: list[Patch]) -> None:
        """Accept a PATCH: as one, or each aspect at its own time (S13)."""
        groups: dict[str, list[Patch]] = {}
        for change in patches:
            groups.setdefault(ASPECTS.get(name_of(change), "content"), []).append(change)
        if len(groups) > 1 and not self.world.profile.apart:
            groups = {ALL: patches}
        for aspect in sorted(groups, key=ORDER.index):
            self._add(call, store, aspect, patches=tuple(groups[aspect]))

    def delete(self, call: Accepting) -> None:
        """Accept a DELETE."""
        self._add(call, call.stores[0], EXISTENCE, delete=True)

    def _add(self, call: Accepting, store: str, aspect: str, **what: Any) -> None:
        chance, profile = self.world.chance, self.world.profile
        submission = self._submission(call)
        effect = Effect(
            due=call.now + self._delay(call, aspect),
            number=0,
            account=call.account.id,
            sku=call.sku,
            marketplace=store,
            aspect=aspect,
            submission=submission.id,
            lost=chance.happens(profile.lost_writes, "lost", call.entity),
            **what,
        )
        submission.effects.append(effect)
        self.pending.add(effect)

    def _submission(self, call: Accepting) -> Submission:
        if call.submission is None:
            call.submission = self.world.chance.identity("submission", call.entity)
        known = self.submissions.get(call.submission)
        if known is None:
            known = self.submissions[call.submission] = Submission(
                id=call.submission,
                account=call.account.id,
                sku=call.sku,
                marketplaces=call.stores,
                at=call.now,
            )
        return known

    def _delay(self, call: Accepting, aspect: str) -> int:
        profile = self.world.profile
        medians = {
            "quantity": profile.quantity_seconds,
            "price": profile.price_seconds,
            "content": profile.content_seconds,
            EXISTENCE: profile.existence_seconds,
            ALL: max(profile.price_seconds, profile.quantity_seconds),
        }
        seconds = self.world.chance.lognormal(
            medians[aspect], profile.sigma, stream=f"delay {aspect}", entity=call.entity
        )
        return round(seconds * 1000)

    def _afterthought(self, effect: Effect) -> None:
        world = self.world
        entity = f"{effect.account}|{effect.sku}"
        if not world.chance.happens(world.profile.later_issues, "afterthought", entity):
            return
        sku = world.sku(effect.account, effect.sku)
        listing = sku.listing(effect.marketplace) if sku else None
        if listing is not None:
            trouble = _AFTERTHOUGHTS[world.chance.digest("which issue", entity)[0] % 3]
            listing.issues = (*listing.issues, trouble)


ORDER = ["quantity", ALL, "price", "content", EXISTENCE]


def enforced(trouble: dict[str, Any], action: str, exemption: str = "NOT_EXEMPT") -> dict[str, Any]:
    """Give an issue the enforcement of *action*."""
    return trouble | {
        "enforcements": {"actions": [{"action": action}], "exemption": {"status": exemption}}
    }


_AFTERTHOUGHTS = (
    enforced(
        issue("INVALID_ATTRIBUTE", "The title breaks the style guide.", "item_name"),
        "SEARCH_SUPPRESSED",
    ),
    enforced(
        issue("INVALID_PRICE", "The price looks like an error.", "purchasable_offer"),
        "LISTING_SUPPRESSED",
    ),
    issue("INVALID_ATTRIBUTE", "The description holds markup.", "product_description")
    | {"severity": "WARNING"},
)
