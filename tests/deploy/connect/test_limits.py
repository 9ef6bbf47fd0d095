"""Token buckets: what may go now, what a 429 and a header teach, whose tokens they are."""

import threading
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy.connect.amazon.operations import OPERATIONS
from deploy.connect.limits import Limits, believed
from deploy.connect.rates import RATES, SHARES, Rate

OFFICIAL = Path(__file__).parents[3] / "../shared/data/amazon/rate-limits.yml"
PATCH, READ = "patchListingsItem", "getListingsItem"


class Time:
    """A clock that stands still until it is told otherwise."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def limits(time: Time, **how: Any) -> Limits:
    return Limits(time, **({"chance": lambda: 1.0} | how))


def taken(buckets: Limits, operation: str = PATCH, account: str = "a") -> int:
    """Give how many tokens there are now."""
    count = 0
    while buckets.take(operation, account) == 0:
        count += 1
    return count


def test_a_burst_then_the_rate() -> None:
    time = Time()
    buckets = limits(time)
    first = taken(buckets)
    time.now += 1.0

    assert (first, taken(buckets), buckets.pause(PATCH, "a")) == (5, 5, pytest.approx(0.2))


def test_a_bucket_never_holds_more_than_its_burst() -> None:
    time = Time()
    buckets = limits(time)
    time.now += 3600

    assert taken(buckets) == 5


def test_accounts_and_operations_have_buckets_of_their_own() -> None:
    buckets = limits(Time())
    taken(buckets)

    assert (buckets.take(PATCH, "b"), buckets.take(READ, "a")) == (0, 0)


def test_the_application_has_a_ceiling_over_all_accounts() -> None:
    buckets = limits(Time())
    sent = sum(taken(buckets, account=f"account-{n}") for n in range(150))

    assert sent == 500


def test_quotas_may_be_larger() -> None:
    assert taken(limits(Time(), factor=20.0)) == 100


def test_two_roles_share_one_operation() -> None:
    time = Time()
    push, intake = (limits(time, shares=SHARES[role]) for role in ("push", "intake"))
    taken(push, READ), taken(intake, READ)
    time.now += 0.4

    assert (taken(push, READ), taken(intake, READ)) == (1, 0)


@pytest.mark.parametrize("operation", RATES)
def test_the_shares_of_the_roles_are_no_more_than_the_whole(operation: str) -> None:
    assert sum(SHARES[role].get(operation, 0.0) for role in SHARES) <= 1.0


def test_a_slow_call_gains_no_token_on_its_way() -> None:
    time = Time()
    buckets = limits(time)
    buckets.take(PATCH, "a")
    time.now += 3.0  # Amazon may have counted it only now
    buckets.succeeded(PATCH, "a", None)

    assert taken(buckets) == 4


def test_a_429_closes_the_lane_longer_each_time_and_lowers_the_rate() -> None:
    time = Time()
    buckets = limits(time)
    first = buckets.throttled(PATCH, "a")
    time.now += first
    second = buckets.throttled(PATCH, "a")
    time.now += 3600
    taken(buckets)
    time.now += 1.0

    assert (first < second, taken(buckets)) == (True, 2)  # 5/s less 30 % twice


def test_a_429_closes_no_other_lane() -> None:
    buckets = limits(Time())
    buckets.throttled(PATCH, "a")

    assert (buckets.pause(PATCH, "b"), buckets.pause(READ, "a")) == (0, 0)


def test_a_429_for_the_application_closes_the_lane_of_all_accounts() -> None:
    buckets = limits(Time())
    text = "The frequency of requests was greater than what is allowed for the application."
    buckets.throttled(PATCH, "a", text=text)

    assert buckets.pause(PATCH, "b") > 0


def test_a_lane_is_closed_for_a_minute_at_most() -> None:
    time = Time()
    buckets = limits(time)
    closed = [buckets.throttled(PATCH, "a") for _ in range(30)]

    assert max(closed) == pytest.approx(60.0)


def test_success_raises_the_learned_rate_slowly_to_the_set_one() -> None:
    time = Time()
    buckets = limits(time)
    buckets.throttled(PATCH, "a")
    for _ in range(100):
        buckets.succeeded(PATCH, "a", None)
    time.now += 3600
    taken(buckets)
    time.now += 1.0

    assert taken(buckets) == 5


@pytest.mark.parametrize(
    ("header", "per_second"),
    [
        pytest.param("2.0", 2, id="lower"),
        pytest.param("0.5", 0, id="much lower"),
        pytest.param("0", 5, id="95: zero"),
        pytest.param("NaN", 5, id="95: NaN"),
        pytest.param("5,5", 5, id="95: two numbers"),
        pytest.param("string", 5, id="a test server's word"),
        pytest.param("-1", 5, id="negative"),
        pytest.param("999999", 5, id="beyond belief"),
        pytest.param("", 5, id="empty"),
        pytest.param(None, 5, id="absent"),
    ],
)
def test_a_readable_header_sets_the_rate(header: str | None, per_second: int) -> None:
    time = Time()
    buckets = limits(time)
    buckets.succeeded(PATCH, "a", header)
    taken(buckets)
    time.now += 1.0

    assert taken(buckets) == per_second


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("1", 1.0),
        ("300", 300.0),
        ("0", None),
        ("-1", None),
        ("301", None),
        ("1000000000", None),
        ("Wed, 25 Nov 2026 10:00:00 GMT", None),
        (None, None),
    ],
)
def test_retry_after_is_believed_within_reason(header: str | None, seconds: float | None) -> None:
    assert believed(header) == seconds


def test_threads_never_take_a_token_twice() -> None:
    buckets = limits(Time(), factor=100.0)
    counts: list[int] = []
    threads = [threading.Thread(target=lambda: counts.append(taken(buckets))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)

    assert sum(counts) == 500


@pytest.mark.skipif(not OFFICIAL.exists(), reason="rate-limits.yml is not at hand")
@pytest.mark.parametrize("operation", RATES)
def test_no_rate_is_above_amazons_own_file(operation: str) -> None:
    stated = yaml.safe_load(OFFICIAL.read_text())
    rate, burst, *interval = stated[f"{OPERATIONS[operation].client_class}-{operation}"]

    official = Rate(rate / (interval[0] if interval else 1), burst)
    ours = RATES[operation]
    assert ours.per_second <= official.per_second
    assert ours.burst <= official.burst


def test_every_operation_that_we_call_has_a_rate() -> None:
    assert OPERATIONS.keys() == RATES.keys()
