"""What of a decision is said: only what is new, with the next sequence and a lasting id."""

from datetime import UTC, datetime
from typing import Any, ClassVar

import pytest

from processors.settle import NOTHING, Occasion, digest, settle
from processors.step import Output, Sent
from schemas import codec
from schemas.errors import Refused
from schemas.event import Event
from schemas.record import Record

AT = datetime(2026, 11, 25, 10, 0, tzinfo=UTC)
NOW = 1_795_615_819_886_000
SUBJECT = "listing.offer.v1\nacme-eu|LAMP-12"


class Said(Event, frozen=True, kw_only=True):
    VOLATILE: ClassVar[dict[str, Any]] = {"sequence": 0, "at": ""}

    sequence: int = 0
    at: str = ""
    price: str = "1"


class Asked(Event, frozen=True, kw_only=True):
    nonce: int = 0


def said(event: Event | None, topic: str = "listing.offer.v1") -> Output:
    subject = "acme-eu|LAMP-12"
    return Output(topic=topic, key=subject.encode(), subject=subject, name="LAMP-12", event=event)


def occasion(now_us: int = NOW) -> Occasion:
    return Occasion(source="/listwire/processors/listings", time=AT, now_us=now_us)


def sequence_of(record: Record) -> int:
    return int(codec.header(record, "ce_sequence") or "-1")


@pytest.mark.parametrize(
    ("last", "event", "sequences"),
    [
        pytest.param(None, Said(), [NOW], id="never said before: the clock"),
        pytest.param(Sent(digest(Said()), NOW + 5), Said(), [], id="same content: nothing"),
        pytest.param(
            Sent(digest(Said()), 5), Said(sequence=9, at="later"), [], id="only volatile differs"
        ),
        pytest.param(Sent(digest(Said()), 5), Said(price="2"), [NOW], id="other content"),
        pytest.param(
            Sent(digest(Said()), NOW + 5), Said(price="2"), [NOW + 6], id="a clock that went back"
        ),
        pytest.param(None, None, [], id="tombstone of what was never said: nothing"),
        pytest.param(Sent(digest(Said()), 5), None, [NOW], id="tombstone of what was said"),
        pytest.param(Sent(NOTHING, 5), None, [], id="tombstone twice: nothing"),
        pytest.param(Sent(NOTHING, NOW), Said(), [NOW + 1], id="said again after a tombstone"),
    ],
)
def test_only_new_content_is_said(
    last: Sent | None, event: Event | None, sequences: list[int]
) -> None:
    sent = {} if last is None else {SUBJECT: last}

    records, _ = settle([said(event)], sent, occasion())

    assert [sequence_of(record) for record in records] == sequences


def test_what_was_said_is_not_said_again() -> None:
    _, sent = settle([said(Said())], {}, occasion())

    records, after = settle([said(Said(at="later"))], sent, occasion(NOW + 7))

    assert (records, after) == ((), sent)


def test_one_decision_sent_twice_has_one_id_and_a_higher_sequence() -> None:
    [first], _ = settle([said(Said(price="2"))], {SUBJECT: Sent(b"x", 5)}, occasion())
    [again], _ = settle([said(Said(price="2"))], {SUBJECT: Sent(b"x", 5)}, occasion(NOW + 9))

    assert codec.header(first, "ce_id") == codec.header(again, "ce_id")
    assert sequence_of(again) == sequence_of(first) + 9


def test_returning_to_an_older_content_is_another_event() -> None:
    [first], sent = settle([said(Said())], {}, occasion())
    _, sent = settle([said(Said(price="2"))], sent, occasion(NOW + 1))

    [back], _ = settle([said(Said())], sent, occasion(NOW + 2))

    assert codec.header(first, "ce_id") != codec.header(back, "ce_id")


def test_the_sequence_stands_in_the_value_where_the_event_has_one() -> None:
    [record], _ = settle([said(Said())], {}, occasion())

    assert codec.decoder(Said).decode(record.value or b"").sequence == NOW


def test_an_event_without_a_sequence_keeps_its_value_and_carries_it_in_the_header() -> None:
    [record], _ = settle([said(Asked(nonce=3), "listing.read-requested.v1")], {}, occasion())

    assert (record.value, sequence_of(record)) == (b'{"nonce":3}', NOW)


def test_two_outputs_for_one_subject_count_on() -> None:
    records, _ = settle([said(Said()), said(Said(price="2"))], {}, occasion())

    assert [sequence_of(record) for record in records] == [NOW, NOW + 1]


def test_a_tombstone_has_no_value_and_says_that_it_deletes() -> None:
    [record], _ = settle([said(None)], {SUBJECT: Sent(b"x", 5)}, occasion())

    assert (record.value, codec.header(record, "ce_op")) == (None, "D")


def test_the_time_is_that_of_the_cause() -> None:
    [record], _ = settle([said(Said())], {}, occasion())

    assert codec.header(record, "ce_time") == "2026-11-25T10:00:00.000000Z"


def test_an_output_that_no_topic_takes_is_refused() -> None:
    with pytest.raises(Refused, match="at most"):
        settle([said(Said(price="9" * codec.MAX_RECORD))], {}, occasion())
