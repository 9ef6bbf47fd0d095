"""Ten thousand trade item numbers matched, beside asking for them one by one.

The search runs in this process, against the stand-in, on a clock that only counts: seconds
are what it takes at Amazon's quota of two searches a second.
"""

import logging
from collections.abc import Callable
from time import perf_counter
from typing import Any

import structlog

from tests.conftest import DATA
from tests.support.gtins import Found, cases, real, search

COUNT = 10_000
PER_SECOND = 2
"""Searches that Amazon allows an account in a second (`amazon.md` 3)."""

FILE = DATA / "catalog" / "datakick_items.csv"


def measure(say: Callable[[str], None]) -> dict[str, Any]:
    """Match them all and give the counts, the calls, and the seconds at quota."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    numbers = real(FILE) if FILE.exists() else []
    say(f"gtins: {len(numbers):,} real numbers, the others made")
    began = perf_counter()
    found = search(cases(numbers, COUNT), profile="real")
    return figures(found, len(numbers), perf_counter() - began)


def figures(found: Found, real_: int, took: float) -> dict[str, Any]:
    """Give what is printed: *ours* and *one_by_one* are seconds at quota."""
    unsound = ("check_digit", "restricted", "malformed")
    asked = sum(n for name, n in found.counts.items() if name not in unsound)
    return {
        "n": COUNT,
        "real": real_,
        **found.counts,
        "wrong": len(found.wrong),
        "calls": found.calls,
        "throttled": found.throttled,
        "ours": round(found.seconds, 1),
        "one_by_one": asked / PER_SECOND,
        "ratio": round(found.seconds * PER_SECOND / asked, 3),
        "cpu_seconds": round(took, 1),
    }
