"""One row of the push ledger, and the only moves it may make (`reliability.md` 2.5).

A row says what is wanted, what is in flight and what Amazon showed, for one aspect of one
shared SKU (and store, where the aspect is per store). Values are canonical text, so that
equal text is an equal value: `44.9 EUR`, `5`, `present`.
"""

from datetime import datetime
from typing import Any, Literal

import msgspec

from schemas.amazon import Aspect, Issue, Submission
from schemas.money import Money

State = Literal["idle", "sending", "unknown", "awaiting", "confirmed", "held", "blocked"]
Said = Literal["accepted", "invalid", "failed", "confirmed", "overdue", "superseded", "held"]
Key = tuple[Aspect, str]
"""Aspect and store (`""` for quantity, which all stores of the account share)."""

LEGAL: frozenset[tuple[State, State]] = frozenset(
    [
        ("idle", "sending"),
        ("confirmed", "sending"),
        ("idle", "held"),
        ("confirmed", "held"),
        ("held", "idle"),
        ("sending", "awaiting"),
        ("sending", "idle"),
        ("sending", "blocked"),
        ("sending", "unknown"),
        ("awaiting", "blocked"),
        ("awaiting", "confirmed"),
        ("awaiting", "unknown"),
        ("unknown", "confirmed"),
        ("unknown", "idle"),
        ("confirmed", "idle"),
        ("blocked", "idle"),
    ]
)
"""Every move there is; another one is a fault of ours."""

IN_FLIGHT: frozenset[State] = frozenset(["sending", "unknown", "awaiting"])
"""States in which Amazon may still be about to apply what we sent."""

Details = dict[str, Any]


class IllegalMove(RuntimeError):
    """A row was asked to make a move that the table does not list."""


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """What is wanted, in flight and confirmed for one aspect.

    *wanted* None = hands off. *details* is what a new offer needs beside it. *lane* None =
    nothing to send now. *due_at*: when to send (idle, confirmed) or to read (in flight).
    """

    account: str
    seller_sku: str
    aspect: Aspect
    store: str
    state: State = "idle"
    wanted: str | None = None
    wanted_hash: str = ""
    details: Details = {}
    sequence: int = 0
    since: datetime
    attempt: int = 0
    fence: int = 0
    sent: str | None = None
    sent_hash: str = ""
    submission: str | None = None
    started_at: datetime | None = None
    confirmed: str | None = None
    confirmed_hash: str = ""
    evidence: str | None = None
    confirmed_at: datetime | None = None
    tries: int = 0
    rounds: int = 0
    reads: int = 0
    note: str | None = None
    due_at: datetime
    lane: int | None = None
    operation: str | None = None

    @property
    def key(self) -> Key:
        """The row within its shared SKU."""
        return self.aspect, self.store

    @property
    def in_flight(self) -> bool:
        """Whether an effect of this row may still be on its way."""
        return self.state in IN_FLIGHT

    @property
    def satisfied(self) -> bool:
        """Whether nothing is wanted that Amazon does not show already."""
        return self.wanted is None or self.wanted == self.confirmed


Rows = dict[Key, Row]
"""The rows of one shared SKU."""


class Change(msgspec.Struct, frozen=True):
    """The rows of one shared SKU after a step, and what is to be said about it."""

    rows: Rows
    said: tuple[Submission, ...] = ()


def moved(row: Row, to: State, **changes: Any) -> Row:
    """Give *row* in state *to*. Raises `IllegalMove` for a pair that is not in the table."""
    if (row.state, to) not in LEGAL:
        raise IllegalMove(f"{row.account}|{row.seller_sku} {row.key}: {row.state} → {to}")
    return msgspec.structs.replace(row, state=to, **changes)


def changed(row: Row, **changes: Any) -> Row:
    """Give *row* with other members; its state stays."""
    return msgspec.structs.replace(row, **changes)


def price_value(money: Money) -> str:
    """Give the canonical text of a price: `19.990 EUR` and `19.99 EUR` are one."""
    return f"{format(money.amount.normalize(), 'f')} {money.currency}"


def said(row: Row, state: Said, at: datetime, **more: Any) -> Submission:
    """Give the event about the effect that *row* has in flight."""
    return _said(row, state, at, row.sent, row.sent_hash, **more)


def said_unsent(row: Row, state: Said, at: datetime, **more: Any) -> Submission:
    """Give the event about what *row* wants and has not sent."""
    return _said(row, state, at, row.wanted, row.wanted_hash, **more)


def _said(
    row: Row, state: Said, at: datetime, value: str | None, hash_: str, **more: Any
) -> Submission:
    return Submission(
        account=row.account,
        seller_sku=row.seller_sku,
        store=row.store or None,
        aspect=row.aspect,
        state=state,
        at=at,
        submission=row.submission,
        value=value,
        hash=hash_ or (value or ""),
        attempt=max(row.attempt, 1),
        **more,
    )


def errors_about(issues: list[Issue], attribute: str) -> list[Issue]:
    """Give the issues of severity ERROR that name *attribute*."""
    return [i for i in issues if i.severity == "ERROR" and attribute in i.attributes]
