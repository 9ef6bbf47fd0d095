"""What must be set up at Amazon so that notifications come, what is missing, and adding that.

Neither a destination nor a subscription may be made twice, so each is looked for first; a 409
says that somebody else was faster, and the next look finds it (`amazon.md` 9, reliability G).
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Literal, Protocol, TypeVar

import msgspec
import structlog

from producers.amazon.silence import HEARD, silences
from schemas.errors import NotAllowed, Refused, TryAgain, Unanswered
from schemas.settings import Settings

By = Literal["eventBridge", "sqs"]
State = Literal["ok", "made", "missing", "elsewhere", "refused", "away"]

WANTED: Mapping[str, tuple[str, By]] = {
    "LISTINGS_ITEM_STATUS_CHANGE": ("1.0", "eventBridge"),
    "LISTINGS_ITEM_ISSUES_CHANGE": ("2023-12-13", "eventBridge"),
    "LISTINGS_ITEM_MFN_QUANTITY_CHANGE": ("1.0", "eventBridge"),
    "REPORT_PROCESSING_FINISHED": ("2020-09-04", "sqs"),
}
"""Types that each account subscribes to: payload version, and by which way they come."""

NAME = "listwire"
"""What our destinations are called."""


_log = structlog.get_logger()


def bridged() -> list[str]:
    """Give the types that come by EventBridge."""
    return [kind for kind, (_, by) in WANTED.items() if by == "eventBridge"]


class Destination(msgspec.Struct, frozen=True, kw_only=True):
    """Where Amazon sends: a queue's ARN, or an AWS account's EventBridge in a region.

    *source* is the partner event source that Amazon made for an EventBridge destination.
    """

    by: By
    place: str
    region: str = ""
    id: str = ""
    source: str = ""

    def same_place(self, other: "Destination") -> bool:
        """Tell whether *other* leads to where this one does."""
        return (self.by, self.place) == (other.by, other.place)


class Subscription(msgspec.Struct, frozen=True, kw_only=True):
    """One account's subscription to one type."""

    id: str
    version: str
    destination: str


class Desk(Protocol):
    """Amazon's notifications operations. Raises the four classes of `schemas.errors`."""

    def destinations(self, account: str) -> list[Destination]:
        """Give all destinations of the application in the region of *account*."""

    def add_destination(self, account: str, wanted: Destination, name: str) -> None:
        """Make a destination in the region of *account*."""

    def subscription(self, account: str, kind: str, version: str) -> Subscription | None:
        """Give the subscription of *account* to one type, None without one."""

    def subscribe(self, account: str, kind: str, version: str, destination: str) -> None:
        """Subscribe *account* to one type."""


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """What is found of one destination (of a region) or subscription (of an account)."""

    of: str
    what: str
    state: State
    why: str = ""

    @property
    def good(self) -> bool:
        """Whether notifications come by it."""
        return self.state in {"ok", "made"}


class Places(msgspec.Struct, frozen=True, kw_only=True):
    """Where notifications are to go, by the way they come."""

    queue: Destination
    bridge: Destination

    def of(self, by: By) -> Destination:
        """Give the place of one way."""
        return self.queue if by == "sqs" else self.bridge


def survey(desk: Desk, settings: Settings, places: Places, *, add: bool) -> Iterator[Finding]:
    """Look at everything that is needed, and *add* what is missing.

    Each account is looked at by itself: one that Amazon turns away stops no other.
    """
    accounts: Mapping[str, str] = {n: a.region for n, a in settings.of("account").items()}
    for region in sorted(set(accounts.values())):
        mine = sorted(n for n, r in accounts.items() if r == region)
        found, findings = _destinations(desk, mine[0], places, add=add)
        yield from (msgspec.structs.replace(f, of=region) for f in findings)
        for account in mine:
            for kind in WANTED:
                yield _subscription(desk, account, kind, found, add=add)


# --- destinations ---------------------------------------------------------------------------


def _destinations(
    desk: Desk, account: str, places: Places, *, add: bool
) -> tuple[dict[By, Destination], list[Finding]]:
    found: dict[By, Destination] = {}
    findings = []
    for wanted in (places.queue, places.bridge):
        there, finding = _destination(desk, account, wanted, add=add)
        findings.append(finding)
        if there is not None:
            found[wanted.by] = there
    return found, findings


