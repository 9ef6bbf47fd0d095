"""What `doctor` asks about the queue of notifications: is it there, and who may write into it."""

from collections.abc import Iterator

from deploy.connect.queue_policy import flaws
from deploy.connect.queues import Place, SqsQueue, open_sqs, place_of
from deploy.settings import Notifications
from deploy.watch.check import Check, away, examined, ok, skipped, warning, wrong
from schemas.errors import TryAgain

NAME = "notification queue"
DO = "listwire notifications check shows the policy it needs"


def queue_checks(told: Notifications) -> Iterator[Check]:
    """Give the checks of the queue that the deployment names."""
    if told.stand_in:
        yield ok(NAME, "a queue of the stand-in")
    elif not told.queue:
        why = "none is named: what Amazon shows comes by reports alone"
        yield skipped(NAME, why, "set LISTWIRE_NOTIFICATIONS__QUEUE")
    else:
        yield from examined(NAME, lambda: _checks(told))


def _checks(told: Notifications) -> Iterator[Check]:
    place = place_of(told.queue, region=told.region)
    try:
        attributes = SqsQueue(open_sqs(place, endpoint=told.endpoint), place.url).attributes()
    except TryAgain as later:
        yield away(NAME, str(later), "check the URL, our AWS credentials and the network")
        return
    found = flaws(attributes, place)
    yield from (_flaw(flaw) for flaw in found)
    if not found:
        yield ok(NAME, _named(place))


def _flaw(flaw: str) -> Check:
    """Give one flaw: whoever may write into the queue can speak for Amazon."""
    return (wrong if flaw.startswith("anybody") else warning)(NAME, flaw, DO)


def _named(place: Place) -> str:
    return f"{place.name} in {place.region}: Amazon may write into it, nobody else"
