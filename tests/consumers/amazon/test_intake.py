"""Offers off a feed into the ledger: with their offset or not at all, refused ones aside."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pytest
from sqlalchemy import Engine, text

from consumers.amazon import intake
from consumers.amazon.bells import Bells
from consumers.amazon.intake import GROUP, Intake, decoded
from consumers.amazon.service import utc_now
from consumers.feed import Bounds, Left, Log, Place
from schemas import codec, keys
from schemas.errors import Refused
from schemas.offers import Offer
from schemas.reasons import Reason
from schemas.record import Record
from tests.consumers.amazon.hands import rows
from tests.consumers.amazon.offers import SKU, live, offer

HERE = Place("listing.offer.v1", 0)


def record(wanted: Offer | None, offset: int = 0, **more: Any) -> Record:
    """Give the record of an offer, or the null of `LAMP-12`."""
    key = keys.shared("acme-eu", SKU if wanted is None else wanted.seller_sku)
    value = None if wanted is None else codec.value_of(wanted)
    stated = {"topic": HERE.topic, "key": key, "value": value} | more
    return Record(partition=0, offset=offset, **stated)


class ListFeed:
    """A feed of one partition over a list of records."""

    def __init__(self, *records: Record) -> None:
        self.records = list(records)
        self.at: int | None = None
        self.new = True
        self.shown: list[int] = []

    def poll(self, timeout: float, limit: int) -> Mapping[Place, Sequence[Record]]:
        if self.at is None:
            return {}
        found = [r for r in self.records if r.offset >= (self.at or 0)][:limit]
        self.at += len(found)
        return {HERE: found} if found else {}

    def held(self) -> frozenset[Place]:
        return frozenset([HERE])

    def gained(self) -> frozenset[Place]:
        return frozenset([HERE] if self.new else [])

    def start(self, place: Place, offset: int) -> None:
        self.at, self.new = offset, False

    def pause(self, places: Iterable[Place]) -> None:
        self.at = None

    def bounds(self, places: Iterable[Place]) -> Mapping[Place, Bounds]:
        return {p: Bounds(0, len(self.records)) for p in places}

    def log(self, topic: str) -> Log:
        return Log("cluster", topic)

    def commit(self, offsets: Mapping[Place, int]) -> None:
        self.shown += offsets.values()


class Reading:
    """An intake over a list of records."""

    def __init__(self, engine: Engine, *records: Record) -> None:
        self.feed = ListFeed(*records)
        self.aside: list[tuple[int, str]] = []
        self.time = 0.0
        self.bells = Bells()
        self.intake = Intake(
            self.feed,
            engine,
            self.bells,
            self._set_aside,
            now=utc_now,
            clock=lambda: self.time,
            jitter=lambda: 1.0,
        )

    def _set_aside(self, refused: Record, why: Reason) -> None:
        self.aside.append((refused.offset, why.code))

    def turns(self, count: int = 2) -> int:
        """Take *count* turns, the first claims the partition; give how many records they took."""
        return sum(self.intake.turn(0) for _ in range(count))


@pytest.fixture
def empty(clean: Engine) -> Engine:
    with clean.begin() as connection:
        connection.execute(text("DELETE FROM sink_offset"))
    return clean


def offset(engine: Engine) -> tuple[int, dict[str, int]]:
    """Give the stored position and what became of the offsets before it."""
    query = text("SELECT next, coverage FROM sink_offset WHERE reader = :reader")
    with engine.connect() as connection:
        next_, coverage = connection.execute(query, {"reader": GROUP}).one()
    return next_, coverage.get("counts", {})


@pytest.mark.postgres
def test_rows_offset_and_coverage_are_stored_together(empty: Engine) -> None:
    reading = Reading(empty, record(offer(1, acme_de=live("39.90"))))

    assert (reading.turns(), len(rows(empty)), offset(empty), reading.feed.shown) == (
        1,
        3,
        (1, {"emitted": 1}),
        [0, 1],
    )


@pytest.mark.postgres
def test_a_transaction_that_fails_leaves_neither_rows_nor_offset(
    empty: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    reading = Reading(empty, record(offer(1, acme_de=live("39.90"))))
    reading.turns(1)

    def die(*_: Any) -> None:
        raise RuntimeError("killed before the commit")

    monkeypatch.setattr(intake, "notify", die)
    with pytest.raises(RuntimeError):
        reading.turns(1)

    assert (rows(empty), offset(empty)[0]) == ({}, 0)


@pytest.mark.postgres
def test_another_life_goes_on_where_the_table_says_and_repeats_change_nothing(
    empty: Engine,
) -> None:
    records = [record(offer(n + 1, acme_de=live("39.90")), n) for n in range(3)]
    Reading(empty, *records[:2]).turns()
    before = rows(empty)
    again = Reading(empty, *records)

    assert (again.turns(), rows(empty), offset(empty)[0]) == (1, before, 3)


@pytest.mark.postgres
def test_a_zombie_writes_nothing_and_leaves(empty: Engine) -> None:
    zombie = Reading(empty, record(offer(1, acme_de=live("39.90"))))
    zombie.turns(1)
    Reading(empty, record(offer(1, acme_de=live("39.90")))).turns(1)

    with pytest.raises(Left):
        zombie.turns(1)
    assert rows(empty) == {}


@pytest.mark.postgres
def test_a_lost_database_is_waited_for_and_nothing_is_lost(empty: Engine) -> None:
    reading = Reading(empty, record(offer(1, acme_de=live("39.90"))))
    reading.turns(1)
    terminate = (
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE pid <> pg_backend_pid() AND datname = current_database()"
    )
    with empty.begin() as connection:
        connection.execute(text(terminate))
    reading.turns(3)
    reading.time += 5.0
    reading.turns(3)

    assert (len(rows(empty)), offset(empty)[0]) == (3, 1)


@pytest.mark.postgres
def test_what_is_refused_is_set_aside_and_the_rest_goes_on(empty: Engine) -> None:
    reading = Reading(
        empty,
        record(offer(1, acme_de=live("39.90")), 0, value=b"{"),
        record(offer(1, acme_de=live("39.90")), 1),
    )

    assert (reading.turns(), reading.aside, len(rows(empty)), offset(empty)) == (
        2,
        [(0, "MALFORMED")],
        3,
        (2, {"quarantined": 1, "emitted": 1}),
    )


@pytest.mark.parametrize(
    ("bad", "code"),
    [
        pytest.param({"key": None}, "KEY_MISMATCH", id="no key"),
        pytest.param({"key": b"\xff|x"}, "KEY_MISMATCH", id="a key that is no text"),
        pytest.param({"key": b"acme-eu|OTHER"}, "KEY_MISMATCH", id="another SKU's key"),
        pytest.param({"key": b"one"}, "KEY_MISMATCH", id="a key of one part"),
        pytest.param({"value": b"[]"}, "MALFORMED", id="no object"),
        pytest.param({"value": b'{"account":"a"}'}, "MALFORMED", id="members missing"),
    ],
)
def test_a_record_that_is_no_offer_is_refused(bad: dict[str, Any], code: str) -> None:
    with pytest.raises(Refused) as caught:
        decoded(record(offer(acme_de=live()), **bad))

    assert caught.value.reason.code == code


@pytest.mark.parametrize(
    "wanted",
    [
        pytest.param(offer(acme_de=live(note="a\0b")), id="NUL in a text"),
        pytest.param(offer(seller_sku="a\0b", acme_de=live()), id="NUL in the SKU"),
        pytest.param(offer(1 << 63, acme_de=live()), id="a sequence of 64 bits"),
    ],
)
def test_what_postgres_could_not_store_is_refused(wanted: Offer) -> None:
    with pytest.raises(Refused) as caught:
        decoded(record(wanted))

    assert caught.value.reason.code == "ROW_INVALID"


def test_a_null_is_a_delete() -> None:
    assert decoded(record(None)) == (("acme-eu", SKU), None)
