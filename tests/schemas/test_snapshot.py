"""The snapshot of what is read whole, and what one partition may know of it."""

from datetime import UTC, datetime, timedelta

from msgspec.structs import replace

from schemas import reports
from schemas.amazon import AccountState, Report
from schemas.settings import Settings, Store

NOON = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)


def report(name: str, hours: int = 0, state: str = "complete", **ends: int) -> Report:
    at = NOON + timedelta(hours=hours)
    return Report(
        store="acme-de",
        report=name,
        type=reports.ALL,
        state=state,  # type: ignore[arg-type]
        requested_at=at,
        as_of=at,
        ends={p.removeprefix("p"): offset for p, offset in ends.items()},
    )


def names(settings: Settings) -> list[str]:
    return [r.report for r in settings.reports.get("acme-de", ())]


def test_the_two_newest_complete_reports_are_known_in_whatever_order_they_come() -> None:
    settings = Settings()
    for one in (report("b", 2), report("c", 3), report("a", 1), report("c", 3)):
        settings = settings.with_report(one)

    assert names(settings) == ["c", "b"]


def test_a_report_that_is_not_complete_says_nothing() -> None:
    assert names(Settings().with_report(report("a", state="refused"))) == []


def test_only_a_report_about_every_listing_counts_where_something_is_missing() -> None:
    active = replace(report("a", 1), type=reports.ACTIVE, rows=7)
    settings = Settings().with_report(active)

    assert (names(settings), settings.rows_before("acme-de", reports.ACTIVE)) == ([], 7)


def test_rows_before_are_those_of_the_newest_report_of_the_type() -> None:
    settings = Settings()
    for one in (replace(report("b", 2), rows=20), replace(report("a", 1), rows=10)):
        settings = settings.with_report(one)
    before = [settings.rows_before("acme-de", t) for t in (reports.ALL, reports.ACTIVE)]

    assert before == [20, None]


def test_a_partition_knows_a_report_only_behind_its_last_row() -> None:
    settings = Settings().with_report(report("a", p0=10, p1=4))

    assert [names(settings.reported_until(p, n)) for p, n in ((0, 9), (0, 10), (1, 4))] == [
        [],
        ["a"],
        ["a"],
    ]


def test_the_report_before_stays_known_meanwhile() -> None:
    settings = Settings().with_report(report("a", p0=5)).with_report(report("b", 1, p0=10))

    assert names(settings.reported_until(0, 7)) == ["a"]


def test_the_same_snapshot_is_given_where_nothing_is_held_back() -> None:
    settings = Settings().with_report(report("a", p0=5))

    assert settings.reported_until(0, 5) is settings


def test_stores_of_an_account_come_oldest_first() -> None:
    settings = Settings()
    for id_, day in (("new", 3), ("b", 1), ("a", 1)):
        store = Store(
            account="acme", marketplace="DE", website="w", created=NOON.date().replace(day=day)
        )
        settings = settings.with_record("store", id_, store)

    assert list(settings.stores_of("acme")) == ["a", "b", "new"]


def test_an_account_that_left_is_forgotten() -> None:
    settings = Settings().with_state(AccountState(account="acme", as_of=NOON))

    assert (list(settings.states), list(settings.without_state("acme").states)) == (["acme"], [])
