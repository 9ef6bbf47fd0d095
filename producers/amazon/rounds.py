"""The loop of the role *reports*: what is wanted is begun, what is due goes one step on.

| a step raises      | the run                                                          |
|--------------------|------------------------------------------------------------------|
| nothing            | is written down as the step left it                              |
| `TryAgain`         | stays, and is due again after a while that grows                 |
| `Unanswered`       | stays: the next step looks whether Amazon has the request        |
| `NotAllowed`       | stays, and its account with it, until somebody has looked        |
| a fault of ours    | is tried twice more, then refused; the others go on              |
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import structlog
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnection

from producers.amazon.fetch import refuse, step
from producers.amazon.owner import Owner
from producers.amazon.ports import Ports
from producers.amazon.run import Run
from producers.amazon.runs import Overtaken, Runs
from producers.amazon.schedule import wanted
from schemas.errors import NotAllowed, TryAgain, Unanswered

LONGEST = 300.0
"""Seconds after which a run is tried again at the latest (`reliability.md` 2.2 G)."""
SILENT = 15.0
"""Seconds until a request without an answer can be seen in Amazon's list."""
TURNED_AWAY = 900.0
"""Seconds for which an account that Amazon turns away is left alone."""
FAULTS = 3
"""Tries of a step that fails by a fault of ours."""
IDLE = 0.5
"""Seconds between two rounds in which nothing was due."""
AWAY = 2.0
"""Seconds to wait for a database or broker that is away."""

_log = structlog.get_logger()


def work(
    turns: Sequence[Callable[[], int]], stopped: Callable[[], bool], wait: Callable[[float], object]
) -> None:
    """Take *turns* until *stopped*; what the database does not answer is asked again."""
    while not stopped():
        try:
            moved = sum(turn() for turn in turns)
        except (OperationalError, InterfaceError, NoConnection, TryAgain) as error:
            _log.warning("waiting", why=str(error)[:300])
            wait(AWAY)
        else:
            wait(0 if moved else IDLE)


class Rounds:
    """Rounds over the accounts that this process owns."""

    def __init__(
        self, runs: Runs, owner: Owner, ports: Ports, *, chance: Callable[[], float]
    ) -> None:
        self._runs = runs
        self._owner = owner
        self._ports = ports
        self._chance = chance
        self._resting: dict[str, datetime] = {}

    def turn(self) -> int:
        """Do one step of whatever is due; give how many runs moved or were tried."""
        now = self._ports.now()
        settings = self._ports.settings()
        accounts = self._owner.held(settings.of("account"))
        for run in wanted(settings, self._runs.newest(), accounts, now):
            if self._runs.add(run):
                _log.info("report wanted", store=run.store, type=run.type)
        awake = [a for a in accounts if self._resting.get(a, now) <= now]
        due = self._runs.due(awake, now)
        for run in due:
            self._one(run)
        return len(due)

    def _one(self, run: Run) -> None:
        log = _log.bind(store=run.store, type=run.type, report=run.report, state=run.state)
        try:
            after = self._stepped(run)
        except Overtaken:
            log.info("somebody else has moved it")
            return
        if after is not None:
            tell = log.warning if after.state == "refused" else log.info
            tell("report moved", to=after.state, why=after.why, rows=after.rows)

    def _stepped(self, run: Run) -> Run | None:
        try:
            return self._runs.save(step(run, self._ports))
        except Unanswered as silent:
            self._rest(run, SILENT, str(silent))
        except NotAllowed as no:
            self._turn_away(run, str(no))
        except TryAgain as busy:
            self._rest(run, self._pause(run, busy.after), str(busy))
        except (Overtaken, DBAPIError, NoConnection):
            raise
        except Exception as fault:  # noqa: BLE001 - one run of many
            _log.exception("fault", store=run.store, report=run.report, state=run.state)
            return self._failed(run, repr(fault))
        return None

    def _rest(self, run: Run, seconds: float, why: str) -> None:
        _log.info("waiting", store=run.store, report=run.report, state=run.state, why=why[:300])
        self._runs.rest(run, self._ports.now() + timedelta(seconds=seconds), why[:2000])

    def _pause(self, run: Run, after: float) -> float:
        """Give how long to wait: what was asked for, or longer the more often it failed."""
        grown = min(LONGEST, 2.0 ** min(run.tries, 10)) * self._chance()
        return max(after, grown)

    def _turn_away(self, run: Run, why: str) -> None:
        _log.error("Amazon turns the account away", account=run.account, why=why[:300])
        self._resting[run.account] = self._ports.now() + timedelta(seconds=TURNED_AWAY)
        self._rest(run, TURNED_AWAY, why)

    def _failed(self, run: Run, why: str) -> Run | None:
        if run.tries + 1 < FAULTS or run.state == "emitted":
            self._rest(run, self._pause(run, 1.0), why)
            return None
        return self._runs.save(refuse(run, f"our own fault: {why[:300]}", self._ports))
