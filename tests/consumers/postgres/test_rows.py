"""A record becomes a row, or is refused with the rule it breaks."""

from datetime import timedelta
from typing import Any

import msgspec
import pytest

from consumers.postgres import tables
from consumers.postgres.rows import ROWS, row
from consumers.postgres.write import GUARDED
from schemas import keys, topics
from schemas.amazon import Report, Submission
from schemas.errors import Refused
from schemas.listings import RefusedIntent, Step
from schemas.offers import Offer, StoreOffer
from schemas.record import Record
from schemas.tabs import Status, Tab
from tests.support.sinking import (
    CHANGED,
    DE,
    NOW,
    OFFER,
    REPORT,
    SUBMISSION,
    changed,
    gone,
    of,
    record,
    status,
)

SHARED = keys.shared("acme-eu", "LAMP-12")
REPORTED = Report(
    store="acme-de", report="r1", type="ALL", state="complete", requested_at=NOW, ends={"0": 4}
)
SUBMITTED = Submission(
    account="acme-eu", seller_sku="LAMP-12", aspect="price", state="accepted", at=NOW
)
OFFERED = Offer(
    account="acme-eu", seller_sku="LAMP-12", sequence=4, stores={"acme-de": StoreOffer(manage=True)}
)


def headless(made: Record, name: str) -> Record:
    kept = tuple(h for h in made.headers if h[0] != name)
    return msgspec.structs.replace(made, headers=kept)


def replaced(made: Record, **more: Any) -> Record:
    return msgspec.structs.replace(made, **more)


def with_text(made: Record, text: bytes) -> Record:
    return replaced(made, value=(made.value or b"").replace(b"acme-de", text))


@pytest.mark.parametrize("topic", topics.inputs("listwire-postgres"))
def test_every_input_of_the_group_becomes_a_row(topic: str) -> None:
    assert topic in ROWS


@pytest.mark.parametrize("table", GUARDED)
def test_a_guarded_table_has_a_version_and_its_content(table: str) -> None:
    assert {"sequence", "content"} <= set(tables.METADATA.tables[table].c.keys())


@pytest.mark.parametrize(
    ("made", "table", "key", "version"),
    [
        pytest.param(of(status(sequence=7)), "listing", ("acme-eu", DE, "LAMP-12"), 7, id="status"),
        pytest.param(gone(sequence=9), "listing", ("acme-eu", DE, "LAMP-12"), 9, id="deleted"),
        pytest.param(
            record(OFFER, OFFERED, SHARED, sequence=4),
            "offer",
            ("acme-eu", "LAMP-12"),
            4,
            id="offer",
        ),
        pytest.param(
            record(OFFER, None, SHARED, sequence=5),
            "offer",
            ("acme-eu", "LAMP-12"),
            5,
            id="deleted offer",
        ),
        pytest.param(
            record(REPORT, REPORTED, b"acme-de", offset=41),
            "report",
            ("acme-de", "r1"),
            3 << 48 | 41,
            id="a report's version is epoch and offset",
        ),
        pytest.param(of(changed(), id="c1"), "listing_change", ("c1",), 0, id="transition"),
        pytest.param(
            record(SUBMISSION, SUBMITTED, SHARED, id="s1"),
            "submission",
            ("s1",),
            0,
            id="submission",
        ),
    ],
)
def test_a_record_becomes_a_row(
    made: Record, table: str, key: tuple[str, ...], version: int
) -> None:
    found = row(made, epoch=3)

    assert (found.table, found.key, found.version) == (table, key, version)


def test_every_value_of_a_row_has_its_column() -> None:
    made = [of(status()), gone(), of(changed()), record(OFFER, OFFERED, SHARED, sequence=4)]
    loose = {
        (found.table, name)
        for found in map(row, made)
        for name in found.values.keys() - set(tables.METADATA.tables[found.table].c.keys())
    }

    assert loose == set()


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("tab", Tab.ACTIVE),
        ("status", Status.ACTIVE),
        ("verdict", "eligible"),
        ("sku", "LAMP-12"),
        ("desired_quantity", 5),
        ("desired_currency", "EUR"),
        ("observed_as_of", NOW),
        ("deleted", False),
        ("event_time", NOW),
    ],
)
def test_a_status_is_laid_out_in_columns(column: str, value: object) -> None:
    steps = [Step(name="verdict", answer="eligible")]

    assert row(of(status(steps=steps))).values[column] == value


