"""Sending one effect after another for one account, and writing down what came of each.

"Sending" is committed before the call, under the lease; after the call the row says what
came of it, whatever came of it. What may not go out now is asked at one place: `hold`.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import Connection, Engine

from consumers.amazon import lease as leases
from consumers.amazon import ledger, outbox, outcome, payload
from consumers.amazon.api import (
    Clock,
    ListingsApi,
    Snapshot,
    is_throttled,
    issues_of,
    reachable,
)
from consumers.amazon.lanes import DELETE, PATCH, PUT, ready
from consumers.amazon.lease import Lease
from consumers.amazon.outcome import TIMINGS, Timings
from consumers.amazon.row import Change, Key, Row, Rows, moved, said_unsent
from schemas.errors import NotAllowed, Refused, TryAgain, Unanswered
from schemas.reasons import Reason

OPERATIONS = (PATCH, PUT, DELETE)
PAUSE = timedelta(minutes=5)
"""How long an account that Amazon refuses is left alone before it is tried again."""
LOOK = 60.0
"""Seconds after which a lane without work looks again, whatever it heard."""
PATCHES_ONLY = timedelta(seconds=1)
"""How long a lane whose patches wait for a token takes it that nothing else is to be sent."""
NOT_ALLOWED = "not allowed"
READ_ONLY = "READ_ONLY"

Hold = Callable[[Row, Rows], Reason | None]
"""Says why an effect may not go out now, or None. Everything that is sent passes it."""


class Effect(msgspec.Struct, frozen=True, kw_only=True):
    """One request that changes Amazon: the row in "sending", and what goes out for it."""

    row: Row
    operation: str
    store: str
    body: dict[str, Any]


class Pusher:
    """The lane of one account while we hold its lease; one thread calls `step`."""

    def __init__(
        self,
        engine: Engine,
        amazon: ListingsApi,
        settings: Snapshot,
        lease: Callable[[], Lease],
        now: Clock,
        *,
        hold: Hold | None = None,
        timings: Timings = TIMINGS,
        ring: Callable[[], None] = lambda: None,
    ) -> None:
        self._engine = engine
        self._amazon = amazon
        self._settings = settings
        self._lease = lease
        self._now = now
        self._hold = hold or send_everything
        self._timings = timings
        self._ring = ring
        self._refused_in_a_row = 0
        self._paused_until: datetime | None = None
        self._patches_only_until = now()

    @property
    def account(self) -> str:
        """The account this lane pushes for."""
        return self._lease().account

    def recover(self) -> None:
        """Call every effect unknown that somebody before us, or we, began and never ended."""
        with self._engine.begin() as connection:
            leases.check(connection, self._lease())
            for row in ledger.with_state(connection, self.account, ["sending"]):
                self._change(connection, row, lambda r: outcome.unanswered(r, now=self._now()))
            self._release(connection)
        self._ring()

    def _release(self, connection: Connection) -> None:
        """Let go what read-only mode held, once it is over."""
        for row in ledger.with_state(connection, self.account, ["held"]):
            if row.note == READ_ONLY and self._hold(row, {row.key: row}) is None:
                self._change(connection, row, _free(self._now()))

    def step(self) -> float:
        """Send the most urgent effect that may go; give the seconds until there may be another.

        Raises `LeaseLost`; what was not sent stays as it was.
        """
        if (rest := self._resting()) > 0:
            return rest
        if self.account not in self._settings().of("account"):
            return LOOK
        pauses = {o: self._amazon.pause(o, self.account) for o in OPERATIONS}
        open_ = [o for o, seconds in pauses.items() if seconds <= 0]
        patching = PATCH in open_
        if not patching and self._now() < self._patches_only_until:
            return pauses[PATCH]
        effect, due = self._begin(open_)
        if effect is None:
            if not patching:
                self._patches_only_until = self._now() + PATCHES_ONLY
            return min([*(s for s in pauses.values() if s > 0), due, LOOK])
        self._record(effect, self._send(effect))
        return 0.0

    # --- before the call ---

    def _begin(self, operations: list[str]) -> tuple[Effect | None, float]:
        """Commit one effect as "sending"; else say how long there is nothing to send."""
        now = self._now()
        with self._engine.begin() as connection:
            found = ledger.to_send(connection, self.account, operations, now)
            if found is None:
                return None, self._until(ledger.next_due(connection, self.account), now)
            leases.check(connection, self._lease())
            sku = (found.account, found.seller_sku)
            rows = ledger.load(connection, [sku])[sku]
            row = rows.get(found.key)
            if row is None or row not in ready(rows):
                return None, 0.0
            change, effect = self._decide(row, rows, now)
            after = ledger.finished(rows, change)
            ledger.save(connection, [(rows, after)])
            outbox.put(connection, after.said)
        if effect is None:
            self._ring()
        return effect, 0.0

    def _decide(self, row: Row, rows: Rows, now: datetime) -> tuple[Change, Effect | None]:
        if (why := self._hold(row, rows)) is not None:
            held = moved(row, "held", note=why.code)
            event = said_unsent(held, "held", now, hold=str(why))
            return Change({row.key: held}, (event,)), None
        sending = outcome.begun(row, fence=self._lease().token, now=now)
        if row.rounds >= self._timings.most_rounds:
            return outcome.failed(sending, "never seen at Amazon", now=now), None
        effect = self._effect(sending, rows)
        if effect is None:
            return outcome.failed(sending, "no store in the settings", now=now), None
        return Change({row.key: sending}), effect

    def _effect(self, row: Row, rows: Rows) -> Effect | None:
        settings = self._settings()
        mine = set(reachable(settings, row.account))
        store = row.store or _any_store(rows, mine)
        known = settings.store(store) if store in mine else None
        if store is None or known is None:
            return None
        operation = row.operation or PATCH
        body = _body(operation, row, rows, known.place)
        return Effect(row=row, operation=operation, store=store, body=body)

    # --- the call, and after it ---

    def _send(self, effect: Effect) -> Callable[[Row], Change]:
        """Call Amazon; give the step that the answer means for the row."""
        row, now = effect.row, self._now
        try:
            submission = self._call(effect)
        except Refused as refused:
            why, issues = str(refused), issues_of(refused)
            return lambda r: outcome.invalid(r, issues, why, now=now())
        except TryAgain as busy:
            after, quota = busy.after, is_throttled(busy)
            if quota:
                return lambda r: outcome.throttled(r, now=now())
            return lambda r: outcome.again(r, after * 2**r.tries, now=now(), timings=self._timings)
        except Unanswered:
            return lambda r: outcome.unanswered(r, now=now())
        except NotAllowed as error:
            self._count_refusal(row.account, error)
            return lambda r: outcome.failed(r, NOT_ALLOWED, now=now())
        self._refused_in_a_row = 0
        return lambda r: outcome.accepted(r, submission, now=now(), timings=self._timings)

    def _call(self, effect: Effect) -> str:
        row = effect.row
        if effect.operation == DELETE:
            return self._amazon.delete(row.account, row.seller_sku, effect.store)
        send = self._amazon.put if effect.operation == PUT else self._amazon.patch
        return send(row.account, row.seller_sku, effect.store, effect.body)

    def _record(self, effect: Effect, step: Callable[[Row], Change]) -> None:
        with self._engine.begin() as connection:
            self._change(connection, effect.row, step)
        self._ring()

    def _change(self, connection: Connection, row: Row, step: Callable[[Row], Change]) -> None:
        """Take one row through *step*, unless it has moved on since."""

        def on(rows: Rows) -> Change:
            now = rows.get(row.key)
            same = now is not None and (now.attempt, now.fence, now.state) == (
                row.attempt,
                row.fence,
                row.state,
            )
            return step(now) if same and now is not None else Change(rows)

        ledger.change(connection, (row.account, row.seller_sku), on)

    # --- an account that Amazon refuses ---

    def _count_refusal(self, account: str, error: NotAllowed) -> None:
        """Pause the account once two SKUs in a row are refused: one alone is its own trouble."""
        self._refused_in_a_row += 1
        if self._refused_in_a_row >= 2 or getattr(error, "disconnected", False):
            self._paused_until = self._now() + PAUSE
            leases.pause(self._engine, account, str(error), self._paused_until)

    def _resting(self) -> float:
        if self._paused_until is None:
            return 0.0
        left = (self._paused_until - self._now()).total_seconds()
        if left <= 0:
            self.resume()
        return max(0.0, left)

    def resume(self) -> None:
        """Let the account send again, and what was given up for its sake."""
        leases.resume(self._engine, self.account)
        self._paused_until, self._refused_in_a_row = None, 0
        with self._engine.begin() as connection:
            for row in ledger.with_state(connection, self.account, ["blocked"]):
                if row.note == NOT_ALLOWED:
                    self._change(connection, row, _resume(self._now()))

    @staticmethod
    def _until(due: datetime | None, now: datetime) -> float:
        return LOOK if due is None else max(0.0, (due - now).total_seconds())


def read_only(row: Row, rows: Rows) -> Reason | None:  # noqa: ARG001 - the form of a hold
    """Hold everything: computed and stored, not sent."""
    return Reason(READ_ONLY)


def send_everything(row: Row, rows: Rows) -> Reason | None:  # noqa: ARG001 - the form of a hold
    """Hold nothing."""
    return None


def _resume(now: datetime) -> Callable[[Row], Change]:
    return lambda row: outcome.resumed(row, now=now)


def _free(now: datetime) -> Callable[[Row], Change]:
    return lambda row: Change({row.key: moved(row, "idle", note=None, due_at=now)})


def _any_store(rows: Rows, known: set[str]) -> str | None:
    """Give a store through which the shared quantity can be written."""
    existences = [r for r in rows.values() if r.aspect == "existence" and r.store in known]
    there = [r.store for r in existences if r.confirmed == "present"]
    named: list[Key] = [k for k in rows if k[1] in known]
    return min(there or [store for _, store in named], default=None)


def _body(operation: str, row: Row, rows: Rows, place: Any) -> dict[str, Any]:
    if operation == PUT:
        return payload.offer_put(rows, row.store, place.id, place.language)
    if operation == DELETE:
        return {}
    if row.aspect == "price":
        return payload.price_patch(str(row.sent), place.id)
    return payload.quantity_patch(str(row.sent))
