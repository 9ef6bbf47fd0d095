"""From a queue to the broker: what is deleted when, and what is not (`reliability.md` D)."""

from collections.abc import Sequence
from datetime import timedelta
from threading import Event
from typing import Any

import pytest
from structlog.testing import capture_logs

from producers.amazon.listen import (
    IN_A_ROW,
    IN_AN_HOUR,
    KEPT,
    Listener,
    Outage,
    work,
)
from producers.amazon.notification import SECRET, Expiry, Known
from producers.amazon.sweep import Sweeping
from schemas import codec
from schemas.amazon import Observation
from schemas.errors import TryAgain
from schemas.record import Record
from tests.support.inboxes import ListedInbox, ListedQueue
from tests.support.notices import APPLICATION, NOW, SELLER, SETTINGS, body, status

STATUS = "LISTINGS_ITEM_STATUS_CHANGE"


def one(number: int = 0, **more: Any) -> bytes:
    return body(STATUS, status("BUYABLE", Sku=f"SKU-{number}"), id=f"n{number}", **more)


class World:
    """A listener with everything around it in lists."""

    def __init__(self, queue: ListedQueue, inbox: ListedInbox | None = None, most: int = 5) -> None:
        self.queue = queue
        self.inbox = inbox or ListedInbox()
        self.published: list[Record] = []
        self.expiries: list[Expiry] = []
        self.broker_away = False
        known = Known(settings=SETTINGS, applications=frozenset([APPLICATION]))
        self.listener = Listener(
            queue,
            self.inbox,
            self._publish,
            lambda: known,
            lambda: NOW,
            expires=self.expiries.append,
            most=most,
        )

    def _publish(self, records: Sequence[Record]) -> None:
        if self.broker_away:
            raise TryAgain("away")
        self.published += records

    def settle(self, turns: int = 150) -> "World":
        for _ in range(turns):
            if not len(self.queue):
                break
            self.listener.turn()
        return self

    @property
    def said(self) -> list[str]:
        found = [codec.decode(r, Observation) for r in self.published]
        return [o.seller_sku for o in found if o is not None]


def test_a_notification_is_written_down_published_and_deleted() -> None:
    world = World(ListedQueue(one(1), one(2))).settle()

    assert world.said == ["SKU-1", "SKU-2"]
    assert [a.notice.id for a in world.inbox.arrivals.values()] == ["n1", "n2"]
    assert len(world.queue) == 0


def test_a_repeat_is_deleted_and_says_nothing_new() -> None:
    world = World(ListedQueue(*[one(1)] * 10)).settle()

    assert world.said == ["SKU-1"]
    assert len(world.queue) == 0


def test_nothing_is_deleted_before_the_broker_has_it() -> None:
    world = World(ListedQueue(one(1)))
    world.broker_away = True
    with pytest.raises(TryAgain):
        world.listener.turn()
    assert (len(world.queue), len(world.inbox.arrivals)) == (1, 1)

    world.broker_away = False
    world.settle()

    assert (world.said, len(world.queue)) == (["SKU-1"], 0)


def test_what_a_dead_worker_left_waiting_is_published_under_the_same_id() -> None:
    first = World(ListedQueue(one(1)))
    first.broker_away = True
    with pytest.raises(TryAgain):
        first.listener.turn()

    second = World(ListedQueue(one(1)), first.inbox).settle()

    assert second.said == ["SKU-1"]
    assert second.published == World(ListedQueue(one(1))).settle().published


def test_without_the_database_everything_stays() -> None:
    class Away(ListedInbox):
        def take(self, arrivals: Any) -> Any:
            raise ConnectionError("away")

    world = World(ListedQueue(one(1)), Away())
    with pytest.raises(ConnectionError):
        world.listener.turn()

    assert (len(world.queue), world.published) == (1, [])


def test_what_nobody_can_use_becomes_a_dead_letter_byte_for_byte() -> None:
    world = World(ListedQueue(b"\xff{", one(1))).settle()

    (letter,) = world.inbox.letters.values()
    assert (letter.code, letter.body, letter.count) == ("MALFORMED", b"\xff{", 1)
    assert (world.said, len(world.queue), world.queue.dead) == (["SKU-1"], 0, [])


def test_what_somebody_else_sent_is_told_as_a_security_event() -> None:
    with capture_logs() as logs:
        World(ListedQueue(body(STATUS, status(SellerId="A9OTHER")))).settle()

    (log,) = [entry for entry in logs if entry["event"] == "refused"]
    assert (log["reason"], log["security"], log["log_level"]) == ("FOREIGN_SELLER", True, "warning")


