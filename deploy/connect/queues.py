"""The queues that notifications come by: Amazon's SQS, or those of the stand-in.

Both give a body at least once, hide it for a while, and are behind one Protocol
(`producers.amazon.listen.Queue`).
"""

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from threading import Event
from time import monotonic
from typing import Any
from urllib.parse import quote, urlsplit

import boto3
import httpx2
import msgspec
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from deploy.errors import Failure
from deploy.settings import Notifications
from producers.amazon.listen import Delivery, Queue
from schemas.errors import TryAgain

AT_ONCE = 10
"""Bodies that are asked for: the most that SQS gives."""

WAIT = 20
"""Seconds to wait for a first body: the longest that SQS does."""

HIDDEN = 120
"""Seconds for which a received body is hidden: ten of them are done with long before."""

NAP = 0.5
"""Seconds between two looks into a queue of the stand-in, which does not wait by itself."""

AGAIN = 5.0
"""Seconds until a queue that does not answer is asked again."""


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Where a queue is: its URL, and its ARN as Amazon is told it."""

    url: str
    arn: str

    @property
    def name(self) -> str:
        """The queue's name."""
        return self.arn.split(":")[5]

    @property
    def region(self) -> str:
        """The AWS region in the ARN."""
        return self.arn.split(":")[3]

    @property
    def aws_account(self) -> str:
        """The AWS account in the ARN."""
        return self.arn.split(":")[4]


def place_of(url: str, *, region: str = "") -> Place:
    """Give the place of the SQS queue at *url*. Raises `Failure` (LW-0103)."""
    parts = urlsplit(url)
    names = parts.path.strip("/").split("/")
    if parts.scheme not in {"https", "http"} or len(names) != 2 or not all(names):
        raise Failure(
            "LW-0103",
            where="notifications.queue",
            why="it is no URL of an SQS queue",
            do="write https://sqs.REGION.amazonaws.com/ACCOUNT/NAME",
        )
    host = (parts.hostname or "").split(".")
    told = region or (host[1] if host[0] == "sqs" and len(host) > 2 else "")
    if not told:
        raise Failure(
            "LW-0103",
            where="notifications.region",
            why="the queue's URL does not tell its AWS region",
            do="set LISTWIRE_NOTIFICATIONS__REGION",
        )
    return Place(url=url, arn=f"arn:aws:sqs:{told}:{names[0]}:{names[1]}")


class SqsQueue:
    """One queue of Amazon's SQS, by boto3; repeats nothing by itself."""

    def __init__(self, client: Any, url: str, *, wait: int = WAIT, hidden: int = HIDDEN) -> None:
        self._client = client
        self._url = url
        self._wait = wait
        self._hidden = hidden

    def receive(self) -> Sequence[Delivery]:
        """Give up to ten bodies; waits for the first. Raises `TryAgain`."""
        found = self._called(
            "receive_message",
            MaxNumberOfMessages=AT_ONCE,
            WaitTimeSeconds=self._wait,
            VisibilityTimeout=self._hidden,
            MessageSystemAttributeNames=["ApproximateReceiveCount"],
        )
        return [_delivery(each) for each in found.get("Messages", ())]

    def delete(self, done: Sequence[Delivery]) -> None:
        """Take bodies off for good; one that stays comes again. Raises `TryAgain`."""
        entries = [{"Id": str(n), "ReceiptHandle": d.receipt} for n, d in enumerate(done)]
        self._called("delete_message_batch", Entries=entries)

    def attributes(self) -> Mapping[str, str]:
        """Give how the queue is set up: its policy, its own dead letters, its retention."""
        found = self._called("get_queue_attributes", AttributeNames=["All"])
        told: Mapping[str, str] = found.get("Attributes", {})
        return told

    def _called(self, operation: str, **arguments: Any) -> Mapping[str, Any]:
        try:
            answer: Mapping[str, Any] = getattr(self._client, operation)(
                QueueUrl=self._url, **arguments
            )
        except (BotoCoreError, ClientError) as error:
            raise TryAgain(f"SQS {operation}: {error}"[:300], after=AGAIN) from error
        return answer


def _delivery(stated: Mapping[str, Any]) -> Delivery:
    count = stated.get("Attributes", {}).get("ApproximateReceiveCount", "1")
    return Delivery(
        id=stated["MessageId"],
        receipt=stated["ReceiptHandle"],
        body=stated["Body"].encode("utf-8", "replace"),
        count=int(count),
    )


def open_sqs(place: Place, *, endpoint: str = "") -> Any:
    """Give a client of SQS in the region of *place*; credentials as AWS's own tools find them."""
    for name in ("botocore", "boto3", "urllib3"):
        logging.getLogger(name).setLevel(logging.WARNING)  # they log requests whole (S22)
    config = Config(
        connect_timeout=5,
        read_timeout=WAIT + 10,
        retries={"total_max_attempts": 1},
    )
    return boto3.client(
        "sqs", region_name=place.region, endpoint_url=endpoint or None, config=config
    )


@contextmanager
def open_queue(told: Notifications, stopped: Event) -> Iterator[Queue]:
    """Give the queue that the deployment names; *stopped* ends a wait at the stand-in's.

    Raises `Failure`: LW-0101 where none is named, LW-0103 for what is no URL of a queue.
    """
    if told.stand_in:
        with httpx2.Client(timeout=10) as http:
            yield StandInQueue(http, told.stand_in, stopped=stopped, hidden=told.hidden)
        return
    place = place_of(required(told), region=told.region)
    yield SqsQueue(open_sqs(place, endpoint=told.endpoint), place.url, hidden=told.hidden)


def required(told: Notifications) -> str:
    """Give the URL of the SQS queue. Raises `Failure` (LW-0101) where none is named."""
    if not told.queue:
        raise Failure(
            "LW-0101",
            where="notifications",
            why="no queue is named from which notifications could be taken",
            do="set LISTWIRE_NOTIFICATIONS__QUEUE to the URL of an SQS queue",
        )
    return told.queue


class StandInQueue:
    """One queue of the stand-in's control plane, as if it were SQS's."""

    def __init__(
        self,
        http: httpx2.Client,
        url: str,
        *,
        stopped: Event,
        wait: float = WAIT,
        hidden: float = HIDDEN,
    ) -> None:
        self._http = http
        self._url = url.rstrip("/")
        self._stopped = stopped
        self._wait = wait
        self._hidden = hidden

    def receive(self) -> Sequence[Delivery]:
        """Give up to ten bodies; waits for the first. Raises `TryAgain`."""
        until = monotonic() + self._wait
        while True:
            found = self._look()
            if found or monotonic() >= until or self._stopped.wait(NAP):
                return found

    def _look(self) -> list[Delivery]:
        answer = self._called("GET", f"{self._url}?max={AT_ONCE}&visibility={self._hidden}")
        return [
            Delivery(id=m["id"], receipt=m["receipt"], body=m["body"].encode(), count=m["count"])
            for m in answer["messages"]
        ]

    def delete(self, done: Sequence[Delivery]) -> None:
        """Take bodies off for good. Raises `TryAgain`."""
        for delivery in done:
            self._called("DELETE", f"{self._url}/{quote(delivery.receipt, safe='')}")

    def _called(self, method: str, url: str) -> Any:
        try:
            answer = self._http.request(method, url)
            answer.raise_for_status()
            return answer.json()
        except (httpx2.HTTPError, ValueError) as error:
            raise TryAgain(f"the stand-in's queue: {error}"[:300], after=1.0) from error
