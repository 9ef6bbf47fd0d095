"""Reading back what was sent, until Amazon shows it: only that is *confirmed*.

Twenty SKUs a read where a search can do it. A search that leaves a SKU out proves nothing:
what is unknown, or was to go away, is read by itself, where a 404 is proof.
"""

from collections.abc import Callable, Iterable
from datetime import datetime

import structlog
from sqlalchemy import Engine

from consumers.amazon import ledger, outbox, outcome
from consumers.amazon.api import Clock, ListingsApi, Snapshot, reachable
from consumers.amazon.outcome import TIMINGS, Timings
from consumers.amazon.row import Change, Row, Rows
from schemas.amazon import Observation, Submission
from schemas.errors import NotAllowed, Refused, TryAgain

_log = structlog.get_logger(__name__)

MOST = 20
"""SKUs of one read (`amazon.md` 5)."""
LOOK = 1.0
"""Seconds between two looks at most. What is accepted is due no sooner, so none comes late."""
REST = 60.0
"""Seconds to wait when Amazon does not let the account read."""


class Confirmer:
    """Reads back for one account; one thread calls `step`."""

    def __init__(
        self,
        engine: Engine,
        amazon: ListingsApi,
        settings: Snapshot,
        account: str,
        now: Clock,
        *,
        timings: Timings = TIMINGS,
        ring: Callable[[], None] = lambda: None,
    ) -> None:
        self._engine = engine
        self._amazon = amazon
        self._settings = settings
        self._account = account
        self._now = now
        self._timings = timings
        self._ring = ring

    def step(self) -> float:
        """Read what is due; give the seconds until something may be due again."""
        now = self._now()
        with self._engine.connect() as connection:
            open_ = ledger.to_read(connection, self._account, MOST * 4)
        mine = reachable(self._settings(), self._account)
        due = [r for r in open_ if r.due_at <= now and (not r.store or r.store in mine)]
        if not due:
            later = [(r.due_at - now).total_seconds() for r in open_ if r.due_at > now]
            return min([LOOK, *later])
        try:
            return self._read(due)
        except TryAgain as busy:
            return max(busy.after, 0.01)
        except NotAllowed:
            return REST

    def _read(self, due: list[Row]) -> float:
        """Read the most overdue rows; give 0, or how long there is nobody to ask."""
        alone = next((r for r in due if _alone(r)), None)
        batch = [alone] if alone else _first_skus(due)
        stores = self._stores(batch)
        if not stores:
            return REST
        if alone or not self._read_many(batch, stores):
            self._read_one(batch[0], stores)
        return 0.0

    def _read_many(self, batch: list[Row], stores: list[str]) -> bool:
        """Read *batch* by one search; say whether Amazon took it."""
        skus = list(dict.fromkeys(r.seller_sku for r in batch))
        asked_at = self._now()
        try:
            found = self._amazon.read_many(self._account, skus, stores)
        except Refused as refused:
            _log.warning("search refused", account=self._account, why=str(refused)[:300])
            return False
        missing = [r for r in batch if r.seller_sku not in found]
        nothing = {r.seller_sku: _nothing(r, asked_at) for r in missing}
        self._note(found | nothing, asked_at)
        for row in {r.seller_sku: r for r in missing if r.state == "unknown"}.values():
            self._read_one(row, self._stores([row]))
        return True

    def _read_one(self, row: Row, stores: list[str]) -> None:
        """Read one SKU by itself: a 404 is proof, a refusal says nothing."""
        asked_at = self._now()
        try:
            found = self._amazon.read(self._account, row.seller_sku, stores)
        except Refused as refused:
            _log.warning("read refused", account=self._account, why=str(refused)[:300])
            found = _nothing(row, asked_at)
        self._note({row.seller_sku: found}, asked_at)

    def _stores(self, rows: Iterable[Row]) -> list[str]:
        """Give the stores to ask for: those of the rows, else any that the account has."""
        mine = reachable(self._settings(), self._account)
        named = {r.store for r in rows}
        return mine if "" in named else [s for s in mine if s in named]

    def _note(self, found: dict[str, Observation], asked_at: datetime) -> None:
        """Judge the rows by what was read, in one transaction."""
        if not found:
            return
        now, said, told = self._now(), list[Submission](), list[Observation]()
        with self._engine.begin() as connection:
            loaded = ledger.load(connection, [(self._account, s) for s in sorted(found)])
            changes: list[tuple[Rows, Change]] = []
            for (_, seller_sku), rows in loaded.items():
                shows = found[seller_sku]
                step = outcome.seen(rows, shows, asked_at=asked_at, now=now, timings=self._timings)
                changes.append((rows, ledger.finished(rows, step)))
                said += step.said
                if _worth_telling(rows, step.rows, shows):
                    told.append(shows)
            ledger.save(connection, changes)
            outbox.put(connection, said, told)
        self._ring()


def _first_skus(due: list[Row]) -> list[Row]:
    skus = list(dict.fromkeys(r.seller_sku for r in due))[:MOST]
    return [r for r in due if r.seller_sku in skus]


def _alone(row: Row) -> bool:
    """Tell whether *row* needs a read of its own: a comma cannot be searched, a 404 proves."""
    return "," in row.seller_sku or (row.aspect == "existence" and row.sent == "absent")


def _nothing(row: Row, at: datetime) -> Observation:
    """Give the observation that states nothing: time passes, and no more is known."""
    return Observation(account=row.account, seller_sku=row.seller_sku, source="read", as_of=at)


def _worth_telling(before: Rows, after: Rows, shows: Observation) -> bool:
    """Tell whether a read decided something; one that only says *not yet* is noise."""
    if not shows.stores and not isinstance(shows.quantity, int):
        return False
    return any(before[k].state != row.state for k, row in after.items() if k in before)