def _destination(
    desk: Desk, account: str, wanted: Destination, *, add: bool
) -> tuple[Destination | None, Finding]:
    def look() -> Destination | None:
        there = desk.destinations(account)
        return next((d for d in there if d.same_place(wanted)), None)

    what = f"destination {wanted.by} {wanted.place}"
    return _ensured(
        "", what, look, (lambda: desk.add_destination(account, wanted, NAME)) if add else None
    )


# --- subscriptions --------------------------------------------------------------------------


def _subscription(
    desk: Desk, account: str, kind: str, found: Mapping[By, Destination], *, add: bool
) -> Finding:
    version, by = WANTED[kind]
    what = f"{kind} {version}"
    destination = found.get(by)
    act = None
    if add and destination is not None:
        to = destination.id
        act = lambda: desk.subscribe(account, kind, version, to)  # noqa: E731
    there, finding = _ensured(account, what, lambda: desk.subscription(account, kind, version), act)
    if there is None or destination is None or there.destination == destination.id:
        return finding
    why = f"it goes to destination {there.destination}, ours is {destination.id}"
    return Finding(of=account, what=what, state="elsewhere", why=why)


T = TypeVar("T")


def _ensured(
    of: str, what: str, look: Callable[[], T | None], add: Callable[[], None] | None
) -> tuple[T | None, Finding]:
    """Look for one thing; if it is missing and may be added, add it and look again."""
    told = partial(_told, of, what)
    try:
        if (there := look()) is not None:
            return there, told("ok")
        if add is None:
            return None, told("missing")
        _added(add)
        there = look()
    except (Refused, NotAllowed) as no:
        return None, told("refused", str(no))
    except (TryAgain, Unanswered) as busy:
        return None, told("away", str(busy))
    return there, told("missing", "Amazon took it and does not show it yet") if there is None else (
        told("made")
    )


def _added(add: Callable[[], None]) -> None:
    """Add one thing; that it is there already, or that no answer came, the next look tells."""
    try:
        add()
    except Unanswered:
        return
    except Refused as refused:
        if refused.reason.facts.get("status") != "409":
            raise


def _told(of: str, what: str, state: State, why: str = "") -> Finding:
    return Finding(of=of, what=what, state=state, why=why[:500])


# --- looking now and then --------------------------------------------------------------------

LOOKED = timedelta(days=1)
"""Time between two looks at all subscriptions."""

LISTENED = timedelta(hours=1)
"""Time between two looks for silent ones."""


class Heard(Protocol):
    """What was heard of each account and type."""

    def heard(self, most: int) -> Mapping[tuple[str, str], Sequence[datetime]]:
        """Give when the last *most* notifications came."""


class Watching:
    """Tells what is missing once a day, and what has fallen silent once an hour."""

    def __init__(
        self,
        survey: Callable[[], Iterable[Finding]],
        inbox: Heard,
        now: Callable[[], datetime],
    ) -> None:
        self._survey = survey
        self._inbox = inbox
        self._now = now
        self._look = self._listen = now()

    def turn(self) -> int:
        """Look if it is time; give how much there is to worry about."""
        now, worries = self._now(), 0
        if now >= self._look:
            self._look = now + LOOKED
            worries += self._looked()
        if now >= self._listen:
            self._listen = now + LISTENED
            worries += self._listened(now)
        return worries

    def _looked(self) -> int:
        bad = [f for f in self._survey() if not f.good]
        for finding in bad:
            _log.warning(
                "notifications do not come",
                of=finding.of,
                what=finding.what,
                state=finding.state,
                why=finding.why,
                do="listwire notifications setup",
            )
        return len(bad)

    def _listened(self, now: datetime) -> int:
        found = silences(self._inbox.heard(HEARD), WANTED, now)
        for one in found:
            _log.warning(
                "a subscription has fallen silent",
                account=one.account,
                type=one.type,
                last=one.last.isoformat(),
                usual_seconds=round(one.usual.total_seconds()),
                do="listwire notifications check",
            )
        return len(found)