def test_a_transition_says_before_and_after() -> None:
    values = row(of(changed())).values

    assert (values["before"], values["after"]) == (
        "ready_to_list/list_in_progress",
        "active/active",
    )


def test_a_refused_intent_is_kept_with_its_code() -> None:
    no = RefusedIntent(code="NOT_READY", intent="i1")

    assert row(of(changed(refused=no))).values["refused"] == no


@pytest.mark.parametrize(
    ("volatile", "same"),
    [
        pytest.param({"since": NOW}, True, id="since"),
        pytest.param({"previous": "x/y"}, True, id="previous"),
        pytest.param({"settings": {"rule/acme-de": 4}}, True, id="settings"),
        pytest.param({"tab": Tab.INACTIVE}, False, id="tab"),
        pytest.param({"asin": "B0ABCDEFGH"}, False, id="asin"),
    ],
)
def test_content_is_what_two_decisions_are_told_apart_by(
    volatile: dict[str, Any], same: bool
) -> None:
    one, other = row(of(status())), row(of(status(**volatile)))

    assert (one.values["content"] == other.values["content"]) is same


@pytest.mark.parametrize(
    ("made", "code"),
    [
        pytest.param(replaced(of(status()), key=None), "KEY_MISSING", id="null key"),
        pytest.param(replaced(of(status()), key=b""), "KEY_MISSING", id="empty key"),
        pytest.param(replaced(of(status()), key=b"acme-eu|x|LAMP-12"), "KEY_MISMATCH", id="key"),
        pytest.param(replaced(gone(), key=b"acme-eu|LAMP-12"), "KEY_MISMATCH", id="two parts"),
        pytest.param(replaced(gone(), key=b"a|b|c%2"), "KEY_MISMATCH", id="another spelling"),
        pytest.param(replaced(gone(), key=b"a|b|\xff"), "KEY_MISMATCH", id="key is no text"),
        pytest.param(replaced(gone(), key=b"a|b|\0"), "ROW_INVALID", id="NUL in a key"),
        pytest.param(with_text(of(status()), b"\\u0000"), "ROW_INVALID", id="NUL in text"),
        pytest.param(with_text(of(status()), b"\\ud800"), "MALFORMED", id="a lone surrogate"),
        pytest.param(replaced(of(status()), value=b"{"), "MALFORMED", id="cut off"),
        pytest.param(replaced(of(status()), value=b""), "MALFORMED", id="empty is no tombstone"),
        pytest.param(replaced(of(status()), value=b"\xff"), "MALFORMED", id="no UTF-8"),
        pytest.param(
            replaced(of(status()), value=b"[" * 100_000), "MALFORMED", id="a million brackets"
        ),
        pytest.param(headless(gone(), "ce_sequence"), "ENVELOPE", id="a delete without version"),
        pytest.param(
            msgspec.structs.replace(of(status(sequence=3)), headers=gone(sequence=4).headers),
            "ENVELOPE",
            id="two versions",
        ),
        pytest.param(headless(of(changed()), "ce_id"), "ENVELOPE", id="a transition without id"),
        pytest.param(
            record(CHANGED, None, keys.listing("acme-eu", DE, "LAMP-12")),
            "TOMBSTONE_FORBIDDEN",
            id="a transition cannot be deleted",
        ),
        pytest.param(record(REPORT, None, b"acme-de"), "TOMBSTONE_FORBIDDEN", id="nor a report"),
        pytest.param(record(REPORT, REPORTED, b"acme-fr"), "KEY_MISMATCH", id="another store"),
        pytest.param(
            record(SUBMISSION, SUBMITTED, b"acme-us|LAMP-12"), "KEY_MISMATCH", id="another account"
        ),
        pytest.param(of(status(sequence=1 << 63)), "ROW_INVALID", id="no 64-bit version"),
    ],
)
def test_what_is_no_row_is_refused_by_rule(made: Record, code: str) -> None:
    with pytest.raises(Refused) as refused:
        row(made)
    assert refused.value.reason.code == code


def test_a_backslash_before_u0000_is_text_like_any_other() -> None:
    made = with_text(of(status()), b"\\\\u0000")

    assert row(made).values["store"] == "\\u0000"


def test_the_time_of_an_event_is_its_source_s() -> None:
    late = replaced(of(status()), timestamp_ms=0)

    assert row(late).values["event_time"] - NOW == timedelta(0)
