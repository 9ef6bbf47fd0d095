"""The role *notifications* put together, and what its commands share with it.

A queue, an inbox, a broker; and Amazon, where destinations and subscriptions must lead here.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from datetime import UTC, datetime
from threading import Event
from time import sleep
from urllib.parse import urlsplit

import structlog
from sqlalchemy import Engine

from deploy.connect.amazon.build import amazon_client
from deploy.connect.amazon.credentials import Application, credentials
from deploy.connect.amazon.subscribing import Subscribing
from deploy.connect.kafka import open_producer
from deploy.connect.publishing import Publishing
from deploy.connect.queues import Place, open_queue, place_of, required
from deploy.connect.whole import Snapshots
from deploy.errors import Failure
from deploy.settings import Amazon, Deployment, Notifications
from producers.amazon.accounts import Accounts, expiring
from producers.amazon.inbox import Inbox
from producers.amazon.listen import KEPT, Listener
from producers.amazon.notification import Expiry, Known
from producers.amazon.subscriptions import Destination, Finding, Places, Watching, survey
from producers.amazon.sweep import Sweeping
from schemas.settings import Account, Settings

_log = structlog.get_logger()

STAND_IN = "arn:aws:sqs:eu-west-1:000000000000:"
"""What the ARN of a stand-in's queue begins with: its name alone counts there."""


def place(told: Notifications) -> Place:
    """Give where the queue of the deployment is. Raises `Failure`."""
    if told.stand_in:
        name = urlsplit(told.stand_in).path.rstrip("/").rpartition("/")[2]
        return Place(url=told.stand_in, arn=f"{STAND_IN}{name}")
    return place_of(required(told), region=told.region)


def places(queue: Place) -> Places:
    """Give the two destinations that lead to *queue*: itself, and its account's EventBridge."""
    bridge = Destination(by="eventBridge", place=queue.aws_account, region=queue.region)
    return Places(queue=Destination(by="sqs", place=queue.arn), bridge=bridge)


def surveying(
    deployment: Deployment,
    settings: Callable[[], Settings],
    environ: Mapping[str, str],
    wait: Callable[[float], object] = sleep,
) -> Callable[[bool], Iterator[Finding]]:
    """Give what looks at everything needed at Amazon and, if told so, adds what is missing.

    *wait* passes the time until Amazon may be asked again.
    """
    client = amazon_client(deployment.amazon, settings, environ, role="notifications")
    desk = Subscribing(client, wait)
    wanted = places(place(deployment.notifications))
    return lambda add: survey(desk, settings(), wanted, add=add)


def listening(
    deployment: Deployment,
    environ: Mapping[str, str],
    stack: ExitStack,
    engine: Engine,
    stopped: Event,
) -> tuple[Callable[[], int], ...]:
    """Open everything the role works with; give the turns it takes."""
    told, bootstrap = deployment.notifications, deployment.kafka.bootstrap_servers
    queue = stack.enter_context(open_queue(told, stopped))
    settings = stack.enter_context(Snapshots(bootstrap))
    publish = Publishing(stack.enter_context(open_producer(bootstrap)), bootstrap)
    inbox, accounts = Inbox(engine), Accounts(engine, publish, _now)
    applications = frozenset([told.application] if told.application else [])
    expires = noting(deployment.amazon, environ, settings, accounts)
    listener = Listener(
        queue,
        inbox,
        publish,
        lambda: Known(settings=settings(), applications=applications),
        _now,
        expires=expires,
    )
    look = surveying(deployment, settings, environ, stopped.wait)
    watching = Watching(lambda: look(False), inbox, _now)
    sweeping = Sweeping(lambda now: inbox.forget(now - KEPT), _now)
    return listener.turn, watching.turn, sweeping.turn


def _now() -> datetime:
    return datetime.now(UTC)


def noting(
    place: Amazon,
    environ: Mapping[str, str],
    settings: Callable[[], Settings],
    accounts: Accounts,
) -> Callable[[Expiry], None]:
    """Give what tells, of every account of an application, when the application's secret ends."""
    application = Application(place.client_id, place.client_secret)

    def client(account: Account) -> str | None:
        try:
            return credentials(account.credentials, environ, application).application.client_id
        except Failure:  # without credentials it is nobody's
            return None

    def expires(expiry: Expiry) -> None:
        _log.warning("a client secret ends", client=expiry.client, at=expiry.at.isoformat())
        for name, account in sorted(settings().of("account").items()):
            if expiry.client is None or client(account) == expiry.client:
                accounts.change(name, expiring(expiry.at))

    return expires
