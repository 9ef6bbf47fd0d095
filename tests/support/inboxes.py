"""A queue and an inbox made of lists; each passes the suite of what it stands for."""

from collections.abc import Collection, Sequence
from datetime import datetime

from producers.amazon.inbox import Arrival, Letter, Publish
from producers.amazon.listen import Delivery
from producers.amazon.notification import records
from schemas.record import Record

REDRIVE = 5
"""`maxReceiveCount` of the queue."""


class ListedQueue:
    """Gives each body until it is deleted; after too many times it goes to *dead*."""

    def __init__(self, *bodies: bytes, redrive: int | None = REDRIVE) -> None:
        self._redrive = redrive
        self._waiting = [
            Delivery(id=f"m{n}", receipt=f"r{n}", body=body, count=0)
            for n, body in enumerate(bodies)
        ]
        self.dead: list[bytes] = []

    def __len__(self) -> int:
        return len(self._waiting)

    def receive(self) -> Sequence[Delivery]:
        given, rest = self._waiting[:10], self._waiting[10:]
        counted = [
            Delivery(id=d.id, receipt=d.receipt, body=d.body, count=d.count + 1) for d in given
        ]
        self._waiting = rest + counted
        over = [d for d in counted if self._redrive is not None and d.count > self._redrive]
        self.dead += [d.body for d in over]
        self.delete(over)
        return [d for d in counted if d not in over]

    def delete(self, done: Sequence[Delivery]) -> None:
        gone = {d.id for d in done}
        self._waiting = [d for d in self._waiting if d.id not in gone]


class ListedInbox:
    """What `producers.amazon.inbox.Inbox` is, in lists; *poison*: what cannot be written down."""

    def __init__(self, *poison: str) -> None:
        self.arrivals: dict[tuple[str, str], Arrival] = {}
        self.letters: dict[str, Letter] = {}
        self.reports: list[tuple[str, str]] = []
        self._poison = poison
        self._waiting: list[tuple[tuple[str, str], Record]] = []

    def take(self, arrivals: Sequence[Arrival]) -> dict[tuple[str, str], str]:
        bad = [a for a in arrivals if a.notice.id in self._poison]
        for arrival in arrivals:
            if arrival.key in self.arrivals or arrival in bad:
                continue
            self.arrivals[arrival.key] = arrival
            self._waiting += [(arrival.key, r) for r in records(arrival.meaning, arrival.notice)]
            if arrival.meaning.report is not None:
                self.reports.append((arrival.meaning.account, arrival.meaning.report.report))
        return {a.key: "poison" for a in bad}

    def set_aside(self, found: Sequence[Letter]) -> None:
        self.letters |= {letter.id: letter for letter in found}

    def relay(self, publish: Publish) -> int:
        if self._waiting:
            publish([record for _, record in self._waiting])
        done, self._waiting = len(self._waiting), []
        return done

    def waiting(self, keys: Collection[tuple[str, str]]) -> set[tuple[str, str]]:
        return {key for key, _ in self._waiting if key in keys}

    def dead_since(self, moment: datetime) -> int:
        return sum(letter.at >= moment for letter in self.letters.values())

    def forget(self, before: datetime) -> int:
        old = [k for k, a in self.arrivals.items() if a.at < before]
        letters = [k for k, one in self.letters.items() if one.at < before]
        for key in old:
            del self.arrivals[key]
        for id_ in letters:
            del self.letters[id_]
        return len(old) + len(letters)

    def heard(self, most: int) -> dict[tuple[str, str], list[datetime]]:
        found: dict[tuple[str, str], list[datetime]] = {}
        for arrival in sorted(self.arrivals.values(), key=lambda a: a.at, reverse=True):
            if arrival.meaning.account:
                of = (arrival.meaning.account, arrival.notice.type)
                found.setdefault(of, []).append(arrival.at)
        return {of: times[:most] for of, times in found.items()}

    def dead(self) -> list[tuple[str, int, datetime, str]]:
        by_code: dict[str, list[Letter]] = {}
        for letter in sorted(self.letters.values(), key=lambda one: one.at, reverse=True):
            by_code.setdefault(letter.code, []).append(letter)
        return [(c, len(found), found[0].at, found[0].why) for c, found in sorted(by_code.items())]
