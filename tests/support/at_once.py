"""A pool of threads that has none: what is submitted is done before anyone can ask."""

from collections.abc import Callable
from concurrent.futures import Future
from typing import Any


def at_once(call: Callable[[], Any]) -> "Future[Any]":
    future: Future[Any] = Future()
    try:
        future.set_result(call())
    except Exception as error:  # noqa: BLE001 - a future carries whatever was raised
        future.set_exception(error)
    return future
