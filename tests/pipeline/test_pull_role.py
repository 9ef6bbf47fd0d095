"""The role *pull* as a process: killed in the middle it goes on, and says nothing twice."""

import os
import signal
import time
from collections import Counter
from collections.abc import Callable

import pytest
from sqlalchemy import select

from deploy.connect.kafka import open_consumer
from deploy.connect.postgres import open_engine
from deploy.connect.whole import to_end
from deploy.preparing import prepare
from deploy.supervisor import listwire
from producers.catalog.tables import catalog_pull
from tests.support.commerce import CommerceShop
from tests.support.commerce_door import listening
from tests.support.eventually import eventually
from tests.support.processes import running

pytestmark = [pytest.mark.kafka, pytest.mark.postgres]

COUNT = 24


def told(kafka: str) -> Counter[str]:
    """Give how many records of each of this test's products the topic holds."""
    with open_consumer(kafka) as consumer:
        keys = [(r.key or b"").decode() for r in to_end(consumer, ("catalog.product.v1",))]
    return Counter(key for key in keys if key.startswith("PULLED-"))


def test_a_killed_reader_goes_on_and_tells_each_product_once(
    kafka: str, new_database: Callable[[], str]
) -> None:
    url = new_database()
    prepare(kafka, url)
    shop = CommerceShop()
    for n in range(COUNT):
        shop.add(f"PULLED-{n:02d}")
    shop.before = lambda _: time.sleep(0.01)
    with listening(shop) as address, open_engine(url, name="test").connect() as database:
        environ = os.environ | {
            "LISTWIRE_KAFKA__BOOTSTRAP_SERVERS": kafka,
            "LISTWIRE_POSTGRES__URL": url,
            "LISTWIRE_COMMERCE__ADDRESS": address,
            "LISTWIRE_COMMERCE__TOKEN": "token",
            "LISTWIRE_COMMERCE__SHOP": "pulled",
            "LISTWIRE_COMMERCE__PAGE_SIZE": "5",
            "LISTWIRE_COMMERCE__PER_SECOND": "1000",
            "LISTWIRE_COMMERCE__EVERY": "1",
        }
        with running(*listwire(), "work", "pull", env=environ) as first:
            eventually(lambda: len(told(kafka)) >= 10, within=90, every=0.5)
            first.send_signal(signal.SIGKILL)
            first.wait(10)
        with running(*listwire(), "work", "pull", env=environ):
            eventually(
                lambda: database.execute(select(catalog_pull.c.full_at)).scalar(),
                within=90,
                every=0.3,
            )
            shop.sql("PULLED-07", price=8)
            shop.products[8]["updated_at"] = shop.now
            eventually(lambda: "8" in prices(kafka), within=60, every=0.5)

    assert told(kafka) == {f"PULLED-{n:02d}": 1 for n in range(COUNT)}
    assert shop.breaches == []


def prices(kafka: str) -> set[str]:
    """Give what the price of one product was told to be."""
    with open_consumer(kafka) as consumer:
        found = [r for r in to_end(consumer, ("catalog.price.v1",)) if r.key == b"PULLED-07"]
    return {(r.value or b"").decode().split('"global":"')[1].split('"')[0] for r in found}
