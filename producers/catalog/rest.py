"""What reading the shop needs of its REST interface; `deploy/connect/commerce` opens it."""

import time
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Protocol, TypeVar

from schemas.errors import TryAgain

T = TypeVar("T")

Document = dict[str, Any]
"""A document of the shop's, numbers with a point as exact decimals."""

Filter = tuple[str, str, str]
"""Field, condition, value."""

GLOBAL = "all"
"""The view that is no view: the shop's global scope."""

PATIENCE = 600.0
"""Seconds that one call is repeated before whoever asked is told that the shop is away."""


class Rest(Protocol):
    """The shop's REST interface. Each call raises `TryAgain`, `Refused` or `NotAllowed`."""

    @property
    def date(self) -> datetime | None:
        """The shop's clock by its last answer."""

    def search(
        self,
        what: str,
        view: str = GLOBAL,
        *,
        where: Sequence[Filter] = (),
        sort: str | None = None,
        page: int = 1,
        size: int = 100,
        members: str | None = None,
    ) -> tuple[list[Document], int]:
        """Give one page, and how many there are in all."""

    def listed(self, what: str) -> list[Document]:
        """Give all of: websites, store groups, store views."""

    def product(self, sku: str, view: str = GLOBAL) -> Document | None:
        """Give one product, None if the shop says that it has none."""

    def stock_item(self, sku: str) -> Document | None:
        """Give one product's own stock settings."""

    def stored_prices(self, what: str, skus: Sequence[str]) -> list[Document]:
        """Give the base prices, or the special prices, that are stored for *skus*."""


class Patient:
    """The same, waiting where the shop says *not now*: for whoever has time to wait.

    Raises `TryAgain` once one call was put off for *patience* seconds.
    """

    def __init__(
        self,
        rest: Rest,
        wait: Callable[[float], object] = time.sleep,
        *,
        patience: float = PATIENCE,
    ) -> None:
        self._rest, self._wait, self._patience = rest, wait, patience

    @property
    def date(self) -> datetime | None:
        """The shop's clock by its last answer."""
        return self._rest.date

    def search(self, *what: Any, **how: Any) -> tuple[list[Document], int]:
        """Give one page, and how many there are in all."""
        return self._patiently(lambda: self._rest.search(*what, **how))

    def listed(self, what: str) -> list[Document]:
        """Give all of: websites, store groups, store views."""
        return self._patiently(lambda: self._rest.listed(what))

    def product(self, sku: str, view: str = GLOBAL) -> Document | None:
        """Give one product, None if the shop says that it has none."""
        return self._patiently(lambda: self._rest.product(sku, view))

    def stock_item(self, sku: str) -> Document | None:
        """Give one product's own stock settings."""
        return self._patiently(lambda: self._rest.stock_item(sku))

    def stored_prices(self, what: str, skus: Sequence[str]) -> list[Document]:
        """Give the base prices, or the special prices, that are stored for *skus*."""
        return self._patiently(lambda: self._rest.stored_prices(what, skus))

    def _patiently(self, ask: Callable[[], T]) -> T:
        waited = 0.0
        while True:
            try:
                return ask()
            except TryAgain as later:
                if waited + later.after > self._patience:
                    raise
                self._wait(later.after)
                waited += later.after


def everything(rest: Rest, what: str, *, sort: str | None = None) -> list[Document]:
    """Give all of *what* there is: for the few things that describe the shop itself."""
    found: list[Document] = []
    page, size = 1, 200
    while True:
        some, total = rest.search(what, sort=sort, page=page, size=size)
        found += some
        if not some or page * size >= total:
            return found
        page += 1
