"""Reading back: many at once where a search can, one by one where only a 404 proves."""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from sqlalchemy import Engine

from consumers.amazon import intake
from consumers.amazon.service import Manners, Service
from deploy.connect.amazon.client import AmazonClient
from schemas.errors import Refused, TryAgain
from schemas.offers import StoreOffer
from schemas.reasons import Reason
from tests.consumers.amazon.conftest import SEED, SETTINGS, begin
from tests.consumers.amazon.hands import ACCOUNT, Published, Worker, rows, unsettled, want
from tests.consumers.amazon.offers import live, offer
from tests.support.sandbox import Sandbox

pytestmark = pytest.mark.postgres

SKUS = ["A,B", "a/b c", "..", "50%2F", *(f"S-{n}" for n in range(26))]
SEEDED = SEED | {
    "listings": [
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
}


class Wrapped:
    """The client, with one call replaced."""

    def __init__(self, amazon: AmazonClient, **calls: Callable[..., Any]) -> None:
        self._amazon = amazon
        self._calls = calls

    def __getattr__(self, name: str) -> Any:
        return self._calls.get(name) or getattr(self._amazon, name)


def reads(sandbox: Sandbox) -> Counter[str]:
    return Counter(r["operation"] for r in sandbox.requests() if r["method"] == "GET")


def test_twenty_skus_share_a_read_and_a_comma_is_read_alone(
    clean: Engine, sandbox: Sandbox, make_client: Callable[..., AmazonClient]
) -> None:
    begin(sandbox, SEEDED)
    want(clean, *(offer(1, seller_sku=sku, acme_de=live("39.90")) for sku in SKUS))

    Worker(clean, make_client()).until_settled(clean)

    prices = {t["sku"]: t["price"]["amount"] for t in sandbox.truth(account=ACCOUNT)}
    asked = {r["sku"] for r in sandbox.requests(operation="getListingsItem")}
    assert (prices, asked) == (dict.fromkeys(SKUS, "39.90"), {"A,B"})
    assert reads(sandbox)["searchListingsItems"] < len(SKUS)


def test_a_refused_search_is_replaced_by_single_reads(
    clean: Engine, sandbox: Sandbox, make_client: Callable[..., AmazonClient]
) -> None:
    begin(sandbox, SEEDED)
    want(clean, *(offer(1, seller_sku=sku, acme_de=live("39.90")) for sku in SKUS[:6]))

    def refuse(*_: Any) -> Any:
        raise Refused(Reason("AMAZON_REJECTED", {"status": "400", "message": "no"}))

    Worker(clean, Wrapped(make_client(), read_many=refuse)).until_settled(clean)  # type: ignore[arg-type]

    assert reads(sandbox).keys() == {"getListingsItem"}


def test_a_busy_amazon_is_asked_again_later_and_nothing_moves(
    clean: Engine, sandbox: Sandbox, make_client: Callable[..., AmazonClient]
) -> None:
    begin(sandbox, SEEDED)
    want(clean, offer(1, seller_sku="S-1", acme_de=live("39.90")))

    def busy(*_: Any) -> Any:
        raise TryAgain("throttled", after=7.5)

    worker = Worker(clean, Wrapped(make_client(), read_many=busy))  # type: ignore[arg-type]
    worker.pusher.step()
    from tests.support.eventually import eventually

    rest = eventually(lambda: seconds if (seconds := worker.confirmer.step()) > 5 else None)
    assert (rest, rows(clean)["S-1", "price", "acme-de"][0]) == (7.5, "awaiting")


def test_a_sku_that_a_search_leaves_out_is_not_taken_for_gone(
    clean: Engine, sandbox: Sandbox, make_client: Callable[..., AmazonClient]
) -> None:
    begin(sandbox, SEEDED)
    want(clean, offer(1, seller_sku="S-1", acme_de=live("39.90")))
    empty: list[Sequence[str]] = []

    def nothing(account: str, skus: Sequence[str], stores: Sequence[str]) -> dict[str, Any]:
        empty.append(skus)
        return {}

    worker = Worker(clean, Wrapped(make_client(), read_many=nothing))  # type: ignore[arg-type]
    worker.pusher.step()
    from tests.support.eventually import eventually

    eventually(lambda: (worker.confirmer.step(), len(empty) >= 2)[1])
    assert rows(clean)["S-1", "price", "acme-de"][0] == "awaiting"


def test_an_end_is_proven_by_a_404_of_that_marketplace(
    clean: Engine, sandbox: Sandbox, make_client: Callable[..., AmazonClient]
) -> None:
    french = {**SEEDED["listings"][4], "marketplace": "FR"}  # type: ignore[index]
    begin(sandbox, SEEDED | {"listings": [*SEEDED["listings"], french]})  # type: ignore[misc]
    gone = StoreOffer(manage=True, existence="absent")
    both = offer(1, seller_sku="S-0", acme_de=live(), acme_fr=live())
    want(clean, both, offer(2, seller_sku="S-0", acme_de=gone, acme_fr=live()))

    Worker(clean, make_client()).until_settled(clean)

    held = {t["marketplace"]: t["exists"] for t in sandbox.truth(sku="S-0")}
    asked = [r["marketplaces"] for r in sandbox.requests(operation="getListingsItem")]
    assert held == {"A1PA6795UKMFR9": False, "A13V1IB3VIYZZH": True}
    assert asked == [["A1PA6795UKMFR9"]]


def test_a_thread_that_breaks_ends_the_whole_service(clean: Engine, sandbox: Sandbox) -> None:
    want(clean, offer(1, seller_sku="S-1", acme_de=live("39.90")))

    class Broken:
        def pause(self, operation: str, account: str) -> float:
            raise ZeroDivisionError

    service = Service(
        clean,
        Broken(),  # type: ignore[arg-type]
        lambda: SETTINGS,
        Published(),
        Manners(owner="x", lease=10.0),
    )
    with pytest.raises(ZeroDivisionError):
        service.run()


def test_unsettled_knows_what_waits(clean: Engine) -> None:
    with clean.begin() as connection:
        wanted = offer(1, seller_sku="S-1", acme_de=live("39.90"))
        intake.store(
            connection, [((ACCOUNT, "S-1"), wanted)], wanted.stores["acme-de"].observed.as_of
        )  # type: ignore[arg-type]

    assert [found[1] for found in unsettled(clean)] == ["price"]
