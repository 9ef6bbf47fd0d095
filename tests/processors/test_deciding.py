"""One step: the newest facts, the role's answer, and what becomes of a failure."""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from processors.deciding import HEADERS, Deciding, park_key
from processors.deliver import partition_of
from processors.outbox import Posting
from processors.rows import due_of, microseconds
from processors.step import Cause, Change, Facts, Output, Scan
from schemas import codec
from schemas.errors import Refused
from schemas.event import Event
from schemas.reasons import Reason
from schemas.record import Record
from schemas.settings import Settings

NOW = datetime(2026, 11, 25, 10, tzinfo=UTC)
DUE = NOW + timedelta(days=1)
KEY = b"acme-eu|LAMP-12"


class Told(Event, frozen=True, kw_only=True):
    text: str


class Known(Facts, frozen=True, kw_only=True):
    text: str = ""


class Echo:
    """Says the input's value; `no`, `boom`, `drop` and `big` are what they say."""

    name = "echo"
    inputs = ("catalog.stock.v1",)
    facts = Known

    def step(
        self, record: Record, facts: Known, settings: Settings, now: datetime
    ) -> Change[Known]:
        text = (record.value or b"").decode()
        if text == "no":
            raise Refused(Reason("MALFORMED", {"event": "Told", "why": "no"}))
        if text == "boom":
            raise KeyError("boom")
        if text == "drop":
            return Change(facts, filtered="stale")
        if text == "big":
            return Change(Known(text="x" * codec.MAX_RECORD))
        return self._said(Known(text=text, sent=facts.sent))

    def review(
        self, facts: Known, settings: Settings, now: datetime, cause: Cause
    ) -> Change[Known]:
        return self._said(msgspec.structs.replace(facts, text=f"{facts.text} {cause.kind}"))

    def due(self, facts: Known, settings: Settings) -> datetime | None:
        return DUE if facts.text == "later" else None

    def touches(self, facts: Known, scan: Scan) -> bool:
        return scan.kind == "rule"

    def _said(self, facts: Known) -> Change[Known]:
        out = Output(
            topic="listing.offer.v1", key=KEY, subject="s", name="n", event=Told(text=facts.text)
        )
        return Change(facts, (out,))


class Desk:
    """Deciding over rows that are stored as soon as they are decided."""

    def __init__(self) -> None:
        self.rows: dict[bytes, bytes] = {}
        self.deciding = Deciding(
            Echo(),
            newest=lambda _, key: self.rows.get(key),
            settings=lambda _: Settings(),
            clock=lambda: NOW,
        )

    def step(self, value: bytes | None, offset: int = 0, **more: Any) -> Posting:
        posting = self.deciding.step(record(value, offset=offset, **more))
        if posting.row is not None:
            self.rows[posting.key] = posting.row
        return posting


def record(value: bytes | None, **more: Any) -> Record:
    more = {"topic": "catalog.stock.v1", "partition": partition_of(KEY, 12), "key": KEY} | more
    return Record(value=value, **more)


def code(posting: Posting) -> str | None:
    return codec.header(posting.records[0], "dlq-code") if posting.records else None


@pytest.mark.parametrize(
    ("values", "outcome"),
    [
        pytest.param([b"a"], "emitted", id="something new"),
        pytest.param([b"a", b"a"], "unchanged", id="nothing new"),
        pytest.param([b"drop"], "filtered", id="dropped on purpose"),
        pytest.param([b"no"], "quarantined", id="refused"),
        pytest.param([b"boom"], "quarantined", id="a fault"),
    ],
)
def test_each_input_becomes_one_of_four(values: list[bytes], outcome: str) -> None:
    desk = Desk()

    assert [desk.step(value).outcome for value in values][-1] == outcome


def test_a_repeat_sends_nothing_and_stores_nothing() -> None:
    desk = Desk()
    desk.step(b"a")
    again = desk.step(b"a")

    assert (again.records, again.row) == ((), None)


