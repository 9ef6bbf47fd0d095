"""Where each account sells, asked of Amazon once an hour (`amazon.md` 10)."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Protocol

import msgspec
import structlog

from producers.amazon.accounts import Change, participating, turned_away
from schemas.amazon import AccountState, StoreParticipation
from schemas.errors import NotAllowed, Refused, TryAgain, Unanswered
from schemas.settings import Settings

EVERY = timedelta(hours=1)
"""Time between two questions: the quota allows one a minute, and it changes rarely."""

SOON = timedelta(minutes=5)
"""Time until an account is asked again that could not be."""

_log = structlog.get_logger()


class Participation(msgspec.Struct, frozen=True, kw_only=True):
    """One marketplace in which the account has something to say."""

    marketplace: str
    participates: bool
    suspended: bool


class Sellers(Protocol):
    """Amazon's Sellers API. Raises the four classes of `schemas.errors`."""

    def participations(self, account: str) -> list[Participation]:
        """Give the marketplaces of *account*."""


class States(Protocol):
    """Where what is told of accounts is changed."""

    def change(self, account: str, change: Change) -> AccountState:
        """Change what is told of *account*."""


class Owned(Protocol):
    """Whose accounts are whose, among several workers."""

    def held(self, accounts: Iterable[str]) -> frozenset[str]:
        """Give which of *accounts* are ours now."""


class Participations:
    """Asks for each account of this worker, in turn."""

    def __init__(
        self,
        sellers: Sellers,
        states: States,
        owner: Owned,
        settings: Callable[[], Settings],
        now: Callable[[], datetime],
    ) -> None:
        self._sellers = sellers
        self._states = states
        self._owner = owner
        self._settings = settings
        self._now = now
        self._next: dict[str, datetime] = {}

    def turn(self) -> int:
        """Ask for the accounts whose time has come; give how many."""
        settings, now = self._settings(), self._now()
        mine = self._owner.held(settings.of("account"))
        due = [a for a in sorted(mine) if self._next.get(a, now) <= now]
        for account in due:
            self._next[account] = now + (EVERY if self._ask(account, settings) else SOON)
        return len(due)

    def _ask(self, account: str, settings: Settings) -> bool:
        log = _log.bind(account=account)
        try:
            change = self._change(account, settings)
            if change is None:
                log.warning("Amazon names no marketplace at all: not believed")
                return False
            self._states.change(account, change)
        except (TryAgain, Unanswered, Refused, NotAllowed) as no:
            log.warning("where it sells is not known", why=str(no)[:300])
            return False
        return True

    def _change(self, account: str, settings: Settings) -> Change | None:
        """Give what is to be told of *account*; None where the answer is not believed."""
        try:
            found = self._sellers.participations(account)
        except NotAllowed as no:
            if not getattr(no, "disconnected", False):
                raise
            return turned_away
        return participating(by_store(account, found, settings)) if found else None


def by_store(
    account: str, found: Iterable[Participation], settings: Settings
) -> dict[str, StoreParticipation]:
    """Give what *found* says of each store; a marketplace that is not named is not sold in."""
    told: Mapping[str, Participation] = {p.marketplace: p for p in found}
    absent = StoreParticipation(participates=False)
    stores = settings.stores_of(account)
    return {
        name: StoreParticipation(participates=p.participates, suspended=p.suspended)
        if (p := told.get(store.place.id)) is not None
        else absent
        for name, store in stores.items()
    }
