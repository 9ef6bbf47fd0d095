"""What goes out to Amazon together, and when: on values, with a clock of our own."""

import pytest

from producers.amazon.batches import LINGER, Batches, Waiting
from schemas.record import Record
from schemas.requests import LookupRequested, ReadRequested

LANE = ("acme-eu", "search")


def asked(
    value: str, *, kind: str = "ean", sku: str = "", store: str = "acme-de", since: float = 0.0
) -> Waiting:
    event = LookupRequested(
        account="acme-eu", seller_sku=sku or value, store=store, kind=kind, value=value, sequence=1
    )
    record = Record(topic="listing.lookup-requested.v1", key=b"k", value=b"v", partition=3)
    return Waiting(record=record, asked=event, since=since)


def waiting(*questions: Waiting) -> Batches:
    batches = Batches()
    for question in questions:
        batches.add(question)
    return batches


def out(batches: Batches, now: float = 10.0) -> list[list[str]]:
    """Give the values of every call that goes out now."""
    calls = []
    for name in batches.lanes:
        while (batch := batches.next(name, now)) is not None:
            calls.append(batch.values)
    return calls


def test_twenty_go_out_at_once_the_others_in_the_next_call() -> None:
    values = [str(n) for n in range(45)]

    calls = out(waiting(*map(asked, values)))

    assert [len(call) for call in calls] == [20, 20, 5]
    assert [v for call in calls for v in call] == values


def test_a_lone_question_waits_no_longer_than_the_linger() -> None:
    batches = waiting(asked("1"))

    assert (batches.next(LANE, LINGER * 0.9), out(batches, LINGER)) == (None, [["1"]])


def test_a_full_call_waits_for_nobody() -> None:
    assert len(out(waiting(*(asked(str(n)) for n in range(20))), now=0.0)) == 1


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(asked("2", kind="upc"), id="another kind"),
        pytest.param(asked("2", store="acme-fr"), id="another store"),
    ],
)
def test_only_one_kind_of_one_store_shares_a_call(other: Waiting) -> None:
    assert out(waiting(asked("1"), other)) == [["1"], ["2"]]


def test_the_same_identifier_of_two_listings_is_asked_once() -> None:
    batches = waiting(asked("1", sku="A"), asked("1", sku="B"))
    batch = batches.next(LANE, 10.0)

    assert batch is not None
    assert (batch.values, len(batch.of)) == (["1"], 2)


def test_keywords_go_out_alone_and_at_once() -> None:
    batches = waiting(asked("desk lamp", kind="keywords"), asked("mug", kind="keywords"))

    assert out(batches, now=0.0) == [["desk lamp"], ["mug"]]


def test_a_newer_question_of_a_listing_takes_the_older_ones_place() -> None:
    batches = waiting(older := asked("1", sku="A"))

    assert batches.add(asked("2", sku="A")) is older
    assert out(batches) == [["2"]]


def test_halves_go_down_to_single_questions() -> None:
    batches = waiting(*(asked(str(n)) for n in range(5)))
    sizes: list[int] = []
    while (batch := batches.next(LANE, 10.0)) is not None:
        sizes.append(len(batch.values))
        if len(batch.values) > 1:
            batches.halved(batch)

    assert sizes == [5, 2, 2, 1, 1, 1, 1, 1]


def test_a_closed_lane_lets_nothing_out_and_keeps_the_others_open() -> None:
    batches = waiting(asked("1"))
    read = ReadRequested(account="acme-eu", seller_sku="A", stores=["acme-de"], why="X")
    batches.add(Waiting(record=asked("1").record, asked=read, since=0.0))
    batches.close(LANE, 20.0)

    assert (out(batches, 19.0), out(batches, 20.0)) == ([["A\nacme-de"]], [["1"]])


def test_a_call_with_more_pages_goes_on_before_others_begin() -> None:
    batches = waiting(*(asked(str(n)) for n in range(21)))
    first = batches.next(LANE, 10.0)
    assert first is not None
    first.token = "page-2"
    batches.back(first)

    again = batches.next(LANE, 10.0)

    assert again is first


def test_questions_of_lost_partitions_are_forgotten() -> None:
    batches = waiting(asked("1"))
    batches.drop([("listing.lookup-requested.v1", 4)])
    kept = bool(batches)
    batches.drop([("listing.lookup-requested.v1", 3)])

    assert (kept, bool(batches)) == (True, False)
