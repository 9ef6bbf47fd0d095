"""What is told of each account: one value on `amazon.account.v1`, changed by several roles.

Whoever changes it locks the account's row, changes what stands there, publishes, and only
then writes it down: the topic gets the values in their order, and after a crash the next
change says what was lost. Nothing is said anew that stands already.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from uuid import NAMESPACE_URL, uuid5

from msgspec.structs import replace
from sqlalchemy import Engine, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as NoConnection

from producers.amazon.tables import account_state as table
from schemas import codec, keys
from schemas.amazon import AbsenceWave, AccountState, StoreParticipation
from schemas.errors import TryAgain
from schemas.event import ENCODER
from schemas.record import Record

SOURCE = "/listwire/producers/amazon"
ACCOUNT = "amazon.account.v1"

Publish = Callable[[Sequence[Record]], None]
"""Sends records and comes back once the broker has them all; raises `TryAgain` otherwise."""

Change = Callable[[AccountState], AccountState]

REFUSED, VALID = "refused", "valid"
"""States of an account's credentials; the third is `expires 2026-12-24`."""


class Accounts:
    """The accounts' states; safe for threads and for several workers."""

    def __init__(self, engine: Engine, publish: Publish, now: Callable[[], datetime]) -> None:
        self._engine = engine
        self._publish = publish
        self._now = now

    def change(self, account: str, change: Change) -> AccountState:
        """Change what is told of *account*; give what stands afterwards.

        Raises `TryAgain` where database or broker are away: then nothing has changed.
        """
        try:
            with self._engine.begin() as connection:
                new = {"account": account, "value": b"", "changed_at": self._now()}
                connection.execute(insert(table).values(new).on_conflict_do_nothing())
                mine = table.c.account == account
                kept = connection.execute(
                    select(table.c.value).where(mine).with_for_update()
                ).scalar_one()
                before = self._of(account, bytes(kept))
                after = change(before)
                if kept and after == before:
                    return before
                after = replace(after, as_of=max(self._now(), before.as_of + _STEP))
                self._publish([_record(after)])
                said = {"value": ENCODER.encode(after), "changed_at": self._now()}
                connection.execute(update(table).where(mine).values(said))
                return after
        except (OperationalError, NoConnection) as away:
            raise TryAgain(
                f"the database is away: {str(getattr(away, 'orig', away))[:200]}", after=5.0
            ) from away

    def _of(self, account: str, kept: bytes) -> AccountState:
        if not kept:
            return AccountState(account=account, as_of=self._now())
        return codec.decoder(AccountState).decode(kept)


_STEP = timedelta(microseconds=1)
"""No two states of an account are as of one instant, whatever a clock does."""


def _record(state: AccountState) -> Record:
    return codec.encode(
        state,
        topic=ACCOUNT,
        key=keys.join(state.account),
        id=str(uuid5(NAMESPACE_URL, f"{ACCOUNT}\n{state.account}\n{state.as_of.isoformat()}")),
        source=SOURCE,
        subject=state.account,
        time=state.as_of,
    )


# --- changes --------------------------------------------------------------------------------


def participating(stores: dict[str, StoreParticipation]) -> Change:
    """Give the change by which Amazon told where the account sells; its credentials serve."""
    return lambda state: replace(
        state,
        stores=stores,
        credentials=VALID if state.credentials == REFUSED else state.credentials,
    )


def turned_away(state: AccountState) -> AccountState:
    """Give the state of an account whose credentials Amazon refuses."""
    return replace(state, credentials=REFUSED)


def expiring(at: datetime) -> Change:
    """Give the change by which the application's secret ends at *at*."""
    return lambda state: replace(state, credentials=f"expires {at.date().isoformat()}")


def flooded(wave: AbsenceWave) -> Change:
    """Give the change by which a wave of 404s begins; one that stands already stays."""
    return lambda state: state if state.absences else replace(state, absences=wave)


def calmed(state: AccountState) -> AccountState:
    """Give the state in which a 404 counts again: a person says so."""
    return replace(state, absences=None)
