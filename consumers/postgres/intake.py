"""Records off Kafka into tables: rows and offset in one transaction (`reliability.md` C).

A refused record becomes a dead letter before the offset moves.
"""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, Generic, TypeVar

import msgspec
import structlog
from sqlalchemy import Connection

from consumers.coverage import extended
from consumers.feed import Place
from consumers.postgres import offsets
from consumers.postgres.offsets import Mark
from consumers.postgres.turning import Turning
from schemas.errors import Refused
from schemas.pipeline import Coverage, Handled
from schemas.record import Record

T = TypeVar("T")
Outcomes = list[tuple[int, Handled]]

log = structlog.get_logger(__name__)


class Taking(Turning, Generic[T]):
    """Reads records and keeps what they say.

    A subclass says what a record is (`read`), what is written (`keep`), and what follows once
    it is (`kept`).
    """

    most = 500

    @abstractmethod
    def read(self, record: Record) -> T:
        """Give what *record* says. Raises `Refused`."""

    @abstractmethod
    def keep(self, connection: Connection, said: list[T]) -> Any:
        """Write what a batch says, in order; give what `kept` shall know."""

    def kept(self, what: Any) -> None:
        """Hear that the transaction is through."""

    def _store(self, batches: Mapping[Place, Sequence[Record]]) -> dict[Place, Mark]:
        said: list[T] = []
        steps: dict[Place, tuple[Mark, Coverage]] = {}
        for place, records in batches.items():
            mark = self._marks[place]
            steps[place] = mark, extended(mark.coverage, self._read(records, said))
        with self._engine.begin() as connection:
            what = self.keep(connection, said)
            offsets.move(connection, self._group, steps)
        self.kept(what)
        return {
            place: msgspec.structs.replace(mark, next=done.next, coverage=done, expired=0)
            for place, (mark, done) in steps.items()
        }

    def _read(self, records: Sequence[Record], said: list[T]) -> Outcomes:
        """Add what *records* say to *said*; give what became of each offset."""
        outcomes: Outcomes = []
        for record in records:
            try:
                said.append(self.read(record))
            except Refused as refused:
                self._set_aside(record, refused.reason)
                log.warning("refused", offset=record.offset, reason=refused.reason.code)
                outcomes.append((record.offset, "quarantined"))
            else:
                outcomes.append((record.offset, "emitted"))
        return outcomes
