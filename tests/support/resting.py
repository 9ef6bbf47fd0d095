"""Waiting until a whole pipeline has nothing left to do.

At rest: no count moves any more, no listing is in a state that passes by itself, no write to
Amazon is open, and every input of every group is accounted for.
"""

import time

import msgspec
from sqlalchemy import Engine, func, select

from consumers.amazon.tables import push_ledger, push_outbox
from consumers.postgres import read
from deploy.running import Pipeline
from deploy.watch.audited import unaccounted

REST_SECONDS = 4.0
"""Nothing may have moved for so long before a run is over."""

PATIENCE = 900.0
PASSING = ("in_process", "list_in_progress", "ending_in_progress", "validating_asin")
BUSY = ("sending", "awaiting", "unknown")


class Moving(msgspec.Struct, frozen=True):
    """What changes while there is work: listings by status, writes to Amazon by state."""

    statuses: dict[tuple[str, str, str], int]
    ledger: dict[str, int]
    due: int
    unsent: int

    @property
    def open(self) -> bool:
        """Whether something is under way, or nothing has come yet."""
        passing = any(tab in PASSING or status in PASSING for _, tab, status in self.statuses)
        busy = any(self.ledger.get(state) for state in BUSY)
        return not self.statuses or passing or busy or bool(self.due or self.unsent)


def rest(
    pipeline: Pipeline,
    engine: Engine,
    *,
    quiet: float = REST_SECONDS,
    patience: float = PATIENCE,
) -> None:
    """Tend *pipeline* until it is at rest. Raises AssertionError after *patience* seconds."""
    deadline = time.monotonic() + patience
    seen, since = None, time.monotonic()
    while time.monotonic() < deadline:
        pipeline.tend()
        now = moving(engine)
        if now != seen:
            seen, since = now, time.monotonic()
        still = time.monotonic() - since > quiet
        if still and not now.open and not unaccounted(pipeline.bootstrap, engine):
            return
        time.sleep(0.5)
    left = unaccounted(pipeline.bootstrap, engine)
    raise AssertionError(f"not at rest after {patience} s: {seen}, unaccounted for: {left}")


def moving(engine: Engine) -> Moving:
    """Give what is moving now."""
    with engine.connect() as connection:
        states = select(push_ledger.c.state, func.count()).group_by(push_ledger.c.state)
        count = select(func.count()).select_from
        waiting = count(push_ledger).where(push_ledger.c.lane.is_not(None))
        return Moving(
            statuses=read.statuses(connection),
            ledger={str(state): int(n) for state, n in connection.execute(states)},
            due=int(connection.scalar(waiting) or 0),
            unsent=int(connection.scalar(count(push_outbox)) or 0),
        )
