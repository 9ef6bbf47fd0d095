"""Setting notifications up: what is missing is added, once; both desks pass one suite."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace
from structlog.testing import capture_logs

from deploy.connect.amazon.build import amazon_client
from deploy.connect.amazon.subscribing import Subscribing
from deploy.settings import Amazon
from producers.amazon.silence import LEAST, silences, usual
from producers.amazon.subscriptions import (
    WANTED,
    Desk,
    Destination,
    Finding,
    Places,
    Subscription,
    Watching,
    survey,
)
from schemas.errors import NotAllowed, Refused, TryAgain, Unanswered
from schemas.reasons import Reason
from schemas.settings import Settings
from tests.consumers.amazon.conftest import place
from tests.support.notices import NOW, account, store
from tests.support.sandbox import Sandbox, running_sandbox

ARN = "arn:aws:sqs:eu-west-1:123456789012:notifications"
PLACES = Places(
    queue=Destination(by="sqs", place=ARN),
    bridge=Destination(by="eventBridge", place="123456789012", region="eu-west-1"),
)
SETTINGS = Settings(
    records={
        "account": {"acme-eu": account(), "acme-na": account("NA", "A2EXAMPLE")},
        "store": {"acme-de": store("acme-eu", "DE"), "acme-us": store("acme-na", "US")},
    }
)


class ListedDesk:
    """Amazon's notifications operations over dicts; *faults* are raised in order."""

    def __init__(self, *faults: Exception) -> None:
        self.there: dict[str, list[Destination]] = {}
        self.subscribed: dict[tuple[str, str], Subscription] = {}
        self.faults = list(faults)

    def destinations(self, account: str) -> list[Destination]:
        return list(self.there.get(SETTINGS.of("account")[account].region, ()))

    def add_destination(self, account: str, wanted: Destination, name: str) -> None:
        known = self.there.setdefault(SETTINGS.of("account")[account].region, [])
        if any(d.same_place(wanted) for d in known):
            raise Refused(Reason("AMAZON_REJECTED", {"status": "409"}))
        known.append(replace(wanted, id=f"d{len(known)}"))
        self._fail()

    def subscription(self, account: str, kind: str, version: str) -> Subscription | None:
        return self.subscribed.get((account, kind))

    def subscribe(self, account: str, kind: str, version: str, destination: str) -> None:
        if (account, kind) in self.subscribed:
            raise Refused(Reason("AMAZON_REJECTED", {"status": "409"}))
        made = Subscription(id=f"s{len(self.subscribed)}", version=version, destination=destination)
        self.subscribed[account, kind] = made
        self._fail()

    def _fail(self) -> None:
        if self.faults:
            raise self.faults.pop(0)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with running_sandbox() as running:
        yield running


def seeded(sandbox: Sandbox) -> Desk:
    """Give the desk of our own client before an empty stand-in."""
    accounts = {
        "acme-eu": {"region": "EU", "merchant_token": "A1EXAMPLE", "marketplaces": ["DE"]},
        "acme-na": {"region": "NA", "merchant_token": "A2EXAMPLE", "marketplaces": ["US"]},
    }
    for name, told in accounts.items():
        told["refresh_token"] = f"Atzr|{name}"
    document = {"seed": 7, "profile": "quiet", "clock": "real", "quota_factor": None}
    sandbox.seed({**document, "accounts": accounts})
    settings = SETTINGS
    for name in accounts:
        own = replace(account(accounts[name]["region"]), credentials=f"env:{name}")  # type: ignore[arg-type]
        own = replace(own, merchant_token=str(accounts[name]["merchant_token"]))
        settings = settings.with_record("account", name, own)
    environ = {f"{name}_REFRESH_TOKEN": f"Atzr|{name}" for name in accounts}
    amazon: Amazon = place(sandbox.api, 1000.0)
    return Subscribing(amazon_client(amazon, lambda: settings, environ, role="notifications"))


@pytest.fixture(params=["listed", "stand-in"])
def desk(request: pytest.FixtureRequest) -> Desk:
    if request.param == "listed":
        return ListedDesk()
    return seeded(request.getfixturevalue("sandbox"))


def found(desk: Desk, *, add: bool) -> list[Finding]:
    return list(survey(desk, SETTINGS, PLACES, add=add))


def states(findings: list[Finding]) -> set[str]:
    return {f.state for f in findings}


def test_looking_alone_tells_what_is_missing_and_changes_nothing(desk: Desk) -> None:
    first, second = found(desk, add=False), found(desk, add=False)

    assert first == second
    assert states(first) == {"missing"}
    assert len(first) == 2 * 2 + 2 * len(WANTED)


def test_setting_up_adds_everything_and_again_adds_nothing(desk: Desk) -> None:
    assert states(found(desk, add=True)) == {"made"}

    assert states(found(desk, add=True)) == {"ok"}
    assert states(found(desk, add=False)) == {"ok"}
    assert len(desk.destinations("acme-eu")) == len(desk.destinations("acme-na")) == 2


