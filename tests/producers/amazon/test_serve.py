"""Lookups: what is answered, what is set aside, what stays; on lists instead of Kafka."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import pytest

from producers.amazon.lookup import Lookups
from producers.amazon.serve import Place, turn
from schemas import codec, keys
from schemas.amazon import FoundCandidate, Lookup, Observation
from schemas.errors import NotAllowed, TryAgain
from schemas.event import Event
from schemas.pipeline import Handled
from schemas.reasons import Reason
from schemas.record import Record
from schemas.requests import LookupRequested, ReadRequested
from schemas.settings import Settings, Store

NOW = datetime(2026, 11, 25, 10, 0, tzinfo=UTC)
PLACE: Place = ("listing.lookup-requested.v1", 0)
STORE = Store(account="acme-eu", marketplace="DE", website="base", created=NOW.date())
SETTINGS = Settings().with_record("store", "acme-de", STORE)
FOUND = FoundCandidate(asin="B000000001", why="ean")


class ListedRequests:
    """Requests out of one list; remembers what was done with them."""

    def __init__(self, *records: Record) -> None:
        self.records = list(records)
        self.handled: list[tuple[int, Handled]] = []

    def poll(self, timeout: float) -> Mapping[Place, Sequence[Record]]:
        given, self.records = self.records, []
        return {PLACE: given} if given else {}

    def rest(self, place: Place, records: Sequence[Record], seconds: float) -> None:
        self.records = [*records, *self.records]

    def done(self, positions: Mapping[Place, int], outcomes: Mapping[Handled, int]) -> None:
        self.handled += [(p, o) for p, o in zip(positions.values(), outcomes, strict=True)]


class Asked:
    """Amazon, as a list of what it is going to do."""

    def __init__(self, *answers: object) -> None:
        self.answers = list(answers)

    def search(self, account: str, store: str, kind: str, value: str) -> Sequence[FoundCandidate]:
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer  # type: ignore[return-value]

    def observe(self, account: str, seller_sku: str, stores: Sequence[str]) -> Observation | None:
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer  # type: ignore[return-value]


def record(event: Event | None, offset: int = 0, topic: str = PLACE[0]) -> Record:
    made = codec.encode(
        event,
        topic=topic,
        key=keys.shared("acme-eu", "LAMP-12"),
        id=f"request-{offset}",
        source="/t",
        subject="LAMP-12",
        time=NOW,
    )
    return Record(
        topic=topic,
        key=made.key,
        value=made.value,
        headers=made.headers,
        partition=0,
        offset=offset,
    )


def lookup(kind: str = "ean", store: str = "acme-de") -> LookupRequested:
    return LookupRequested(
        account="acme-eu",
        seller_sku="LAMP-12",
        store=store,
        kind=kind,
        value="4006381333931",
        sequence=1,
        nonce=3,
    )


READ = ReadRequested(account="acme-eu", seller_sku="LAMP-12", stores=["acme-de"], why="X")
SEEN = Observation(account="acme-eu", seller_sku="LAMP-12", source="read", as_of=NOW)


def run(requests: ListedRequests, *answers: object) -> tuple[list[Record], list[Reason]]:
    sent: list[Record] = []
    aside: list[Reason] = []
    lookups = Lookups(Asked(*answers), lambda: SETTINGS, lambda: NOW)
    turn(requests, lookups, sent.extend, lambda _, reason: aside.append(reason))
    return sent, aside


def test_an_answer_repeats_the_question_and_carries_what_was_found() -> None:
    requests = ListedRequests(record(lookup()))

    [answer], aside = run(requests, [FOUND])
    told = codec.decode(answer, Lookup)

    assert told is not None
    assert (told.kind, told.value, told.nonce, told.state) == (
        "ean",
        "4006381333931",
        3,
        "answered",
    )
    assert (told.candidates, aside, requests.handled) == ([FOUND], [], [(1, "emitted")])


def test_the_same_request_is_answered_under_the_same_id() -> None:
    ids = [
        codec.header(run(ListedRequests(record(lookup())), [FOUND])[0][0], "ce_id")
        for _ in range(2)
    ]

    assert ids[0] == ids[1]


def test_a_busy_amazon_keeps_the_request_and_all_that_follow() -> None:
    requests = ListedRequests(*(record(lookup(), offset) for offset in range(3)))

    sent, _ = run(requests, [FOUND], TryAgain("throttled", after=2))

    assert len(sent) == 1
    assert ([r.offset for r in requests.records], requests.handled) == ([1, 2], [(1, "emitted")])


def test_an_account_without_rights_gets_a_failed_answer_and_blocks_nobody() -> None:
    requests = ListedRequests(record(lookup(), 0), record(lookup(), 1))

    sent, _ = run(requests, NotAllowed("revoked"), [FOUND])

    told = [codec.decode(s, Lookup) for s in sent]
    assert [t.state for t in told if t] == ["failed", "answered"]


@pytest.mark.parametrize(
    ("event", "topic", "code"),
    [
        pytest.param(lookup("gcid"), PLACE[0], "MALFORMED", id="a kind that cannot be searched"),
        pytest.param(lookup(store="acme-xx"), PLACE[0], "UNKNOWN_STORE", id="unknown store"),
        pytest.param(None, PLACE[0], "TOMBSTONE_FORBIDDEN", id="a delete"),
        pytest.param(None, "listing.read-requested.v1", "TOMBSTONE_FORBIDDEN", id="a read's"),
    ],
)
def test_what_cannot_be_asked_is_set_aside(event: Event | None, topic: str, code: str) -> None:
    requests = ListedRequests(record(event, topic=topic))

    sent, aside = run(requests)

    assert ([a.code for a in aside], sent) == ([code], [])
    assert requests.handled == [(1, "quarantined")]


def test_a_read_becomes_an_observation_of_its_sku() -> None:
    [seen], _ = run(ListedRequests(record(READ, topic="listing.read-requested.v1")), SEEN)

    assert (seen.topic, seen.key) == ("amazon.listing.v1", b"acme-eu|LAMP-12")
    assert codec.decode(seen, Observation) == SEEN


def test_a_read_that_is_not_allowed_says_nothing() -> None:
    requests = ListedRequests(record(READ, topic="listing.read-requested.v1"))

    assert run(requests, NotAllowed("revoked")) == ([], [])
    assert requests.handled == [(1, "filtered")]
