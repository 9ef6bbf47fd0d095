"""Lookups: what is answered, what is set aside, what waits; on lists instead of Kafka."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from producers.amazon.batches import LINGER
from producers.amazon.lookup import Lookups, Page
from producers.amazon.serve import PATIENCE, TRIES, Place, Service
from schemas import codec, keys
from schemas.amazon import FoundCandidate, Lookup, Observation, Restriction
from schemas.errors import NotAllowed, Refused, TryAgain
from schemas.event import Event
from schemas.identifiers import check_digit
from schemas.pipeline import Handled
from schemas.reasons import Reason
from schemas.record import Record
from schemas.requests import LookupRequested, ReadRequested
from schemas.settings import Settings, Store
from tests.support.at_once import at_once

NOW = datetime(2026, 11, 25, 10, 0, tzinfo=UTC)
LOOKUP, READ = "listing.lookup-requested.v1", "listing.read-requested.v1"
SETTINGS = Settings()
for account in ("acme-eu", "zen-eu"):
    place = Store(account=account, marketplace="DE", website="base", created=NOW.date())
    SETTINGS = SETTINGS.with_record("store", f"{account}-de", place)

EANS = [twelve + check_digit(twelve) for twelve in map(str, range(400638133390, 400638133490))]


def item(number: str, asin: str = "") -> FoundCandidate:
    return FoundCandidate(asin=asin or f"B{number[-9:]}", gtins=[number.zfill(14)])


class Catalogue:
    """Amazon: one item for each number, unless told otherwise."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, tuple[str, ...]]] = []
        self.troubles: list[Exception] = []
        self.held: dict[str, Exception] = {}
        self.pages: Callable[[Sequence[str], str | None], Page] | None = None

    def search(
        self, account: str, store: str, kind: str, values: Sequence[str], token: str | None
    ) -> Page:
        self.calls.append((account, tuple(values)))
        self._trouble(account)
        if self.pages is not None:
            return self.pages(values, token)
        found = [item(value) for value in reversed(values)]
        return Page(found, len(found))

    def restriction(
        self, account: str, store: str, asin: str, condition: str | None
    ) -> Restriction | None:
        self.calls.append((account, (asin, condition or "")))
        return Restriction(code="APPROVAL_REQUIRED") if condition == "used_good" else None

    def observe(self, account: str, seller_sku: str, stores: Sequence[str]) -> Observation | None:
        self._trouble(account)
        return Observation(account=account, seller_sku=seller_sku, source="read", as_of=NOW)

    def _trouble(self, account: str) -> None:
        if account in self.held:
            raise self.held[account]
        if self.troubles:
            raise self.troubles.pop(0)


class Desk:
    """The service on lists: requests in, what was done with them, answers, dead letters."""

    def __init__(self, *records: Record) -> None:
        self.records = list(records)
        self.amazon = Catalogue()
        self.outcomes: dict[int, Handled] = {}
        self.sent: list[Record] = []
        self.aside: list[str] = []
        self.away = False
        self.now = 100.0
        self.gone: list[Place] = []
        self.service = Service(
            self,
            Lookups(self.amazon, lambda: SETTINGS, lambda: NOW),
            self._publish,
            lambda _, reason: self.aside.append(reason.code),
            submit=at_once,
            clock=lambda: self.now,
            chance=lambda: 1.0,
        )

    def poll(self, timeout: float) -> Sequence[Record]:
        given, self.records = self.records, []
        return given

    def done(self, record: Record, outcome: Handled) -> None:
        assert record.offset not in self.outcomes
        self.outcomes[record.offset] = outcome

    def lost(self) -> Sequence[Place]:
        gone, self.gone = self.gone, []
        return gone

    def _publish(self, records: Sequence[Record]) -> None:
        if self.away:
            raise TryAgain("the broker is away")
        self.sent += records

    def run(self, seconds: float = 1.0) -> "Desk":
        """Let turns pass for *seconds*."""
        for _ in range(int(seconds / 0.25) + 1):
            for _ in range(12):
                self.service.turn()
            self.now += 0.25
        return self

    @property
    def lookups(self) -> list[Lookup]:
        found = [codec.decode(r, Lookup) for r in self.sent if r.topic == "amazon.lookup.v1"]
        return [one for one in found if one is not None]

    def asins(self) -> dict[str, list[str]]:
        return {one.value: [c.asin for c in one.candidates] for one in self.lookups}


