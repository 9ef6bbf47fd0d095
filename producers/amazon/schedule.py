"""Which reports are wanted now. Pure.

A store's first report as soon as the store is known; the next a while after the last was
wanted, whoever wanted that, and never while one is open. Amazon hands one document out for
one to six hours, so nothing is asked for more often than hourly (`amazon.md` 8).
"""

from collections.abc import Collection, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from hashlib import blake2b

from producers.amazon.run import Run
from schemas.settings import Settings, Store

Newest = Mapping[tuple[str, str], Run]
"""The latest run of each store and type."""

WINDOW = timedelta(hours=1)
"""The shortest time for which Amazon keeps a listing report (`amazon.md` 8)."""
JITTER = 0.1
"""Share of its period by which a report may be later, so that not all are asked for at once."""
_UNITS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}


def wanted(
    settings: Settings, newest: Newest, accounts: Collection[str], now: datetime
) -> Iterator[Run]:
    """Give the runs that *accounts* should begin now."""
    for id_, store in sorted(settings.of("store").items()):
        if store.account in accounts and _sells(settings, id_, store):
            for type_, every in sorted(settings.reports_of(id_).every.items()):
                period = max(WINDOW, timedelta(seconds=seconds(every)))
                last = newest.get((id_, type_))
                if last is None or (not last.open and now >= following(last, period)):
                    yield run(id_, type_, store.account, now=now, slot=_slot(now, period))


def run(
    store: str, type_: str, account: str, *, now: datetime, slot: datetime, by: str = "schedule",
    fewer: bool = False,
) -> Run:  # fmt: skip
    """Give a run that has not begun."""
    return Run(store=store, type=type_, slot=slot, account=account, wanted_at=now, due_at=now,
               by=by, fewer=fewer)  # fmt: skip


def following(last: Run, period: timedelta) -> datetime:
    """Give when the report after *last* is wanted; the same answer at every look."""
    named = f"{last.store}\n{last.type}\n{last.slot.isoformat()}".encode()
    chance = int.from_bytes(blake2b(named, digest_size=4).digest()) / 2**32
    return last.wanted_at + period * (1 + JITTER * chance)


def seconds(every: str) -> int:
    """Give the length of a duration as settings spell it."""
    return int(every[:-1]) * _UNITS[every[-1]]


def _slot(now: datetime, period: timedelta) -> datetime:
    """Give the slot that two planners at about the same time would both choose."""
    span = int(period.total_seconds())
    return datetime.fromtimestamp(int(now.timestamp()) // span * span, UTC)


def _sells(settings: Settings, id_: str, store: Store) -> bool:
    state = settings.states.get(store.account)
    here = state.stores.get(id_) if state else None
    return store.active and (here is None or here.participates)
