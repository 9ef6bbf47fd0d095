"""A shared SKU's life on real parts: created, repriced, restocked, ended."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import Engine, select

from consumers.amazon import intake
from consumers.amazon.service import Manners, Service, utc_now
from consumers.amazon.tables import push_ledger
from deploy.connect.amazon.client import AmazonClient
from schemas import codec
from schemas.amazon import Submission
from schemas.listings import Observed, Offer, StoreOffer
from schemas.money import Money, number
from schemas.record import Record
from tests.consumers.amazon.conftest import SEED, SETTINGS
from tests.support.eventually import eventually
from tests.support.sandbox import Sandbox

pytestmark = pytest.mark.postgres

SKU = ("acme-eu", "LAMP-12")


def euro(amount: str) -> Money:
    return Money(number(amount), "EUR")


def offer(sequence: int, *, quantity: int = 5, **stores: StoreOffer) -> Offer:
    return Offer(
        account=SKU[0],
        seller_sku=SKU[1],
        sequence=sequence,
        channel="DEFAULT",
        quantity=quantity,
        stores={k.replace("_", "-"): v for k, v in stores.items()},
    )


def present(price: str, **observed: object) -> StoreOffer:
    return StoreOffer(
        manage=True,
        existence="present",
        asin="B000000001",
        condition="new_new",
        price=euro(price),
        observed=Observed(**observed),  # type: ignore[arg-type]
    )


class Published:
    """A publisher that remembers."""

    def __init__(self) -> None:
        self.records: list[Record] = []

    def __call__(self, records: list[Record]) -> None:
        self.records += records

    def submissions(self) -> list[Submission]:
        found = [codec.decode(r, Submission) for r in self.records if "submission" in r.topic]
        return [s for s in found if s is not None]

    def told(self) -> list[tuple[str, str, str | None]]:
        return [(s.aspect, s.state, s.value) for s in self.submissions()]


class Pushing:
    """A running service, and hands to feed it offers."""

    def __init__(self, service: Service, engine: Engine, published: Published) -> None:
        self.service = service
        self.engine = engine
        self.published = published

    def want(self, wanted: Offer | None) -> None:
        with self.engine.begin() as connection:
            intake.store(connection, [(SKU, wanted)], utc_now())
        self.service.bells.ring([SKU[0]])

    def rows(self) -> dict[tuple[str, str], tuple[str, str | None]]:
        with self.engine.connect() as connection:
            found = connection.execute(select(push_ledger)).mappings().all()
        return {(r["aspect"], r["store"]): (r["state"], r["confirmed"]) for r in found}


@contextmanager
def pushing(engine: Engine, client: AmazonClient) -> Iterator[Pushing]:
    published = Published()
    service = Service(
        engine, client, lambda: SETTINGS, published, Manners(owner="test", lease=10.0)
    )
    thread = threading.Thread(target=service.run)
    thread.start()
    try:
        yield Pushing(service, engine, published)
    finally:
        service.stop()
        thread.join(20)


def test_an_offer_lives_from_creation_to_its_end(
    clean: Engine, sandbox: Sandbox, make_client: Callable[..., AmazonClient]
) -> None:
    sandbox.seed(SEED)
    with pushing(clean, make_client()) as push:
        push.want(offer(1, acme_de=present("44.90")))
        eventually(lambda: push.rows().get(("existence", "acme-de")) == ("confirmed", "present"))
        created = sandbox.truth(sku="LAMP-12")

        push.want(offer(2, quantity=7, acme_de=present("39.90")))
        eventually(lambda: push.rows()["price", "acme-de"] == ("confirmed", "39.9 EUR"))
        eventually(lambda: push.rows()["quantity", ""] == ("confirmed", "7"))

        gone = StoreOffer(manage=True, existence="absent", asin="B000000001")
        push.want(offer(3, quantity=0, acme_de=gone))
        eventually(lambda: push.rows()["existence", "acme-de"] == ("confirmed", "absent"))
        eventually(lambda: "absent" in str(push.published.told()[-1]))

    sent = [(r["method"], r["outcome"]) for r in sandbox.requests(sku="LAMP-12")]
    assert created != []
    assert [m for m, _ in sent if m != "GET"] == ["PUT", "PATCH", "PATCH", "PATCH", "DELETE"]
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
