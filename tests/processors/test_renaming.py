"""A SKU renamed in the shop: the links follow, no second offer is made (`listings.md` 16)."""

import itertools

import pytest

from schemas.record import Record
from tests.support.renamed import EVENING, LATER, NOON, Amazon, called
from tests.support.shop import body, record

SEEDS = range(6)
CRASHING = [
    pytest.param(0.0, id="undisturbed"),
    pytest.param(0.2, id="one step in five cut off"),
]


def settled(seed: int, crashes: float = 0.0, *, live: tuple[str, ...] = ("OLD",)) -> Amazon:
    """Give a town in which the product, still called OLD, is listed and live."""
    town = Amazon(seed=seed, crashes=crashes, live=live)
    return town.tell(*called("OLD"), *(town.seen(sku) for sku in live))


@pytest.mark.parametrize("crashes", CRASHING)
@pytest.mark.parametrize("seed", SEEDS)
def test_a_live_listing_goes_on_under_the_new_name_and_no_second_offer_is_made(
    seed: int, crashes: float
) -> None:
    town = settled(seed, crashes)
    before = town.rows()["OLD"]
    said = len(town.said)

    town.tell(*called("NEW", LATER))

    assert (before, town.rows()["OLD"]) == (("active/active", "OLD"), ("active/active", "NEW"))
    assert town.created() == set()
    assert town.rows()["NEW"][0] == "not_listed/not_listed"
    shown = [body(r) for r in town.said[said:] if r.topic == "listing.status.v1" and r.value]
    assert {r["tab"] for r in shown if r["seller_sku"] == "OLD"} == {"active"}


@pytest.mark.parametrize("seed", SEEDS)
def test_what_the_new_name_says_is_what_amazon_should_show(seed: int) -> None:
    town = settled(seed).tell(*called("NEW", LATER))
    stock = {"sku": "NEW", "websites": {"*": {"managed": True, "quantity": "2"}}}

    town.tell(record("catalog.stock.v1", stock, sequence=9))

    assert town.last("listing.offer.v1")[b"acme-eu|OLD"]["quantity"] == 2


@pytest.mark.parametrize("crashes", CRASHING)
@pytest.mark.parametrize("seed", SEEDS)
def test_the_older_name_gives_its_identifiers_up(seed: int, crashes: float) -> None:
    town = settled(seed, crashes).tell(*called("NEW", LATER))

    claims = [body(r) for r in town.said if r.topic == "catalog.identifier.v1"]
    last = {(c["identifier"], c["product"]): c.get("stores", []) for c in claims}
    assert {i for (i, p), stores in last.items() if p == "OLD" and stores} == {"shop:1042"}
    assert {i for (i, p), stores in last.items() if p == "NEW" and stores} >= {
        "asin:B07XJ8C8F5",
        "shop:1042",
    }


@pytest.mark.parametrize("crashes", CRASHING)
@pytest.mark.parametrize("seed", SEEDS)
def test_a_row_that_nobody_has_published_keeps_its_seller_sku(seed: int, crashes: float) -> None:
    """Before anything is at Amazon the seller SKU could change: it does not have to."""
    town = Amazon(seed=seed, crashes=crashes)
    town.tell(*called("OLD"))

    town.tell(*called("NEW", LATER))

    assert town.created() == {"OLD"}
    assert town.rows()["OLD"] == ("ready_to_list/list_in_progress", "NEW")
    assert town.rows()["NEW"][0] == "not_listed/not_listed"


@pytest.mark.parametrize("crashes", CRASHING)
@pytest.mark.parametrize("seed", SEEDS)
def test_every_listing_of_the_product_follows(seed: int, crashes: float) -> None:
    town = settled(seed, crashes, live=("OLD", "OTHER"))

    town.tell(*called("NEW", LATER))

    assert {sku: row for sku, row in town.rows().items() if sku != "NEW"} == {
        "OLD": ("active/active", "NEW"),
        "OTHER": ("active/active", "NEW"),
    }
    assert town.created() == set()


