"""Waiting for a fact, with a deadline."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def eventually(check: Callable[[], T], *, within: float = 10, every: float = 0.05) -> T:
    """Give the first true value of *check*; an AssertionError it raises counts as not yet.

    Raises AssertionError after *within* seconds, with what *check* said last.
    """
    deadline = time.monotonic() + within
    while True:
        last: object
        try:
            if value := check():
                return value
            last = value
        except AssertionError as error:
            last = error
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {within} s: {last!r}")
        time.sleep(every)
