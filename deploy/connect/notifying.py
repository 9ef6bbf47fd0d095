"""Where notifications are to go, by the deployment: what setup, check and the worker share."""

from collections.abc import Callable, Iterator, Mapping
from urllib.parse import urlsplit

from deploy.connect.amazon.build import amazon_client
from deploy.connect.amazon.subscribing import Subscribing
from deploy.connect.queues import Place, place_of, required
from deploy.settings import Deployment, Notifications
from producers.amazon.subscriptions import Destination, Finding, Places, survey
from schemas.settings import Settings

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
    deployment: Deployment, settings: Callable[[], Settings], environ: Mapping[str, str]
) -> Callable[[bool], Iterator[Finding]]:
    """Give what looks at everything needed at Amazon and, if told so, adds what is missing."""
    desk = Subscribing(amazon_client(deployment.amazon, settings, environ, role="notifications"))
    wanted = places(place(deployment.notifications))
    return lambda add: survey(desk, settings(), wanted, add=add)