def record(event: Event | None, offset: int = 0, topic: str = LOOKUP, sku: str = "LAMP") -> Record:
    made = codec.encode(
        event,
        topic=topic,
        key=keys.shared("acme-eu", sku),
        id=f"request-{offset}",
        source="/t",
        subject=sku,
        time=NOW,
    )
    return Record(
        topic=topic, key=made.key, value=made.value, headers=made.headers, partition=0,
        offset=offset,
    )  # fmt: skip


def lookup(value: str = EANS[0], offset: int = 0, **changed: Any) -> Record:
    account = changed.pop("account", "acme-eu")
    sku = changed.pop("seller_sku", f"SKU-{offset}")
    usual = {"store": f"{account}-de", "kind": "ean", "value": value, "sequence": 1, "nonce": 3}
    event = LookupRequested(account=account, seller_sku=sku, **usual | changed)
    return record(event, offset, sku=sku)


def read(offset: int = 0, account: str = "acme-eu") -> Record:
    event = ReadRequested(account=account, seller_sku="LAMP", stores=[f"{account}-de"], why="X")
    return record(event, offset, READ)


def many(number: int = 50) -> list[Record]:
    return [lookup(EANS[n], n) for n in range(number)]


# --- together -----------------------------------------------------------------------------


def test_fifty_identifiers_take_three_calls_and_each_gets_its_own_answer() -> None:
    desk = Desk(*many()).run()

    assert [len(values) for _, values in desk.amazon.calls] == [20, 20, 10]
    assert desk.asins() == {ean: [item(ean).asin] for ean in EANS[:50]}
    assert set(desk.outcomes.values()) == {"emitted"}


def test_an_answer_repeats_its_question_and_carries_why_each_item_was_offered() -> None:
    (told,) = Desk(lookup()).run().lookups

    assert (told.kind, told.value, told.nonce, told.state) == ("ean", EANS[0], 3, "answered")
    assert [c.why for c in told.candidates] == [f"ean {EANS[0]}"]


def test_a_lone_question_is_asked_after_the_linger_and_no_later() -> None:
    desk = Desk(lookup())
    desk.service.turn()
    before = len(desk.amazon.calls)
    desk.now += LINGER
    desk.service.turn()

    assert (before, len(desk.amazon.calls)) == (0, 1)


def test_the_same_question_is_answered_under_the_same_id() -> None:
    ids = {codec.header(Desk(lookup()).run().sent[0], "ce_id") for _ in range(2)}

    assert len(ids) == 1


def test_a_newer_question_of_a_listing_is_asked_instead_of_the_older() -> None:
    desk = Desk(lookup(EANS[0], 0, seller_sku="A"), lookup(EANS[1], 1, seller_sku="A")).run()

    assert desk.amazon.calls == [("acme-eu", (EANS[1],))]
    assert desk.outcomes == {0: "filtered", 1: "emitted"}


# --- pages, cut pages, strangers ------------------------------------------------------------


def test_all_pages_are_followed() -> None:
    desk = Desk(*many(20))
    found = [item(ean) for ean in EANS[:20]]
    desk.amazon.pages = lambda values, token: (
        Page(found[10:], 20) if token else Page(found[:10], 20, "t1")
    )

    assert desk.run().asins() == {ean: [item(ean).asin] for ean in EANS[:20]}
    assert len(desk.amazon.calls) == 2


