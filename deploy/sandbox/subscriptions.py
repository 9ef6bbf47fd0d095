"""Destinations, subscriptions, and the way of each notification: late, twice, astray (S28, S29)."""

from collections import deque
from typing import Any

import msgspec

from deploy.sandbox.agenda import Agenda
from deploy.sandbox.notices import BRIDGE, TYPES, Bus, Sender, body, enveloped
from deploy.sandbox.queues import Sink
from deploy.sandbox.watch import Notice
from deploy.sandbox.world import Account, World

KEPT = 100_000
"""Notifications whose fate is remembered."""


class Destination(msgspec.Struct, frozen=True, kw_only=True):
    """Where the application has notifications sent: one SQS queue, or one partner bus."""

    id: str
    name: str
    region: str
    arn: str | None = None
    bus: Bus | None = None

    @property
    def by(self) -> str:
        """The way that leads there."""
        return "sqs" if self.bus is None else BRIDGE


class Subscription(msgspec.Struct, frozen=True, kw_only=True):
    """What one account has sent to one destination."""

    id: str
    account: str
    kind: str
    version: str
    destination: str
    directive: dict[str, Any] | None = None

    def wants(self, marketplace: str | None) -> bool:
        """Say whether its filter lets a marketplace's notifications through."""
        chosen = (self.directive or {}).get("eventFilter", {}).get("marketplaceIds")
        return not chosen or marketplace is None or marketplace in chosen


class Fate(msgspec.Struct, kw_only=True):
    """What became of one notification; instants in ms."""

    id: str
    account: str
    kind: str
    payload: dict[str, Any]
    at: int
    delivered: list[int] = []
    lost: bool = False


class Subscriptions:
    """All destinations and subscriptions of one application, and what they were sent."""

    def __init__(self, world: World, agenda: Agenda, sink: Sink) -> None:
        self.world = world
        self.destinations: dict[str, Destination] = {}
        self.fates: deque[Fate] = deque(maxlen=KEPT)
        self._subscriptions: dict[str, Subscription] = {}
        self._agenda = agenda
        self._sink = sink

    def cares(self, account: str) -> bool:
        """Say whether anything is to be told of an account."""
        return any(row.account == account for row in self._subscriptions.values())

    def of(self, account: str, kind: str, version: str | None = None) -> list[Subscription]:
        """Give an account's subscriptions to one type, newest version first."""
        found = [
            row
            for row in self._subscriptions.values()
            if (row.account, row.kind) == (account, kind) and version in (None, row.version)
        ]
        return sorted(found, key=lambda row: row.version, reverse=True)

    def find(self, id: str) -> Subscription | None:  # noqa: A002 - Amazon's word
        """Find a subscription by its id."""
        return self._subscriptions.get(id)

    def to(self, destination: str) -> list[Subscription]:
        """Give the subscriptions that lead to a destination."""
        return [row for row in self._subscriptions.values() if row.destination == destination]

    def subscribe(
        self, account: Account, kind: str, *, destination: str, directive: dict[str, Any] | None
    ) -> Subscription:
        """Have notifications of a type sent from now on."""
        made = Subscription(
            id=self.world.chance.identity("subscription", f"{account.id}|{kind}"),
            account=account.id,
            kind=kind,
            version=TYPES[kind].version,
            destination=destination,
            directive=directive,
        )
        self._subscriptions[made.id] = made
        return made

    def unsubscribe(self, id: str) -> None:  # noqa: A002 - Amazon's word
        """Have them sent no longer."""
        self._subscriptions.pop(id, None)

    def tell(self, account: Account, subject: str, notice: Notice, at: int) -> None:
        """Send what happened *at* to whoever subscribed to it."""
        if account.revoked:
            return
        for row in self.of(account.id, notice.kind):
            destination = self.destinations.get(row.destination)
            if destination is not None and row.wants(notice.marketplace):
                self._send(row, destination, subject, notice=notice, at=at)

    def _send(
        self, row: Subscription, destination: Destination, subject: str, *, notice: Notice, at: int
    ) -> None:
        entity = f"{row.account}|{row.kind}|{subject}"
        chance, profile = self.world.chance, self.world.profile
        fate = Fate(
            id=chance.identity("notification", entity),
            account=row.account,
            kind=row.kind,
            payload=notice.payload,
            at=at,
            lost=chance.happens(profile.notice_loss, "notice lost", entity),
        )
        self.fates.append(fate)
        published = at + self._delay(entity)
        sender = Sender(self.world.application_id, row.id, fate.id)
        told = body(row.kind, notice.payload, sender, at=at, published=published)
        if fate.lost:
            return
        self.deliver(told, row.kind, destination, fate=fate, due=published)
        doubled = chance.happens(profile.notice_duplicates, "notice twice", entity)
        for _ in range(profile.notice_copies if doubled else 0):
            again = published + self._delay(entity)
            self.deliver(told, row.kind, destination, fate=fate, due=again)

    def _delay(self, entity: str) -> int:
        chance, profile = self.world.chance, self.world.profile
        seconds = chance.lognormal(
            profile.notice_seconds, profile.sigma, stream="notice delay", entity=entity
        )
        if chance.happens(profile.notice_disorder, "notice late", entity):
            seconds += profile.notice_late_seconds * chance.draw("notice how late", entity)
        return round(seconds * 1000)

    def deliver(
        self, told: bytes, kind: str, destination: Destination, *, fate: Fate | None, due: int
    ) -> None:
        """Let a finished body arrive at *due*, wrapped if it goes by EventBridge."""
        queue = (destination.arn or "").rpartition(":")[2] or self.world.bridge_queue
        if destination.bus is not None:
            number = self.world.chance.identity("bus", fate.id if fate else destination.id)
            told = enveloped(told, kind, destination.bus, at=due, number=number)
        self._agenda.at(due, lambda at: self._arrive(queue, told, fate, at))

    def _arrive(self, queue: str, told: bytes, fate: Fate | None, at: int) -> None:
        if fate is not None:
            fate.delivered.append(at)
        self._sink.deliver(queue, told, at)
