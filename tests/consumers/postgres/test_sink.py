"""The sink on a real Postgres, over a feed made of lists: histories, then what is left."""

import random
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any

import msgspec
import psycopg
import pytest
from sqlalchemy import Engine, event, select, update
from sqlalchemy.exc import OperationalError

from consumers.drain import Outage
from consumers.feed import Left, Log, Place
from consumers.postgres import offsets, write
from consumers.postgres.rows import row
from consumers.postgres.sink import Sink
from consumers.postgres.tables import listing, listing_change, parked, sink_offset
from consumers.postgres.turning import PATIENCE
from schemas.errors import TryAgain
from schemas.listings import Standing
from schemas.reasons import Reason
from schemas.record import Record
from schemas.tabs import Status, Tab
from tests.support.sinking import (
    CHANGED,
    STATUS,
    ListFeed,
    at,
    changed,
    gone,
    logs,
    of,
    status,
    whole,
)

pytestmark = pytest.mark.postgres

GROUP = "listwire-postgres"
HERE = Place(STATUS, 0)
TOO_LONG = "".join(random.Random(7).choices("abcdefghijklmnopqrstuvwxyz0123456789", k=9_000))
"""A marketplace that no index takes, and no rule of ours forbids: poison."""


class Aside(list[tuple[Record, Reason]]):
    """Dead letters that were acknowledged."""

    def __call__(self, record: Record, reason: Reason) -> None:
        self.append((record, reason))

    @property
    def told(self) -> list[tuple[str, int, str]]:
        return [(r.topic, r.offset, reason.code) for r, reason in self]


def sink(engine: Engine, feed: ListFeed, aside: Any = None, **more: Any) -> Sink:
    ticks = count()
    known = {"group": GROUP, "clock": lambda: float(next(ticks)), "jitter": lambda: 0.0}
    return Sink(engine, feed, Aside() if aside is None else aside, **(known | more))


def drained(one: Sink, feed: ListFeed, turns: int = 60) -> Sink:
    """Turn *one* until it has read all of *feed*."""
    for _ in range(turns):
        one.turn()
        if all(feed.committed.get(p, 0) == feed.end(p) for p in feed.logs):
            return one
    raise AssertionError(f"not drained in {turns} turns: {feed.committed}")


def after(engine: Engine, records: Iterable[Record], aside: Any = None) -> Sink:
    """Let a new sink read *records* to the end."""
    feed = ListFeed(logs(records))
    return drained(sink(engine, feed, aside), feed)


def rows(engine: Engine) -> list[tuple[str, int, bool]]:
    query = select(listing.c.seller_sku, listing.c.sequence, listing.c.deleted)
    with engine.connect() as connection:
        return [tuple(r) for r in connection.execute(query.order_by(listing.c.seller_sku))]


def offset(engine: Engine) -> Any:
    """The row of sink_offset for `HERE`."""
    with engine.connect() as connection:
        query = select(sink_offset).where(sink_offset.c.topic == HERE.topic)
        return connection.execute(query).one()


@contextmanager
def statements(engine: Engine, start: str) -> Iterator[list[str]]:
    seen: list[str] = []

    def note(_c: object, _u: object, statement: str, *_: object) -> None:
        if statement.startswith(start):
            seen.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(engine, "before_cursor_execute", note)


@contextmanager
def failing(
    patch: pytest.MonkeyPatch, name: str, error: BaseException, times: int = 1, late: bool = False
) -> Iterator[None]:
    """Let `offsets.<name>` raise *error* at its first calls, before or after its work."""
    real, left = getattr(offsets, name), [times]

    def broken(*args: Any, **named: Any) -> Any:
        if left[0] > 0:
            left[0] -= 1
            if late:
                real(*args, **named)
            raise error
        return real(*args, **named)

    with patch.context() as inner:
        inner.setattr(offsets, name, broken)
        yield


def refused_by_server(state: str) -> OperationalError:
    made = psycopg.errors.lookup(state)("no")
    return OperationalError("x", {}, made)


