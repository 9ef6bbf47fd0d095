"""The sink on a real Postgres, over a feed made of lists: histories, then what is left."""

from collections.abc import Callable, Iterable
from itertools import count
from typing import Any

import pytest
from sqlalchemy import Engine, event, select, text

from consumers.drain import Outage
from consumers.feed import Left, Log, Place
from consumers.postgres import offsets, read, write
from consumers.postgres.sink import Sink
from consumers.postgres.tables import listing, parked, sink_offset
from schemas.errors import TryAgain
from schemas.reasons import Reason
from schemas.record import Record
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
THERE = Place(CHANGED, 0)


class Aside(list[tuple[Record, Reason]]):
    """Dead letters that were acknowledged."""

    def __call__(self, record: Record, reason: Reason) -> None:
        self.append((record, reason))

    @property
    def coordinates(self) -> list[tuple[str, int, str]]:
        return [(r.topic, r.offset, reason.code) for r, reason in self]


def sink(engine: Engine, feed: ListFeed, aside: Any = None, **more: Any) -> Sink:
    ticks = count()
    known = {"group": GROUP, "clock": lambda: float(next(ticks)), "jitter": lambda: 0.0}
    return Sink(engine, feed, aside or Aside(), **(known | more))


def drained(one: Sink, feed: ListFeed, turns: int = 60) -> Sink:
    """Turn *one* until it has read all of *feed*."""
    for _ in range(turns):
        one.turn()
        if all(feed.committed.get(p, 0) == feed._end(p) for p in feed.logs):
            return one
    raise AssertionError(f"not drained in {turns} turns: {feed.committed}")


def after(engine: Engine, records: Iterable[Record], **more: Any) -> ListFeed:
    """Let a new sink read *records* to the end."""
    feed = ListFeed(logs(records))
    drained(sink(engine, feed, **more), feed)
    return feed


def rows(engine: Engine) -> list[tuple[Any, ...]]:
    with engine.connect() as connection:
        query = select(listing.c.seller_sku, listing.c.sequence, listing.c.deleted)
        return [tuple(r) for r in connection.execute(query.order_by(listing.c.seller_sku))]


def next_of(engine: Engine, place: Place = HERE) -> int | None:
    with engine.connect() as connection:
        query = select(sink_offset.c.next).where(sink_offset.c.topic == place.topic)
        return connection.scalar(query)


def test_rows_and_offset_land_together(engine: Engine) -> None:
    feed = after(engine, [of(status(sequence=1)), of(status(sequence=2)), of(status("DESK", 7))])

    assert (rows(engine), next_of(engine), feed.committed[HERE]) == (
        [("DESK", 7, False), ("LAMP-12", 2, False)],
        3,
        3,
    )


def test_killed_between_rows_and_offset_nothing_of_the_batch_is_there(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dies(*_: object) -> None:
        raise KeyboardInterrupt

    feed = ListFeed(logs([of(status())]))
    one = sink(engine, feed)
    one.turn()
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(offsets, "move", dies)
        one.turn()
    before = (rows(engine), next_of(engine))

    after(engine, [of(status())])

    assert (before, rows(engine), next_of(engine)) == (([], 0), [("LAMP-12", 1, False)], 1)
