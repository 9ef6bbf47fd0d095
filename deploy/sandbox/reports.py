"""The life of reports: queue, work, end; the cache; schedules (S25).

What a report says is what was true when work on it began, or, from the cache, when an
earlier one was written: its `dataEndTime` does not tell which.
"""

from collections.abc import Callable
from datetime import datetime

import msgspec

from deploy.sandbox.agenda import Agenda
from deploy.sandbox.documents import Documents, Stored
from deploy.sandbox.report import COLUMNS, Place
from deploy.sandbox.variants import Variant, Variants, Written, write
from deploy.sandbox.when import EPOCH
from deploy.sandbox.world import Account, World

KEPT = 90 * 86_400_000
"""How long a report can be read, in ms (`amazon.md` 8)."""
FULL = 100_000
"""Listings of a store whose documents stay in the cache for the longest time."""
OTHERS = {
    "FEE_DISCOUNTS_REPORT",
    "GET_AFN_INVENTORY_DATA",
    "GET_FBA_FULFILLMENT_CUSTOMER_TAXES_DATA",
    "GET_FBA_MYI_UNSUPPRESSED_INVENTORY_DATA",
    "GET_FLAT_FILE_ALL_ORDERS_DATA_BY_LAST_UPDATE_GENERAL",
    "GET_FLAT_FILE_ALL_ORDERS_DATA_BY_ORDER_DATE_GENERAL",
    "GET_REFERRAL_FEE_PREVIEW_REPORT",
    "GET_V2_SETTLEMENT_REPORT_DATA_FLAT_FILE",
}
"""Types that are known and for which there is never any data here."""
TYPES = {*COLUMNS, *OTHERS}
ONLY_REQUESTED = set(COLUMNS) - {"GET_MERCHANTS_LISTINGS_FYP_REPORT"}
"""Types that cannot be scheduled."""
MINUTE, DAY = 60_000, 86_400_000
PERIODS = {
    **{f"PT{n}M": n * MINUTE for n in (5, 15, 30)},
    **{f"PT{n}H": n * 60 * MINUTE for n in (1, 2, 4, 8, 12, 84)},
    **{f"P{n}D": n * DAY for n in (1, 2, 3, 7, 14, 15, 18, 30)},
    "P1M": 0,
}
"""Periods of schedules in ms; a month is as long as it is."""


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """What a client asks for, whether now or by schedule."""

    kind: str
    marketplaces: list[str]
    options: dict[str, str] = {}
    start: int | None = None
    end: int | None = None
    schedule: str | None = None


class Report(msgspec.Struct, kw_only=True):
    """One report; instants in ms. *written*: when what it says was true."""

    id: str
    account: str
    order: Order
    marketplace: str
    created: int
    state: str = "IN_QUEUE"
    started: int | None = None
    ended: int | None = None
    data_end: int | None = None
    document: str | None = None
    written: int | None = None
    cached: bool = False
    rows: int | None = None
    variant: Variant | None = None


class Schedule(msgspec.Struct, kw_only=True):
    """An order that is repeated."""

    id: str
    account: str
    order: Order
    period: str
    next: int


class Cached(msgspec.Struct, frozen=True):
    """A document that is given again until *until*."""

    made: Written
    at: int
    until: int


