"""Who pushes for an account: one owner at a time, fenced by a token that only grows (F).

Leases end by the database's clock; an owner counts from before it asked, on a clock that
cannot jump, and stops before the end. While it lives an owner holds a lock of its session
besides (`Presence`): once that is gone, so is the process, and nobody waits for the lease's
end. A paused account belongs to its owner still, but sends nothing.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

import msgspec
from sqlalchemy import ColumnElement, Connection, Engine, bindparam, func, literal, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import DBAPIError, PendingRollbackError

from consumers.amazon.tables import push_lease as table

SALT = 0x70757368
"""Keeps the locks of this module apart from other advisory locks."""


class LeaseLost(Exception):
    """Somebody else pushes for this account now, or nobody: nothing more may be sent."""


class Lease(msgspec.Struct, frozen=True):
    """The right to push for *account* until *until* (of the steady clock)."""

    account: str
    owner: str
    token: int
    until: float


class Presence:
    """A sign that the process *owner* lives: a lock of one session, gone when it ends."""

    def __init__(self, engine: Engine, owner: str) -> None:
        self._engine = engine
        self._owner = owner
        self._session: Connection | None = None

    def shown(self) -> bool:
        """Say whether the sign still stands since the last call; set it up if it does not.

        False: others may think us gone, so what we held is not ours any more. Raises as the
        database does where it cannot be set up.
        """
        if self._session is not None:
            try:
                self._session.execute(select(literal(1)))
            except (DBAPIError, PendingRollbackError):  # the latter where the pool noticed first
                self.hide()
            else:
                return True
        session = self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        session.execute(select(func.pg_try_advisory_lock(_sign(literal(self._owner)))))
        self._session = session
        return False

    def hide(self) -> None:
        """Take the sign away: the session ends, and its lock with it."""
        if self._session is not None:
            self._session.invalidate()
            self._session.close()
            self._session = None


def _sign(owner: ColumnElement[str]) -> ColumnElement[int]:
    return func.hashtextextended(owner, SALT)


def take(
    engine: Engine, account: str, owner: str, *, seconds: float, clock: Callable[[], float]
) -> Lease | None:
    """Take the lease of *account* with a new token, if nobody who lives holds it."""
    asked_at = clock()
    expires = func.now() + timedelta(seconds=seconds)
    new = insert(table).values(account=account, owner=owner, token=1, expires_at=expires)
    mine = new.on_conflict_do_update(
        index_elements=["account"],
        set_={"owner": owner, "token": table.c.token + 1, "expires_at": expires},
        where=(table.c.expires_at < func.now())
        | (table.c.owner == owner)
        | func.pg_try_advisory_xact_lock(_sign(table.c.owner)),
    ).returning(table.c.token)
    with engine.begin() as connection:
        token = connection.execute(mine).scalar()
    return None if token is None else Lease(account, owner, token, asked_at + seconds)


def renew(
    engine: Engine, lease: Lease, *, seconds: float, clock: Callable[[], float]
) -> Lease | None:
    """Give the lease with a later end, or None if it is no longer ours."""
    asked_at = clock()
    longer = (
        update(table)
        .where(*_mine(lease))
        .values(expires_at=func.now() + timedelta(seconds=seconds))
        .returning(table.c.token)
    )
    with engine.begin() as connection:
        held = connection.execute(longer).scalar()
    return msgspec.structs.replace(lease, until=asked_at + seconds) if held else None


def give_back(engine: Engine, lease: Lease) -> None:
    """End the lease now, so that somebody else need not wait for its end."""
    with engine.begin() as connection:
        connection.execute(update(table).where(*_mine(lease)).values(expires_at=func.now()))


def check(connection: Connection, lease: Lease) -> None:
    """Raise `LeaseLost` unless *lease* holds; it holds until this transaction ends."""
    named = {"of": lease.account, "by": lease.owner, "held": lease.token}
    if connection.execute(_HELD, named).scalar() is None:
        raise LeaseLost(lease.account)


_HELD = (
    select(literal(1))
    .select_from(table)
    .where(
        table.c.account == bindparam("of"),
        table.c.owner == bindparam("by"),
        table.c.token == bindparam("held"),
        table.c.expires_at > func.clock_timestamp(),
    )
    .with_for_update(read=True)
)


def pause(engine: Engine, account: str, why: str, until: datetime) -> None:
    """Write down that *account* sends nothing until then, and why."""
    with engine.begin() as connection:
        connection.execute(
            update(table)
            .where(table.c.account == account)
            .values(paused_until=until, paused_why=why[:2000])
        )


def paused(engine: Engine, account: str) -> tuple[datetime, str] | None:
    """Give until when *account* is paused and why, None if it is not."""
    query = select(table.c.paused_until, table.c.paused_why).where(
        table.c.account == account, table.c.paused_until.is_not(None)
    )
    with engine.connect() as connection:
        found = connection.execute(query).one_or_none()
    return None if found is None else (found[0], found[1] or "")


def resume(engine: Engine, account: str) -> None:
    """Let *account* send again."""
    with engine.begin() as connection:
        connection.execute(
            update(table)
            .where(table.c.account == account)
            .values(paused_until=None, paused_why=None)
        )


def _mine(lease: Lease) -> tuple[ColumnElement[bool], ...]:
    return (
        table.c.account == lease.account,
        table.c.owner == lease.owner,
        table.c.token == lease.token,
    )
