"""Notifications v1 over the client: destinations and subscriptions (`amazon.md` 9)."""

from collections.abc import Callable
from time import sleep
from typing import Any

import msgspec

from deploy.connect.amazon.address import Query
from deploy.connect.amazon.client import Asking, read_as
from deploy.connect.amazon.exchange import Answer
from deploy.errors import Failure
from producers.amazon.subscriptions import Destination, Subscription
from schemas.errors import NotAllowed, TryAgain


class _Queue(msgspec.Struct, frozen=True):
    arn: str = ""


class _Bus(msgspec.Struct, frozen=True, rename="camel"):
    name: str = ""
    region: str = ""
    account_id: str = ""


class _Resource(msgspec.Struct, frozen=True, rename="camel"):
    sqs: _Queue | None = None
    event_bridge: _Bus | None = None


class _Destination(msgspec.Struct, frozen=True, rename="camel"):
    destination_id: str
    resource: _Resource = _Resource()


class _Destinations(msgspec.Struct, frozen=True):
    payload: list[_Destination] = []


class _Subscription(msgspec.Struct, frozen=True, rename="camel"):
    subscription_id: str
    payload_version: str = ""
    destination_id: str = ""


class _Subscribed(msgspec.Struct, frozen=True):
    payload: _Subscription


TRIES = 20
"""Times that one call is made while Amazon is busy or the bucket empty."""

LONGEST = 60.0
"""Seconds that are waited for at most before the next."""


class Subscribing:
    """Destinations and subscriptions. Raises the four classes of `schemas.errors`.

    What is set up in one go needs more calls than the bucket holds, so this waits for them;
    nothing is made twice, because each is looked for first.
    """

    def __init__(self, client: Asking, wait: Callable[[float], object] = sleep) -> None:
        self._client = client
        self._wait = wait

    def destinations(self, account: str) -> list[Destination]:
        """Give all destinations of the application in the region of *account*."""
        answer = self._ask("getDestinations", account, {})
        found = read_as(answer, _Destinations).payload
        return [known for each in found if (known := _known(each)) is not None]

    def add_destination(self, account: str, wanted: Destination, name: str) -> None:
        """Make a destination in the region of *account*."""
        where: dict[str, Any] = {"sqs": {"arn": wanted.place}}
        if wanted.by == "eventBridge":
            where = {"eventBridge": {"region": wanted.region, "accountId": wanted.place}}
        body = {"name": name, "resourceSpecification": where}
        self._ask("createDestination", account, {}, body=body)

    def subscription(self, account: str, kind: str, version: str) -> Subscription | None:
        """Give the subscription of *account* to one type, None without one."""
        query = {"payloadVersion": version}
        answer = self._ask("getSubscription", account, query, parts={"type": kind})
        if answer.status == 404:
            return None
        found = read_as(answer, _Subscribed).payload
        return Subscription(
            id=found.subscription_id,
            version=found.payload_version,
            destination=found.destination_id,
        )

    def subscribe(self, account: str, kind: str, version: str, destination: str) -> None:
        """Subscribe *account* to one type."""
        body = {"payloadVersion": version, "destinationId": destination}
        self._ask("createSubscription", account, {}, parts={"type": kind}, body=body)

    def _ask(self, operation: str, account: str, query: Query, **more: Any) -> Answer:
        for _ in range(TRIES - 1):
            try:
                return self._once(operation, account, query, **more)
            except TryAgain as busy:
                self._wait(min(busy.after, LONGEST))
        return self._once(operation, account, query, **more)

    def _once(self, operation: str, account: str, query: Query, **more: Any) -> Answer:
        try:
            return self._client.ask(operation, account, query, **more)
        except Failure as failure:  # no credentials: somebody must look
            raise NotAllowed(str(failure)) from failure


def _known(stated: _Destination) -> Destination | None:
    queue, bus = stated.resource.sqs, stated.resource.event_bridge
    if queue is not None:
        return Destination(by="sqs", place=queue.arn, id=stated.destination_id)
    if bus is None:
        return None
    return Destination(
        by="eventBridge",
        place=bus.account_id,
        region=bus.region,
        id=stated.destination_id,
        source=bus.name,
    )
