"""What people ask about listings, asked of rows that the sink wrote."""

from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Engine

from consumers.postgres import read
from consumers.postgres.read import LABELS, NOT_LISTED, Filter
from consumers.postgres.rows import row
from consumers.postgres.write import write
from schemas.listings import Cause, Standing, Step
from schemas.reasons import Reason
from schemas.record import Record
from schemas.tabs import Status, Tab
from tests.support.sinking import NOW, changed, gone, of, status

pytestmark = pytest.mark.postgres

FRANCE = {"store": "acme-fr", "marketplace": "A13V1IB3VIYZZH"}
NO = Reason("NOT_FOUND", {"asked": "upc"})


def stored(engine: Engine, *records: Record) -> Engine:
    with engine.begin() as connection:
        write(connection, [row(r) for r in records])
    return engine


@pytest.fixture
def shop(engine: Engine) -> Engine:
    """Two stores, and a listing in every kind of place."""
    return stored(
        engine,
        of(status("LAMP", 1)),
        of(status("LAMP-OLD", 1, product="LAMP", tab=Tab.ENDED, status=Status.MANUALLY_ENDED)),
        of(status("DESK", 1, tab=Tab.INCOMPLETE, status=Status.UNABLE_TO_ASSIGN, reasons=[NO])),
        of(status("MUG", 1, tab=Tab.IN_PROCESS, status=Status.VALIDATING_ASIN)),
        of(status("SET", 1, tab=Tab.NOT_LISTED, status=Status.NOT_LISTED)),
        of(status("LAMP", 1, standing=Standing(overrides={"price": "9.90"}), **FRANCE)),
        of(status("BAG", 1)),
        gone("BAG", 2),
    )


def nothing() -> dict[str, int]:
    return dict.fromkeys((*LABELS.values(), NOT_LISTED), 0)


def test_each_listing_counts_once_under_its_tab_s_label(shop: Engine) -> None:
    with shop.connect() as connection:
        found = read.counts(connection)

    assert found == {
        "acme-de": nothing()
        | {"Active": 1, "Ended": 1, "Incomplete": 1, "In Process": 1, "Not Listed": 1},
        "acme-fr": nothing() | {"Active": 1},
    }


def test_counts_of_one_store(shop: Engine) -> None:
    with shop.connect() as connection:
        assert list(read.counts(connection, "acme-fr")) == ["acme-fr"]


def test_statuses_are_counted_exactly(shop: Engine) -> None:
    with shop.connect() as connection:
        found = read.statuses(connection, "acme-de")

    assert found == {
        ("acme-de", "active", "active"): 1,
        ("acme-de", "ended", "manually_ended"): 1,
        ("acme-de", "in_process", "validating_asin"): 1,
        ("acme-de", "incomplete", "unable_to_assign"): 1,
        ("acme-de", "not_listed", "not_listed"): 1,
    }


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        pytest.param({"store": "acme-fr"}, ["LAMP"], id="store"),
        pytest.param({"tab": "active"}, ["LAMP", "LAMP"], id="tab"),
        pytest.param({"status": "unable_to_assign"}, ["DESK"], id="status"),
        pytest.param({"sku": "LAMP"}, ["LAMP", "LAMP-OLD", "LAMP"], id="product"),
        pytest.param({"store": "acme-de", "seller_sku": "MUG"}, ["MUG"], id="seller SKU"),
        pytest.param({"overridden": True}, ["LAMP"], id="overrides"),
        pytest.param({"account": "acme-us"}, [], id="another account"),
        pytest.param({"seller_sku": "BAG"}, [], id="deleted"),
    ],
)
def test_listings_are_filtered(shop: Engine, wanted: dict[str, Any], found: list[str]) -> None:
    with shop.connect() as connection:
        listings = read.listings(connection, Filter(**wanted))

    assert [one.seller_sku for one in listings] == found


def test_pages_follow_one_another(shop: Engine) -> None:
    with shop.connect() as connection:
        pages = [read.listings(connection, Filter(), limit=4, offset=at) for at in (0, 4, 8)]

    assert [len(page) for page in pages] == [4, 2, 0]


