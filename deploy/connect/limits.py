"""Token buckets per operation × account and per operation × application, and what they learn.

A bucket never waits: it says how long it would take. Headers set a pair's rate, a 429
empties the bucket, lowers the learned rate and closes the lane for a while; success raises
the rate again, slowly.
"""

import math
import random
import re
import threading
from collections.abc import Callable, Mapping

import msgspec

from deploy.connect.rates import APPLICATION, RATES, Rate

LONGEST_PAUSE = 60.0
"""Seconds that a lane is closed at most, unless one request takes longer (`amazon.md` 4)."""
SLOWEST = 0.02
"""Share of the set rate below which no 429 lowers the learned one."""
LOWER, RAISE = 0.7, 1.01
"""A 429 at once takes 30 % off, each success gives 1 % back."""
BELIEVED = (1, 300)
"""Seconds that a `Retry-After` may name; anything else is no answer of Amazon's."""
HIGHEST = 10.0
"""How many times the set rate a header may promise before it is taken for noise."""

ROUNDING = 1e-9
"""A token less this much is a whole one."""

_NUMBER = re.compile(r"[0-9]{1,6}(\.[0-9]{1,12})?")


class _Bucket(msgspec.Struct):
    rate: Rate
    learned: float
    level: float
    at: float
    closed_until: float = 0.0
    refusals: int = 0

    def fill(self, now: float) -> None:
        self.level = min(self.rate.burst, self.level + (now - self.at) * self.learned)
        self.at = now

    def pause(self, now: float) -> float:
        self.fill(now)
        lacking = max(0.0, 1.0 - self.level - ROUNDING) / self.learned
        return max(lacking, self.closed_until - now, 0.0)


class Limits:
    """All buckets of one role in one process; safe for threads.

    *factor* multiplies every quota (a stand-in with larger quotas), *shares* gives the part
    of an operation that this role may use, *rates* replaces single rates.
    """

    def __init__(
        self,
        clock: Callable[[], float],
        *,
        factor: float = 1.0,
        shares: Mapping[str, float] | None = None,
        rates: Mapping[str, Rate] | None = None,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._clock = clock
        self._factor = factor
        self._shares = dict(shares or {})
        self._rates = RATES | dict(rates or {})
        self._chance = chance
        self._buckets: dict[tuple[str, str], _Bucket] = {}
        self._lock = threading.Lock()

    def pause(self, operation: str, account: str) -> float:
        """Give the seconds until *operation* may be called for *account*; 0 = now."""
        with self._lock:
            now = self._clock()
            return max(b.pause(now) for b in self._of(operation, account, now))

    def take(self, operation: str, account: str) -> float:
        """Take a token and give 0, or take none and give the seconds to wait."""
        with self._lock:
            now = self._clock()
            buckets = self._of(operation, account, now)
            pause = max(b.pause(now) for b in buckets)
            if pause <= 0:
                self._spend(buckets)
            return pause

    def force(self, operation: str, account: str) -> None:
        """Take a token that is needed whatever the level: one call repeated once."""
        with self._lock:
            self._spend(self._of(operation, account, self._clock()))

    def succeeded(self, operation: str, account: str, header: str | None) -> None:
        """Learn from an answer that was no 429, and from its rate header.

        Amazon may have counted the call as late as now: until then its bucket, if it was
        full, did not fill, so ours is a token short of full at best.
        """
        with self._lock:
            now = self._clock()
            bucket = self._of(operation, account, now)[0]
            bucket.fill(now)
            bucket.level = min(bucket.level, bucket.rate.burst - 1)
            bucket.refusals = 0
            if (told := self._told(operation, header)) is not None:
                bucket.rate = Rate(told, bucket.rate.burst)
            bucket.learned = min(bucket.rate.per_second, bucket.learned * RAISE)

    def throttled(
        self, operation: str, account: str, *, text: str = "", retry_after: str | None = None
    ) -> float:
        """Learn from a 429; give the seconds for which the lane is closed.

        Its text only chooses the bucket: the application's, else (an unknown text) the pair's.
        """
        with self._lock:
            now = self._clock()
            buckets = self._of(operation, account, now)
            whole = len(buckets) > 1 and "allowed for the application" in text
            bucket = buckets[1] if whole else buckets[0]
            return self._close(bucket, now, believed(retry_after))

    def _close(self, bucket: _Bucket, now: float, stated: float | None) -> float:
        bucket.fill(now)
        bucket.level = min(bucket.level, 0.0)
        bucket.learned = max(bucket.learned * LOWER, bucket.rate.per_second * SLOWEST)
        once = 1 / bucket.learned
        longest = max(LONGEST_PAUSE, once)
        jittered = self._chance() * min(longest, once * 2.0 ** min(bucket.refusals, 16))
        bucket.refusals += 1
        bucket.closed_until = now + (stated if stated is not None else jittered)
        return bucket.pause(now)

    def _of(self, operation: str, account: str, now: float) -> list[_Bucket]:
        pair = self._bucket((operation, account), self._set(operation), now)
        if operation not in APPLICATION:
            return [pair]
        ceiling = APPLICATION[operation].times(self._factor)
        return [pair, self._bucket((operation, ""), ceiling, now)]

    def _bucket(self, key: tuple[str, str], rate: Rate, now: float) -> _Bucket:
        if key not in self._buckets:
            self._buckets[key] = _Bucket(rate, rate.per_second, rate.burst, now)
        return self._buckets[key]

    def _set(self, operation: str) -> Rate:
        return self._rates[operation].times(self._factor * self._shares.get(operation, 1.0))

    def _told(self, operation: str, header: str | None) -> float | None:
        """Give the rate a header names for our share, None for one not to be believed."""
        if header is None or not _NUMBER.fullmatch(header):
            return None
        told = float(header) * self._shares.get(operation, 1.0)
        most = self._set(operation).per_second * HIGHEST
        return told if math.isfinite(told) and 0 < told <= most else None

    @staticmethod
    def _spend(buckets: list[_Bucket]) -> None:
        for bucket in buckets:
            bucket.level -= 1


def believed(retry_after: str | None) -> float | None:
    """Give the seconds of a `Retry-After`, None for one that is not to be believed."""
    if retry_after is None or not re.fullmatch(r"[0-9]{1,4}", retry_after):
        return None
    return float(retry_after) if BELIEVED[0] <= int(retry_after) <= BELIEVED[1] else None
