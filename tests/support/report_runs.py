"""The runs in memory: what `Runs` does in Postgres. One suite holds both to it."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

import msgspec

from producers.amazon.run import Run
from producers.amazon.runs import Overtaken


class MemoryRuns:
    """Runs in a dict; `finished` stands beside them, as in the module."""

    def __init__(self) -> None:
        self.rows: dict[tuple[str, str, datetime], Run] = {}
        self.hinted: set[tuple[str, str, datetime]] = set()

    def add(self, run: Run) -> bool:
        busy = any(r.open and (r.store, r.type) == (run.store, run.type) for r in self._all())
        if busy or run.key in self.rows:
            return False
        self.rows[run.key] = run
        return True

    def save(self, run: Run) -> Run:
        if self.rows[run.key].version != run.version:
            raise Overtaken(str(run.key))
        after = msgspec.structs.replace(run, version=run.version + 1)
        self.rows[run.key] = after
        return after

    def rest(self, run: Run, until: datetime, why: str) -> None:
        now = self.rows[run.key]
        if now.state == run.state:
            tried: dict[str, Any] = {"tries": now.tries + 1, "version": now.version + 1}
            tried |= {"due_at": until, "why": why}
            self.rows[run.key] = msgspec.structs.replace(now, **tried)

    def due(self, accounts: Collection[str], now: datetime) -> list[Run]:
        mine = [r for r in self._all() if r.open and r.account in accounts]
        found = [r for r in mine if r.due_at <= now or r.key in self.hinted]
        self.hinted -= {r.key for r in found}
        return sorted(found, key=lambda r: (r.due_at, r.key))

    def newest(self) -> dict[tuple[str, str], Run]:
        return {(r.store, r.type): r for r in self._all()}

    def previous(self, run: Run) -> Run | None:
        before = [r for r in self._of(run) if r.slot < run.slot and r.hash is not None]
        return before[-1] if before else None

    def accepted(self, run: Run) -> Run | None:
        done = [r for r in self._of(run) if r.state == "complete"]
        return max(done, key=lambda r: (r.as_of, r.slot), default=None)

    def known(self, account: str) -> set[str]:
        return {r.report for r in self._all() if r.account == account and r.report is not None}

    def find(self, word: str | None = None, *, limit: int = 50) -> list[Run]:
        found = [r for r in self._all() if word is None or word in (r.store, r.report)]
        return found[::-1][:limit]

    def referred(self) -> set[str]:
        return {r.archived for r in self._all() if r.archived is not None}

    def forget(self, before: datetime) -> int:
        old = [k for k, r in self.rows.items() if not r.open and r.wanted_at < before]
        for key in old:
            del self.rows[key]
        return len(old)

    def finished(self, account: str, report: str) -> bool:
        found = {
            r.key
            for r in self._all()
            if (r.account, r.report, r.state) == (account, report, "requested")
        }
        self.hinted |= found
        return bool(found)

    def _all(self) -> list[Run]:
        return sorted(self.rows.values(), key=lambda r: r.slot)

    def _of(self, run: Run) -> list[Run]:
        return [r for r in self._all() if (r.store, r.type) == (run.store, run.type)]
