"""The inbox in Postgres, and the one made of lists: one suite for both."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace
from sqlalchemy import Engine, func, select

from deploy.connect.postgres import migrate, open_engine
from producers.amazon import tables
from producers.amazon.inbox import Arrival, Inbox, Letter
from producers.amazon.notice import notice
from producers.amazon.notification import Known, meaning
from schemas.errors import TryAgain
from schemas.record import Record
from tests.support.inboxes import ListedInbox
from tests.support.notices import NOW, SETTINGS, body, status

HOUR = timedelta(hours=1)
KNOWN = Known(settings=SETTINGS)


def arrival(id_: str = "n1", *, at: Any = NOW, **more: Any) -> Arrival:
    found = notice(body("LISTINGS_ITEM_STATUS_CHANGE", status("BUYABLE", **more), id=id_))
    return Arrival(notice=found, meaning=meaning(found, KNOWN, at), at=at)


def letter(id_: str = "m1", *, at: Any = NOW, count: int = 1) -> Letter:
    return Letter(id=id_, code="MALFORMED", why="…", body=b"\xff\x00", count=count, at=at)


@pytest.fixture(scope="module")
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    made = open_engine(request.getfixturevalue("postgres"))
    migrate(made)
    yield made
    made.dispose()


@pytest.fixture(params=["list", pytest.param("postgres", marks=pytest.mark.postgres)])
def make(request: pytest.FixtureRequest) -> Callable[[], Any]:
    if request.param == "list":
        kept = ListedInbox()
        return lambda: kept
    engine: Engine = request.getfixturevalue("engine")
    with engine.begin() as connection:
        for table in tables.METADATA.sorted_tables:
            connection.execute(table.delete())
    return lambda: Inbox(engine)


Make = Callable[[], Any]


def published(inbox: Any) -> list[Record]:
    found: list[Record] = []
    while inbox.relay(found.extend):
        pass
    return found


def test_what_is_taken_in_is_published_once(make: Make) -> None:
    inbox = make()

    assert inbox.take([arrival("n1"), arrival("n2")]) == {}
    assert [r.topic for r in published(inbox)] == ["amazon.listing.v1"] * 2
    assert published(inbox) == []


def test_a_repeat_is_taken_in_by_nobody(make: Make) -> None:
    inbox = make()
    inbox.take([arrival(), arrival()])
    published(inbox)

    make().take([arrival()])

    assert published(make()) == []


def test_a_repeat_of_what_still_waits_is_the_same_record(make: Make) -> None:
    make().take([arrival()])
    make().take([arrival(at=NOW + timedelta(hours=1))])

    (record,) = published(make())
    alone = ListedInbox()
    alone.take([arrival()])
    assert [record] == published(alone)


def test_what_the_broker_did_not_take_waits(make: Make) -> None:
    inbox = make()
    inbox.take([arrival()])

    def refuse(_: object) -> None:
        raise TryAgain("away")

    with pytest.raises(TryAgain):
        inbox.relay(refuse)

    assert inbox.waiting([("acme-eu", "n1"), ("acme-eu", "n2")]) == {("acme-eu", "n1")}
    assert len(published(inbox)) == 1
    assert inbox.waiting([("acme-eu", "n1")]) == set()


def test_the_same_id_of_two_accounts_is_two_notifications(make: Make) -> None:
    inbox = make()
    other = arrival()
    other = Arrival(
        notice=other.notice,
        meaning=type(other.meaning)(account="", outcome="aside", why="x"),
        at=NOW,
    )

    inbox.take([arrival(), other])

    assert len(published(inbox)) == 1


def test_dead_letters_are_kept_and_counted(make: Make) -> None:
    inbox = make()
    inbox.set_aside([letter("m1"), letter("m2")])
    inbox.set_aside([letter("m1", count=2)])

    assert inbox.dead_since(NOW) == 2
    assert inbox.dead_since(NOW + timedelta(seconds=1)) == 0


def test_what_was_heard_and_what_is_dead_is_told_newest_first(make: Make) -> None:
    inbox = make()
    later = NOW + timedelta(minutes=1)
    inbox.take([arrival("n1"), arrival("n2", at=later), arrival("n3", at=NOW - HOUR)])
    inbox.set_aside([letter("m1"), letter("m2", at=later)])

    assert inbox.heard(2) == {("acme-eu", "LISTINGS_ITEM_STATUS_CHANGE"): [later, NOW]}
    assert inbox.dead() == [("MALFORMED", 2, later, "…")]


def test_what_is_old_is_forgotten(make: Make) -> None:
    inbox = make()
    inbox.take([arrival("n1"), arrival("n2", at=NOW + timedelta(days=2))])
    inbox.set_aside([letter()])
    published(inbox)

    assert inbox.forget(NOW + timedelta(days=1)) == 2
    inbox.take([arrival("n1"), arrival("n2")])
    assert len(published(inbox)) == 1


@pytest.mark.postgres
def test_one_that_cannot_be_written_leaves_the_others_alone(engine: Engine) -> None:
    inbox = Inbox(engine)
    with engine.begin() as connection:
        for table in tables.METADATA.sorted_tables:
            connection.execute(table.delete())
    good = arrival()
    spoilt = replace(good, notice=replace(good.notice, id="n\0l"))

    failed = inbox.take([arrival("n1"), spoilt, arrival("n2")])

    assert list(failed) == [("acme-eu", "n\0l")]
    with engine.connect() as connection:
        taken = connection.execute(select(func.count()).select_from(tables.notification_inbox))
        assert taken.scalar_one() == 2
    assert len(published(inbox)) == 2
