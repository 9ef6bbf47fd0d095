"""One run of a report: what was asked for, how far it is, and the only moves it may make.

wanted → requested → done → archived → emitted → complete, or refused, or dropped: each state
is written down before the next act begins, so that whoever comes after a crash goes on there.
"""

from datetime import datetime
from typing import Any, Literal

import msgspec

State = Literal[
    "wanted", "requested", "done", "archived", "emitted", "complete", "refused", "dropped"
]

OPEN: tuple[State, ...] = ("wanted", "requested", "done", "archived", "emitted")
"""States with something left to do."""

LEGAL: frozenset[tuple[State, State]] = frozenset(
    [
        ("wanted", "requested"),
        ("requested", "done"),
        ("requested", "wanted"),  # Amazon aborted it: asked for once more
        ("done", "archived"),
        ("archived", "done"),  # the archive has lost it: downloaded again
        ("archived", "emitted"),
        ("archived", "dropped"),
        ("emitted", "complete"),
        ("wanted", "refused"),
        ("requested", "refused"),
        ("done", "refused"),
        ("archived", "refused"),
    ]
)
"""Every move there is; another one is a fault of ours."""


class IllegalMove(RuntimeError):
    """A run was asked to make a move that the table does not list."""


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """One report of one store and type, from the wish to its end.

    *slot* names it among those of its store and type. *asked_at*: when Amazon was asked, on
    its clock and, once it is done, by its own word; set without *report*, Amazon may have the
    request or not. *archived* names the bytes as they came, *hash* what they unpack to.
    *fewer*: a person expects fewer rows.
    """

    store: str
    type: str
    slot: datetime
    account: str
    wanted_at: datetime
    due_at: datetime
    state: State = "wanted"
    by: str = "schedule"
    fewer: bool = False
    asked_at: datetime | None = None
    report: str | None = None
    document: str | None = None
    data_end: datetime | None = None
    processing_end: datetime | None = None
    archived: str | None = None
    charset: str | None = None
    size: int = 0
    hash: str | None = None
    as_of: datetime | None = None
    rows: int = 0
    rows_refused: int = 0
    refused_rows: list[dict[str, Any]] = []
    ends: dict[str, int] = {}
    why: str | None = None
    polls: int = 0
    aborted: int = 0
    tries: int = 0
    version: int = 0

    @property
    def key(self) -> tuple[str, str, datetime]:
        """What tells it from every other run."""
        return self.store, self.type, self.slot

    @property
    def open(self) -> bool:
        """Whether something is left to do."""
        return self.state in OPEN

    @property
    def name(self) -> str:
        """The report's id at Amazon, or what stands for it where Amazon gave none."""
        return self.report or f"run:{self.type}:{self.slot.isoformat()}"


def moved(run: Run, to: State, *, at: datetime, **changes: Any) -> Run:
    """Give *run* in state *to*, due at once. Raises `IllegalMove` for any other pair."""
    if (run.state, to) not in LEGAL:
        raise IllegalMove(f"{run.store} {run.type} {run.slot}: {run.state} → {to}")
    calm = {"due_at": at, "tries": 0, "why": None}
    return msgspec.structs.replace(run, state=to, **(calm | changes))


def changed(run: Run, **changes: Any) -> Run:
    """Give *run* with other members; its state stays."""
    return msgspec.structs.replace(run, **changes)
