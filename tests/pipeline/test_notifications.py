"""From an act at Amazon to our topic: stand-in, queue, Postgres and broker, all of them real."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from threading import Event
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import select

from deploy.connect.kafka import open_consumer, open_producer
from deploy.connect.postgres import open_engine
from deploy.connect.publishing import Publishing
from deploy.connect.whole import to_end
from deploy.notifying import listening, surveying
from deploy.preparing import prepare
from deploy.settings import Amazon, Deployment, Kafka, Notifications
from deploy.supervisor import listwire
from producers.amazon.tables import notification_inbox, notification_outbox
from schemas import codec, keys
from schemas.amazon import Observation
from schemas.record import Record
from schemas.settings import Settings
from tests.support.eventually import eventually
from tests.support.notices import account, store
from tests.support.processes import kill, running
from tests.support.sandbox import Sandbox, running_sandbox

pytestmark = [pytest.mark.kafka, pytest.mark.postgres]

ACCOUNT, STORE = "notified-eu", "notified-de"
KNOWN = Settings(
    records={
        "account": {ACCOUNT: account(merchant="A1NOTIFIED")},
        "store": {STORE: store(ACCOUNT, "DE")},
    }
)
SEED: dict[str, Any] = {
    "seed": 7,
    "profile": "quiet",
    "clock": "real",
    "quota_factor": None,
    "settings": {"notice_duplicates": 0.5},
    "accounts": {
        ACCOUNT: {
            "region": "EU",
            "merchant_token": "A1NOTIFIED",
            "refresh_token": "Atzr|1",
            "marketplaces": ["DE"],
        }
    },
    "catalogue": [{"asin": "B000000001", "title": "Desk lamp", "gtins": ["036000291452"]}],
    "listings": [
        {
            "account": ACCOUNT,
            "marketplace": "DE",
            "sku": f"NOTIFIED-{n}",
            "asin": "B000000001",
            "price": "12.90",
            "quantity": 5,
        }
        for n in range(40)
    ],
}


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with running_sandbox() as running:
        running.seed(SEED)
        yield running


def deployment(sandbox: Sandbox, kafka: str) -> Deployment:
    return Deployment(
        kafka=Kafka(bootstrap_servers=kafka),
        amazon=Amazon(
            eu=f"{sandbox.api}/eu",
            login=f"{sandbox.api}/auth/o2/token",
            client_id="sandbox",
            client_secret=SecretStr("sandbox"),
            quota_factor=1000,
        ),
        notifications=Notifications(stand_in=f"{sandbox.control}/queues/notifications"),
    )


def apply(kafka: str) -> None:
    """Put the account and its store onto the settings' topic."""
    with open_producer(kafka) as producer:
        Publishing(producer, kafka)(
            [
                codec.encode(
                    record,
                    topic="settings.v1",
                    key=keys.setting(kind, id_),
                    id=f"{kind}-{id_}",
                    source="/test",
                    subject=id_,
                    time="2026-11-25T10:00:00Z",
                )
                for kind, found in KNOWN.records.items()
                for id_, record in found.items()
            ]
        )


def said(kafka: str) -> list[tuple[Record, Observation]]:
    """Give what stands on the topic about the account."""
    with open_consumer(kafka) as consumer:
        records = list(to_end(consumer, ("amazon.listing.v1",)))
    found = [(r, codec.decode(r, Observation)) for r in records]
    return [(r, o) for r, o in found if o is not None and o.account == ACCOUNT]


