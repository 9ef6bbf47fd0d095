"""Pulling from a shop: what changed below or above the application, each scope by itself."""

from collections.abc import Callable
from datetime import timedelta

import httpx2
import pytest

from producers.catalog.pull import BEGINNING
from producers.catalog.sessions import Progress
from producers.publish import Unpublished
from schemas import codec
from schemas.catalog import Price, Product, Stock
from schemas.errors import Refused, TryAgain
from schemas.event import Event
from tests.support.commerce import BEGAN
from tests.support.producer import Died, ListProducer
from tests.support.pulling import Town

PRODUCT, STOCK, PRICE = "catalog.product.v1", "catalog.stock.v1", "catalog.price.v1"
ALL = [("product", "LAMP-12"), ("stock", "LAMP-12"), ("price", "LAMP-12")]


@pytest.fixture
def town() -> Town:
    """A shop with one lamp, which was pulled, and long ago changed."""
    town = Town()
    town.shop.add("LAMP-12", color="49", upc="036000291452", categories=[12])
    town.pull.changes()
    town.shop.later(600)
    town.pull.changes()
    return town


def test_a_product_is_told_whole_in_its_three_events(town: Town) -> None:
    assert town.newest(PRODUCT, "LAMP-12") == {
        "sku": "LAMP-12",
        "shop_id": "1",
        "name": "LAMP-12",
        "type": "simple",
        "enabled": {"global": True},
        "sold_by": "1",
        "websites": ["base", "fr"],
        "categories": [{"id": "12", "path": "Default Category/Home\\/Garden"}],
        "attribute_set": "Top",
        "attributes": {
            "name": {"global": "LAMP-12"},
            "visibility": {"global": "4"},
            "color": {"global": "49"},
            "upc": {"global": "036000291452"},
        },
    }
    assert town.newest(PRICE, "LAMP-12") == {
        "sku": "LAMP-12",
        "prices": {"price": {"global": "10"}},
    }
    assert town.newest(STOCK, "LAMP-12") == {
        "sku": "LAMP-12",
        "websites": {
            "base": {"managed": True, "quantity": "5"},
            "fr": {"managed": True, "salable": False, "quantity": "0"},
        },
    }


def test_everything_spoken_fits_the_published_schema(town: Town) -> None:
    town.pull.full()

    assert town.shop.breaches == []


def test_what_is_unchanged_is_not_told_again(town: Town) -> None:
    assert town.told(town.pull.changes) == []
    assert town.told(town.pull.full) == []


def test_a_restarted_process_tells_nothing_again(town: Town) -> None:
    town.again()

    assert town.told(town.pull.full) == []


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda t: t.shop.save("LAMP-12", name="Desk lamp"), id="the admin panel"),
        pytest.param(
            lambda t: t.client.save_product("LAMP-12", {"name": "Desk lamp"}), id="a REST save"
        ),
    ],
)
def test_a_change_is_found_by_its_time(town: Town, change: Callable[[Town], object]) -> None:
    change(town)

    assert town.told(town.pull.changes) == [("product", "LAMP-12")]


def test_a_sql_import_that_touches_the_time_of_change_is_found_by_the_next_pull(
    town: Town,
) -> None:
    town.shop.sql("LAMP-12", price=8)
    town.shop.products[1]["updated_at"] = town.shop.now

    assert town.told(town.pull.changes) == [("price", "LAMP-12")]


def test_a_sql_import_that_touches_no_time_is_found_by_the_whole_reading(town: Town) -> None:
    town.shop.sql("LAMP-12", price=8)

    assert town.told(town.pull.changes) == []
    assert town.told(town.pull.full) == [("price", "LAMP-12")]


def test_a_time_of_change_in_the_future_is_read_each_time_and_told_once(town: Town) -> None:
    town.shop.sql("LAMP-12", price=8)
    town.shop.products[1]["updated_at"] = town.shop.now + timedelta(hours=2)

    assert [town.told(town.pull.changes) for _ in range(3)] == [[("price", "LAMP-12")], [], []]


def test_a_change_that_is_committed_late_is_still_inside_the_overlap(town: Town) -> None:
    town.pull.changes()
    before = town.shop.now - timedelta(seconds=90)
    town.shop.later(5)
    town.shop.sql("LAMP-12", name="Late lamp")
    town.shop.products[1]["updated_at"] = before

    assert town.told(town.pull.changes) == [("product", "LAMP-12")]


@pytest.mark.parametrize("count", [2, 3, 4, 7])
def test_products_with_one_time_of_change_lose_none_across_pages(town: Town, count: int) -> None:
    for n in range(count):
        town.shop.add(f"PEN-{n}")

    told = town.told(town.pull.changes)

    assert sorted(told) == sorted((t, f"PEN-{n}") for t, _ in ALL for n in range(count))


