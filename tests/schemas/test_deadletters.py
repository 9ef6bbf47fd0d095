"""A dead letter keeps the original and says why (`operations.md` 3.1)."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from schemas.deadletters import MESSAGE, dead_letter, fingerprint
from schemas.reasons import Reason
from schemas.record import Record

NOW = datetime(2026, 11, 25, 10, 0, tzinfo=UTC)
GROUP = "listwire-postgres"
MALFORMED = Reason("MALFORMED", {"event": "Offer", "why": "Expected `str`, got `int`"})
RECORD = Record(
    topic="listing.offer.v1",
    key=b"acme-eu|LAMP-12",
    value=b"\xff{",
    headers=(("ce_id", b"1"), ("x", None), ("x", b"2"), ("dlq-code", b"the sender's own")),
    partition=7,
    offset=41,
    timestamp_ms=1_795_615_819_886,
)


def letter(record: Record = RECORD, reason: Reason = MALFORMED, **more: object) -> Record:
    return dead_letter(record, group=GROUP, reason=reason, now=NOW, **more)


def last(record: Record, name: str) -> str | None:
    values = [v for n, v in record.headers if n == name]
    return values[-1].decode() if values and values[-1] is not None else None


def test_the_original_is_kept_to_the_byte() -> None:
    made = letter()

    assert (made.key, made.value, made.partition, made.headers[:4]) == (
        RECORD.key,
        RECORD.value,
        7,
        RECORD.headers,
    )


def test_a_null_value_stays_null() -> None:
    assert letter(msgspec.structs.replace(RECORD, value=None)).value is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("dlq-original-topic", "listing.offer.v1"),
        ("dlq-original-partition", "7"),
        ("dlq-original-offset", "41"),
        ("dlq-original-timestamp", "1795615819886"),
        ("dlq-group", GROUP),
        ("dlq-stage", "decode"),
        ("dlq-reason", "schema-error"),
        ("dlq-code", "MALFORMED"),
        ("dlq-error-class", "Refused"),
        ("dlq-error-message", "not a Offer: Expected `str`, got `int`"),
        ("dlq-stack", None),
        ("dlq-attempts", "1"),
        ("dlq-replay-count", "0"),
        ("dlq-first-failed-at", "2026-11-25T10:00:00.000Z"),
        ("dlq-last-failed-at", "2026-11-25T10:00:00.000Z"),
        ("__connect.errors.offset", "41"),
        ("x-original-topic", "listing.offer.v1"),
        ("kafka_dlt-original-topic", "listing.offer.v1"),
    ],
)
def test_the_last_header_of_a_name_is_ours(name: str, value: str | None) -> None:
    assert last(letter(), name) == value


def test_it_belongs_to_the_dead_letters_of_the_group() -> None:
    assert letter().topic == "listing.offer.v1.listwire-postgres.dlq"


def test_only_a_fault_of_ours_carries_its_stack_cut_between_characters() -> None:
    fault = letter(reason=Reason("FAULT", {"error": "x"}), stack="é" * 3_000)

    assert (last(fault, "dlq-stack"), last(letter(stack="trace"), "dlq-stack")) == (
        "é" * 2_000,
        None,
    )


def test_a_long_message_is_cut() -> None:
    long = letter(reason=Reason("ROW_INVALID", {"why": "ü" * 2_000}))

    assert len((last(long, "dlq-error-message") or "").encode()) <= MESSAGE


def test_a_replay_that_fails_again_keeps_its_first_failure_and_coordinate() -> None:
    first = letter()
    raised = tuple((n, b"1" if n == "dlq-replay-count" else v) for n, v in first.headers)
    replay = Record(
        topic=f"listing.offer.v1.{GROUP}.retry",
        key=first.key,
        value=first.value,
        headers=raised,
        partition=7,
        offset=3,
    )

    again = dead_letter(replay, group=GROUP, reason=MALFORMED, now=NOW + timedelta(hours=1))

    assert (
        again.topic,
        last(again, "dlq-original-offset"),
        last(again, "dlq-replay-count"),
        last(again, "dlq-first-failed-at"),
        last(again, "dlq-last-failed-at"),
        [n for n, _ in again.headers].count("dlq-group"),
    ) == (
        "listing.offer.v1.listwire-postgres.dlq",
        "41",
        "1",
        "2026-11-25T10:00:00.000Z",
        "2026-11-25T11:00:00.000Z",
        1,
    )


def test_two_failures_of_one_kind_share_a_fingerprint() -> None:
    one = fingerprint("bug", "KeyError", "row 12 of 'LAMP-12'")

    assert (one == fingerprint("bug", "KeyError", "row 7 of 'DESK'"), len(one)) == (True, 12)


def test_failures_of_two_kinds_do_not() -> None:
    assert fingerprint("bug", "KeyError", "row") != fingerprint("bug", "ValueError", "row")


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
    made = letter(reason=Reason(code, {"error": "x", "store": "s", "size": "1", "limit": "0"}))

    assert (last(made, "dlq-stage"), last(made, "dlq-reason")) == (stage, reason)
