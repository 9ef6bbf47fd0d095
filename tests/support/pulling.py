"""Pulling from the stand-in of a shop into lists: topics, sessions and ledger without a broker."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import httpx2
import msgspec

from deploy.connect.commerce.client import CommerceClient
from deploy.connect.commerce.exchange import LANE, Exchange
from deploy.connect.limits import Limits
from deploy.connect.rates import Rate
from producers.catalog.pull import Pull
from producers.catalog.rest import Document, Patient
from producers.catalog.sessions import Progress, plain
from producers.catalog.snapshot import Snapshot
from producers.catalog.telling import Edge, Manners
from producers.catalog.told import Known, Marks, Told
from producers.publish import Publisher
from schemas.record import Record
from schemas.settings import Settings
from tests.support.commerce import CommerceShop
from tests.support.producer import ListProducer


class ListTopics:
    """The catalogue's topics: one partition each, holding what the producer's list holds."""

    def __init__(self, producer: ListProducer) -> None:
        self._producer = producer
        self._folded = 0
        self.told = Told()
        self.records: dict[str, list[Record]] = {}

    def catch_up(self) -> Marks:
        """Take in what is in the list, with its offsets; give the ends."""
        for record in self._producer.taken[self._folded :]:
            mine = self.records.setdefault(record.topic, [])
            placed = msgspec.structs.replace(record, partition=0, offset=len(mine))
            mine.append(placed)
            self.told.fold(placed)
        self._folded = len(self._producer.taken)
        return {(topic, 0): len(mine) for topic, mine in self.records.items()}

    def value(self, topic: str, known: Known) -> bytes | None:
        """Give the value at that offset."""
        return self.records[topic][known.offset].value


class DictSessions:
    """Sessions in a dict."""

    def __init__(self) -> None:
        self.sessions: dict[str, Snapshot] = {}
        self.came: dict[str, dict[str, bool]] = {}

    def open(self, session: Snapshot) -> None:
        """Begin *session*."""
        for other in self.list():
            same = (other.shop, other.by, other.state) == (session.shop, session.by, "open")
            if same:
                why = "left half-way: another one was begun; it ended nothing"
                closed = {"state": "dropped", "why": why, "closed_at": session.opened_at}
                self.sessions[other.id] = msgspec.structs.replace(other, **closed)
        self.sessions[session.id] = session

    def get(self, id_: str) -> Snapshot | None:
        """Give the session of this id."""
        return self.sessions.get(id_)

    def list(self) -> Sequence[Snapshot]:
        """Give all sessions, the newest first."""
        return sorted(self.sessions.values(), key=lambda s: s.opened_at, reverse=True)

    def add(self, id_: str, seen: Mapping[str, bool]) -> None:
        """Take in SKUs."""
        self.came.setdefault(id_, {}).update(seen)

    def seen(self, id_: str) -> dict[str, bool]:
        """Give all that was taken in."""
        return dict(self.came.get(id_, {}))

    def save(self, session: Snapshot) -> None:
        """Write what became of *session*."""
        self.sessions[session.id] = session
        if session.state not in ("open", "sealed"):
            self.came.pop(session.id, None)

    def last(self, shop: str) -> int | None:
        """Give how many products the last accepted whole had."""
        ended = (s.present for s in self.list() if (s.shop, s.state) == (shop, "ended"))
        return next(ended, None)


class DictLedger:
    """How far a shop was read, in memory."""

    def __init__(self) -> None:
        self.at = Progress()
        self.kept: dict[str, Document] = {}

    def progress(self) -> Progress:
        """Give how far it was read."""
        return self.at

    def move(self, **to: datetime) -> None:
        """Note how far it was read."""
        self.at = msgspec.structs.replace(self.at, **to)

    def of(self, skus: Sequence[str]) -> Mapping[str, Document]:
        """Give the stock settings that are kept of *skus*."""
        return {sku: self.kept[sku] for sku in skus if sku in self.kept}

    def keep(self, stated: Mapping[str, Document]) -> None:
        """Keep these."""
        self.kept |= {sku: plain(s) for sku, s in stated.items()}


class Town:
    """A shop, a broker's list, and one who pulls; `again` starts the process anew."""

    def __init__(self, **manners: Any) -> None:
        self.shop = CommerceShop()
        self.producer = ListProducer()
        self.sessions = DictSessions()
        self.ledger = DictLedger()
        self.settings = Settings()
        given: dict[str, Any] = {"shop": "acme", "size": 3} | manners
        self.manners = Manners(**given)
        self.ids = iter(UUID(int=n) for n in range(1, 1000))
        self.waited: list[float] = []
        self.again()

    def again(self, producer: ListProducer | None = None) -> None:
        """Start the process: what it held in memory is gone."""
        http = httpx2.Client(transport=httpx2.MockTransport(self.shop))
        limits = Limits(lambda: sum(self.waited), rates={LANE: Rate(1e9, 1e9)}, chance=lambda: 1.0)
        exchange = Exchange(http, lambda *_: "Bearer token", limits, agent="Listwire/test")
        self.client = CommerceClient(exchange, "https://shop.test")
        self.topics = ListTopics(self.producer)
        self.pull = Pull(
            Patient(self.client, self.waited.append),
            self.topics,
            Publisher(producer or self.producer),
            self.ledger,
            self.sessions,
            Edge(
                now=lambda: self.shop.now,
                new_id=lambda: next(self.ids),
                settings=lambda: self.settings,
            ),
            self.manners,
        )

    def told(self, act: Callable[[], object]) -> list[tuple[str, str]]:
        """Give topic and SKU of each record that *act* sends."""
        before = len(self.producer.taken)
        act()
        return [
            (r.topic.split(".")[1], (r.key or b"").decode()) for r in self.producer.taken[before:]
        ]

    def newest(self, topic: str, sku: str) -> Any:
        """Give the newest value of a SKU as JSON, None if it is deleted or was never told."""
        mine = [r for r in self.producer.taken if (r.topic, r.key) == (topic, sku.encode())]
        return msgspec.json.decode(mine[-1].value) if mine and mine[-1].value else None
