"""Products, matching and listings together: they agree in the end, and fall silent."""

from datetime import UTC, datetime
from typing import Any

import pytest

from schemas import keys
from schemas.record import Record
from tests.support import shop
from tests.support.shop import price, product, stock
from tests.support.town import Town

SETTINGS = shop.settings(
    store={"acme-de": shop.SETTINGS["store"]["acme-de"]},
    search={"acme-de": {"asin": "asin", "upc": "upc", "general": "name"}},
    third_party={"acme-de": {"asin": "asin"}},
)
WITH_ASIN = {"asin": {"global": "B07XJ8C8F5"}, "upc": {"global": "036000291452"}}
SEEDS = range(8)


def seen(seller_sku: str, asin: str = "B07XJ8C8F5", as_of: str = "2026-11-25T09:50:00Z") -> Record:
    """Give a read of a live listing."""
    body: dict[str, Any] = {
        "account": "acme-eu",
        "seller_sku": seller_sku,
        "source": "read",
        "as_of": as_of,
        "channel": "DEFAULT",
        "quantity": 5,
        "stores": {
            "acme-de": {"exists": True, "asin": asin, "status": ["BUYABLE", "DISCOVERABLE"]}
        },
    }
    key = keys.shared("acme-eu", seller_sku)
    return shop.record("amazon.listing.v1", body, key=key, ce_id=f"read-{seller_sku}-{as_of}")


def lamp(sequence: int = 1) -> Record:
    return product(sequence, attributes=WITH_ASIN)


def links(town: Town) -> dict[str, bool]:
    """Give the last word about each seller SKU's link."""
    facts = town.facts["products", b"LAMP-12"]
    return {link.seller_sku: link.linked for link in facts.links.values()}


def standing(town: Town) -> set[str]:
    """Give the keys of the candidates that stand."""
    return set(town.facts["products", b"LAMP-12"].candidates)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_listing_of_ours_finds_its_product_by_sku(seed: int) -> None:
    town = Town(SETTINGS, seed=seed).tell(lamp(), stock(), price(), seen("LAMP-12"))

    assert town.statuses() == {"acme-de LAMP-12": "active/active"}


@pytest.mark.parametrize("seed", SEEDS)
def test_a_listing_under_another_name_finds_it_by_asin_and_takes_the_store(seed: int) -> None:
    town = Town(SETTINGS, seed=seed).tell(lamp(), stock(), price(), seen("OLD"))

    assert town.statuses()["acme-de OLD"] == "active/active"
    assert standing(town) == {"acme-eu|OLD"}
    assert links(town)["OLD"]


@pytest.mark.parametrize("seed", SEEDS)
def test_a_product_that_comes_later_wakes_the_listing_that_asked(seed: int) -> None:
    town = Town(SETTINGS, seed=seed).tell(seen("OLD"))
    before = town.statuses()["acme-de OLD"]
    town.tell(lamp(), stock(), price())

    assert (before, town.statuses()["acme-de OLD"]) == (
        "new_third_party/awaiting_assignment",
        "active/active",
    )


@pytest.mark.parametrize("seed", SEEDS)
def test_the_same_inputs_again_say_nothing_more(seed: int) -> None:
    inputs = [lamp(), stock(), price(), seen("OLD"), seen("LAMP-12", "B000000001")]
    town = Town(SETTINGS, seed=seed).tell(*inputs)
    said = len(town.said)

    assert len(town.tell(*inputs).said) == said


def test_every_order_of_arrival_ends_alike() -> None:
    inputs = [lamp(), stock(), price(), seen("OLD")]
    ends = []
    for seed in range(24):
        town = Town(SETTINGS, seed=seed)
        arrived = town.random.sample(inputs, len(inputs))
        ends.append(town.tell(*arrived).statuses())

    live = [{name: at for name, at in end.items() if name == "acme-de OLD"} for end in ends]
    assert live == [{"acme-de OLD": "active/active"}] * 24
    assert {end.get("acme-de LAMP-12", "not_listed/not_listed") for end in ends} == {
        "not_listed/not_listed"
    }


@pytest.mark.parametrize("seed", SEEDS)
def test_a_deleted_product_leaves_its_listing_and_finds_it_again(seed: int) -> None:
    town = Town(SETTINGS, seed=seed).tell(lamp(), stock(), price(), seen("OLD"))
    town.tell(shop.record("catalog.product.v1", None, sequence=2))
    gone = town.statuses()["acme-de OLD"]
    town.tell(lamp(3))

    assert (gone, town.statuses()["acme-de OLD"]) == (
        "new_third_party/awaiting_assignment",
        "active/active",
    )


def test_two_products_with_one_asin_are_never_guessed_between() -> None:
    other = product(sku="LAMP-13", attributes=WITH_ASIN)
    town = Town(SETTINGS).tell(lamp(), other, seen("OLD"))

    assert town.statuses()["acme-de OLD"] == "new_third_party/multiple_matches"


def test_what_cannot_be_listed_is_not_listed_because() -> None:
    town = Town(SETTINGS).tell(product(type="configurable"), stock(), price())

    (row,) = town.last("listing.status.v1").values()
    assert (row["tab"], row["reasons"][0]["code"]) == ("not_listed", "UNSUPPORTED_PRODUCT_TYPE")


def test_a_sale_that_begins_at_midnight_reaches_the_offer_by_time_alone() -> None:
    one = {"acme-de": {"price_source": "special_price"}}
    settings = shop.settings(store={"acme-de": shop.SETTINGS["store"]["acme-de"]}, listing=one)
    on_sale = price(
        prices={"price": {"global": "49.90"}, "special_price": {"global": "44.90"}},
        special_from={"global": "2026-11-26"},
        special_to={"global": "2026-11-26"},
    )
    town = Town(settings).tell(product(), stock(), on_sale, seen("LAMP-12"))

    def offered() -> str:
        offer = town.last("listing.offer.v1")[b"acme-eu|LAMP-12"]
        return str(offer["stores"]["acme-de"]["price"]["amount"])

    before = offered()
    town.pass_time(datetime(2026, 11, 25, 23, tzinfo=UTC))
    during = offered()
    town.pass_time(datetime(2026, 11, 26, 23, tzinfo=UTC))

    assert (before, during, offered()) == ("49.90", "44.90", "49.90")


def test_the_echo_of_an_imported_value_is_not_imported_again() -> None:
    topic = "catalog.attributes-imported.v1"
    settings = shop.settings(
        store={"acme-de": shop.SETTINGS["store"]["acme-de"]},
        third_party={"acme-de": {"asin": "asin"}},
        import_mapping={"DE/ASIN": {"target": "asin", "overwrite": True}},
    )
    town = Town(settings).tell(product(attributes={}), stock(), price(), seen("LAMP-12"))
    (said,) = town.last(topic).values()

    town.tell(product(2, attributes={"asin": {"global": said["values"][0]["value"]}}))

    assert len([r for r in town.said if r.topic == topic]) == 1
