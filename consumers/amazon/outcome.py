"""What becomes of a row that is sent, answered and read back: pure moves of the ledger.

"Sending" stands before the call; no answer is *unknown*, and only a read decides then.
Accepted is not confirmed: a read that shows the sent value is.
"""

from datetime import datetime, timedelta
from typing import Any

import msgspec
from msgspec import UNSET

from consumers.amazon.row import (
    Change,
    Key,
    Row,
    Rows,
    changed,
    errors_about,
    moved,
    price_value,
    said,
)
from schemas.amazon import Issue, Observation, ObservedStore, Submission

ATTRIBUTE = {"price": "purchasable_offer", "quantity": "fulfillment_availability"}
"""Amazon's attribute that carries an aspect."""

GONE = ""
"""What a read shows of an offer that is not there: nothing, which is an answer."""


class Timings(msgspec.Struct, frozen=True, kw_only=True):
    """How long silence is believed, in seconds (`reliability.md` E.h, G)."""

    fast: float = 15 * 60
    slow: float = 6 * 3600
    first_read: float = 1.0
    longest_read: float = 60.0
    longest_retry: float = 300.0
    most_tries: int = 20
    most_rounds: int = 3

    def overdue(self, row: Row) -> float:
        """Give how long an accepted effect of *row* may stay unseen."""
        return self.fast if row.aspect in ("price", "quantity") else self.slow


TIMINGS = Timings()


def begun(row: Row, *, fence: int, now: datetime) -> Row:
    """Give *row* about to be sent: to be committed before the call."""
    return moved(
        row,
        "sending",
        attempt=row.attempt + 1,
        fence=fence,
        sent=row.wanted,
        sent_hash=row.wanted_hash,
        submission=None,
        started_at=now,
        reads=0,
        note=None,
    )


def accepted(row: Row, submission: str, *, now: datetime, timings: Timings = TIMINGS) -> Change:
    """Give *row* waiting to be seen."""
    due = now + timedelta(seconds=timings.first_read)
    after = moved(row, "awaiting", submission=submission, due_at=due, tries=0)
    return Change({row.key: after}, (said(after, "accepted", now),))


def invalid(row: Row, issues: list[Issue], why: str, *, now: datetime) -> Change:
    """Give *row* refused by Amazon: it stays until something else is wanted."""
    after = moved(row, "blocked", note=why)
    told = said(after, "invalid", now, issues=issues)
    return Change({row.key: _unless_newer(after, now)}, (told,))


def failed(row: Row, why: str, *, now: datetime) -> Change:
    """Give *row* given up: attempts used up, or the account may not."""
    after = moved(row, "blocked", note=why)
    told = said(after, "failed", now, evidence=why)
    return Change({row.key: _unless_newer(after, now)}, (told,))


def _unless_newer(row: Row, now: datetime) -> Row:
    """Give *row* free at once if something else is wanted by now than what was refused."""
    return row if row.wanted == row.sent else moved(row, "idle", due_at=now, note=None, tries=0)


def again(row: Row, after: float, *, now: datetime, timings: Timings = TIMINGS) -> Change:
    """Give *row* due again after some seconds; too often is failed."""
    if row.tries + 1 >= timings.most_tries:
        return failed(row, "attempts used up", now=now)
    pause = min(max(after, 0.0), timings.longest_retry)
    due = now + timedelta(seconds=pause)
    return Change({row.key: moved(row, "idle", due_at=due, tries=row.tries + 1)})


def throttled(row: Row, *, now: datetime) -> Change:
    """Give *row* due again at once: its lane waits, and it loses no attempt."""
    return Change({row.key: moved(row, "idle", due_at=now)})


def unanswered(row: Row, *, now: datetime) -> Change:
    """Give *row* of which only a read can tell what became of it."""
    return Change({row.key: moved(row, "unknown", due_at=now, reads=0)})


def resumed(row: Row, *, now: datetime) -> Change:
    """Give *row* free again after its account was paused."""
    return Change({row.key: moved(row, "idle", due_at=now, note=None, tries=0)})


def seen(
    rows: Rows,
    shows: Observation,
    *,
    asked_at: datetime,
    now: datetime,
    timings: Timings = TIMINGS,
) -> Change:
    """Give the rows after a read that was asked for at *asked_at*.

    Only rows in flight since before the read are judged by it.
    """
    after: Rows = {}
    events: list[Submission] = []
    for key, row in rows.items():
        if row.state not in ("unknown", "awaiting") or not _asked_later(row, asked_at):
            after[key] = row
            continue
        after[key], more = _judged(row, shows, now, timings)
        events += more
    return Change(_settle(rows, after, shows), tuple(events))


def _asked_later(row: Row, asked_at: datetime) -> bool:
    return row.started_at is None or asked_at >= row.started_at


