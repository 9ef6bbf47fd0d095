"""Waking whoever waits for work of an account: within the process, and across processes.

`NOTIFY` is only a hint; whoever hears nothing still looks when the next row falls due.
"""

import threading
from collections.abc import Iterable
from uuid import uuid4

import psycopg
from sqlalchemy import Connection, Engine, text

CHANNEL = "listwire_push"


class Bell:
    """Rung by others, waited for by one; a ring between two waits is not lost."""

    def __init__(self) -> None:
        self._event = threading.Event()

    def ring(self) -> None:
        """Wake the one who waits, now or at its next wait."""
        self._event.set()

    def wait(self, seconds: float) -> bool:
        """Come back at a ring, or after *seconds*; tell whether it rang."""
        rang = self._event.wait(max(0.0, seconds))
        if rang:
            self._event.clear()
        return rang


class Bells:
    """A bell per account, and one for the outbox; *mark* tells them from other processes'."""

    def __init__(self, mark: str | None = None) -> None:
        self.mark = mark or uuid4().hex
        self._bells: dict[str, list[Bell]] = {}
        self._lock = threading.Lock()

    def hang(self, account: str) -> Bell:
        """Give a new bell that rings for *account* (`""` for every account)."""
        bell = Bell()
        with self._lock:
            self._bells.setdefault(account, []).append(bell)
        return bell

    def take_down(self, account: str) -> None:
        """Forget the bells of *account*."""
        with self._lock:
            self._bells.pop(account, None)

    def ring(self, accounts: Iterable[str]) -> None:
        """Wake whoever waits for one of *accounts*."""
        with self._lock:
            rung = [b for a in {*accounts, ""} for b in self._bells.get(a, ())]
        for bell in rung:
            bell.ring()

    def ring_all(self) -> None:
        """Wake everybody."""
        with self._lock:
            rung = [b for bells in self._bells.values() for b in bells]
        for bell in rung:
            bell.ring()


def notify(connection: Connection, accounts: Iterable[str], mark: str = "") -> None:
    """Wake the other processes once this transaction is committed; *mark* is of our bells."""
    for account in sorted(set(accounts)):
        connection.execute(_NOTIFY, {"channel": CHANNEL, "told": f"{mark} {account}"})


_NOTIFY = text("SELECT pg_notify(:channel, :told)")


def listen(engine: Engine, bells: Bells, stopped: threading.Event) -> None:
    """Ring for every account that another process names, until *stopped*.

    What this process said itself is left out: its bells rang already, and every ring costs
    each thread of the account a look at the ledger.
    """
    while not stopped.is_set():
        try:
            _hear(engine, bells, stopped)
        except psycopg.OperationalError:
            stopped.wait(1.0)


def _hear(engine: Engine, bells: Bells, stopped: threading.Event) -> None:
    url = engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"LISTEN {CHANNEL}")
        bells.ring_all()  # what was said before we listened
        while not stopped.is_set():
            for heard in connection.notifies(timeout=1.0):
                mark, _, account = heard.payload.partition(" ")
                if mark != bells.mark:
                    bells.ring([account])
