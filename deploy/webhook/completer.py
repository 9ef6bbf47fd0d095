"""The thread beside the webhook's door that makes whole products of what was saved."""

import os
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from datetime import datetime
from time import monotonic

import structlog
from kafka.errors import KafkaError

from consumers.setaside import setting_aside
from deploy.connect.commerce.build import commerce_client
from deploy.connect.kafka import open_consumer, open_producer
from deploy.connect.publishing import Publishing
from deploy.connect.requests import KafkaRequests
from deploy.connect.told import CatalogueTopics
from deploy.connect.whole import Snapshots, to_end
from deploy.errors import Failure
from deploy.settings import Commerce, Deployment
from producers.catalog.completing import GROUP, TOPIC, Completing
from producers.catalog.last_told import look
from producers.catalog.reader import Reader
from producers.catalog.rest import Document, Patient
from producers.catalog.stamps import Stamps
from producers.catalog.ways import Laying, Rereading, Way
from schemas.errors import TryAgain
from schemas.record import Record

LAYOUT_SECONDS = 300.0
"""Seconds for which what the shop says of its websites, views and sources is good."""

KEPT = 200
"""Saves of one partition that may wait in memory, for a shop that does not answer, say."""

AGAIN = 2.0
"""Seconds after which it begins again where the broker was away."""

_log = structlog.get_logger()


class Completer:
    """The thread. It ends by `stop`, or by a fault of ours: then it says so by *ended*."""

    def __init__(self, deployment: Deployment, now: Callable[[], datetime]) -> None:
        self._deployment = deployment
        self._now = now
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._work, name="completer", daemon=True)
        self.ended: Callable[[], object] = lambda: None
        self.fault: BaseException | None = None

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def leave(self) -> None:
        """End with the turn under way; what is not done is read again."""
        self._stopped.set()

    def stop(self) -> None:
        """Leave, and wait until it has; a broker that is away is not waited for."""
        self.leave()
        self._thread.join(2)

    def _work(self) -> None:
        while not self._stopped.is_set():
            try:
                self._serve()
            except (Failure, TryAgain, KafkaError, OSError) as busy:
                _log.warning("completing waits", why=str(busy)[:300])
                self._stopped.wait(AGAIN)
            except BaseException as fault:  # noqa: BLE001 - told where the process ends
                self.fault = fault
                self.ended()
                return

    def _serve(self) -> None:
        bootstrap, place = self._deployment.kafka.bootstrap_servers, self._deployment.commerce
        with ExitStack() as stack:
            settings = stack.enter_context(Snapshots(bootstrap))
            publish = Publishing(stack.enter_context(open_producer(bootstrap)), bootstrap)
            requests = KafkaRequests(
                bootstrap,
                (TOPIC,),
                group=GROUP,
                member=f"webhook-{os.getpid()}",
                source="/listwire/producers/webhook",
                publish=publish,
                now=self._now,
                kept=KEPT,
            )
            stack.callback(requests.close)
            process = Completing(
                requests,
                way(place, bootstrap, settings, self._stopped, stack),
                publish,
                setting_aside(publish.one, group=GROUP, now=self._now),
                stamps=Stamps(self._now),
                clock=monotonic,
                shop=place.shop,
            )
            while not self._stopped.is_set():
                process.turn()


def way(
    place: Commerce, bootstrap: str, settings: Snapshots, stopped: threading.Event, stack: ExitStack
) -> Way:
    """Give how products are completed: by asking the shop, if we know its address."""
    if not place.address:
        return Laying(lambda saves: look(lambda topic: _read(bootstrap, topic), saves), settings)
    topics = stack.enter_context(CatalogueTopics(bootstrap))
    reader = Reader(
        Patient(commerce_client(place), stopped.wait), settings, Nothing(), topics.told.parent_of
    )
    layout = Layout(reader, monotonic)

    def refresh() -> None:
        topics.catch_up()
        layout.refresh()

    return Rereading(reader, refresh)


class Layout:
    """Has the shop tell how it is laid out, now and then."""

    def __init__(self, reader: Reader, clock: Callable[[], float]) -> None:
        self._reader, self._clock = reader, clock
        self._at: float | None = None

    def refresh(self) -> None:
        """Ask again where the last answer is old. Raises `TryAgain`."""
        if self._at is None or self._clock() - self._at > LAYOUT_SECONDS:
            self._reader.refresh()
            self._at = self._clock()


class Nothing:
    """Keeps no stock settings: each product that is asked for is read anew."""

    def of(self, skus: Sequence[str]) -> Mapping[str, Document]:  # noqa: ARG002
        """Give none."""
        return {}

    def keep(self, stated: Mapping[str, Document]) -> None:
        """Keep none."""


def _read(bootstrap: str, topic: str) -> Iterator[Record]:
    with open_consumer(bootstrap) as consumer:
        yield from to_end(consumer, (topic,))
