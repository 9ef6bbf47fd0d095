"""A push under a test's own hands: offers in, steps one by one, rows and words out."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Engine, select

from consumers.amazon import intake, lease, outbox
from consumers.amazon.api import ListingsApi
from consumers.amazon.confirm import Confirmer
from consumers.amazon.lease import Lease
from consumers.amazon.push import Hold, Pusher
from consumers.amazon.service import Manners, Service, utc_now
from consumers.amazon.tables import push_ledger
from schemas import codec
from schemas.amazon import Observation, Submission
from schemas.offers import Offer
from schemas.record import Record
from schemas.settings import Settings
from tests.consumers.amazon.conftest import SETTINGS
from tests.support.eventually import eventually

ACCOUNT = "acme-eu"


class Published:
    """A publisher that remembers, and fails while it is told to."""

    def __init__(self) -> None:
        self.records: list[Record] = []
        self.broken: Exception | None = None

    def __call__(self, records: Sequence[Record]) -> None:
        if self.broken is not None:
            raise self.broken
        self.records += records

    def submissions(self) -> list[Submission]:
        found = [codec.decode(r, Submission) for r in self.records if r.topic == outbox.SUBMISSIONS]
        return [s for s in found if s is not None]

    def reads(self) -> list[Observation]:
        found = [
            codec.decode(r, Observation) for r in self.records if r.topic == outbox.OBSERVATIONS
        ]
        return [o for o in found if o is not None]

    def told(self) -> list[tuple[str, str, str | None]]:
        return [(s.aspect, s.state, s.value) for s in self.submissions()]


def want(engine: Engine, *offers: Offer) -> None:
    """Write what *offers* want, as the intake does."""
    with engine.begin() as connection:
        wanted = [((o.account, o.seller_sku), o) for o in offers]
        intake.store(connection, wanted, utc_now())


def rows(engine: Engine, **of: str) -> dict[tuple[str, str, str], tuple[str, str | None]]:
    """Give state and confirmed value of every row, by SKU, aspect and store."""
    with engine.connect() as connection:
        found = connection.execute(select(push_ledger)).mappings().all()
    return {
        (r["seller_sku"], r["aspect"], r["store"]): (r["state"], r["confirmed"])
        for r in found
        if all(r[k] == v for k, v in of.items())
    }


def states(engine: Engine) -> set[str]:
    """Give the states that rows are in."""
    return {state for state, _ in rows(engine).values()}


def unsettled(engine: Engine) -> list[Any]:
    """Give the rows that want what is not confirmed."""
    with engine.connect() as connection:
        found = connection.execute(select(push_ledger)).mappings().all()
    return [
        (r["seller_sku"], r["aspect"], r["state"], r["wanted"])
        for r in found
        if r["wanted"] is not None and r["wanted"] != r["confirmed"]
    ]


class Worker:
    """One life of a pusher: its lease, its lane, its reads, each step by hand."""

    def __init__(
        self,
        engine: Engine,
        amazon: ListingsApi,
        owner: str = "w",
        *,
        hold: Hold | None = None,
        settings: Settings = SETTINGS,
        **clocks: Any,
    ) -> None:
        taken = lease.take(engine, ACCOUNT, owner, seconds=30, clock=lambda: 0.0)
        if taken is None:
            raise AssertionError("somebody else holds the lease")
        self.lease: Lease = taken
        now = clocks.get("now", utc_now)
        self.pusher = Pusher(engine, amazon, lambda: settings, lambda: self.lease, now, hold=hold)
        self.confirmer = Confirmer(engine, amazon, lambda: settings, ACCOUNT, now)
        self.pusher.recover()

    def until_settled(self, engine: Engine, within: float = 20) -> None:
        """Send and read until everything wanted is confirmed."""

        def done() -> bool:
            while self.pusher.step() == 0.0:
                pass
            while self.confirmer.step() == 0.0:
                pass
            return not unsettled(engine)

        eventually(done, within=within)


class Pushing:
    """A running service."""

    def __init__(self, service: Service, engine: Engine, published: Published) -> None:
        self.service = service
        self.engine = engine
        self.published = published

    def want(self, *offers: Offer) -> None:
        """Let the service push *offers*, as its own intake would."""
        want(self.engine, *offers)
        self.service.bells.ring({o.account for o in offers})


@contextmanager
def pushing(
    engine: Engine, client: ListingsApi, owner: str = "test", **manners: Any
) -> Iterator[Pushing]:
    """Run a service for the length of a with block."""
    published = Published()
    told = Manners(owner=owner, **({"lease": 10.0} | manners))
    service = Service(engine, client, lambda: SETTINGS, published, told)
    faults: list[BaseException] = []

    def run() -> None:
        try:
            service.run()
        except BaseException as fault:  # noqa: BLE001 - told by the test
            faults.append(fault)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield Pushing(service, engine, published)
    finally:
        service.stop()
        thread.join(20)
    if faults:
        raise faults[0]
