"""Reading one report document, in whatever process that happens.

Who publishes a report's rows knows a document by these steps alone: what it is, whether it
is whole, what its rows state. `here` takes them in this process, on bytes that are trusted.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol

import msgspec

from producers.amazon.band import Band
from producers.amazon.document import Open, document
from producers.amazon.lines import RefusedRow
from producers.amazon.report import Origin, Rows, Stated
from producers.amazon.survey import USUAL, survey


class Whole(msgspec.Struct, frozen=True):
    """A document that may count: how many rows it has, and what a person should hear of."""

    rows: int
    notes: tuple[str, ...] = ()


class Reading(Protocol):
    """One document that is being read. Each step raises `Refused` if it is no good."""

    @property
    def hash(self) -> str:
        """The hash of what it holds, unpacked."""

    def survey(self, type_: str, last_rows: int | None, within: Band = USUAL) -> Whole:
        """Look at all of it before a row counts (guard G7)."""

    def rows(self, origin: Origin) -> Iterator[Stated | RefusedRow]:
        """Give what each row states, and each row that is set aside; after `survey`."""

    def notes(self) -> tuple[str, ...]:
        """Say what was left out of the rows; after the last of them."""


Reader = Callable[[Open, str | None], AbstractContextManager[Reading]]
"""What opens a document, and its declared charset → its reading."""


@contextmanager
def here(open_: Open, declared: str | None) -> Iterator[Reading]:
    """Read a document in this process. Raises `Refused`."""
    yield _Here(open_, declared)


class _Here:
    """Reading without any wall."""

    def __init__(self, open_: Open, declared: str | None) -> None:
        self._document = document(open_, declared=declared)
        self.hash = self._document.hash

    def survey(self, type_: str, last_rows: int | None, within: Band = USUAL) -> Whole:
        self._found = survey(self._document, type_=type_, last_rows=last_rows, within=within)
        return Whole(self._found.rows, self._found.notes)

    def rows(self, origin: Origin) -> Iterator[Stated | RefusedRow]:
        self._rows = Rows(self._document, self._found, origin)
        return iter(self._rows)

    def notes(self) -> tuple[str, ...]:
        return self._rows.notes