@pytest.mark.parametrize("seed", SEEDS)
def test_the_younger_name_may_be_heard_first(seed: int) -> None:
    """As after a rebuild: the record of the old name is older, and comes later."""
    town = Amazon(seed=seed, live=("OLD",))
    inputs = [*called("NEW", LATER), *called("OLD"), town.seen("OLD")]
    town.tell(*town.random.sample(inputs, len(inputs)))

    assert town.rows()["OLD"] == ("active/active", "NEW")
    assert town.rows()["NEW"][0] == "not_listed/not_listed"


@pytest.mark.parametrize("crashes", CRASHING)
@pytest.mark.parametrize("seed", SEEDS)
def test_a_product_may_be_renamed_again_and_back(seed: int, crashes: float) -> None:
    town = settled(seed, crashes)

    names = []
    for hour, sku in enumerate(("NEW", "NEWER", "OLD", "NEW"), 1):
        town.tell(*called(sku, NOON.replace(hour=12 + hour), sequence=1 + hour))
        names.append(town.rows()["OLD"])

    assert names == [("active/active", sku) for sku in ("NEW", "NEWER", "OLD", "NEW")]
    assert town.created() == set()


@pytest.mark.parametrize("seed", SEEDS)
def test_a_late_record_of_the_old_name_brings_nothing_back(seed: int) -> None:
    town = settled(seed).tell(*called("NEW", EVENING))

    town.tell(*called("OLD", LATER, sequence=7, name="Desk lamp, as it was called"))

    assert town.rows()["OLD"] == ("active/active", "NEW")
    assert town.created() == set()


@pytest.mark.parametrize("seed", SEEDS)
def test_a_delete_of_the_old_name_may_come_after_all(seed: int) -> None:
    town = settled(seed).tell(*called("NEW", LATER))

    town.tell(Record(topic="catalog.product.v1", key=b"OLD", value=None, offset=50))

    assert town.rows()["OLD"] == ("active/active", "NEW")


@pytest.mark.parametrize("crashes", CRASHING)
@pytest.mark.parametrize("seed", SEEDS)
def test_a_delete_may_also_come_first(seed: int, crashes: float) -> None:
    town = settled(seed, crashes)
    town.tell(Record(topic="catalog.product.v1", key=b"OLD", value=None, offset=50))
    asleep = town.rows()["OLD"][0]

    town.tell(*called("NEW", LATER))

    assert (asleep, town.rows()["OLD"]) == (
        "new_third_party/awaiting_assignment",
        ("active/active", "NEW"),
    )
    assert town.created() == set()


@pytest.mark.parametrize("seed", SEEDS)
def test_an_old_name_may_be_given_to_another_product(seed: int) -> None:
    town = settled(seed).tell(*called("NEW", LATER))

    town.tell(*called("OLD", EVENING, sequence=9, shop_id="2000", attributes={}))

    assert town.rows()["OLD"] == ("active/active", "NEW")


@pytest.mark.parametrize("seed", SEEDS)
def test_replayed_records_say_nothing_more(seed: int) -> None:
    town = settled(seed)
    inputs = [*called("OLD"), *called("NEW", LATER)]
    said = len(town.tell(*inputs).said)

    assert len(town.tell(*inputs).said) == said


@pytest.mark.parametrize(
    "shared",
    [
        pytest.param(lambda sku: called(sku, NOON, shop_id="7"), id="at the same instant"),
        pytest.param(lambda sku: called(sku, LATER, shop_id="0"), id="the id 0"),
        pytest.param(lambda sku: called(sku, LATER, shop_id=None), id="no id"),
    ],
)
def test_an_id_that_is_nobodys_renames_nothing(shared: object) -> None:
    skus = ("A", "B")
    town = Amazon(live=skus)
    town.tell(*itertools.chain(*(shared(sku) for sku in skus)))  # type: ignore[operator]
    town.tell(*(town.seen(sku) for sku in skus))

    assert {sku: product for sku, (_, product) in town.rows().items()} == {"A": "A", "B": "B"}


def test_an_id_that_very_many_skus_bear_is_no_identity() -> None:
    town = Amazon()
    skus = [f"P{n:02}" for n in range(30)]
    for hour, sku in enumerate(skus):
        town.tell(*called(sku, NOON.replace(minute=hour), attributes={}))

    town.tell(*called("LAST", EVENING, attributes={}))

    assert town.rows()["LAST"][1] == "LAST"
    assert len(town.facts["matching", b"shop:1042"].claims) == 21