def _judged(
    row: Row, shows: Observation, now: datetime, timings: Timings
) -> tuple[Row, list[Submission]]:
    value = shown(row, shows)
    if _proves(row, value, shows):
        return _confirmed(row, shows.as_of, now)
    if row.state == "unknown":
        return (_later(row, now, timings) if value is None else _due(row, value, shows, now)), []
    if errors := _refusal(row, shows):
        blocked = moved(row, "blocked", note=f"Amazon refused it: {errors[0].code}")
        return _unless_newer(blocked, now), [said(blocked, "invalid", now, issues=errors)]
    return _waiting(row, now, timings)


def shown(row: Row, shows: Observation) -> str | None:
    """Give what the read shows of the row's aspect; None = it does not say."""
    if row.aspect == "quantity":
        return _shown_quantity(shows)
    here = shows.stores.get(row.store)
    if here is None or here.exists is UNSET:
        return None
    if row.aspect == "existence":
        return "present" if here.exists else "absent"
    return _shown_price(here)


def _shown_quantity(shows: Observation) -> str | None:
    if shows.quantity is not UNSET:
        return str(shows.quantity)
    stated = [s.exists for s in shows.stores.values()]
    return GONE if stated and all(e is False for e in stated) else None


def _shown_price(here: ObservedStore) -> str | None:
    if here.exists is False or here.price is None:
        return GONE
    return None if here.price is UNSET else price_value(here.price)


def _proves(row: Row, value: str | None, shows: Observation) -> bool:
    if value != row.sent:
        return False
    if row.aspect != "existence" or value == "absent":
        return True
    here = shows.stores[row.store]
    return bool(here.price)  # quantity and price of one message come apart, the price later


def _confirmed(row: Row, as_of: datetime, now: datetime) -> tuple[Row, list[Submission]]:
    after = moved(
        row,
        "confirmed",
        confirmed=row.sent,
        confirmed_hash=row.sent_hash,
        evidence="read",
        confirmed_at=as_of,
        tries=0,
        rounds=0,
        due_at=now,
    )
    return after, [said(after, "confirmed", now, evidence="read")]


def _due(row: Row, value: str, shows: Observation, now: datetime) -> Row:
    """Give *row* free: Amazon shows something else, so the latest wanted is due again."""
    facts: dict[str, Any] = {"confirmed": value, "evidence": "read", "confirmed_at": shows.as_of}
    return moved(row, "idle", due_at=now, **facts)


def _refusal(row: Row, shows: Observation) -> list[Issue]:
    attribute = ATTRIBUTE.get(row.aspect)
    stores = [shows.stores[row.store]] if row.store in shows.stores else shows.stores.values()
    issues = [i for s in stores if s.issues is not UNSET for i in s.issues]
    return errors_about(issues, attribute) if attribute else []


def _waiting(row: Row, now: datetime, timings: Timings) -> tuple[Row, list[Submission]]:
    age = (now - (row.started_at or now)).total_seconds()
    if age < timings.overdue(row):
        return _later(row, now, timings), []
    overdue = moved(row, "unknown", due_at=now, rounds=row.rounds + 1, reads=0)
    return overdue, [said(overdue, "overdue", now)]


def _later(row: Row, now: datetime, timings: Timings) -> Row:
    """Give *row* to be read again: after 1 s, 2 s, 4 s, …"""
    pause = min(timings.first_read * 2 ** (row.reads + 1), timings.longest_read)
    return changed(row, reads=row.reads + 1, due_at=now + timedelta(seconds=pause))


def _settle(before: Rows, after: Rows, shows: Observation) -> Rows:
    """Carry a proof of presence or absence over to the rows that hang on it."""
    for key, row in list(after.items()):
        if row.aspect == "existence" and before[key].confirmed != row.confirmed:
            _hangers(after, row, shows)
    return after


def _hangers(after: Rows, existence: Row, shows: Observation) -> None:
    keys: list[Key] = [("price", existence.store)]
    others = [r for r in after.values() if r.aspect == "existence" and r is not existence]
    if existence.confirmed == "present" or all(r.confirmed != "present" for r in others):
        keys.append(("quantity", ""))
    for key in keys:
        row = after.get(key)
        if row is not None and not row.in_flight:
            after[key] = _adopted(row, shows, gone=existence.confirmed != "present")


def _adopted(row: Row, shows: Observation, *, gone: bool) -> Row:
    value = None if gone else (shown(row, shows) or row.confirmed)
    facts = {"confirmed": value, "evidence": "read", "confirmed_at": shows.as_of}
    if row.state == "confirmed" and value != row.confirmed:
        return moved(row, "idle", **facts)
    return changed(row, **facts)
