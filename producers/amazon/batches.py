"""Questions to Amazon that wait: which of them go out together, and when.

Identifiers of one kind and store share a call, up to twenty. Whoever is alone waits `LINGER`
for company, no longer; what must be asked in halves goes out in ever smaller calls. Values
only: the clock is an argument.
"""

from collections.abc import Iterable, Iterator

import msgspec

from schemas.amazon import FoundCandidate
from schemas.record import Record
from schemas.requests import LookupRequested, ReadRequested

LINGER = 0.25
"""Seconds that a lone question waits for others of its kind."""

TOGETHER = 20
"""Identifiers that one search takes (`amazon.md` 6)."""

SEARCHED = frozenset({"asin", "upc", "isbn", "ean", "jan", "gtin"})
"""Kinds of identifiers of which one search takes several."""

Lane = tuple[str, str]
"""Account and operation: what shares a budget."""

Group = tuple[str, ...]
"""What may go out in one call: account, store, kind, and what else must be alike."""


class Waiting(msgspec.Struct, kw_only=True):
    """One question, since when it waits, how often it was asked in vain, and since when.

    *limit*: in how large a call it may go out; *rests* until that instant.
    """

    record: Record
    asked: LookupRequested | ReadRequested
    since: float
    limit: int = TOGETHER
    rests: float = 0.0
    tries: int = 0
    failing: float = 0.0

    def failed(self, now: float) -> None:
        """Count one more call in vain."""
        self.failing = self.failing if self.tries else now
        self.tries += 1

    @property
    def listing(self) -> tuple[str, ...]:
        """Whose question it is: a newer one of the same listing takes its place."""
        store = self.asked.store if isinstance(self.asked, LookupRequested) else ""
        return self.record.topic, self.asked.account, self.asked.seller_sku, store

    @property
    def value(self) -> str:
        """What is asked for."""
        if isinstance(self.asked, LookupRequested):
            return self.asked.value
        return "\n".join([self.asked.seller_sku, *self.asked.stores])


def lane(asked: LookupRequested | ReadRequested) -> Lane:
    """Give the lane of a question: each has its own budget at Amazon."""
    if isinstance(asked, ReadRequested):
        return asked.account, "read"
    return asked.account, "restriction" if asked.kind == "restriction" else "search"


def group(asked: LookupRequested | ReadRequested) -> Group:
    """Give what must be alike of the questions of one call."""
    if isinstance(asked, ReadRequested):
        return asked.account, "", "read", asked.seller_sku, *asked.stores
    if shares(asked):
        return asked.account, asked.store, asked.kind
    return asked.account, asked.store, asked.kind, asked.value, asked.condition or ""


def shares(asked: LookupRequested | ReadRequested) -> bool:
    """Tell whether a question may go out together with others."""
    return isinstance(asked, LookupRequested) and asked.kind in SEARCHED


class Batch(msgspec.Struct, kw_only=True):
    """Questions of one call, and what its pages have told so far."""

    of: tuple[Waiting, ...]
    items: list[FoundCandidate] = []
    token: str | None = None
    pages: int = 0
    rests: float = 0.0

    @property
    def first(self) -> LookupRequested | ReadRequested:
        """One of the questions: what it has in common with the others counts."""
        return self.of[0].asked

    @property
    def values(self) -> list[str]:
        """What is asked for, each once."""
        return list(dict.fromkeys(w.value for w in self.of))


class Batches:
    """Everything that waits, by lane."""

    def __init__(self) -> None:
        self._waiting: dict[Lane, dict[Group, dict[tuple[str, ...], Waiting]]] = {}
        self._begun: dict[Lane, list[Batch]] = {}
        self._closed: dict[Lane, float] = {}

    def __bool__(self) -> bool:
        return bool(self.lanes)

    @property
    def lanes(self) -> list[Lane]:
        """Every lane in which something waits."""
        return [name for name in self._waiting.keys() | self._begun.keys() if self._holds(name)]

    def _holds(self, name: Lane) -> bool:
        return bool(self._begun.get(name)) or any(self._waiting.get(name, {}).values())

    def add(self, waiting: Waiting) -> Waiting | None:
        """Take *waiting* in; give the older question of its listing, which nobody asks now."""
        older = self._take(waiting.listing, lane(waiting.asked))
        self._put(waiting)
        return older

    def _put(self, waiting: Waiting) -> None:
        groups = self._waiting.setdefault(lane(waiting.asked), {})
        groups.setdefault(group(waiting.asked), {})[waiting.listing] = waiting

    def _take(self, listing: tuple[str, ...], name: Lane) -> Waiting | None:
        for members in self._waiting.get(name, {}).values():
            if (older := members.pop(listing, None)) is not None:
                return older
        return None

    def close(self, name: Lane, until: float) -> None:
        """Let nothing of a lane out before *until*: its budget is spent."""
        self._closed[name] = until

    def back(self, batch: Batch) -> None:
        """Keep a call that has more pages, or that must be made again."""
        self._begun.setdefault(lane(batch.first), []).append(batch)

    def halved(self, batch: Batch) -> None:
        """Ask the questions of *batch* again in calls half as large."""
        half = max(1, len(batch.values) // 2)
        for waiting in batch.of:
            waiting.limit = half
            self._put(waiting)

    def drop(self, gone: Iterable[tuple[str, int]]) -> None:
        """Forget the questions of partitions that are someone else's now."""
        places = set(gone)
        if not places:
            return
        for groups in self._waiting.values():
            for members in groups.values():
                for listing in [w.listing for w in members.values() if _place(w) in places]:
                    del members[listing]

    def next(self, name: Lane, now: float) -> Batch | None:
        """Give the next call of a lane, None if nothing may go out yet."""
        if self._closed.get(name, 0.0) > now:
            return None
        begun = self._begun.get(name, [])
        if (ready := next((b for b in begun if b.rests <= now), None)) is not None:
            begun.remove(ready)
            return ready
        return self._gathered(self._waiting.get(name, {}), now)

    def _gathered(
        self, groups: dict[Group, dict[tuple[str, ...], Waiting]], now: float
    ) -> Batch | None:
        """Take the questions of the group whose oldest has waited longest."""
        heads = []
        for key in [k for k, members in groups.items() if not members]:
            del groups[key]
        for key, members in groups.items():
            if chosen := _together((w for w in members.values() if w.rests <= now), now):
                heads.append((min(w.since for w in chosen), key, chosen))
        if not heads:
            return None
        _, key, chosen = min(heads, key=lambda head: head[:2])
        for waiting in chosen:
            del groups[key][waiting.listing]
        return Batch(of=tuple(chosen))


def _together(members: Iterator[Waiting], now: float) -> list[Waiting]:
    """Give what goes out in one call now; nothing while it is worth waiting for others."""
    head = next(members, None)
    if head is None:
        return []
    chosen, values, limit = [head], {head.value}, head.limit
    while len(values) < limit and (waiting := next(members, None)) is not None:
        limit = min(limit, waiting.limit)
        if waiting.value in values or len(values) < limit:
            chosen.append(waiting)
            values.add(waiting.value)
    full = len(values) >= limit or not shares(head.asked)
    return chosen if full or now - head.since >= LINGER else []


def _place(waiting: Waiting) -> tuple[str, int]:
    return waiting.record.topic, waiting.record.partition