@pytest.mark.parametrize(
    ("bad", "expected"),
    [
        pytest.param(record(b"no"), "MALFORMED", id="the role refuses"),
        pytest.param(record(b"boom"), "FAULT", id="the role fails"),
        pytest.param(record(b"big"), "STATE_TOO_LARGE", id="a state that is too large"),
        pytest.param(
            record(b"x" * (codec.MAX_RECORD - 300)), "TOO_LARGE", id="an output too large"
        ),
        pytest.param(record(b"a", key=None), "KEY_MISSING", id="no key"),
        pytest.param(record(b"a", key=b""), "KEY_MISSING", id="an empty key"),
        pytest.param(record(b"a", key=b"\x00scan|x"), "KEY_MISMATCH", id="a key of our own rows"),
        pytest.param(record(b"a", key=b"other"), "KEY_MISMATCH", id="another partition's key"),
        pytest.param(
            record(None, topic="amazon.lookup.v1"), "TOMBSTONE_FORBIDDEN", id="no deletes"
        ),
        pytest.param(
            record(b"a", headers=(("h", b""),) * (HEADERS + 1)), "ENVELOPE", id="too many headers"
        ),
    ],
)
def test_what_cannot_be_handled_becomes_a_dead_letter_whole(bad: Record, expected: str) -> None:
    posting = Desk().deciding.step(bad)

    assert (code(posting), len(posting.records), posting.row) == (expected, 1, None)
    assert posting.records[0].topic == f"{bad.topic}.listwire-echo.dlq"


def test_a_delete_is_the_roles_business_where_the_contract_knows_it() -> None:
    assert Desk().step(None).outcome == "emitted"


def test_a_fault_carries_its_stack() -> None:
    posting = Desk().step(b"boom")

    assert "KeyError" in (codec.header(posting.records[0], "dlq-stack") or "")


def test_an_output_tells_what_it_came_from() -> None:
    headers = (("ce_id", b"7"), ("ce_time", b"2026-11-24T00:00:00Z"), ("traceparent", b"00-1"))
    [out] = Desk().step(b"a", headers=headers).records

    named = ("ce_causationid", "ce_correlationid", "ce_time", "traceparent", "ce_source")
    assert [codec.header(out, name) for name in named] == [
        "7",
        "7",
        "2026-11-24T00:00:00.000000Z",
        "00-1",
        "/listwire/processors/echo",
    ]


def test_what_falls_due_stands_in_the_row() -> None:
    desk = Desk()
    desk.step(b"later")

    assert due_of(desk.rows[KEY]) == microseconds(DUE)


def test_a_failed_record_of_a_topic_in_order_makes_those_behind_it_wait() -> None:
    desk = Desk()
    first = desk.step(b"no", 7, topic="listing.intent.v1")
    behind = desk.step(b"a", 8, topic="listing.intent.v1")
    other = desk.step(b"a", 9)

    assert [code(first), code(behind), other.outcome] == ["MALFORMED", "KEY_PARKED", "emitted"]
    assert first.key == park_key(record(b"no", topic="listing.intent.v1"))


def test_a_failed_record_of_any_other_topic_blocks_nobody() -> None:
    desk = Desk()
    desk.step(b"no", 7)

    assert desk.step(b"a", 8).outcome == "emitted"


def test_a_review_decides_on_stored_facts() -> None:
    desk = Desk()
    desk.step(b"a")
    posting = desk.deciding.review(3, KEY, Cause(kind="due", time=DUE), DUE)

    assert posting is not None
    assert (posting.records[0].value, posting.topic) == (b'{"text":"a due"}', "")
    assert codec.header(posting.records[0], "ce_time") == codec.instant(DUE)


def test_a_key_without_facts_is_not_reviewed() -> None:
    assert Desk().deciding.review(3, b"unknown", Cause(kind="due"), NOW) is None


@pytest.mark.parametrize(
    ("kinds", "reached"),
    [
        pytest.param(["rates", "rule"], True, id="one of them concerns it"),
        pytest.param(["rates"], False, id="none does"),
    ],
)
def test_a_scan_reaches_the_keys_that_it_concerns(kinds: list[str], reached: bool) -> None:
    desk = Desk()
    desk.step(b"a")
    scans = [Scan(kind=kind, id="acme-de", version=4) for kind in kinds]

    assert (desk.deciding.scan(3, KEY, scans) is not None) is reached
