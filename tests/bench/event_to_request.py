"""From a price event to the request at Amazon: how long a change is on its way.

200 changes at 20 a second over 8 accounts, quotas as Amazon's. The clock starts with the
broker's acknowledgement of the event and ends with the journal of the stand-in. The baseline
is what the way costs without us: a record through the broker, then one bare PATCH.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from itertools import pairwise
from threading import Event, Thread
from typing import Any

import httpx2
import msgspec
from kafka import TopicPartition
from msgspec.structs import replace

from consumers.amazon.payload import price_patch
from deploy.commands import intake
from deploy.commands.session import Session
from deploy.connect.kafka import open_consumer, open_producer
from deploy.demo.follow import Truth
from deploy.running import ROLES, Pipeline, Sandbox
from schemas import keys
from schemas.record import Record
from schemas.topics import PARTITIONS
from tests.bench import setting_up, shop
from tests.bench.setting_up import Busy, Figures, Say, percentile, pids
from tests.bench.shop import GERMANY, Shop, merchant_token, price, refresh_token, sku, website
from tests.support.topics import create_topics

SHOP = Shop(accounts=8, products=40)
CHANGES = 200
BARE_CHANGES = 80
A_SECOND = 20
EARLIER = 500.0
"""Ms by which a record's time may lie before the moment at which we noted its cause."""
BARE = "bench.bare.v1"
HOPS = ("listing.candidate.v1", "listing.offer.v1")
"""Topics whose records' times tell where a change is."""

Target = tuple[str, str]
"""An account and a seller SKU."""
Times = Mapping[Target, float]
"""A moment of each change, in ms since 1970."""


def measure(say: Say) -> Figures:
    """Run it. Raises `TimeoutError` if a change does not arrive."""
    with (
        setting_up.stand_in(SHOP) as sandbox,
        setting_up.pipeline(SHOP, ROLES, say, sandbox) as (running, inside),
    ):
        journal = Journal(sandbox.control)
        _prepare(running, inside, Truth(sandbox.control), say)
        if early := journal.received(0):
            raise RuntimeError(f"sent before anything was changed: {sorted(early)[:5]}")
        busy = Busy(pids(running))
        acked = _change(running.bootstrap, [_priced(k) for k in range(CHANGES)])
        received = journal.until_all(acked, running.tend)
        say(f"  {CHANGES} changes; {busy.told()}")
        _tell_hops(running.bootstrap, acked, received, say)
        bare = _bare(running.bootstrap, sandbox, journal)
    return _figures(_between(acked, received), bare)


def _figures(took: Sequence[float], bare: Sequence[float]) -> Figures:
    shares = {"p50_ms": 0.50, "p95_ms": 0.95, "p99_ms": 0.99}
    ours = {key: round(percentile(took, share), 1) for key, share in shares.items()}
    baseline = round(percentile(bare, 0.99), 1)
    return {
        **ours,
        "n": len(took),
        "unit": "ms",
        "baseline": "bare: kafka-python to kafka-python, then PATCH; p99",
        "baseline_p99_ms": baseline,
        "ratio": round(ours["p99_ms"] / baseline, 1),
    }


def _between(earlier: Times, later: Times) -> list[float]:
    return [later[target] - moment for target, moment in earlier.items()]


# --- the shop, and what is changed ---------------------------------------------------------


def _prepare(running: Pipeline, inside: Session, truth: Truth, say: Say) -> None:
    """Bring reports and catalogue in, until there is nothing to do and nothing was sent."""
    asked = inside.now() - timedelta(seconds=1)
    for seller in SHOP.sellers:
        file = running.folder / f"{seller}.txt"
        file.write_bytes(truth.report(seller, GERMANY))
        intake.import_report(
            inside,
            file,
            shop.store(seller),
            type_="GET_MERCHANT_LISTINGS_ALL_DATA",
            as_of=asked,
            encoding=None,
        )
    setting_up.load(running, SHOP, ROLES)
    say(f"{SHOP.products} products are listed by {SHOP.accounts} accounts")


