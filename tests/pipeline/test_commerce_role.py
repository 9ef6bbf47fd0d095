"""The role *commerce* as a process: a record on the topic ends in the shop and in the list."""

import json
import os
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx2
import pytest

from deploy.connect.kafka import open_producer
from deploy.preparing import prepare
from deploy.supervisor import listwire
from producers.publish import Publisher
from schemas import codec, keys
from schemas.listings import AttributesImported, ImportedValue
from tests.support.eventually import eventually
from tests.support.magento import Shop
from tests.support.processes import running

pytestmark = [pytest.mark.kafka, pytest.mark.postgres]

TOPIC = "catalog.attributes-imported.v1"


@pytest.fixture
def shop() -> Iterator[tuple[Shop, str]]:
    """A shop in memory, and where it listens."""
    made = Shop("fr")
    made.attribute("brand")
    for number in range(2):
        made.product(f"LAMP-{number}")

    class Door(BaseHTTPRequestHandler):
        def _serve(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            url = f"http://shop.test{self.path}"
            answer = made(httpx2.Request(self.command, url, content=body))
            self.send_response(answer.status_code)
            self.send_header("content-length", str(len(answer.content)))
            self.end_headers()
            self.wfile.write(answer.content)

        do_GET = do_PUT = _serve  # noqa: N815 - the server's names

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Door) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield made, f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


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
    kafka: str, new_database: Callable[[], str], shop: tuple[Shop, str]
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