def test_what_always_fails_goes_to_the_queues_own_dead_letters_and_is_a_row() -> None:
    world = World(ListedQueue(one(1), one(2)), ListedInbox("n1")).settle()

    (letter,) = world.inbox.letters.values()
    assert (letter.code, letter.body, letter.count) == ("FAULT", one(1), 5)
    assert (world.queue.dead, world.said, len(world.queue)) == ([one(1)], ["SKU-2"], 0)


def test_a_queue_without_dead_letters_of_its_own_does_not_keep_what_always_fails() -> None:
    world = World(ListedQueue(one(1), redrive=None), ListedInbox("n1")).settle()

    (letter,) = world.inbox.letters.values()
    assert (letter.code, letter.count, len(world.queue)) == ("FAULT", 6, 0)


def test_a_new_client_secret_stays_in_the_queue_and_nowhere_else() -> None:
    secret = {"applicationOAuthClientNewSecret": {"newClientSecret": "amzn1.oa2-cs.v1.CANARY"}}
    world = World(ListedQueue(body(SECRET, secret), one(1)))

    with capture_logs() as logs:
        world.settle(turns=10)

    assert world.queue.dead == [body(SECRET, secret)]
    assert (world.inbox.letters, world.said) == ({}, ["SKU-1"])
    assert "CANARY" not in str(logs) + str(world.inbox.arrivals)


def test_the_end_of_a_secret_and_a_finished_report_are_passed_on() -> None:
    expiry = {
        "applicationOAuthClientSecretExpiry": {"clientSecretExpiryTime": "2026-12-24T00:00:00Z"}
    }
    report = {
        "reportProcessingFinishedNotification": {
            "sellerId": SELLER, "reportId": "54", "reportType": "T", "processingStatus": "DONE",
        }
    }  # fmt: skip
    world = World(
        ListedQueue(
            body("APPLICATION_OAUTH_CLIENT_SECRET_EXPIRY", expiry, id="e"),
            body("REPORT_PROCESSING_FINISHED", report, id="r"),
        )
    ).settle()

    assert [e.at.date().isoformat() for e in world.expiries] == ["2026-12-24"]
    assert (world.inbox.reports, len(world.queue)) == ([("acme-eu", "54")], 0)


@pytest.mark.parametrize("count", [IN_A_ROW, IN_A_ROW + 10])
def test_a_queue_that_holds_nothing_but_rubbish_stops_the_worker(count: int) -> None:
    world = World(ListedQueue(*[b"%d" % n for n in range(count)]))

    if count <= IN_A_ROW:
        world.settle()
        assert len(world.inbox.letters) == count
        return
    with pytest.raises(Outage, match="in a row"):
        world.settle()


def test_too_much_rubbish_in_an_hour_stops_the_worker_too() -> None:
    mixed = [b"%d" % n if n % 2 else one(n) for n in range(2 * IN_AN_HOUR + 20)]

    with pytest.raises(Outage, match="an hour"):
        World(ListedQueue(*mixed)).settle()


def test_an_hour_later_it_is_forgiven() -> None:
    world = World(ListedQueue(b"x"))
    world.settle()

    assert world.inbox.dead_since(NOW) == 1
    assert world.inbox.dead_since(NOW + timedelta(hours=1)) == 0


# --- the loop -------------------------------------------------------------------------------


def test_what_is_away_is_waited_for_and_a_fault_ends_the_worker() -> None:
    stopped, tries = Event(), []

    def turn() -> int:
        tries.append(1)
        if len(tries) < 3:
            raise TryAgain("away", after=0.01)
        raise RuntimeError("ours")

    with pytest.raises(RuntimeError, match="ours"):
        work((turn,), stopped)

    assert len(tries) == 3


def test_a_worker_that_is_told_to_stop_stops() -> None:
    stopped, turns = Event(), []

    def turn() -> int:
        turns.append(1)
        stopped.set()
        return 0

    work((turn, turn), stopped)

    assert len(turns) == 2


def test_what_is_too_old_is_swept_now_and_then() -> None:
    inbox, clock = ListedInbox(), [NOW]
    sweeping = Sweeping(lambda now: inbox.forget(now - KEPT), lambda: clock[0])
    World(ListedQueue(one(1)), inbox).settle()

    assert sweeping.turn() == 0
    clock[0] = NOW + KEPT + timedelta(seconds=1)
    assert sweeping.turn() == 1
    assert sweeping.turn() == 0
