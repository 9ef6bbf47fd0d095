"""Dead letters gather by what went wrong, and nothing in them is trusted."""

from datetime import UTC, datetime, timedelta

import pytest

from deploy.watch.deadletters import UNMARKED, Place, entries, letter, to_do
from schemas.deadletters import dead_letter
from schemas.reasons import DLQ_REASONS, SENTENCES, Reason, dlq_reason
from schemas.record import Record

NOW = datetime(2026, 11, 25, 10, 0, tzinfo=UTC)
GROUP = "listwire-products"
TOPIC = "catalog.price.v1"


def dead(
    offset: int, why: str = "bad price", *, later: timedelta = timedelta(), group: str = GROUP
) -> Record:
    origin = Record(
        topic=TOPIC, key=b"LAMP-12", value=b"{", partition=3, offset=offset, timestamp_ms=1_000
    )
    reason = Reason("MALFORMED", {"event": "Price", "why": why})
    made = dead_letter(origin, group=group, reason=reason, now=NOW + later)
    return placed(made, offset)


def placed(record: Record, offset: int) -> Record:
    return Record(
        topic=record.topic,
        key=record.key,
        value=record.value,
        headers=record.headers,
        partition=record.partition,
        offset=offset,
        timestamp_ms=int(NOW.timestamp() * 1000),
    )


def test_the_same_failure_is_one_entry_with_its_newest_as_the_sample() -> None:
    hour = timedelta(hours=1)
    records = [dead(7, later=hour), dead(5), dead(6, group="listwire-other"), dead(8, why="no key")]

    newest, other = entries(letter(record) for record in records)

    assert (newest.count, newest.reason, newest.code) == (3, "schema-error", "MALFORMED")
    assert (newest.first, newest.last) == (NOW, NOW + hour)
    assert newest.groups == ("listwire-other", GROUP)
    assert newest.topics == (TOPIC,)
    assert str(newest.sample) == f"{TOPIC}.{GROUP}.dlq/3/7"
    assert newest.message == "not a Price: bad price"
    assert (other.count, other.message) == (1, "not a Price: no key")


def test_where_it_came_from_is_told() -> None:
    assert letter(dead(7)).origin == f"{TOPIC}/3/7"


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param((), id="none"),
        pytest.param((("dlq-fingerprint", None),), id="null"),
        pytest.param((("dlq-first-failed-at", b"yesterday"),), id="no time"),
        pytest.param((("dlq-last-failed-at", b"2026-11-25T10:00:00"),), id="no zone"),
        pytest.param((("dlq-replay-count", "²".encode()),), id="no number"),
        pytest.param((("dlq-error-message", b"\xff\xfe"),), id="no text"),
    ],
)
def test_damaged_headers_stop_nobody(headers: tuple[tuple[str, bytes | None], ...]) -> None:
    record = placed(
        Record(topic=f"{TOPIC}.{GROUP}.dlq", key=None, value=None, headers=headers, partition=0), 4
    )

    (entry,) = entries([letter(record)])

    assert (entry.fingerprint, entry.first, entry.last, entry.replayed) == (UNMARKED, NOW, NOW, 0)
    assert (entry.topics, entry.groups) == ((TOPIC,), (GROUP,))
    assert entry.sample == Place(f"{TOPIC}.{GROUP}.dlq", 0, 4)


def test_the_last_header_of_a_name_is_ours() -> None:
    record = dead(7)
    forged = (("dlq-reason", b"forged"), *record.headers)

    read = letter(placed(Record(topic=record.topic, key=None, value=None, headers=forged), 1))

    assert read.reason == "schema-error"


@pytest.mark.parametrize("code", sorted(SENTENCES))
def test_something_can_be_done_about_every_code(code: str) -> None:
    assert to_do(dlq_reason(code), code)


def test_each_reason_of_the_closed_list_has_its_advice() -> None:
    reasons = {"schema-error", "unknown-sku", "rule-conflict", "amazon-rejected",
               "amazon-throttled", "timeout", "bug"}  # fmt: skip

    assert set(DLQ_REASONS.values()) <= reasons
    assert len({to_do(reason, "") for reason in reasons}) == len(reasons)
    assert "find out who writes" in to_do("", "")