def test_what_changes_while_pages_are_read_is_told_in_this_round_or_the_next(town: Town) -> None:
    for n in range(6):
        town.shop.add(f"PEN-{n}")
    pages = []

    def meanwhile(asked: str) -> None:
        if asked.endswith("/rest/all/V1/products"):
            pages.append(asked)
            if len(pages) == 2:
                town.shop.later(1)
                town.shop.save("PEN-0", name="Changed behind the reader")
                town.shop.take("PEN-1")

    town.shop.before = meanwhile
    town.pull.changes()
    town.pull.changes()

    names = {n: town.newest(PRODUCT, f"PEN-{n}")["name"] for n in (0, 2, 3, 4, 5)}
    assert names == {0: "Changed behind the reader"} | {n: f"PEN-{n}" for n in (2, 3, 4, 5)}


def test_each_scope_states_its_own_values_only(town: Town) -> None:
    town.shop.save("LAMP-12", 2, name="Schreibtischlampe")
    town.shop.save("LAMP-12", 3, name="Lampe", status=2, msrp=30)
    town.pull.changes()

    product, price = town.newest(PRODUCT, "LAMP-12"), town.newest(PRICE, "LAMP-12")
    assert product["attributes"]["name"] == {
        "global": "LAMP-12",
        "view:de": "Schreibtischlampe",
        "view:fr_fr": "Lampe",
    }
    assert product["enabled"] == {"global": True, "website:fr": False}
    assert price["prices"]["msrp"] == {"website:fr": "30"}


def test_an_inherited_value_follows_the_global_one(town: Town) -> None:
    town.shop.save("LAMP-12", name="Desk lamp")
    town.pull.changes()

    assert town.newest(PRODUCT, "LAMP-12")["attributes"]["name"] == {"global": "Desk lamp"}


def test_a_value_taken_away_in_a_view_is_none_there(town: Town) -> None:
    town.shop.save("LAMP-12", description="Bright")
    town.shop.save("LAMP-12", 2, description=None)
    town.pull.changes()

    assert town.newest(PRODUCT, "LAMP-12")["attributes"]["description"] == {
        "global": "Bright",
        "view:de": None,
    }


def test_an_own_price_is_told_apart_even_where_it_equals_the_global_one(town: Town) -> None:
    town.shop.save("LAMP-12", 1, price=10)
    town.shop.save("LAMP-12", 2, price=10)
    town.shop.save("LAMP-12", 3, price=12.5)
    town.pull.changes()

    assert town.newest(PRICE, "LAMP-12")["prices"]["price"] == {
        "global": "10",
        "website:base": "10",
        "website:fr": "12.5",
    }


def test_a_special_price_carries_the_days_of_its_scope(town: Town) -> None:
    town.shop.save(
        "LAMP-12",
        3,
        special_price=9,
        special_from_date="2026-11-20 00:00:00",
        special_to_date="2026-11-30 23:59:59",
    )
    town.pull.changes()

    price = town.newest(PRICE, "LAMP-12")
    assert price["prices"]["special_price"] == {"website:fr": "9"}
    assert (price["special_from"], price["special_to"]) == (
        {"website:fr": "2026-11-20"},
        {"website:fr": "2026-11-30"},
    )


def test_several_values_are_a_list_and_yes_is_one(town: Town) -> None:
    town.shop.save("LAMP-12", material="5,7", on_sale=1)
    town.pull.changes()

    told = town.newest(PRODUCT, "LAMP-12")["attributes"]
    assert (told["material"], told["on_sale"]) == (
        {"global": ["5", "7"]},
        {"global": "1"},
    )


@pytest.mark.parametrize(
    ("change", "base"),
    [
        pytest.param(
            lambda s: s.hold("LAMP-12", "main", 7),
            {"managed": True, "quantity": "7"},
            id="a source holds more",
        ),
        pytest.param(
            lambda s: s.hold("LAMP-12", "main", 7, 0),
            {"managed": True, "salable": False, "quantity": "0"},
            id="a source is out of stock",
        ),
        pytest.param(
            lambda s: s.hold("LAMP-12", "closed", 50),
            {"managed": True, "quantity": "5"},
            id="a source that is not enabled does not count",
        ),
        pytest.param(
            lambda s: s.links.remove((1, "main")),
            {"managed": True, "salable": False, "quantity": "0"},
            id="a source that is not linked to the website does not count",
        ),
        pytest.param(
            lambda s: s.sources.update(closed=True) or s.hold("LAMP-12", "closed", 2),
            {"managed": True, "quantity": "7"},
            id="several sources are summed",
        ),
    ],
)
def test_stock_is_read_by_source_though_it_has_no_time_of_change(
    town: Town, change: Callable[[object], object], base: dict[str, object]
) -> None:
    change(town.shop)
    town.pull.changes()

    assert town.newest(STOCK, "LAMP-12")["websites"]["base"] == base


