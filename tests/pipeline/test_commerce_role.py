"""The role *commerce* as a process: a record on the topic ends in the shop and in the list."""

import json
import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest

from deploy.connect.kafka import open_producer
from deploy.preparing import prepare
from deploy.supervisor import listwire
from producers.publish import Publisher
from schemas import codec, keys
from schemas.listings import AttributesImported, ImportedValue
from tests.support.attribute_shop import AttributeShop
from tests.support.commerce_door import listening
from tests.support.eventually import eventually
from tests.support.processes import running

pytestmark = [pytest.mark.kafka, pytest.mark.postgres]

TOPIC = "catalog.attributes-imported.v1"


@pytest.fixture
def shop() -> Iterator[tuple[AttributeShop, str]]:
    """A shop in memory, and where it listens."""
    made = AttributeShop()
    made.attribute("brand")
    for number in range(2):
        made.product(f"LAMP-{number}")
    with listening(made) as address:
        yield made, address


def say(kafka: str, number: int) -> None:
    """A listing says what Amazon shows of one product."""
    sku = f"LAMP-{number}"
    said = ImportedValue(attribute="brand", scope="global", value=f"Acme {number}")
    event = AttributesImported(sku=sku, account="acme-eu", seller_sku=sku, values=[said])
    record = codec.encode(
        event,
        topic=TOPIC,
        key=keys.join(sku, "acme-eu", sku),
        id=f"e-{number}",
        source="/test",
        subject=sku,
        time=datetime(2026, 11, 25, tzinfo=UTC),
        sequence=number + 1,
    )
    with open_producer(kafka) as producer:
        publisher = Publisher(producer)
        publisher.send(record)
        publisher.flush()


def test_a_value_reaches_the_shop_once_and_is_listed(
    kafka: str, new_database: Callable[[], str], shop: tuple[AttributeShop, str]
) -> None:
    made, address = shop
    url = new_database()
    prepare(kafka, url)
    environ = os.environ | {
        "LISTWIRE_KAFKA__BOOTSTRAP_SERVERS": kafka,
        "LISTWIRE_POSTGRES__URL": url,
        "LISTWIRE_COMMERCE__ADDRESS": address,
        "LISTWIRE_COMMERCE__TOKEN": "shop-token",
    }
    for number in (0, 1, 1):
        say(kafka, number)

    with running(*listwire(), "work", "commerce", env=environ):
        eventually(lambda: made.shows("LAMP-1") == {"brand": "Acme 1"}, within=60)
        eventually(lambda: listed(environ) == 2, within=60, every=0.5)

    assert sorted(sku for sku, _, _ in made.writes) == ["LAMP-0", "LAMP-1"]


def listed(environ: dict[str, str]) -> int:
    """Give how many values of the attribute the command calls imported."""
    with running(*listwire(), "attributes", "list", "--json", env=environ) as command:
        out, _ = command.communicate(timeout=30)
    counts: dict[str, dict[str, int]] = json.loads(out or "{}").get("attributes", {})
    return counts.get("brand", {}).get("Imported", 0)