def test_a_subscription_that_leads_elsewhere_is_told_and_left(desk: Desk) -> None:
    other = Destination(by="sqs", place=ARN + "-old", region="eu-west-1")
    desk.add_destination("acme-eu", other, "old")
    (old,) = desk.destinations("acme-eu")
    version, _ = WANTED["REPORT_PROCESSING_FINISHED"]
    desk.subscribe("acme-eu", "REPORT_PROCESSING_FINISHED", version, old.id)

    bad = [f for f in found(desk, add=True) if not f.good]

    assert [(f.of, f.state) for f in bad] == [("acme-eu", "elsewhere")]
    kept = desk.subscription("acme-eu", "REPORT_PROCESSING_FINISHED", version)
    assert kept is not None
    assert kept.destination == old.id


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(Unanswered("reset"), id="no answer came, and it was done"),
        pytest.param(
            Refused(Reason("AMAZON_REJECTED", {"status": "409"})), id="somebody was faster"
        ),
    ],
)
def test_a_lost_answer_makes_nothing_twice(fault: Exception) -> None:
    desk = ListedDesk(fault, fault, fault)

    assert states(found(desk, add=True)) == {"made"}
    assert len(desk.there["EU"]) == 2


@pytest.mark.parametrize(
    ("fault", "state"),
    [
        pytest.param(NotAllowed("no role"), "refused", id="a missing role"),
        pytest.param(
            Refused(Reason("AMAZON_REJECTED", {"status": "400"})), "refused", id="a refusal"
        ),
        pytest.param(TryAgain("busy"), "away", id="not now"),
    ],
)
def test_what_cannot_be_added_is_told_and_stops_nothing_else(fault: Exception, state: str) -> None:
    desk = ListedDesk(fault)

    bad = [f for f in found(desk, add=True) if f.state == state]

    assert len(bad) == 1


def test_an_account_without_credentials_stops_no_other(sandbox: Sandbox) -> None:
    seeded(sandbox)
    environ = {"EU_REFRESH_TOKEN": "Atzr|acme-eu"}
    own = {
        "acme-eu": replace(account("EU"), credentials="env:EU"),
        "acme-na": replace(account("NA"), credentials="env:NA"),
    }
    settings = Settings(records=SETTINGS.records | {"account": own})
    desk = Subscribing(
        amazon_client(place(sandbox.api, 1000.0), lambda: settings, environ, role="notifications")
    )

    by = {f.of: f.state for f in survey(desk, settings, PLACES, add=True)}

    assert (by["acme-eu"], by["acme-na"]) == ("made", "refused")


class _Busy:
    """A client whose bucket is empty twice."""

    def __init__(self) -> None:
        self.calls = 0

    def ask(self, operation: str, *_: Any, **__: Any) -> Any:
        self.calls += 1
        if self.calls < 3:
            raise TryAgain("no token in the bucket", after=0.7 * self.calls)
        raise Refused(Reason("AMAZON_REJECTED", {"status": "400"}))


def test_an_empty_bucket_is_waited_for_and_nothing_is_given_up_early() -> None:
    waits: list[float] = []

    with pytest.raises(Refused):
        Subscribing(_Busy(), waits.append).destinations("acme-eu")

    assert waits == [0.7, 1.4]


# --- silence --------------------------------------------------------------------------------

HOUR = timedelta(hours=1)
STATUS = "LISTINGS_ITEM_STATUS_CHANGE"


def every(pause: timedelta, *, count: int = 6, until: timedelta = timedelta()) -> list[Any]:
    return [NOW - until - n * pause for n in range(count)]


@pytest.mark.parametrize(
    ("heard", "silent"),
    [
        pytest.param(every(3 * HOUR, until=5 * HOUR), False, id="longer than usual, not twice"),
        pytest.param(every(3 * HOUR, until=7 * HOUR), True, id="more than twice the usual"),
        pytest.param(every(HOUR / 60, until=HOUR), False, id="busy, and an hour of rest"),
        pytest.param(every(HOUR / 60, until=3 * HOUR), True, id="busy, and hours of rest"),
        pytest.param(every(3 * HOUR, count=4, until=99 * HOUR), False, id="too few to tell"),
    ],
)
def test_silence_is_twice_the_usual_pause(heard: list[Any], silent: bool) -> None:
    found = silences({("acme-eu", STATUS): heard}, WANTED, NOW)

    assert [(s.account, s.type) for s in found] == ([("acme-eu", STATUS)] if silent else [])


def test_the_usual_pause_is_the_longest_and_no_less_than_an_hour() -> None:
    assert usual([NOW, *every(2 * HOUR, until=9 * HOUR)]) == 9 * HOUR
    assert usual(every(HOUR / 60)) == LEAST


def test_what_nobody_subscribed_to_may_be_silent() -> None:
    assert silences({("acme-eu", "ORDER_CHANGE"): every(HOUR, until=99 * HOUR)}, WANTED, NOW) == []


class _Heard:
    def heard(self, most: int) -> dict[tuple[str, str], list[Any]]:
        return {("acme-eu", STATUS): every(HOUR, until=9 * HOUR)}


def test_what_is_missing_is_told_daily_and_what_is_silent_hourly() -> None:
    clock, looks = [NOW], []

    def look() -> list[Finding]:
        looks.append(1)
        return [Finding(of="acme-eu", what=STATUS, state="missing")]

    watching = Watching(look, _Heard(), lambda: clock[0])
    with capture_logs() as logs:
        assert (watching.turn(), watching.turn()) == (2, 0)
        clock[0] += HOUR
        assert watching.turn() == 1
        clock[0] += timedelta(days=1)
        assert watching.turn() == 2

    assert len(looks) == 2
    assert {log["event"] for log in logs} == {
        "notifications do not come",
        "a subscription has fallen silent",
    }