class Reports:
    """The reports, schedules and report documents of one world."""

    def __init__(self, world: World, agenda: Agenda) -> None:
        self.world = world
        self.documents = Documents(world.chance)
        self.variants = Variants()
        self.ended: list[Callable[[Report, int], None]] = []
        self._agenda = agenda
        self._reports: dict[str, dict[str, Report]] = {}
        self._schedules: dict[str, dict[str, Schedule]] = {}
        self._cache: dict[tuple[str, str, str], Cached] = {}

    def of(self, account: str) -> list[Report]:
        """Give an account's reports, newest first."""
        return list(reversed(self._reports.get(account, {}).values()))

    def find(self, account: str, id: str) -> Report | None:  # noqa: A002 - Amazon's word
        """Find one report of an account."""
        return self._reports.get(account, {}).get(id)

    def create(self, account: Account, order: Order, now: int) -> Report:
        """Take an order in; it ends by itself."""
        self._forget(account.id, now)
        known = self._reports.setdefault(account.id, {})
        marketplace = self._marketplace(account, order)
        report = Report(
            id=self._number("report", account.id, known),
            account=account.id,
            order=order,
            marketplace=marketplace,
            created=now,
            data_end=now if order.end is None else min(order.end, now),
            variant=self.variants.pick(account.id, order.kind, marketplace),
        )
        known[report.id] = report
        if report.variant is None or report.variant.state != "IN_QUEUE":
            self._agenda.at(now + self._wait(report, "queue"), lambda due: self._start(report, due))
        return report

    def cancel(self, report: Report, now: int) -> bool:
        """Cancel a report that still waits; say whether it did."""
        if report.state != "IN_QUEUE":
            return False
        self._end(report, "CANCELLED", now)
        return True

    def schedules(self, account: str) -> list[Schedule]:
        """Give an account's schedules."""
        return list(self._schedules.get(account, {}).values())

    def schedule(self, account: Account, order: Order, *, period: str, first: int) -> Schedule:
        """Repeat an order every *period* from *first* on, in place of an equal schedule."""
        known = self._schedules.setdefault(account.id, {})
        for other in list(known.values()):
            same = (other.order.kind, other.order.marketplaces) == (order.kind, order.marketplaces)
            if same:
                del known[other.id]
        made = Schedule(
            id=self._number("schedule", account.id, known),
            account=account.id,
            order=order,
            period=period,
            next=first,
        )
        known[made.id] = made
        self._agenda.at(first, lambda due: self._repeat(account, made, due))
        return made

    def unschedule(self, account: str, id: str) -> bool:  # noqa: A002 - Amazon's word
        """End a schedule; say whether there was one."""
        return self._schedules.get(account, {}).pop(id, None) is not None

    def _repeat(self, account: Account, schedule: Schedule, due: int) -> None:
        if self._schedules.get(account.id, {}).get(schedule.id) is not schedule:
            return
        order = msgspec.structs.replace(schedule.order, schedule=schedule.id)
        self.create(account, order, due)
        schedule.next = later(due, schedule.period)
        self._agenda.at(schedule.next, lambda then: self._repeat(account, schedule, then))

    def _number(
        self,
        stream: str,
        account: str,
        known: dict[str, object] | dict[str, Report] | dict[str, Schedule],
    ) -> str:
        while True:
            drawn = int.from_bytes(self.world.chance.digest(stream, account)[:6])
            number = str(50_000_000_000 + drawn % 10**10)
            if number not in known:
                return number

    def _marketplace(self, account: Account, order: Order) -> str:
        own = [name for name in order.marketplaces if name in account.marketplaces]
        if not self.world.profile.drawn_marketplace:
            return own[0]
        digest = self.world.chance.digest("which marketplace", f"{account.id}|{order.kind}")
        return own[digest[0] % len(own)]

    def _forget(self, account: str, now: int) -> None:
        known = self._reports.get(account, {})
        for report in list(known.values()):
            if now - report.created < KEPT:
                return
            del known[report.id]
            self.documents.drop(report.document or "")

    def _wait(self, report: Report, part: str) -> int:
        profile, chosen = self.world.profile, report.variant
        if chosen is not None and chosen.seconds is not None:
            return round(chosen.seconds * 500)
        median = profile.report_queue_seconds if part == "queue" else profile.report_seconds
        seconds = self.world.chance.lognormal(
            median, profile.sigma, stream=f"report {part}", entity=_entity(report)
        )
        return round(seconds * 1000)

    def _start(self, report: Report, due: int) -> None:
        if report.state != "IN_QUEUE":
            return
        report.state, report.started = "IN_PROGRESS", due
        if report.variant is not None and report.variant.state == "IN_PROGRESS":
            return
        state, made = self._work(report, due)
        end = due + self._wait(report, "work")
        self._agenda.at(end, lambda at: self._done(report, state, made, at))

    def _work(self, report: Report, due: int) -> tuple[str, Written | None]:
        chosen, chance = report.variant, self.world.chance
        if chosen is not None and chosen.state in ("FATAL", "CANCELLED"):
            return chosen.state, None
        fatal = self.world.profile.report_fatal
        if chosen is None and chance.happens(fatal, "report fatal", _entity(report)):
            return "FATAL", None
        if report.order.kind not in COLUMNS:
            return "CANCELLED", None
        made = self._written(report, due)
        empty = made.rows == 0 and (chosen is None or chosen.cut is None)
        return ("CANCELLED", None) if empty else ("DONE", made)

    def _written(self, report: Report, due: int) -> Written:
        key = (report.account, report.marketplace, report.order.kind)
        kept = self._cache.get(key)
        if report.variant is None and kept is not None and due < kept.until:
            report.cached, report.written, report.rows = True, kept.at, kept.made.rows
            return kept.made
        place = Place(self.world, self.world.accounts[report.account], report.marketplace, due)
        packed = self.world.chance.happens(
            self.world.profile.report_gzip, "report gzip", _entity(report)
        )
        form = report.variant or self._usual(report)
        made = write(place, report.order.kind, form, gzipped=packed)
        report.written, report.rows = due, made.rows
        if report.variant is None:
            self._cache[key] = Cached(made, due, due + self._window(made.rows))
        return made

    def _usual(self, report: Report) -> Variant:
        words = ["half"] if report.order.options.get("custom", "").lower() == "true" else []
        locale = report.order.options.get("preferredReportDocumentLocale")
        plain = self.world.profile.report_encoding.startswith("utf-8")
        japan = report.marketplace == JAPAN and not plain
        if locale == "ja_JP" or (locale is None and japan):
            return Variant(header=[*words, "japanese"], charset=None if japan else "utf-8")
        return Variant(header=words)

    def _window(self, rows: int) -> int:
        shortest, longest = self.world.profile.report_cache_seconds
        return round((shortest + (longest - shortest) * min(1.0, rows / FULL)) * 1000)

    def _done(self, report: Report, state: str, made: Written | None, at: int) -> None:
        if made is not None:
            stored = Stored(made.body, made.content_type, made.gzip)
            report.document = self.documents.add(stored, _entity(report))
        self._end(report, state, at)

    def _end(self, report: Report, state: str, at: int) -> None:
        report.state, report.ended = state, at
        for told in self.ended:
            told(report, at)


JAPAN = "A1VC38T7YXB528"


def _entity(report: Report) -> str:
    return f"{report.account}|{report.order.kind}|{report.marketplace}"


def later(at: int, period: str) -> int:
    """Give the time one *period* after *at*."""
    if PERIODS[period]:
        return at + PERIODS[period]
    moment = datetime.fromtimestamp(at / 1000, EPOCH.tzinfo)
    year, month = moment.year + moment.month // 12, moment.month % 12 + 1
    moved = moment.replace(year=year, month=month, day=min(moment.day, 28))
    return round(moved.timestamp() * 1000)
