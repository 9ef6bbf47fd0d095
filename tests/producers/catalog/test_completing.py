"""From what was saved to the whole product: by asking the shop, or by what was last told."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from producers.catalog.completing import TOPIC, Completing
from producers.catalog.shop import Whole
from producers.catalog.stamps import Stamps
from producers.catalog.ways import Laying, Rereading, Way
from schemas import codec, keys
from schemas.catalog import Price, Product, Saved, Stock, WebsiteStock
from schemas.errors import NotAllowed, TryAgain
from schemas.money import Number
from schemas.pipeline import Handled
from schemas.reasons import Reason
from schemas.record import Record
from schemas.settings import Settings, Website
from tests.support.pulling import Town

NOW = datetime(2026, 11, 25, 10, 0, tzinfo=UTC)
SITES = {"base": Website(id=1, zone="Europe/Berlin", currency="EUR", views={"de": 2, "fr": 3})}
SETTINGS = Settings(records={"website": SITES})


def whole(sku: str = "LAMP-12", name: str = "Desk lamp", shop_id: str = "1042") -> Whole:
    return Whole(
        product=Product(sku=sku, shop_id=shop_id, name=name),
        stock=Stock(sku=sku, websites={"*": WebsiteStock(managed=True, quantity=Number(5))}),
        price=Price(sku=sku, prices={"price": {"global": Number("49.90")}}),
    )


class Shop:
    """A shop in memory; *away* is how often it does not answer yet."""

    def __init__(self, *wholes: Whole) -> None:
        self.wholes = list(wholes)
        self.asked: list[tuple[str | None, str | None]] = []
        self.away = 0

    def whole(self, *, shop_id: str | None = None, sku: str | None = None) -> Whole | None:
        self.asked.append((shop_id, sku))
        if self.away:
            self.away -= 1
            raise TryAgain("no shop", after=1.0)
        for one in self.wholes:
            if shop_id is not None and one.product.shop_id == shop_id:
                return one
            if shop_id is None and one.product.sku == sku:
                return one
        return None


class Log:
    """Saves in, records out; what became of each save."""

    def __init__(self) -> None:
        self.new: list[Record] = []
        self.outcomes: dict[int, str] = {}
        self.taken: list[Record] = []
        self.aside: list[tuple[int, str]] = []
        self.failing = 0
        self.gone: list[tuple[str, int]] = []
        self._offset = 0

    def save(self, saved: Saved, partition: int = 0) -> None:
        key = f"id:{saved.shop_id}" if saved.shop_id else f"sku:{saved.sku}"
        made = codec.encode(
            saved, topic=TOPIC, key=keys.join(key), id=f"e-{self._offset}", source="//acme/shop",
            subject="x", time=NOW,
        )  # fmt: skip
        placed = msgspec.structs.replace(made, partition=partition, offset=self._offset)
        self._offset += 1
        self.new.append(placed)

    def poll(self, timeout: float) -> Sequence[Record]:
        new, self.new = self.new, []
        return new

    def done(self, record: Record, outcome: Handled) -> None:
        self.outcomes[record.offset] = outcome

    def lost(self) -> Sequence[tuple[str, int]]:
        gone, self.gone = self.gone, []
        return gone

    def publish(self, records: Sequence[Record]) -> None:
        if self.failing:
            self.failing -= 1
            raise TryAgain("no broker")
        self.taken += records

    def set_aside(self, record: Record, reason: Reason) -> None:
        self.aside.append((record.offset, reason.code))

    @property
    def told(self) -> list[tuple[str, str, bool]]:
        return [
            (r.topic.split(".")[1], (r.key or b"").decode(), r.value is not None)
            for r in self.taken
        ]


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def completing(log: Log, way: Way, clock: Clock | None = None) -> Completing:
    return Completing(
        log, way, log.publish, log.set_aside,
        stamps=Stamps(lambda: NOW), clock=clock or Clock(), shop="acme",
    )  # fmt: skip


def saved(what: Any = "product", **members: Any) -> Saved:
    return Saved(what=what, **({"shop_id": "1042", "sku": "LAMP-12"} | members))


ALL = [("product", "LAMP-12", True), ("stock", "LAMP-12", True), ("price", "LAMP-12", True)]
GONE = [("product", "LAMP-12", False), ("stock", "LAMP-12", False), ("price", "LAMP-12", False)]


# --- by asking the shop ---------------------------------------------------------------------


def test_the_shop_is_asked_and_what_it_says_is_told() -> None:
    log, shop = Log(), Shop(whole(name="As it is now"))
    log.save(saved(store=3, values={"name": "As it was saved"}))

    completing(log, Rereading(shop)).turn()

    assert (log.told, log.outcomes) == (ALL, {0: "emitted"})
    product = codec.decode(log.taken[0], Product)
    assert product is not None
    assert (product.name, product.shop_id) == ("As it is now", "1042")
    assert codec.header(log.taken[0], "ce_causationid") == "e-0"
    assert codec.header(log.taken[0], "ce_source") == "//acme/webhook"


def test_the_shop_of_the_pull_is_the_one_that_is_asked() -> None:
    log, town = Log(), Town()
    town.shop.add("LAMP-12", color="49")
    town.pull.changes()
    town.shop.save("LAMP-12", view=2, name="Leuchte")
    log.save(saved(shop_id="1", store=2, values={"name": "An older name"}))
    log.save(saved("deleted", shop_id="9", sku="GONE"))

    completing(log, Rereading(town.pull.reader, town.topics.catch_up)).turn()

    product = codec.decode(log.taken[0], Product)
    assert product is not None
    assert (product.sku, product.shop_id) == ("LAMP-12", "1")
    assert {"LAMP-12", "Leuchte"} == set(product.attributes["name"].values())
    assert log.told[-3:] == [(part, "GONE", False) for part in ("product", "stock", "price")]


def test_many_saves_of_one_product_are_one_question() -> None:
    log, shop = Log(), Shop(whole())
    for store in range(5):
        log.save(saved(store=store))

    completing(log, Rereading(shop)).turn()

    assert (shop.asked, len(log.taken), len(log.outcomes)) == ([("1042", "LAMP-12")], 3, 5)


@pytest.mark.parametrize(
    ("shop", "told"),
    [
        pytest.param(Shop(), GONE, id="gone"),
        pytest.param(Shop(whole()), ALL, id="still there: the event was late"),
        pytest.param(Shop(whole(shop_id="2000")), ALL, id="made again under its SKU"),
    ],
)
def test_only_what_the_shop_no_longer_has_is_deleted(shop: Shop, told: Any) -> None:
    log = Log()
    log.save(saved("deleted"))

    completing(log, Rereading(shop)).turn()

    assert (log.told, log.outcomes) == (told, {0: "emitted"})


def test_a_save_of_what_is_not_there_deletes_nothing() -> None:
    log = Log()
    log.save(saved())

    completing(log, Rereading(Shop())).turn()

    assert (log.told, log.outcomes) == ([], {0: "unchanged"})


def test_a_shop_that_does_not_answer_holds_up_its_product_alone() -> None:
    log, shop, clock = Log(), Shop(whole(), whole("B", shop_id="7")), Clock()
    shop.away = 1
    log.save(saved())
    log.save(saved(shop_id="7", sku="B"))
    process = completing(log, Rereading(shop), clock)

    process.turn()
    first = (log.told[0][1], dict(log.outcomes))
    process.turn()
    clock.now = 1.5
    process.turn()

    assert first == ("B", {1: "emitted"})
    assert (log.told[3:], log.outcomes) == (ALL, {0: "emitted", 1: "emitted"})


def test_a_shop_that_shuts_us_out_is_asked_again_later() -> None:
    class Shut(Shop):
        def whole(self, **_: Any) -> Whole | None:
            raise NotAllowed("no right to read products")

    log, clock = Log(), Clock()
    log.save(saved())
    process = completing(log, Rereading(Shut()), clock)

    process.turn()
    process.turn()

    assert (log.told, log.outcomes, log.aside) == ([], {}, [])


def test_what_the_broker_did_not_take_is_said_again() -> None:
    log, shop = Log(), Shop(whole())
    log.failing = 1
    log.save(saved())
    process = completing(log, Rereading(shop))

    process.turn()
    nothing = dict(log.outcomes)
    process.turn()

    assert (nothing, log.told, log.outcomes) == ({}, ALL, {0: "emitted"})


def test_versions_grow_with_each_reading() -> None:
    log, shop = Log(), Shop(whole())
    process = completing(log, Rereading(shop))
    for _ in range(3):
        log.save(saved())
        process.turn()

    given = [codec.header(r, "ce_sequence") or "" for r in log.taken if "product" in r.topic]
    assert given == sorted(set(given))


def test_a_lost_partition_is_somebody_elses() -> None:
    log, shop, clock = Log(), Shop(whole()), Clock()
    shop.away = 1
    log.save(saved(), partition=4)
    process = completing(log, Rereading(shop), clock)
    process.turn()
    log.gone = [(TOPIC, 4)]
    clock.now = 100.0

    process.turn()

    assert (log.told, log.outcomes) == ([], {})


def test_a_record_that_is_no_save_is_set_aside() -> None:
    log = Log()
    log.save(saved())
    log.new = [msgspec.structs.replace(log.new[0], value=b"{}"),
               msgspec.structs.replace(log.new[0], value=None, offset=1)]  # fmt: skip

    completing(log, Rereading(Shop())).turn()

    assert log.aside == [(0, "MALFORMED"), (1, "TOMBSTONE_FORBIDDEN")]
    assert set(log.outcomes.values()) == {"quarantined"}


# --- by what was last told ------------------------------------------------------------------


def laying(*wholes: Whole) -> Laying:
    return Laying(lambda _: Shop(*wholes), lambda: SETTINGS)


def test_only_what_changed_is_told() -> None:
    log = Log()
    log.save(saved(store=3, values={"name": "Lampe"}))

    completing(log, laying(whole())).turn()

    assert log.told == [("product", "LAMP-12", True)]
    product = codec.decode(log.taken[0], Product)
    assert product is not None
    assert product.attributes == {"name": {"view:fr": "Lampe"}}


def test_saves_that_wait_together_build_on_each_other() -> None:
    log = Log()
    log.save(saved(store=3, values={"name": "Lampe"}))
    log.save(saved(store=2, values={"name": "Leuchte"}))
    log.save(saved("stock", sku=None, stock={"qty": "2"}))

    completing(log, laying(whole())).turn()

    assert log.told == [("product", "LAMP-12", True), ("stock", "LAMP-12", True)]
    product = codec.decode(log.taken[0], Product)
    assert product is not None
    assert product.attributes["name"] == {"view:fr": "Lampe", "view:de": "Leuchte"}


def test_a_save_that_does_not_fit_takes_no_other_with_it() -> None:
    log = Log()
    log.save(saved(store=9, values={"name": "?"}))
    log.save(saved(store=2, values={"name": "Leuchte"}))

    completing(log, laying(whole())).turn()

    assert (log.aside, log.outcomes) == ([(0, "UNKNOWN_VIEW")], {0: "quarantined", 1: "emitted"})


def test_deleted_is_gone() -> None:
    log = Log()
    log.save(saved("deleted"))

    completing(log, laying(whole())).turn()

    assert log.told == GONE


def test_what_says_nothing_new_is_not_told() -> None:
    log = Log()
    log.save(saved(store=0, values={}))

    completing(log, laying(whole())).turn()

    assert (log.told, log.outcomes) == ([], {0: "unchanged"})