def test_what_a_product_says_of_its_stock_counts_before_what_the_shop_says(town: Town) -> None:
    own = {"use_config_min_qty": False, "min_qty": 2, "use_config_manage_stock": False}
    town.shop.add("A", stock=own | {"manage_stock": True})
    town.shop.add("B", stock={"use_config_manage_stock": False, "manage_stock": False})
    town.pull.changes()

    told = [town.newest(STOCK, sku)["websites"]["base"] for sku in "AB"]
    assert told == [{"managed": True, "quantity": "3"}, {"managed": False, "quantity": "5"}]


def test_units_that_are_gone_from_every_source_are_none(town: Town) -> None:
    town.shop.add("PEN")
    town.pull.changes()
    town.shop.units = [u for u in town.shop.units if u["sku"] != "LAMP-12"]

    assert town.told(town.pull.changes) == [("stock", "LAMP-12")]


def test_a_shop_that_tells_no_units_at_all_ends_no_stock(town: Town) -> None:
    town.shop.units = []

    assert town.told(town.pull.changes) == []


def test_a_child_tells_its_parent_and_learns_when_it_changes(town: Town) -> None:
    child = town.shop.add("SHIRT-S")
    town.shop.add("SHIRT", type="configurable", children=[child], units=None)
    town.pull.changes()
    first = town.newest(PRODUCT, "SHIRT-S")["parent"]
    town.shop.later(600)
    town.shop._of("SHIRT")["children"] = []
    town.shop.save("SHIRT", name="Shirt")
    town.pull.changes()

    assert (first, "parent" in town.newest(PRODUCT, "SHIRT-S")) == ("SHIRT", False)


def test_a_required_option_and_multiples_are_told(town: Town) -> None:
    steps = {"use_config_min_sale_qty": 0, "min_sale_qty": 6}
    town.shop.add("PACK", required=True, stock=steps)
    town.pull.changes()

    told = town.newest(PRODUCT, "PACK")
    assert (told["required_options"], told["sold_by"]) == (True, "6")


@pytest.mark.parametrize("sku", ["a/b c", "50%", "a,b", "Ä|B", "x" * 64])
def test_a_sku_of_any_spelling_is_told_with_all_its_parts(town: Town, sku: str) -> None:
    town.shop.add(sku)
    town.pull.changes()
    (known,) = {s for s in town.topics.told.live("acme") if s != "LAMP-12"}
    town.topics.catch_up()

    stock = town.topics.told.of(STOCK, sku)
    assert (known, stock is not None) == (sku, True)


def test_a_product_that_does_not_fit_is_refused_alone(town: Town) -> None:
    town.shop.add("x" * 65)
    town.shop.add("PEN")

    tally = town.pull.changes()

    assert ([r.field for r in tally.refusals], town.newest(PRODUCT, "PEN")["sku"]) == (
        ["sku"],
        "PEN",
    )


def test_a_product_deleted_while_prices_are_asked_for_spoils_no_other(town: Town) -> None:
    for n in range(3):
        town.shop.add(f"PEN-{n}")

    def meanwhile(asked: str) -> None:
        if "base-prices" in asked and len(town.shop.products) == 4:
            town.shop.take("PEN-1")

    town.shop.before = meanwhile
    town.pull.changes()

    told = [town.newest(PRICE, f"PEN-{n}") for n in (0, 2)]
    assert [t["prices"]["price"] for t in told] == [{"global": "10"}] * 2


def test_the_mark_moves_to_when_the_reading_began_on_the_shops_clock(town: Town) -> None:
    at = town.shop.now
    town.shop.before = lambda _: town.shop.later(1)

    town.pull.changes()

    assert at < (town.ledger.at.read_to or at) < town.shop.now


def test_the_mark_stays_where_the_broker_does_not_acknowledge(town: Town) -> None:
    before = town.ledger.at
    town.shop.save("LAMP-12", name="Desk lamp")
    town.again(ListProducer(fails=frozenset({0})))

    with pytest.raises(Unpublished):
        town.pull.changes()

    assert town.ledger.at == before


def shop_of_six() -> Town:
    town = Town()
    for n in range(6):
        town.shop.add(f"PEN-{n}", units=n)
        town.shop.save(f"PEN-{n}", 2, name=f"Stift {n}")
    return town