def test_what_happens_at_amazon_is_on_our_topic_once(
    kafka: str, new_database: Callable[[], str], sandbox: Sandbox
) -> None:
    url = new_database()
    prepare(kafka, url)
    apply(kafka)
    place, environ = deployment(sandbox, kafka), {"ACME_REFRESH_TOKEN": "Atzr|1"}
    assert {f.state for f in surveying(place, lambda: KNOWN, environ)(True)} == {"made"}
    about = {"account": ACCOUNT, "marketplace": "DE"}
    for n in range(4):
        sandbox.event(type="sell", sku=f"NOTIFIED-{n}", quantity=2, **about)
    for n in range(4, 8):
        sandbox.event(type="delete", sku=f"NOTIFIED-{n}", **about)

    with ExitStack() as stack:
        engine = open_engine(url)
        stack.callback(engine.dispose)
        stopped = Event()
        stopped.set()  # the stand-in's queue is looked at, and not waited for
        turn, *_ = listening(place, environ, stack, engine, stopped)

        def drained() -> bool:
            turn()
            return not sandbox.call("GET", "/queues").json()["queues"].get("notifications")

        eventually(drained, within=60)
        with engine.connect() as connection:
            taken = len(connection.execute(select(notification_inbox)).all())
            waiting = len(connection.execute(select(notification_outbox)).all())

    mine = {f"NOTIFIED-{n}" for n in range(8)}  # the other test speaks of others
    found = [(r, o) for r, o in said(kafka) if o.seller_sku in mine]
    by_sku = {o.seller_sku: o for _, o in found}
    ids = [codec.header(r, "ce_id") for r, _ in found]
    assert (len(set(ids)), len(ids), waiting) == (taken, taken, 0)
    assert by_sku.keys() == mine
    assert {by_sku[f"NOTIFIED-{n}"].quantity for n in range(4)} == {3}
    assert all(by_sku[f"NOTIFIED-{n}"].source == "notification" for n in range(8))


def test_a_worker_killed_again_and_again_loses_nothing_and_says_nothing_new(
    kafka: str, new_database: Callable[[], str], sandbox: Sandbox
) -> None:
    url = new_database()
    prepare(kafka, url)
    apply(kafka)
    place, secrets = deployment(sandbox, kafka), {"ACME_REFRESH_TOKEN": "Atzr|1"}
    list(surveying(place, lambda: KNOWN, secrets)(True))
    environ = os.environ | secrets | {
        "LISTWIRE_KAFKA__BOOTSTRAP_SERVERS": kafka,
        "LISTWIRE_POSTGRES__URL": url,
        "LISTWIRE_NOTIFICATIONS__STAND_IN": place.notifications.stand_in,
        "LISTWIRE_NOTIFICATIONS__HIDDEN": "2",
        "LISTWIRE_AMAZON__EU": place.amazon.eu,
        "LISTWIRE_AMAZON__LOGIN": place.amazon.login,
        "LISTWIRE_AMAZON__CLIENT_ID": "sandbox",
        "LISTWIRE_AMAZON__CLIENT_SECRET": "sandbox",
    }  # fmt: skip
    engine = open_engine(url)
    before = {codec.header(r, "ce_id") for r, _ in said(kafka)}

    def taken() -> int:
        with engine.connect() as connection:
            return len(connection.execute(select(notification_inbox)).all())

    def sell(numbers: range) -> None:
        for n in numbers:
            about = {"account": ACCOUNT, "marketplace": "DE"}
            sandbox.event(type="sell", sku=f"NOTIFIED-{n}", quantity=1, **about)

    for part in (range(20, 30), range(30, 40)):
        sell(part)
        with running(*listwire(), "work", "notifications", env=environ) as worker:
            eventually(lambda least=part.start - 20: taken() > least, within=120)
            kill(worker)
    with running(*listwire(), "work", "notifications", env=environ):
        eventually(
            lambda: not sandbox.call("GET", "/queues").json()["queues"].get("notifications"),
            within=120,
            every=0.5,
        )
    engine.dispose()

    ids = [codec.header(r, "ce_id") for r, _ in said(kafka)]
    fresh = {i for i in ids if i not in before}
    skus = {o.seller_sku for r, o in said(kafka) if codec.header(r, "ce_id") in fresh}
    assert skus == {f"NOTIFIED-{n}" for n in range(20, 40)}
    assert len(fresh) == 20