def _target(k: int) -> tuple[int, str]:
    """Give product and account of change *k*: each account in turn, each pair once."""
    products, accounts = SHOP.products, SHOP.accounts
    return (k + k // products) % products, SHOP.sellers[k % accounts]


def _priced(k: int) -> tuple[Target, Record]:
    """Give change *k*; what was changed of the same product before stays changed."""
    product, _ = _target(k)
    so_far = [_target(i)[1] for i in range(k + 1) if _target(i)[0] == product]
    changed = {website(seller): "11.00" for seller in so_far}
    return (so_far[-1], sku(product)), price(product, "10.00", **changed)


def _change(bootstrap: str, changes: Sequence[tuple[Target, Record]]) -> Times:
    """Send *changes* one after another, evenly; give when the broker acknowledged each."""
    acked: dict[Target, float] = {}
    with open_producer(bootstrap, linger_ms=0) as producer:
        producer.partitions_for(changes[0][1].topic)
        began = time.monotonic()
        for k, (target, record) in enumerate(changes):
            time.sleep(max(0.0, began + k / A_SECOND - time.monotonic()))
            headers = [(name, value or b"") for name, value in record.headers]
            sent = producer.send(record.topic, value=record.value, key=record.key, headers=headers)
            sent.add_callback(_noting(acked, target))
        producer.flush()
    return acked


def _noting(acked: dict[Target, float], target: Target) -> Callable[[Any], None]:
    def note(_: Any) -> None:
        acked[target] = time.time() * 1000

    return note


class Journal:
    """When the stand-in received each price, read from its journal."""

    def __init__(self, control: str) -> None:
        self._client = httpx2.Client(base_url=control, timeout=30)

    def received(self, since_ms: float) -> dict[Target, float]:
        """Give the first PATCH of each target since *since_ms*."""
        told = self._client.get("/requests", params={"operation": "patchListingsItem"}).json()
        first: dict[Target, float] = {}
        for asked in told["requests"]:
            if asked["received_ms"] >= since_ms:
                first.setdefault((asked["account"], asked["sku"]), asked["received_ms"])
        return first

    def until_all(self, acked: Times, tend: Callable[[], object]) -> dict[Target, float]:
        """Wait until every one of *acked* was received. Raises `TimeoutError`."""
        since = min(acked.values())
        wanted = set(acked)
        setting_up.wait(
            "every change at Amazon", lambda: wanted <= set(self.received(since)), tend, every=1.0
        )
        return self.received(since)


# --- where the time goes --------------------------------------------------------------------


def _tell_hops(bootstrap: str, acked: Times, received: Times, say: Say) -> None:
    """Say how long each hop took, by the times that the records of one change carry."""
    moments = {"event": acked}
    moments |= {topic: _written(bootstrap, topic, acked) for topic in HOPS}
    moments |= {"request": received}
    for before, after in pairwise(moments):
        took = [moments[after][t] - moments[before][t] for t in acked]
        say(
            f"  {before} → {after}:"
            f" p50 {percentile(took, 0.5):.0f} ms, p99 {percentile(took, 0.99):.0f} ms"
        )


def _written(bootstrap: str, topic: str, acked: Times) -> dict[Target, float]:
    """Give when the first record of each target that came of its change was written."""
    first: dict[Target, float] = {}
    for told in _all(bootstrap, topic):
        account, seller_sku = keys.split(told.key)
        target = account, seller_sku
        if target in acked and told.timestamp > acked[target] - EARLIER:
            first.setdefault(target, float(told.timestamp))
    return first


def _all(bootstrap: str, topic: str) -> Iterator[Any]:
    with open_consumer(bootstrap, consumer_timeout_ms=2_000) as consumer:
        consumer.assign([TopicPartition(topic, p) for p in consumer.partitions_for_topic(topic)])
        yield from consumer


# --- the baseline ---------------------------------------------------------------------------


def _bare(bootstrap: str, sandbox: Sandbox, journal: Journal) -> list[float]:
    """Let a bare reader send a PATCH for each record; give how long that takes."""
    create_topics(bootstrap, BARE, partitions=PARTITIONS)
    stop = Event()
    reader = Thread(target=_read_and_patch, args=(bootstrap, sandbox.api, stop), daemon=True)
    reader.start()
    changes = [_priced(k) for k in range(BARE_CHANGES)]
    acked = _change(bootstrap, [(t, _addressed(t, r)) for t, r in changes])
    try:
        return _between(acked, journal.until_all(acked, lambda: None))
    finally:
        stop.set()
        reader.join()


def _addressed(target: Target, record: Record) -> Record:
    return replace(record, topic=BARE, key=keys.shared(*target))


def _read_and_patch(bootstrap: str, api: str, stop: Event) -> None:
    with open_consumer(bootstrap) as consumer, httpx2.Client(base_url=api, timeout=30) as amazon:
        consumer.assign([TopicPartition(BARE, p) for p in range(PARTITIONS)])
        tokens = {seller: _login(amazon, seller) for seller in SHOP.sellers}
        while not stop.is_set():
            for records in consumer.poll(timeout_ms=200).values():
                for record in records:
                    _patch(amazon, tokens, *keys.split(record.key))


def _patch(amazon: httpx2.Client, tokens: Mapping[str, str], seller: str, seller_sku: str) -> None:
    amazon.patch(
        f"/eu/listings/2021-08-01/items/{merchant_token(seller)}/{seller_sku}",
        params={"marketplaceIds": GERMANY},
        headers={"x-amz-access-token": tokens[seller], "content-type": "application/json"},
        content=msgspec.json.Encoder(decimal_format="number").encode(
            price_patch("12.00 EUR", GERMANY)
        ),
    ).raise_for_status()


def _login(amazon: httpx2.Client, seller: str) -> str:
    form = {"grant_type": "refresh_token", "refresh_token": refresh_token(seller)}
    form |= {"client_id": "sandbox", "client_secret": "sandbox"}
    return str(amazon.post("/auth/o2/token", data=form).json()["access_token"])