def values(town: Town) -> dict[tuple[str, int], object]:
    return {
        (topic, n): town.newest(topic, f"PEN-{n}")
        for topic in (PRODUCT, STOCK, PRICE)
        for n in range(6)
    }


@pytest.mark.parametrize("at", range(0, 32, 2))
def test_a_reading_killed_at_any_call_is_made_good_by_the_next(at: int) -> None:
    town, calm = shop_of_six(), shop_of_six()
    calm.pull.changes()
    calls = iter(range(1000))
    town.shop.before = lambda _: _die(next(calls), at)
    with pytest.raises(KeyboardInterrupt):
        town.pull.changes()
    halfway = town.ledger.at
    town.shop.before = lambda _: None
    town.again()
    town.pull.changes()

    assert halfway == Progress()
    assert values(town) == values(calm)


@pytest.mark.parametrize("at", range(0, 18, 4))
def test_a_reading_killed_at_any_record_sends_the_rest_with_the_ids_it_had(at: int) -> None:
    town, calm = shop_of_six(), shop_of_six()
    calm.pull.changes()
    town.producer = ListProducer(dies_at=at)
    town.again()
    with pytest.raises(Died):
        town.pull.changes()
    town.producer.__dict__["_dies_at"] = None
    town.again()
    town.pull.changes()

    ids = [[codec.header(r, "ce_id") for r in t.producer.taken] for t in (town, calm)]
    assert sorted(map(str, ids[0])) == sorted(map(str, ids[1]))


def _die(call: int, at: int) -> None:
    if call == at:
        raise KeyboardInterrupt


def test_a_shop_that_is_busy_is_asked_again_and_one_that_stays_away_is_said(town: Town) -> None:
    busy = httpx2.Response(503, headers={"retry-after": "7"})
    town.shop.fails = [busy, busy]
    town.pull.changes()
    waited = list(town.waited)
    town.shop.fails = [httpx2.ConnectError("away")] * 1000

    with pytest.raises(TryAgain):
        town.pull.changes()
    assert waited == [7.0, 7.0]


def test_a_row_read_before_a_live_event_of_its_key_is_ignored(town: Town) -> None:
    town.shop.save("LAMP-12", name="Read before")
    live = codec.encode(
        Product(sku="LAMP-12", name="Announced live", shop_id="1"),
        topic=PRODUCT,
        key=b"LAMP-12",
        id="live",
        source="//acme/webhook",
        subject="LAMP-12",
        time=town.shop.now,
        sequence=int(town.shop.now.timestamp() * 1_000_000) + 1,
    )

    def meanwhile(asked: str) -> None:
        if "source-items" in asked and live not in town.producer.taken:
            town.producer.taken.append(live)

    town.shop.before = meanwhile
    tally = town.pull.changes()

    assert (tally.overtaken, town.newest(PRODUCT, "LAMP-12")["name"]) == (1, "Announced live")


def test_versions_grow_whatever_the_clock_says(town: Town) -> None:
    town.shop.now = BEGAN - timedelta(days=1)
    town.shop.sql("LAMP-12", price=8)
    town.shop.products[1]["updated_at"] = BEGAN + timedelta(days=1)
    town.pull.changes()
    mine = [r for r in town.producer.taken if r.topic == PRICE]

    versions = [codec.version(r) for r in mine]
    assert versions == sorted(set(versions))


def test_records_carry_whole_values_that_their_readers_take(town: Town) -> None:
    events: dict[str, type[Event]] = {PRODUCT: Product, STOCK: Stock, PRICE: Price}

    read = [codec.decode(r, events[r.topic]) for r in town.producer.taken]

    assert all(event is not None for event in read)


def test_the_first_reading_begins_at_the_beginning() -> None:
    town = Town()
    town.shop.add("OLD")
    town.shop.products[1]["updated_at"] = BEGINNING + timedelta(days=1)

    assert town.told(town.pull.changes) == [("product", "OLD"), ("stock", "OLD"), ("price", "OLD")]


def test_a_changed_product_is_read_alone_for_whoever_asks(town: Town) -> None:
    reader = town.pull.reader

    by_id, by_sku = reader.whole(shop_id="1"), reader.whole(sku="LAMP-12")

    assert (by_id, reader.whole(shop_id="99")) == (by_sku, None)


def test_a_product_that_does_not_fit_is_refused_for_whoever_asks(town: Town) -> None:
    town.shop.add("x" * 65)

    with pytest.raises(Refused, match="at most 64"):
        town.pull.reader.whole(shop_id="2")
