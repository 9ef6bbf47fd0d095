"""A shared SKU's life on real parts: created, repriced, restocked, ended."""

from collections.abc import Callable

import pytest
from sqlalchemy import Engine

from deploy.connect.amazon.client import AmazonClient
from schemas.offers import StoreOffer
from tests.consumers.amazon.conftest import SEED, begin
from tests.consumers.amazon.hands import pushing, rows
from tests.consumers.amazon.offers import SKU, here, live, offer
from tests.support.eventually import eventually
from tests.support.sandbox import Sandbox

pytestmark = pytest.mark.postgres

PRICE, QUANTITY = (SKU, "price", "acme-de"), (SKU, "quantity", "")
EXISTENCE = (SKU, "existence", "acme-de")


def test_an_offer_lives_from_creation_to_its_end(
    clean: Engine, sandbox: Sandbox, make_client: Callable[..., AmazonClient]
) -> None:
    begin(sandbox, SEED)
    with pushing(clean, make_client()) as push:
        push.want(offer(1, acme_de=here("44.90")))
        eventually(lambda: rows(clean).get(EXISTENCE) == ("confirmed", "present"))

        push.want(offer(2, 7, acme_de=here("39.90")))
        eventually(lambda: rows(clean)[PRICE] == ("confirmed", "39.9 EUR"))
        eventually(lambda: rows(clean)[QUANTITY] == ("confirmed", "7"))
        held = sandbox.truth(sku=SKU)[0]

        gone = StoreOffer(manage=True, existence="absent", asin="B000000001")
        push.want(offer(3, 7, acme_de=gone))
        eventually(lambda: rows(clean)[EXISTENCE] == ("confirmed", "absent"))
        eventually(lambda: len(push.published.told()) == 10)

    writes = [r["method"] for r in sandbox.requests(sku=SKU) if r["method"] != "GET"]
    assert (held["price"]["amount"], held["quantity"]) == ("39.90", 7)
    assert sandbox.truth(sku=SKU)[0]["exists"] is False
    assert writes == ["PUT", "PATCH", "PATCH", "PATCH", "DELETE"]
    assert push.published.told() == [
        ("existence", "accepted", "present"),
        ("existence", "confirmed", "present"),
        ("price", "accepted", "39.9 EUR"),
        ("price", "confirmed", "39.9 EUR"),
        ("quantity", "accepted", "7"),
        ("quantity", "confirmed", "7"),
        ("quantity", "accepted", "0"),
        ("quantity", "confirmed", "0"),
        ("existence", "accepted", "absent"),
        ("existence", "confirmed", "absent"),
    ]


def test_right_listings_are_connected_without_a_request(
    clean: Engine, sandbox: Sandbox, make_client: Callable[..., AmazonClient]
) -> None:
    begin(sandbox, SEED)
    with pushing(clean, make_client()) as push:
        push.want(*(offer(1, seller_sku=f"S-{n}", acme_de=live()) for n in range(50)))
        push.want(offer(1, seller_sku="LAST", acme_de=here()))
        eventually(lambda: rows(clean).get(("LAST", "existence", "acme-de"), "")[0] == "confirmed")

    assert {r["sku"] for r in sandbox.requests() if r["sku"]} <= {"LAST"}
