"""Whole readings: what a sealed session ends, and everything that ends nothing."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import msgspec
import pytest

from producers.catalog.ending import end
from producers.catalog.sealing import NotWaiting, Sealing
from producers.catalog.snapshot import Limits, Snapshot, as_stated, fingerprint, judge, limits
from producers.publish import Publisher
from schemas import codec
from schemas.catalog import Product
from schemas.money import number
from schemas.settings import Guards, Settings
from tests.support.commerce import BEGAN
from tests.support.pulling import Town

PRODUCT = "catalog.product.v1"


def town_of(count: int, size: int = 50) -> Town:
    """Give a shop with so many products that was read whole."""
    town = Town(size=size)
    for n in range(count):
        town.shop.add(f"PEN-{n:03d}")
    town.pull.full()
    town.shop.later(3600)
    return town


def live(town: Town) -> int:
    town.topics.catch_up()
    return len(list(town.topics.told.live("acme")))


def sealing(town: Town) -> Sealing:
    return Sealing(
        town.sessions,
        town.topics,
        Publisher(town.producer),
        now=lambda: town.shop.now,
        settings=lambda: town.settings,
    )


def session(skus: list[str], **more: Any) -> Snapshot:
    given: dict[str, Any] = {"id": "s", "shop": "acme", "by": "ops", "opened_at": BEGAN}
    return Snapshot(**(given | {"count": len(skus), "hash": fingerprint(skus)} | more))


def test_a_hash_is_that_of_the_sorted_skus() -> None:
    # printf 'B\nA\na\n' | LC_ALL=C sort -u | sha256sum
    assert fingerprint(["a", "B", "A", "B"]) == (
        "ce3afb7c5b2fe2d1884cbbe63a3a2e701bc02dd7311ccffc2f83c00f6839fd00"
    )


SKUS = [f"P{n}" for n in range(100)]


@pytest.mark.parametrize(
    ("stated", "seen", "known", "last", "verdict"),
    [
        pytest.param({}, SKUS, SKUS, None, ("sealed", None, 0), id="all are there"),
        pytest.param({}, SKUS[:90], SKUS, None, ("sealed", None, 10), id="ten are missing"),
        pytest.param({}, SKUS[:89], SKUS, None, ("held", "G1", 11), id="eleven are held"),
        pytest.param({}, SKUS[:79], SKUS, None, ("held", "G7", 21), id="shrunk below 80 %"),
        pytest.param({}, SKUS[:79], SKUS[:79], 100, ("held", "G7", 0), id="fewer than the last"),
        pytest.param({}, SKUS[:50], [], None, ("sealed", None, 0), id="the first of a shop"),
        pytest.param({"count": 101}, SKUS, SKUS, None, ("refused", None, 0), id="another count"),
        pytest.param({"hash": "0"}, SKUS, SKUS, None, ("refused", None, 0), id="another hash"),
        pytest.param({}, [], SKUS, None, ("refused", None, 0), id="empty"),
        pytest.param({"state": "held"}, SKUS, SKUS, None, ("held", None, 0), id="closed before"),
    ],
)
def test_the_verdict_on_a_whole(
    stated: dict[str, Any],
    seen: list[str],
    known: list[str],
    last: int | None,
    verdict: tuple[str, str | None, int],
) -> None:
    told = judge(session(seen, **stated), dict.fromkeys(seen, True), known, last, Limits())

    assert (told.state, told.guard, len(told.missing)) == verdict


def test_a_product_that_went_during_the_reading_is_declared_and_missing() -> None:
    seen = dict.fromkeys(SKUS, True) | {"P0": False}

    assert judge(session(SKUS), seen, SKUS, None, Limits()).missing == ("P0",)


def test_settings_move_the_limits() -> None:
    stated = {"ending": {"count": number("3"), "share_1h": number("0.5")}}
    known = Settings(records={"guards": {"deployment": Guards(limits=stated)}})

    assert limits(known) == Limits(3, 0.5, 0.8)


def test_a_product_that_is_gone_ends_with_its_last_value_and_a_null() -> None:
    town = town_of(20)
    town.shop.take("PEN-003")

    tally = town.pull.full()

    mine = [r for r in town.producer.taken if r.key == b"PEN-003"][-6:]
    said = [(r.topic.split(".")[1], codec.header(r, "ce_op"), r.value is None) for r in mine]
    assert tally.ended == 1
    assert said == [(t, "D", n) for t in ("product", "stock", "price") for n in (False, True)]


def test_a_product_that_comes_back_is_told_again() -> None:
    town = town_of(20)
    town.shop.take("PEN-001")
    town.pull.full()
    town.shop.later(60)
    town.shop.add("PEN-001")

    told = town.told(town.pull.changes)

    assert told == [("product", "PEN-001"), ("stock", "PEN-001"), ("price", "PEN-001")]


def test_a_reading_of_changes_ends_no_product_and_finds_its_units_gone() -> None:
    town = town_of(20)
    town.shop.take("PEN-003")

    assert (town.told(town.pull.changes), live(town)) == ([("stock", "PEN-003")], 20)


def test_many_missing_are_held_listed_and_released_by_a_person() -> None:
    town = town_of(100)
    for n in range(12):
        town.shop.take(f"PEN-{n:03d}")

    tally = town.pull.full()
    held = town.sessions.list()[0]
    before = live(town)
    sealing(town).release(held.id, by="kim", why="cleared out", source="//acme/pull")

    assert (held.state, held.guard, len(held.missing), before) == ("held", "G1", 12, 100)
    assert (tally.ended, live(town), town.sessions.list()[0].released_by) == (
        0,
        88,
        "kim: cleared out",
    )


def test_a_released_session_leaves_alone_what_came_back_meanwhile() -> None:
    town = town_of(100)
    for n in range(12):
        town.shop.take(f"PEN-{n:03d}")
    town.pull.full()
    town.shop.later(60)
    town.shop.add("PEN-004", name="Back again")
    town.pull.changes()

    held = next(s for s in town.sessions.list() if s.state == "held")
    sealing(town).release(held.id, by="kim", why="cleared out", source="//acme/pull")

    assert live(town) == 89


def test_a_dropped_session_ends_nothing_and_cannot_be_released() -> None:
    town = town_of(100)
    for n in range(12):
        town.shop.take(f"PEN-{n:03d}")
    town.pull.full()
    held = town.sessions.list()[0]
    sealing(town).drop(held.id, by="kim", why="wrong")

    with pytest.raises(NotWaiting, match="dropped"):
        sealing(town).release(held.id, by="kim", why="", source="//acme/pull")
    assert live(town) == 100


def half_read(town: Town, at: int) -> None:
    """Let a whole reading die at so many calls, and start the process anew."""
    town.shop.before = _dying_at(at)
    with pytest.raises(KeyboardInterrupt):
        town.pull.full()
    town.shop.before = lambda _: None
    town.again()
    town.shop.later(600)


@pytest.mark.parametrize(("at", "left"), [(12, 19), (26, 14), (40, 9), (52, 4)])
def test_a_reading_that_stops_half_way_ends_nothing_and_goes_on_where_it_was(
    at: int, left: int
) -> None:
    town = town_of(20, size=5)
    town.shop.take("PEN-003")
    half_read(town, at)
    half = live(town)
    town.shop.asked.clear()
    town.pull.full()

    states = [s.state for s in town.sessions.list()]
    asked = sum("stockItems" in call for call in town.shop.asked)
    assert (half, live(town), states) == (20, 19, ["ended", "ended"])
    assert asked == left


def test_what_changed_since_a_half_reading_began_is_still_read() -> None:
    town = town_of(20, size=5)
    began = town.shop.now
    half_read(town, 40)
    town.pull.full()

    assert town.ledger.at.read_to == began


def test_a_half_reading_of_another_shop_than_now_is_dropped() -> None:
    town = town_of(20, size=5)
    half_read(town, 40)
    town.shop.take("PEN-003")
    town.pull.full()

    states = [s.state for s in town.sessions.list()]
    assert (live(town), states) == (19, ["ended", "dropped", "ended"])


def _dying_at(call: int) -> Callable[[str], None]:
    calls = iter(range(1000))

    def before(_: str) -> None:
        if next(calls) == call:
            raise KeyboardInterrupt

    return before


def test_a_shop_that_tells_another_count_than_it_lists_ends_nothing() -> None:
    town = town_of(20)
    town.shop.take("PEN-003")
    town.shop.before = _adding(town)

    tally = town.pull.full()

    assert tally.verdict is not None
    assert (tally.verdict.state, live(town)) == ("refused", 20)
    assert town.ledger.at.full_at == BEGAN


def _adding(town: Town) -> Callable[[str], None]:
    asked = []

    def before(what: str) -> None:
        if what.endswith("/rest/all/V1/products"):
            asked.append(what)
            if len(asked) == 2:
                town.shop.add("NEW")

    return before


def test_an_empty_shop_ends_nothing() -> None:
    town = town_of(20)
    town.shop.products.clear()

    tally = town.pull.full()

    assert tally.verdict is not None
    assert ("empty" in (tally.verdict.why or ""), live(town)) == (True, 20)


def test_a_product_announced_live_during_the_reading_is_not_ended() -> None:
    town = town_of(20)
    town.shop.take("PEN-003")
    live_event = codec.encode(
        Product(sku="PEN-003", name="Live", shop_id="99"),
        topic=PRODUCT,
        key=b"PEN-003",
        id="live",
        source="//acme/webhook",
        subject="PEN-003",
        time=town.shop.now,
        sequence=int(town.shop.now.timestamp() * 1_000_000) + 5,
    )

    def before(what: str) -> None:
        if "stockItems" in what and live_event not in town.producer.taken:
            town.producer.taken.append(live_event)

    town.shop.before = before
    tally = town.pull.full()

    assert (tally.ended, live(town)) == (0, 20)


def test_products_of_another_shop_are_none_of_this_ones_business() -> None:
    town = town_of(3)
    other = codec.encode(
        Product(sku="FOREIGN"),
        topic=PRODUCT,
        key=b"FOREIGN",
        id="1",
        source="//globex/catalog",
        subject="FOREIGN",
        time=BEGAN,
        sequence=1,
    )
    town.producer.taken.append(other)
    town.pull.full()

    assert town.newest(PRODUCT, "FOREIGN") is not None


def test_ending_twice_deletes_once() -> None:
    town = town_of(3)
    marks = town.topics.catch_up()
    how: dict[str, Any] = {"source": "//acme/pull", "marks": marks, "now": lambda: town.shop.now}

    first = end(["PEN-001"], town.topics, Publisher(town.producer), **how)
    again = end(["PEN-001", "NEVER"], town.topics, Publisher(town.producer), **how)

    assert (first, again) == (1, 0)


def test_sealing_goes_on_where_a_process_died() -> None:
    town = town_of(20)
    skus = [f"PEN-{n:03d}" for n in range(19)]
    marks = town.topics.catch_up()
    opened = session(skus, id=str(UUID(int=500)), marks=as_stated(marks))
    town.sessions.open(opened)
    town.sessions.add(opened.id, dict.fromkeys(skus, True))
    town.sessions.save(msgspec.structs.replace(opened, state="sealed"))

    sealed = sealing(town).seal(opened.id, source="//acme/snapshot")

    assert (sealed.ended, live(town), town.sessions.list()[0].state) == (1, 19, "ended")


def test_what_is_not_open_cannot_be_sealed() -> None:
    town = town_of(3)

    for id_ in ("none", town.sessions.list()[0].id):
        with pytest.raises(NotWaiting):
            sealing(town).seal(id_, source="//acme/snapshot")
