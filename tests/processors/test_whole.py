"""Reading whole: a snapshot folded from records, what changed, and what could not be read."""

from datetime import date
from typing import Any, cast

import pytest
from msgspec.structs import replace

from processors.step import Scan
from processors.whole import Whole
from schemas import codec, keys
from schemas.event import Event
from schemas.events import AccountState, Coverage, Report
from schemas.reasons import Reason
from schemas.record import Record
from schemas.reports import ALL, CANCELLED
from schemas.settings import Store

STORE = Store(account="acme-eu", marketplace="DE", website="base", created=date(2024, 3, 1))
AT: Any = "2026-11-25T10:00:00Z"


class Desk:
    def __init__(self) -> None:
        self.changed: list[Scan] = []
        self.refused: list[str] = []
        self.whole = Whole(
            cast(Any, None),
            {},
            group="listwire-a",
            changed=self.changed.append,
            refused=lambda _, reason: self._refuse(reason),
        )

    def _refuse(self, reason: Reason) -> None:
        self.refused.append(reason.code)

    def take(self, topic: str, key: bytes, value: Event | bytes | None, offset: int = 5) -> None:
        body = codec.value_of(value) if isinstance(value, Event) else value
        headers = (("ce_id", b"7"), ("ce_time", b"2026-11-25T10:00:00Z"))
        self.whole.take(
            Record(topic=topic, key=key, value=body, offset=offset, partition=0, headers=headers)
        )


def test_a_settings_record_is_in_force_and_asks_for_a_scan() -> None:
    desk = Desk()
    desk.take("settings.v1", b"store/acme-de", STORE, 17)

    assert desk.whole.settings.store("acme-de") == STORE
    assert [(s.kind, s.id, s.version, s.event) for s in desk.changed] == [
        ("store", "acme-de", 17, "7")
    ]


def test_a_deleted_record_is_in_force_no_more() -> None:
    desk = Desk()
    desk.take("settings.v1", b"store/acme-de", STORE, 17)
    desk.take("settings.v1", b"store/acme-de", None, 18)

    assert desk.whole.settings.store("acme-de") is None
    assert desk.changed[-1].deleted


@pytest.mark.parametrize(
    ("key", "value"),
    [
        pytest.param(b"store/acme-de", b"{", id="no JSON"),
        pytest.param(b"store/acme-de", b'{"acount": "x"}', id="unknown member"),
        pytest.param(b"stoer/acme-de", b"{}", id="unknown kind"),
        pytest.param(b"acme-de", b"{}", id="no kind"),
    ],
)
def test_what_cannot_be_read_leaves_the_older_in_force(key: bytes, value: bytes) -> None:
    desk = Desk()
    desk.take("settings.v1", b"store/acme-de", STORE)
    desk.take("settings.v1", key, value)

    assert desk.whole.settings.store("acme-de") == STORE
    assert (desk.refused, len(desk.changed)) == (["MALFORMED"], 1)


def report(state: Any) -> Report:
    return Report(
        store="acme-de", report="r1", type=ALL, state=state, requested_at=AT, ends={"3": 50}
    )


def test_a_complete_report_asks_for_a_scan_behind_its_rows() -> None:
    desk = Desk()
    desk.take("amazon.report.v1", b"acme-de", report("complete"), 9)

    assert [(s.kind, s.id, s.version, s.after) for s in desk.changed] == [
        ("report", "acme-de", 9, {"3": 50})
    ]
    assert desk.whole.settings.reports["acme-de"][0].report == "r1"


@pytest.mark.parametrize("state", [pytest.param(s, id=s) for s in ("requested", "refused")])
def test_a_report_that_is_not_complete_says_nothing_yet(state: str) -> None:
    desk = Desk()
    desk.take("amazon.report.v1", b"acme-de", report(state))

    assert (desk.changed, desk.whole.settings.reports) == ([], {})


def test_a_report_that_is_not_about_every_listing_asks_for_no_scan() -> None:
    desk = Desk()
    desk.take("amazon.report.v1", b"acme-de", replace(report("complete"), type=CANCELLED))

    assert (desk.changed, desk.whole.settings.reports) == ([], {})


def test_an_account_comes_and_goes() -> None:
    desk = Desk()
    desk.take("amazon.account.v1", b"acme-eu", AccountState(account="acme-eu", as_of=AT))
    known = set(desk.whole.settings.states)
    desk.take("amazon.account.v1", b"acme-eu", None)

    assert (known, desk.whole.settings.states) == ({"acme-eu"}, {})
    assert [(s.kind, s.id) for s in desk.changed] == [("account", "acme-eu")] * 2


@pytest.mark.parametrize(
    ("group", "known"),
    [pytest.param("listwire-a", True, id="ours"), pytest.param("listwire-b", False, id="others'")],
)
def test_only_our_own_coverage_is_kept(group: str, known: bool) -> None:
    desk = Desk()
    covered = Coverage(group=group, topic="in.v1", partition=3, start=0, next=8)
    desk.take("pipeline.coverage.v1", keys.join(group, "in.v1", "3"), covered)

    assert (("in.v1", 3) in desk.whole.covered, desk.changed) == (known, [])
