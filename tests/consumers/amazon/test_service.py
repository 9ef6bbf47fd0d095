"""The running push: several workers, few tokens, offers off Kafka."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest
from kafka import KafkaConsumer, KafkaProducer
from sqlalchemy import Engine

from consumers.amazon import intake, lease
from consumers.amazon.bells import Bells
from consumers.amazon.intake import GROUP, Intake
from consumers.amazon.service import Manners, Service, utc_now
from consumers.feed import KafkaFeed, Log
from deploy.connect.amazon.client import AmazonClient
from deploy.connect.kafka import open_member, open_producer
from schemas import codec, keys
from schemas.reasons import Reason
from schemas.record import Record
from schemas.topics import PARTITIONS
from tests.consumers.amazon.conftest import SEED, SETTINGS, begin
from tests.consumers.amazon.hands import (
    ACCOUNT,
    Published,
    pushing,
    rows,
    unsettled,
    want,
)
from tests.consumers.amazon.offers import live, offer
from tests.support.eventually import eventually
from tests.support.sandbox import Sandbox

pytestmark = pytest.mark.postgres

MANY = 30
SKUS = [f"S-{n:03}" for n in range(MANY)]
LISTINGS = [
    {
        "account": ACCOUNT,
        "marketplace": "DE",
        "sku": sku,
        "asin": "B000000001",
        "price": "44.90",
        "quantity": 5,
    }
    for sku in SKUS
]
SEEDED = SEED | {"listings": LISTINGS}


def prices(sequence: int, price: str) -> list[Any]:
    return [offer(sequence, seller_sku=sku, acme_de=live(price)) for sku in SKUS]


def sent(sandbox: Sandbox, status: int = 200) -> Counter[str]:
    asked = sandbox.requests(operation="patchListingsItem", status=str(status))
    return Counter(r["sku"] for r in asked)


def test_of_two_workers_one_pushes_for_an_account(
    clean: Engine, sandbox: Sandbox, make_client: Callable[..., AmazonClient]
) -> None:
    begin(sandbox, SEEDED)
    with (
        pushing(clean, make_client(), "a") as first,
        pushing(clean, make_client(), "b") as second,
    ):
        want(clean, *prices(1, "39.90"))
        for push in (first, second):
            push.service.bells.ring([ACCOUNT])
        eventually(lambda: not unsettled(clean), within=20)

    assert sent(sandbox) == Counter(SKUS)


def test_an_account_goes_on_with_the_next_worker_after_the_first_has_stopped(
    clean: Engine, sandbox: Sandbox, make_client: Callable[..., AmazonClient]
) -> None:
    begin(sandbox, SEEDED)
    with pushing(clean, make_client(), "a") as push:
        push.want(*prices(1, "39.90"))
        eventually(lambda: len(sent(sandbox)) > 3)
    with pushing(clean, make_client(), "b"):
        eventually(lambda: not unsettled(clean), within=20)

    held = {t["price"]["amount"] for t in sandbox.truth(account=ACCOUNT)}
    assert (held, set(sent(sandbox).values())) == ({"39.90"}, {1})


def test_a_worker_of_another_process_is_woken_by_the_database(
    clean: Engine, sandbox: Sandbox, make_client: Callable[..., AmazonClient]
) -> None:
    begin(sandbox, SEEDED)
    with pushing(clean, make_client()) as push:
        push.want(offer(1, seller_sku=SKUS[0], acme_de=live("39.90")))
        eventually(lambda: sent(sandbox)[SKUS[0]] == 1)
        with clean.begin() as connection:  # nobody rings a bell in this process
            wanted = offer(1, seller_sku=SKUS[1], acme_de=live("39.90"))
            intake.notify(
                connection, intake.store(connection, [((ACCOUNT, SKUS[1]), wanted)], utc_now())
            )
        eventually(lambda: sent(sandbox)[SKUS[1]] == 1, within=5)


def test_throttled_calls_cost_time_and_nothing_else(
    clean: Engine, sandbox: Sandbox, make_client: Callable[..., AmazonClient]
) -> None:
    begin(sandbox, SEEDED | {"quota_factor": 1.0})
    with pushing(clean, make_client()) as push:
        push.want(*prices(1, "39.90"))
        eventually(lambda: not unsettled(clean), within=40)
        told = Counter(state for _, state, _ in push.published.told())

    refused = sum(sent(sandbox, 429).values())
    assert (refused > 0, sent(sandbox), told["failed"], told["invalid"]) == (
        True,
        Counter(SKUS),
        0,
        0,
    )


def test_the_limiter_alone_meets_no_429(
    clean: Engine, sandbox: Sandbox, make_client: Callable[..., AmazonClient]
) -> None:
    begin(sandbox, SEEDED | {"quota_factor": 2.0})
    with pushing(clean, make_client(factor=2.0)) as push:
        push.want(*prices(1, "39.90"))
        eventually(lambda: not unsettled(clean), within=40)

    assert (sum(sent(sandbox, 429).values()), sent(sandbox)) == (0, Counter(SKUS))


def test_a_zero_that_arrives_late_overtakes_everything_that_waits(
    clean: Engine, sandbox: Sandbox, make_client: Callable[..., AmazonClient]
) -> None:
    begin(sandbox, SEEDED | {"quota_factor": 1.0})
    with pushing(clean, make_client(factor=1.0)) as push:
        push.want(*prices(1, "39.90"))
        eventually(lambda: sum(sent(sandbox).values()) >= 6)
        push.want(offer(2, 0, seller_sku=SKUS[-1], acme_de=live("39.90")))
        before = sum(sent(sandbox).values())
        eventually(lambda: sandbox.requests(sku=SKUS[-1]))
        asked = sandbox.requests(operation="patchListingsItem")

    place = [r["sku"] for r in asked].index(SKUS[-1])
    path = asked[place]["body"]["patches"][0]["path"]
    assert (place - before <= 2, path) == (True, "/attributes/fulfillment_availability")


# --- off Kafka ----------------------------------------------------------------------------


def record(wanted: Any) -> Record:
    key = keys.shared(wanted.account, wanted.seller_sku)
    return codec.encode(
        wanted,
        topic="listing.offer.v1",
        key=key,
        id=f"{wanted.seller_sku}-{wanted.sequence}",
        source="/test",
        subject=key.decode(),
        time=utc_now(),
        sequence=wanted.sequence,
    )


def send(producer: KafkaProducer, *records: Record) -> None:
    futures = [
        producer.send(r.topic, key=r.key, value=r.value, headers=list(r.headers)) for r in records
    ]
    for future in futures:
        future.get(10)


@contextmanager
def from_kafka(
    kafka: str, engine: Engine, client: AmazonClient, aside: list[tuple[Record, Reason]]
) -> Iterator[None]:
    """Run intake and service as one process does."""
    consumer: KafkaConsumer = open_member(kafka, GROUP, ["listing.offer.v1"])
    bells = Bells()
    feed = KafkaFeed(consumer, ["listing.offer.v1"], lambda t: Log("cluster", t), lambda: True)
    reader = Intake(
        feed,
        engine,
        bells,
        lambda r, why: aside.append((r, why)),
        now=utc_now,
        clock=time.monotonic,
        jitter=lambda: 1.0,
    )
    service = Service(
        engine, client, lambda: SETTINGS, Published(), Manners(owner="k", lease=10.0), bells=bells
    )
    thread = threading.Thread(target=service.run, args=(reader,))
    thread.start()
    try:
        yield
    finally:
        service.stop()
        thread.join(20)
        with suppress(Exception):
            consumer.close()


@pytest.mark.kafka
def test_offers_off_kafka_reach_amazon_and_a_bad_one_is_set_aside(
    kafka: str,
    topics: Callable[..., None],
    clean: Engine,
    sandbox: Sandbox,
    make_client: Callable[..., AmazonClient],
) -> None:
    topics("listing.offer.v1", partitions=PARTITIONS)
    begin(sandbox, SEEDED)
    producer = open_producer(kafka)
    good = [record(o) for o in prices(1, "39.90")]
    bad = Record(topic="listing.offer.v1", key=b"acme-eu|BAD", value=b"{")
    stray = Record(topic="listing.offer.v1", key=b"other|S-000", value=good[0].value)
    aside: list[tuple[Record, Reason]] = []

    with from_kafka(kafka, clean, make_client(), aside):
        send(producer, *good, bad, stray)
        eventually(lambda: len(rows(clean)) == 3 * MANY and not unsettled(clean), within=30)
        eventually(lambda: len(aside) == 2)
    with from_kafka(kafka, clean, make_client(), aside):  # goes on where it was
        send(producer, record(offer(2, seller_sku=SKUS[0], acme_de=live("38.90"))))
        eventually(lambda: sent(sandbox)[SKUS[0]] == 2, within=20)

    assert sorted(why.code for _, why in aside) == ["KEY_MISMATCH", "MALFORMED"]
    assert sent(sandbox) == Counter([*SKUS, SKUS[0]])
    assert lease.take(clean, ACCOUNT, "next", seconds=1, clock=time.monotonic) is not None
