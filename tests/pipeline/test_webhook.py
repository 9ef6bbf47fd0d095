"""The webhook as a process on a real broker: nothing that it answered with 202 is lost."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from deploy import cli
from deploy.connect.kafka import open_consumer, open_producer
from deploy.connect.whole import to_end
from deploy.embedded.kafka import EmbeddedKafka
from producers.publish import Publisher
from schemas import codec, keys
from schemas.catalog import Product
from schemas.record import Record
from schemas.settings import Website
from tests.support.commerce import CommerceShop
from tests.support.commerce_door import listening
from tests.support.doors import event
from tests.support.eventing import DELETED, SAVED, delivery, product
from tests.support.eventually import eventually
from tests.support.webhook_load import TOKEN, Plan, load, prepare, webhook

pytestmark = pytest.mark.kafka

PRICES = "catalog.price.v1"
TOPICS = (
    "catalog.product.v1", "catalog.stock.v1", "catalog.price.v1", "catalog.saved.v1",
    "settings.v1", "amazon.report.v1", "amazon.account.v1", "pipeline.coverage.v1",
)  # fmt: skip


@pytest.fixture(scope="module")
def own_broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedKafka]:
    """A broker that may be killed."""
    with EmbeddedKafka(tmp_path_factory.mktemp("webhook") / "kafka") as broker:
        prepare(broker.bootstrap_servers, *TOPICS)
        yield broker


def test_every_event_that_was_answered_is_in_the_topic(
    own_broker: EmbeddedKafka, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    outcome = load(own_broker, tmp_path, Plan(rate=100, seconds=3.0, away=0.5))

    with capsys.disabled():
        print(f"\n{json.dumps({n: getattr(outcome, n) for n in outcome.__struct_fields__})}")
    assert (outcome.accepted, outcome.missing) == (300, 0)
    assert outcome.good


def told(bootstrap: str, topic: str) -> dict[bytes, Record]:
    """Give the newest record of each key."""
    with open_consumer(bootstrap) as consumer:
        return {r.key or b"": r for r in to_end(consumer, (topic,))}


def send(bootstrap: str, *records: Record) -> None:
    with open_producer(bootstrap) as producer:
        publisher = Publisher(producer)
        for record in records:
            publisher.send(record)
        publisher.flush()


def record(topic: str, key: bytes, event: Any, sequence: int | None = None) -> Record:
    return codec.encode(
        event, topic=topic, key=key, id="i", source="//acme/x", subject="x",
        time="2026-11-25T10:00:00Z", sequence=sequence,
    )  # fmt: skip


def test_the_command_sends_what_the_webhook_would_take(
    own_broker: EmbeddedKafka, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good = [event(id=f"s-{n}", subject=f"S-{n}", data={"sku": f"S-{n}", "prices": {}})
            for n in range(20)]  # fmt: skip
    bad = event(id="bad", data={"sku": "LAMP-12"})
    for name, events in (("good", good), ("bad", [*good[:3], bad, *good])):
        (tmp_path / name).write_text("\n".join(json.dumps(e) for e in events))
    words = ["--kafka", own_broker.bootstrap_servers, "events", "send"]

    stopped = cli.run([*words, str(tmp_path / "bad"), "--json"])
    sent = json.loads(capsys.readouterr().out)["sent"]
    whole = cli.run([*words, str(tmp_path / "good")])

    assert (stopped, sent, whole) == (5, 3, 0)
    assert {b"S-%d" % n for n in range(20)} <= told(own_broker.bootstrap_servers, PRICES).keys()


def test_one_views_save_reaches_the_whole_product_through_the_webhook(
    own_broker: EmbeddedKafka, tmp_path: Path
) -> None:
    bootstrap = own_broker.bootstrap_servers
    site = Website(id=1, zone="Europe/Paris", currency="EUR", views={"default": 1, "fr": 3})
    names = {"global": "Desk lamp", "view:default": "Lamp"}
    known = Product(sku="LAMP-12", shop_id="1042", name="Desk lamp", attributes={"name": names})
    send(
        bootstrap,
        record("settings.v1", keys.setting("website", "base"), site),
        record("catalog.product.v1", b"LAMP-12", known, sequence=1),
    )
    adobe = {"LISTWIRE_WEBHOOK__SOURCES__ERP__KIND": "adobe"}

    with webhook(bootstrap, tmp_path, **adobe) as (_, ports):
        address = f"http://127.0.0.1:{ports[0]}/events/erp"
        value = product(store_id="3", name="Lampe de bureau", description=False)
        accepted(address, [delivery(SAVED, value)])
        eventually(lambda: _named(bootstrap) == "Lampe de bureau", within=60, every=0.5)
        whole = codec.decode(told(bootstrap, "catalog.product.v1")[b"LAMP-12"], Product)
        accepted(address, [delivery(DELETED, {"id": 1042, "sku": "LAMP-12"}, id="d-1")])
        eventually(
            lambda: told(bootstrap, "catalog.product.v1")[b"LAMP-12"].value is None,
            within=60,
            every=0.5,
        )

    assert whole is not None
    assert whole.shop_id == "1042"
    assert whole.attributes["name"] == {
        "global": "Desk lamp", "view:default": "Lamp", "view:fr": "Lampe de bureau",
    }  # fmt: skip
    assert b"LAMP-12" in told(bootstrap, "catalog.price.v1")
    assert told(bootstrap, "catalog.saved.v1.listwire-webhook.dlq") == {}


def _named(bootstrap: str) -> str | None:
    found = codec.decode(told(bootstrap, "catalog.product.v1")[b"LAMP-12"], Product)
    name = found.attributes["name"].get("view:fr") if found else None
    return name if isinstance(name, str) else None


def accepted(address: str, deliveries: list[Any]) -> None:
    """Send a batch as Adobe does, until it is taken."""
    headers = {"authorization": f"Bearer {TOKEN}",
               "content-type": "application/cloudevents-batch+json"}  # fmt: skip
    deadline = time.monotonic() + 30

    def taken() -> bool:
        try:
            return httpx2.post(address, json=deliveries, headers=headers).status_code == 202
        except httpx2.TransportError:
            return False

    eventually(taken, within=deadline - time.monotonic(), every=0.3)


def test_where_the_shop_can_be_asked_what_it_says_counts(
    own_broker: EmbeddedKafka, tmp_path: Path
) -> None:
    bootstrap, shop = own_broker.bootstrap_servers, CommerceShop()
    shop.add("DESK-1", color="49")
    shop.save("DESK-1", view=2, name="As it is now")

    with listening(shop) as address:
        environ = {
            "LISTWIRE_WEBHOOK__SOURCES__ERP__KIND": "adobe",
            "LISTWIRE_COMMERCE__ADDRESS": address,
            "LISTWIRE_COMMERCE__TOKEN": "t",
        }
        with webhook(bootstrap, tmp_path, **environ) as (_, ports):
            value = {"entity_id": "1", "sku": "DESK-1", "store_id": "2", "name": "As it was"}
            accepted(f"http://127.0.0.1:{ports[0]}/events/erp", [delivery(SAVED, value, id="k-1")])
            eventually(
                lambda: b"DESK-1" in told(bootstrap, "catalog.stock.v1"), within=60, every=0.5
            )

    found = codec.decode(told(bootstrap, "catalog.product.v1")[b"DESK-1"], Product)
    assert found is not None
    assert found.shop_id == "1"
    assert set(found.attributes["name"].values()) == {"DESK-1", "As it is now"}
    assert shop.breaches == []