HISTORY = [
    of(status(sku, sequence, tab=tab), id=f"s{sku}{sequence}")
    for sku in ("LAMP", "DESK", "BAG", "MUG")
    for sequence, tab in enumerate((Tab.INCOMPLETE, Tab.ACTIVE, Tab.INACTIVE, Tab.ACTIVE), 1)
] + [gone("MUG", 3), gone("BAG", 9)]


# --- offsets with the data ----------------------------------------------------------------


def test_rows_and_offset_land_together(engine: Engine) -> None:
    one = after(engine, [of(status(sequence=1)), of(status(sequence=2)), of(status("DESK", 7))])

    assert (rows(engine), offset(engine).next, one.totals["transactions"]) == (
        [("DESK", 7, False), ("LAMP-12", 2, False)],
        3,
        1,
    )


def test_killed_between_rows_and_offset_nothing_of_the_batch_is_there(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = sink(engine, ListFeed(logs([of(status())])))
    one.turn()

    with failing(monkeypatch, "move", KeyboardInterrupt()), pytest.raises(KeyboardInterrupt):
        one.turn()

    assert (rows(engine), offset(engine).next) == ([], 0)


def test_what_a_killed_sink_left_the_next_one_writes(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = sink(engine, ListFeed(logs(HISTORY)))
    one.turn()
    with failing(monkeypatch, "move", KeyboardInterrupt()), pytest.raises(KeyboardInterrupt):
        one.turn()

    after(engine, HISTORY)

    assert (len(rows(engine)), offset(engine).next) == (4, len(HISTORY))


def test_a_commit_whose_answer_was_lost_is_read_again_and_not_repeated(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    feed = ListFeed(logs(HISTORY))
    one = sink(engine, feed)
    one.turn()
    real = Sink._write

    def unanswered(self: Sink, *args: Any) -> Any:
        real(self, *args)
        raise refused_by_server("08006")

    with monkeypatch.context() as patch:
        patch.setattr(Sink, "_write", unanswered)
        one.turn()
    one.turn()

    assert (feed.positions[HERE], one.totals["transactions"], HERE in feed.paused) == (
        len(HISTORY),
        0,
        False,
    )


def test_the_group_s_offsets_in_kafka_decide_nothing(engine: Engine) -> None:
    after(engine, HISTORY)
    feed = ListFeed(logs(HISTORY))

    sink(engine, feed).turn()

    assert (feed.positions[HERE], feed.committed[HERE]) == (len(HISTORY), len(HISTORY))


def test_a_zombie_writes_nothing_and_leaves(engine: Engine) -> None:
    feed = ListFeed(logs([of(status())]))
    zombie = sink(engine, feed)
    zombie.turn()
    after(engine, [of(status(sequence=1))])
    feed.logs[HERE].append(at(of(status(sequence=2)), 1))

    with pytest.raises(Left):
        zombie.turn()
    assert (rows(engine), offset(engine).next) == ([("LAMP-12", 1, False)], 1)


def test_a_sink_that_was_away_finds_out_that_it_was_replaced(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = sink(engine, ListFeed(logs([of(status())])))
    one.turn()
    with failing(monkeypatch, "move", refused_by_server("57P01")):
        one.turn()
    after(engine, [])
    sink(engine, ListFeed(logs([of(status())]))).turn()

    with pytest.raises(Left):
        one.turn()


def test_a_partition_that_comes_back_is_claimed_anew(engine: Engine) -> None:
    feed = ListFeed(logs([of(status())]))
    one = sink(engine, feed)
    one.turn()
    feed.fresh.add(HERE)
    feed.paused.add(HERE)

    drained(one, feed)

    assert (offset(engine).gen, rows(engine)) == (2, [("LAMP-12", 1, False)])


def test_a_partition_that_was_lost_is_left_alone(engine: Engine) -> None:
    feed = ListFeed(logs(HISTORY))
    one = sink(engine, feed)
    one.turn()
    feed.mine.clear()

    one.turn()

    assert (rows(engine), offset(engine).next) == ([], 0)


def test_a_coordinator_that_went_on_ends_the_sink(engine: Engine) -> None:
    feed = ListFeed(logs(HISTORY))
    one = sink(engine, feed)
    one.turn()
    feed.evicted = True

    with pytest.raises(Left):
        one.turn()


# --- Postgres away ------------------------------------------------------------------------


@pytest.mark.parametrize("state", ["08006", "57P01", "53100", "40P01", "40001", "57014", "25006"])
def test_while_postgres_cannot_the_partitions_pause_and_then_go_on(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, state: str
) -> None:
    feed = ListFeed(logs(HISTORY))
    one = sink(engine, feed)
    one.turn()
    with failing(monkeypatch, "move", refused_by_server(state)):
        one.turn()
    paused = set(feed.paused)

    drained(one, feed)

    assert (paused, len(rows(engine)), offset(engine).next) == ({HERE}, 4, len(HISTORY))


def test_a_partition_gained_while_postgres_is_away_waits(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    feed = ListFeed(logs(HISTORY))
    one = sink(engine, feed)
    with failing(monkeypatch, "claim", refused_by_server("57P03"), times=3):
        drained(one, feed)

    assert offset(engine).next == len(HISTORY)


def test_deadlocks_without_end_are_our_own_fault(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = sink(engine, ListFeed(logs(HISTORY)))
    with (
        failing(monkeypatch, "claim", refused_by_server("40P01"), times=99),
        pytest.raises(OperationalError),
    ):
        for _ in range(PATIENCE + 1):
            one.turn()


def test_a_statement_that_is_wrong_is_our_own_fault(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = sink(engine, ListFeed(logs(HISTORY)))
    with (
        failing(monkeypatch, "claim", refused_by_server("42P01")),
        pytest.raises(OperationalError),
    ):
        one.turn()


# --- versions -----------------------------------------------------------------------------


def test_replay_from_zero_gives_equal_tables(engine: Engine) -> None:
    history = [*HISTORY, *(of(changed("LAMP", n), id=f"c{n}") for n in range(3))]
    after(engine, history)
    before = whole(engine)
    with engine.begin() as connection:
        connection.execute(update(sink_offset).values(next=0))

    after(engine, history)

    assert whole(engine) == before


def test_shuffled_and_repeated_input_gives_equal_tables(engine: Engine) -> None:
    after(engine, HISTORY)
    before = whole(engine, "listing")
    shuffled = HISTORY + HISTORY[::3]
    random.Random(3).shuffle(shuffled)
    with engine.begin() as connection:
        connection.execute(listing.delete())
        connection.execute(sink_offset.delete())

    after(engine, shuffled)

    assert whole(engine, "listing") == before


@pytest.mark.parametrize(
    ("records", "left"),
    [
        pytest.param([of(status(sequence=5)), gone(sequence=6)], (6, True), id="a delete is a row"),
        pytest.param([gone(sequence=6), of(status(sequence=5))], (6, True), id="late: stays so"),
        pytest.param([gone(sequence=6), of(status(sequence=7))], (7, False), id="newer revives"),
        pytest.param([gone(sequence=6), of(status(sequence=6))], (6, True), id="as old: stays so"),
        pytest.param([of(status(sequence=5)), gone(sequence=4)], (5, False), id="an old delete"),
    ],
)
def test_deletes_count_like_any_other_version(
    engine: Engine, records: list[Record], left: tuple[int, bool]
) -> None:
    for one in range(len(records)):
        with engine.begin() as connection:
            connection.execute(sink_offset.delete())
        after(engine, records[one : one + 1])

    assert rows(engine) == [("LAMP-12", *left)]


def test_a_version_that_stands_twice_with_other_content_is_told_and_the_row_stays(
    engine: Engine,
) -> None:
    after(engine, [of(status(sequence=5))])
    with engine.begin() as connection:
        connection.execute(sink_offset.delete())

    other = after(engine, [of(status(sequence=5, tab=Tab.INACTIVE, status=Status.INACTIVE))])

    with engine.connect() as connection:
        assert (other.totals["conflicts"], connection.scalar(select(listing.c.tab))) == (
            1,
            "active",
        )


def test_twins_in_one_batch_are_told_too(engine: Engine) -> None:
    one = after(engine, [of(status(sequence=5)), of(status(sequence=5, asin="B0ABCDEFGH"))])

    assert one.totals["conflicts"] == 1


def test_what_is_older_is_given_and_not_stored(engine: Engine) -> None:
    after(engine, [of(status("LAMP", 5)), of(status("DESK", 5))])
    with engine.begin() as connection:
        connection.execute(sink_offset.delete())
    with statements(engine, "SELECT listing") as looked:
        one = after(engine, [of(status("LAMP", 4)), of(status("DESK", 6))])

    assert (one.totals["given"], one.totals["stored"], len(looked)) == (2, 1, 1)


def test_where_every_row_is_newer_nothing_is_looked_up(engine: Engine) -> None:
    with statements(engine, "SELECT listing") as looked:
        one = after(engine, [of(status("LAMP", 5)), of(status("DESK", 5))])

    assert (one.totals["stored"], looked) == (2, [])


def test_a_plain_repeat_is_no_conflict(engine: Engine) -> None:
    one = after(engine, [of(status(sequence=5)), of(status(sequence=5, settings={"rule/x": 2}))])

    assert (one.totals["conflicts"], rows(engine)) == (0, [("LAMP-12", 5, False)])


def test_a_repeated_transition_adds_none(engine: Engine) -> None:
    after(engine, [of(changed(sequence=1), id="c1"), of(changed(sequence=4), id="c1")])

    with engine.connect() as connection:
        kept = [tuple(r) for r in connection.execute(select(listing_change.c.id, _SEQUENCE))]
    assert kept == [("c1", 1)]


_SEQUENCE = listing_change.c.sequence


# --- what is refused ----------------------------------------------------------------------


def spoilt(n: int) -> Record:
    return of(status(f"SKU-{n:04d}", 1, marketplace=TOO_LONG))


def test_one_poisoned_row_in_a_thousand_is_found_and_the_others_land(engine: Engine) -> None:
    records = [of(status(f"SKU-{n:04d}", 1)) for n in range(1_000)]
    records[617] = spoilt(617)
    aside = Aside()
    with statements(engine, "INSERT INTO listing") as seen:
        one = after(engine, records, aside)

    assert (len(rows(engine)), aside.told, len(seen) - 1 <= 12, one.totals["given"]) == (
        999,
        [(STATUS, 617, "ROW_INVALID")],
        True,
        999,
    )


def altered(old: bytes, new: bytes) -> Record:
    good = of(status("BAD", 1, name="Lamp", standing=Standing(overrides={"note": 1})))
    return msgspec.structs.replace(good, value=(good.value or b"").replace(old, new))


@pytest.mark.parametrize(
    "bad",
    [
        pytest.param(spoilt(0), id="too long for an index"),
        pytest.param(altered(b'"Lamp"', b'"La\\u0000mp"'), id="NUL in text"),
        pytest.param(altered(b'"Lamp"', b'"La\\ud800mp"'), id="a lone surrogate"),
        pytest.param(altered(b'"Lamp"', b'"La\xffmp"'), id="no UTF-8"),
        pytest.param(altered(b'"note":1', b'"note":"\\u0000"'), id="NUL deep in JSON"),
        pytest.param(altered(b'"note":1', b'"note\\u0000":1'), id="NUL in a name"),
        pytest.param(
            altered(b'"note":1', b'"note":' + b"[" * 5_000 + b"]" * 5_000), id="nested too deep"
        ),
        pytest.param(altered(b'"quantity":5', b'"quantity":9223372036854775808'), id="no bigint"),
        pytest.param(altered(b'"quantity":5', b'"quantity":' + b"9" * 400), id="400 digits"),
        pytest.param(altered(b'"note":1', b'"note":1e999'), id="a number beyond any float"),
        pytest.param(altered(b'"44.90"', b'"-44.90"'), id="a price below 0"),
        pytest.param(altered(b'"44.90"', b'"NaN"'), id="NaN"),
        pytest.param(altered(b'"44.90"', b'"1E+999999"'), id="an exponent"),
        pytest.param(altered(b'"sequence":1', b'"sequence":99999999999999999999'), id="sequence"),
    ],
)
def test_whatever_is_wrong_with_one_row_the_others_land(engine: Engine, bad: Record) -> None:
    aside = Aside()
    after(engine, [of(status("LAMP")), bad, of(status("DESK"))], aside)

    assert ([sku for sku, *_ in rows(engine)], [n for _, n, _ in aside.told]) == (
        ["DESK", "LAMP"],
        [1],
    )


@pytest.mark.parametrize(
    "odd",
    [
        pytest.param(altered(b'"Lamp"', b'"\\\\u0000"'), id="a backslash before u0000"),
        pytest.param(altered(b'"Lamp"', b'"=HYPERLINK(1)"'), id="a formula"),
        pytest.param(altered(b'"Lamp"', '"\u9774 \u202e👟"'.encode()), id="any script"),
        pytest.param(altered(b'"Lamp"', b'"' + b"x" * 900_000 + b'"'), id="a very long name"),
        pytest.param(altered(b'"note":1', b'"note":1,"note":2'), id="a doubled member"),
    ],
)
def test_what_is_only_odd_is_stored(engine: Engine, odd: Record) -> None:
    aside = Aside()
    after(engine, [odd], aside)

    assert ([sku for sku, *_ in rows(engine)], aside.told) == (["BAD"], [])


def test_several_poisoned_rows_are_found_one_by_one(engine: Engine) -> None:
    records = [of(status(f"SKU-{n:04d}", 1)) for n in range(40)]
    for n in (3, 4, 29):
        records[n] = spoilt(n)
    aside = Aside()
    after(engine, records, aside)

    assert (len(rows(engine)), sorted(o for _, o, _ in aside.told)) == (37, [3, 4, 29])


def test_mostly_poison_is_an_outage_and_writes_nothing(engine: Engine) -> None:
    aside = Aside()
    one = sink(engine, ListFeed(logs(map(spoilt, range(12)))), aside)
    one.turn()

    with pytest.raises(Outage):
        one.turn()
    assert (rows(engine), aside, offset(engine).next) == ([], [], 0)


def test_a_malformed_record_is_set_aside_before_the_offset_moves(engine: Engine) -> None:
    told: list[int] = []

    def aside(record: Record, reason: Reason) -> None:
        told.append(offset(engine).next)

    bad = msgspec.structs.replace(of(status("BAD")), value=b"{")
    after(engine, [of(status()), bad, of(status("DESK"))], aside)

    assert (told, offset(engine).next, len(rows(engine))) == ([0], 3, 2)


def test_while_a_dead_letter_cannot_be_written_nothing_moves(engine: Engine) -> None:
    kept = Aside()
    tries = iter([True, True, False])

    def aside(record: Record, reason: Reason) -> None:
        if next(tries):
            raise TryAgain("the broker is away")
        kept(record, reason)

    bad = msgspec.structs.replace(of(status("BAD")), value=b"{")
    feed = ListFeed(logs([of(status()), bad]))
    one = sink(engine, feed, aside)
    one.turn()
    one.turn()
    held = offset(engine).next, rows(engine)
    drained(one, feed)

    assert (held, kept.told, offset(engine).next) == ((0, []), [(STATUS, 1, "MALFORMED")], 2)


def test_of_a_topic_in_order_the_key_is_parked_and_the_others_run_on(engine: Engine) -> None:
    bad = msgspec.structs.replace(of(changed("LAMP", 1)), value=b"{")
    records = [bad, of(changed("DESK", 1), id="d1"), of(changed("LAMP", 2), id="l2")]
    aside = Aside()
    after(engine, records, aside)

    with engine.connect() as connection:
        kept = list(connection.scalars(select(listing_change.c.id)))
    assert (kept, aside.told) == (["d1"], [(CHANGED, 0, "MALFORMED"), (CHANGED, 2, "KEY_PARKED")])


def test_a_parked_key_stays_parked_for_the_next_owner(engine: Engine) -> None:
    bad = msgspec.structs.replace(of(changed("LAMP", 1)), value=b"{")
    records = [bad, of(changed("LAMP", 2), id="l2")]
    after(engine, records[:1])
    aside = Aside()
    after(engine, records, aside)

    with engine.connect() as connection:
        waiting = connection.execute(select(parked.c.key, parked.c.since, parked.c.code)).one()
    assert (aside.told, tuple(waiting)) == (
        [(CHANGED, 1, "KEY_PARKED")],
        (records[0].key, 0, "MALFORMED"),
    )


def test_a_row_that_only_postgres_refuses_parks_its_key_too(engine: Engine) -> None:
    long = changed("LAMP", 1, marketplace=TOO_LONG)
    later = changed("LAMP", 2, marketplace=TOO_LONG)
    aside = Aside()
    after(engine, [of(long, id="l1"), of(changed("DESK", 1), id="d1"), of(later, id="l2")], aside)

    assert aside.told == [(CHANGED, 0, "ROW_INVALID"), (CHANGED, 2, "KEY_PARKED")]


def test_of_a_topic_where_the_latest_wins_nothing_is_parked(engine: Engine) -> None:
    bad = msgspec.structs.replace(of(status("LAMP-12", 1)), value=b"{")
    after(engine, [bad, of(status("LAMP-12", 2))])

    assert rows(engine) == [("LAMP-12", 2, False)]


# --- coverage, other logs -----------------------------------------------------------------


def test_every_offset_is_accounted_for_in_the_same_transaction(engine: Engine) -> None:
    bad = at(msgspec.structs.replace(of(status("BAD")), value=b"{"), 3)
    feed = ListFeed({HERE: [at(of(status()), 0), bad, at(of(status(sequence=2)), 4)]})
    drained(sink(engine, feed), feed)

    covered = offset(engine).coverage
    assert (covered["next"], covered["counts"], covered["ranges"]) == (
        5,
        {"emitted": 2, "gap": 2, "quarantined": 1},
        [
            {"first": 1, "next": 3, "outcome": "gap"},
            {"first": 3, "next": 4, "outcome": "quarantined"},
        ],
    )


def test_a_topic_made_again_is_read_from_its_start_with_a_higher_epoch(engine: Engine) -> None:
    after(engine, HISTORY)
    again = ListFeed(logs([of(status("LAMP", 99))]), log=Log("cluster", "another"))
    drained(sink(engine, again, anew=True), again)

    held = offset(engine)
    assert (held.epoch, held.next, held.topic_id, ("LAMP", 99, False) in rows(engine)) == (
        1,
        1,
        "another",
        True,
    )


@pytest.mark.parametrize(
    ("log", "length"),
    [
        pytest.param(Log("cluster", "another"), 99, id="the topic was made again"),
        pytest.param(Log("another", "topic"), 99, id="another cluster"),
        pytest.param(Log("cluster", "topic"), 5, id="the log lost its end"),
    ],
)
def test_a_log_that_is_not_the_one_that_was_read_is_asked_about(
    engine: Engine, log: Log, length: int
) -> None:
    after(engine, HISTORY)
    feed = ListFeed(logs(HISTORY[:length]), log=log)

    with pytest.raises(offsets.Ask):
        sink(engine, feed).turn()
    assert offset(engine).next == len(HISTORY)


def test_a_log_that_goes_back_under_the_sink_is_not_read_on(engine: Engine) -> None:
    feed = ListFeed(logs(HISTORY))
    one = drained(sink(engine, feed), feed)
    feed.logs[HERE] = [at(of(status("NEW", 1)), 0)]
    feed.positions[HERE] = 0

    with pytest.raises(Left):
        one.turn()
    assert (offset(engine).next, len(rows(engine))) == (len(HISTORY), 4)


def test_unread_records_that_expired_are_counted_as_a_gap(engine: Engine) -> None:
    after(engine, HISTORY[:2])
    feed = ListFeed({HERE: [at(r, n) for n, r in enumerate(HISTORY)][6:]})
    feed.starts[HERE] = 6
    drained(sink(engine, feed), feed)

    assert offset(engine).coverage["counts"] == {"emitted": len(HISTORY) - 4, "gap": 4}


def test_a_statement_carries_the_newest_of_each_key_in_one_order() -> None:
    given = [row(of(status(sku, n))) for sku, n in (("B", 3), ("A", 1), ("B", 5), ("B", 4))]

    assert [(r.key[-1], r.version) for r in write.collapsed(given)] == [("A", 1), ("B", 5)]
