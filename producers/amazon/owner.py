"""Who collects an account's reports: one process at a time, by a lock of its session.

The lock is gone when the process is, so nobody waits; a worker that lost its session looks
again before each round. It keeps two workers from spending one quota; what they write is
kept apart by the runs' versions.
"""

from collections.abc import Iterable

from sqlalchemy import Connection, Engine, func, select
from sqlalchemy.exc import DBAPIError, PendingRollbackError

SALT = 0x72657074
"""Keeps the locks of this module apart from other advisory locks."""


class Owner:
    """The accounts of this process. Not shared between threads."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._session: Connection | None = None
        self._held: set[str] = set()

    def held(self, accounts: Iterable[str]) -> frozenset[str]:
        """Give which of *accounts* are ours now: at most one more than before.

        One at a time, so that workers that start together share them.
        """
        wanted = sorted(accounts)
        session = self._open()
        for account in wanted:
            if account not in self._held and _lock(session, account):
                self._held.add(account)
                break
        return frozenset(self._held.intersection(wanted))

    def close(self) -> None:
        """Give all of them back."""
        if self._session is not None:
            self._session.invalidate()
            self._session.close()
        self._session = None
        self._held.clear()

    def _open(self) -> Connection:
        if self._session is not None:
            try:
                self._session.execute(select(1))
            except (DBAPIError, PendingRollbackError):  # the latter where the pool noticed first
                self.close()
            else:
                return self._session
        self._session = self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        return self._session


def _lock(session: Connection, account: str) -> bool:
    lock = func.pg_try_advisory_lock(func.hashtextextended(account, SALT))
    return bool(session.execute(select(lock)).scalar())