def test_one_listing_carries_its_steps_for_the_question_why(engine: Engine) -> None:
    steps = [Step(name="verdict", answer="eligible"), Step(name="quantity", answer=5)]
    stored(engine, of(status(steps=steps, reasons=[NO])))
    with engine.connect() as connection:
        found = read.one(connection, "acme-de", "LAMP-12")

    assert found is not None
    assert (found.steps, found.reasons, found.verdict, found.desired_price, found.event_time) == (
        [{"name": "verdict", "answer": "eligible"}, {"name": "quantity", "answer": 5}],
        [{"code": "NOT_FOUND", "facts": {"asked": "upc"}}],
        "eligible",
        Decimal("44.90"),
        NOW,
    )


def test_a_listing_that_is_not_there_is_none(shop: Engine) -> None:
    with shop.connect() as connection:
        assert read.one(connection, "acme-de", "BAG") is None


@pytest.mark.parametrize(
    ("store", "found"), [(None, ["LAMP", "LAMP-OLD"]), ("acme-fr", ["LAMP"]), ("acme-us", [])]
)
def test_the_seller_skus_of_a_product(shop: Engine, store: str | None, found: list[str]) -> None:
    with shop.connect() as connection:
        assert read.seller_skus(connection, "LAMP", store) == found


def test_the_history_of_a_listing_is_told_with_causes_the_newest_first(engine: Engine) -> None:
    cause = Cause(event="e7", type="catalog.price.v1", topic="catalog.price.v1", offset=8)
    first = changed(sequence=1, previous=None, tab=Tab.INCOMPLETE, status=Status.READY)
    stored(engine, of(first, id="c1"), of(changed(sequence=2, cause=cause), id="c2"))
    with engine.connect() as connection:
        told = read.history(connection, "acme-de", "LAMP-12")

    assert [(c.id, c.before, c.after, (c.cause or {}).get("event")) for c in told] == [
        ("c2", "ready_to_list/list_in_progress", "active/active", "e7"),
        ("c1", None, "incomplete/ready", None),
    ]


def compared(engine: Engine) -> list[tuple[Any, ...]]:
    with engine.connect() as connection:
        return read.comparable(connection)


def again(engine: Engine, record: Record) -> list[tuple[Any, ...]]:
    with engine.begin() as connection:
        connection.exec_driver_sql("TRUNCATE listing")
    return compared(stored(engine, record))


@pytest.mark.parametrize(
    "other",
    [
        pytest.param({"sequence": 99}, id="sequence"),
        pytest.param({"since": NOW}, id="since"),
        pytest.param({"cause": Cause(event="x")}, id="cause"),
        pytest.param({"previous": "x/y"}, id="previous"),
        pytest.param({"settings": {"rule/acme-de": 4}}, id="settings"),
        pytest.param({"reasons": [Reason("NOT_FOUND", {"asked": "ean"})]}, id="facts of a reason"),
    ],
)
def test_two_runs_may_differ_in_this(engine: Engine, other: dict[str, Any]) -> None:
    first = compared(stored(engine, of(status(reasons=[NO]))))

    assert again(engine, of(status(**({"reasons": [NO]} | other)))) == first


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(of(status(tab=Tab.INACTIVE)), id="tab"),
        pytest.param(of(status(status=Status.RELIST_IN_PROGRESS)), id="status"),
        pytest.param(of(status(reasons=[])), id="reason codes"),
        pytest.param(of(status(reasons=[NO], flags=[NO])), id="flags"),
        pytest.param(of(status(reasons=[NO], product="DESK")), id="link"),
        pytest.param(of(status(reasons=[NO], asin="B0ABCDEFGH")), id="asin"),
        pytest.param(gone("LAMP-12", 2), id="deleted"),
    ],
)
def test_two_runs_may_not_differ_in_this(engine: Engine, other: Record) -> None:
    first = compared(stored(engine, of(status(reasons=[NO]))))

    assert again(engine, other) != first