def test_a_cut_page_decides_nothing_and_is_asked_again_in_halves() -> None:
    desk = Desk(*many(20))

    def cut_above_five(values: Sequence[str], token: str | None) -> Page:
        found = [item(value) for value in values]
        return Page(found[: len(found) // 2] if len(found) > 5 else found, len(found))

    desk.amazon.pages = cut_above_five

    assert desk.run().asins() == {ean: [item(ean).asin] for ean in EANS[:20]}
    assert [len(values) for _, values in desk.amazon.calls] == [20, 10, 10, 5, 5, 5, 5]


def test_an_item_that_names_no_identifier_belongs_to_who_asked_alone() -> None:
    desk = Desk(*many(4))
    parent = FoundCandidate(asin="B0PARENT01", children=["B0CHILD001"])
    desk.amazon.pages = lambda values, _: Page(
        found := [parent if v == EANS[2] else item(v) for v in values], len(found)
    )

    expected = {ean: [item(ean).asin] for ean in EANS[:4]} | {EANS[2]: ["B0PARENT01"]}
    assert desk.run().asins() == expected


def test_a_single_question_that_stays_cut_is_answered_failed_in_the_end() -> None:
    desk = Desk(lookup())
    desk.amazon.pages = lambda *_: Page([item(EANS[0])], 2)

    assert [one.state for one in desk.run(PATIENCE).lookups] == ["failed"]
    assert len(desk.amazon.calls) == TRIES


# --- trouble --------------------------------------------------------------------------------


def test_a_spent_budget_closes_its_lane_and_no_other() -> None:
    desk = Desk(lookup(account="acme-eu", offset=0), lookup(account="zen-eu", offset=1), read(2))
    desk.amazon.held["acme-eu"] = TryAgain("429", after=1_000, throttled=True)

    desk.run(2)

    assert desk.outcomes == {1: "emitted"}
    assert [a for a, _ in desk.amazon.calls].count("acme-eu") == 1
    desk.amazon.held.clear()
    assert desk.run(1_000).outcomes.keys() == {0, 1, 2}


def test_a_throttled_question_is_never_given_up() -> None:
    desk = Desk(lookup())
    desk.amazon.held["acme-eu"] = TryAgain("429", after=30, throttled=True)
    desk.run(2 * PATIENCE)
    assert desk.outcomes == {}

    desk.amazon.held.clear()

    assert [one.state for one in desk.run(31).lookups] == ["answered"]


def test_a_call_in_vain_is_made_again_ever_later_and_then_given_up() -> None:
    desk = Desk(lookup())
    desk.amazon.held["acme-eu"] = TryAgain("502")

    desk.run(PATIENCE)

    assert len(desk.amazon.calls) == TRIES
    assert [one.state for one in desk.lookups] == ["failed"]


def test_who_waited_long_for_the_budget_is_not_given_up_at_the_first_failure() -> None:
    desk = Desk(lookup())
    desk.amazon.held["acme-eu"] = TryAgain("429", after=2 * PATIENCE, throttled=True)
    desk.run(PATIENCE)
    desk.amazon.held.clear()
    desk.amazon.troubles = [TryAgain("502")]

    assert [one.state for one in desk.run(2 * PATIENCE).lookups] == ["answered"]


def test_an_account_without_rights_gets_failed_answers_and_blocks_nobody() -> None:
    desk = Desk(lookup(account="acme-eu", offset=0), lookup(account="zen-eu", offset=1))
    desk.amazon.held["acme-eu"] = NotAllowed("revoked")

    desk.run()

    assert {one.account: one.state for one in desk.lookups} == {
        "acme-eu": "failed",
        "zen-eu": "answered",
    }


def test_one_bad_identifier_among_twenty_is_set_aside_alone() -> None:
    desk = Desk(*many(20))

    def refuse_one(values: Sequence[str], token: str | None) -> Page:
        if EANS[7] in values:
            raise Refused(Reason("AMAZON_REJECTED", {"status": "400"}))
        return Page([item(value) for value in values], len(values))

    desk.amazon.pages = refuse_one
    desk.run()

    assert (desk.aside, desk.outcomes[7]) == (["AMAZON_REJECTED"], "quarantined")
    assert list(desk.outcomes.values()).count("emitted") == 19


def test_answers_are_kept_while_the_broker_is_away() -> None:
    desk = Desk(lookup())
    desk.away = True
    desk.run()
    assert desk.outcomes == {}

    desk.away = False

    assert (desk.run().outcomes, len(desk.amazon.calls)) == ({0: "emitted"}, 1)


def test_after_a_crash_open_questions_are_asked_again_and_answered_alike() -> None:
    lost = Desk(*many(5))
    lost.away = True
    lost.run()

    again = Desk(*many(5)).run()

    assert (lost.sent, len(again.lookups)) == ([], 5)


def test_questions_of_a_partition_that_went_away_are_dropped() -> None:
    desk = Desk(lookup())
    desk.service.turn()
    desk.gone = [(LOOKUP, 0)]

    assert desk.run().amazon.calls == []


@pytest.mark.parametrize(
    ("made", "code"),
    [
        pytest.param(lookup(kind="gcid"), "MALFORMED", id="a kind that cannot be searched"),
        pytest.param(lookup(store="acme-xx"), "UNKNOWN_STORE", id="unknown store"),
        pytest.param(lookup(store="zen-eu-de"), "UNKNOWN_STORE", id="another account's store"),
        pytest.param(record(None), "TOMBSTONE_FORBIDDEN", id="a delete"),
        pytest.param(record(None, topic=READ), "TOMBSTONE_FORBIDDEN", id="a read's"),
    ],
)
def test_what_cannot_be_asked_is_set_aside(made: Record, code: str) -> None:
    desk = Desk(made).run()

    assert (desk.aside, desk.sent, desk.outcomes) == ([code], [], {0: "quarantined"})


# --- other questions --------------------------------------------------------------------------


def test_one_restriction_check_answers_everybody_who_asks_it() -> None:
    of = {"kind": "restriction", "condition": "used_good"}
    desk = Desk(lookup("B000000001", 0, **of), lookup("B000000001", 1, **of)).run()

    assert [one.restriction for one in desk.lookups] == [Restriction(code="APPROVAL_REQUIRED")] * 2
    assert len(desk.amazon.calls) == 1


PARENT = FoundCandidate(asin="B0PARENT01", children=["B0CHILD001", "B0CHILD002"])


def family(values: Sequence[str], _: str | None) -> Page:
    rows = [PARENT if value == PARENT.asin else item("1", value) for value in values]
    return Page([*rows, item("2", "B0STRANGER")][: len(values)], len(values))


def test_a_family_is_told_child_by_child() -> None:
    desk = Desk(lookup("B0PARENT01", kind="children"))
    desk.amazon.pages = family
    (told,) = desk.run().lookups

    assert [(c.asin, c.why) for c in told.candidates] == [
        ("B0CHILD001", "child of B0PARENT01"),
        ("B0CHILD002", "child of B0PARENT01"),
    ]


def test_a_family_never_needs_two_calls_of_the_budget_at_once() -> None:
    desk = Desk(lookup("B0PARENT01", kind="children"))
    spent: list[float] = []

    def one_at_a_time(values: Sequence[str], token: str | None) -> Page:
        if desk.now in spent:
            raise TryAgain("no token", after=0.25, throttled=True)
        spent.append(desk.now)
        return family(values, token)

    desk.amazon.pages = one_at_a_time
    (told,) = desk.run(3.0).lookups

    assert (len(told.candidates), len(spent)) == (2, 2)


def test_a_parent_without_children_has_no_family() -> None:
    desk = Desk(lookup("B0PARENT01", kind="children"))
    desk.amazon.pages = lambda values, _: Page([item("1", "B0PARENT01")], 1)

    assert [told.candidates for told in desk.run().lookups] == [[]]


def test_a_read_becomes_an_observation_of_its_sku() -> None:
    (seen,) = Desk(read()).run().sent

    assert (seen.topic, seen.key) == ("amazon.listing.v1", b"acme-eu|LAMP")


def test_a_read_that_is_not_allowed_says_nothing() -> None:
    desk = Desk(read())
    desk.amazon.held["acme-eu"] = NotAllowed("revoked")

    assert (desk.run().sent, desk.outcomes) == ([], {0: "filtered"})
