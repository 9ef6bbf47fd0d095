"""Dead letters: the original to the byte, our headers behind it, and a bound on how many."""

from datetime import UTC, datetime

import pytest

from processors.deadletters import Bounds, Limits, Poison, cut, dead_letter, fingerprint
from schemas.reasons import Reason
from schemas.record import Record

NOW = datetime(2026, 11, 25, 10, tzinfo=UTC)
ORIGINAL = Record(
    topic="catalog.price.v1",
    key=b"LAMP-12",
    value=b"\xff\x00not json",
    headers=(("twice", b"1"), ("twice", b"2"), ("none", None), ("dlq-group", b"theirs")),
    partition=3,
    offset=8812,
    timestamp_ms=1_795_615_819_886,
)
MALFORMED = Reason("MALFORMED", {"event": "Price", "why": "no JSON at 1"})


def letter(reason: Reason = MALFORMED, record: Record = ORIGINAL) -> Record:
    return dead_letter(record, reason, group="listwire-products", now=NOW)


def ours(record: Record) -> dict[str, str]:
    return {name: (value or b"").decode() for name, value in record.headers}


def test_the_original_stays_byte_for_byte() -> None:
    made = letter()

    assert (made.key, made.value, made.partition) == (b"LAMP-12", b"\xff\x00not json", 3)
    assert made.headers[: len(ORIGINAL.headers)] == ORIGINAL.headers


def test_it_goes_to_the_dead_letters_of_its_topic_and_group() -> None:
    assert letter().topic == "catalog.price.v1.listwire-products.dlq"


def test_null_stays_null() -> None:
    record = Record(topic="a.v1", key=None, value=None, partition=1)

    assert (letter(record=record).key, letter(record=record).value) == (None, None)


def test_it_says_where_it_came_from_and_why() -> None:
    said = ours(letter())

    assert {name: said[name] for name in said if name not in ("twice", "none")} == {
        "dlq-original-topic": "catalog.price.v1",
        "dlq-original-partition": "3",
        "dlq-original-offset": "8812",
        "dlq-original-timestamp": "1795615819886",
        "dlq-group": "listwire-products",
        "dlq-stage": "decode",
        "dlq-reason": "schema-error",
        "dlq-code": "MALFORMED",
        "dlq-error-class": "Refused",
        "dlq-error-message": "not a Price: no JSON at 1",
        "dlq-attempts": "1",
        "dlq-replay-count": "0",
        "dlq-first-failed-at": "2026-11-25T10:00:00.000000Z",
        "dlq-last-failed-at": "2026-11-25T10:00:00.000000Z",
        "dlq-fingerprint": said["dlq-fingerprint"],
        "__connect.errors.topic": "catalog.price.v1",
        "__connect.errors.partition": "3",
        "__connect.errors.offset": "8812",
        "x-original-topic": "catalog.price.v1",
        "kafka_dlt-original-topic": "catalog.price.v1",
    }


@pytest.mark.parametrize(
    ("code", "stage", "reason"),
    [
        pytest.param("FAULT", "rule", "bug", id="our own fault"),
        pytest.param("KEY_MISSING", "validate", "schema-error", id="no key"),
        pytest.param("UNKNOWN_STORE", "validate", "rule-conflict", id="no such store"),
        pytest.param("TOO_LARGE", "rule", "schema-error", id="an output that is too large"),
    ],
)
def test_the_code_tells_stage_and_reason(code: str, stage: str, reason: str) -> None:
    said = ours(letter(Reason(code, {"error": "x", "store": "s", "size": "1", "limit": "0"})))

    assert (said["dlq-stage"], said["dlq-reason"]) == (stage, reason)


def test_failures_of_one_kind_share_a_fingerprint() -> None:
    one = fingerprint("bug", "KeyError", "no 'LAMP-12' at 17 in \"acme\"")

    assert one == fingerprint("bug", "KeyError", "no 'OTHER' at 4 in \"b\"")
    assert one != fingerprint("bug", "ValueError", "no 'LAMP-12' at 17 in \"acme\"")


@pytest.mark.parametrize(
    ("text", "size", "expected"),
    [
        pytest.param("abc", 10, "abc", id="short"),
        pytest.param("äöü", 3, "ä", id="between characters"),
        pytest.param("a\ud800", 10, "a?", id="a lone surrogate"),
    ],
)
def test_long_texts_are_cut_between_characters(text: str, size: int, expected: str) -> None:
    assert cut(text, size) == expected


def bounds(**limits: float) -> Bounds:
    return Bounds(Limits(**limits))  # type: ignore[arg-type]


def test_so_many_in_a_row_stop_the_partition() -> None:
    made = bounds(row=20)
    for n in range(20):
        made.dead(f"a/0/{n}")

    with pytest.raises(Poison, match="the last at a/0/20"):
        made.dead("a/0/20")


def test_a_good_record_ends_the_row() -> None:
    made = bounds(row=3, share=1.0)
    for n in range(50):
        made.dead(f"a/0/{n}")
        made.good()

    made.dead("a/0/51")


def test_too_large_a_share_of_many_stops_the_partition() -> None:
    made = bounds(row=20, share=0.01, window=10_000)
    with pytest.raises(Poison, match="of the last"):
        for n in range(10_000):
            made.dead(f"a/0/{n}") if n % 50 == 0 else made.good()


def test_what_is_long_past_does_not_count() -> None:
    made = bounds(row=20, share=0.01, window=100)
    for n in range(20):
        made.dead(f"a/0/{n}")
        made.good()
    for _ in range(200):
        made.good()

    for n in range(20):
        made.dead(f"a/0/{n}")
        made.good()
