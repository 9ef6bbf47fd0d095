"""The loop that keeps Postgres up with the topics: poll, plan, write rows and offsets, show.

Rows, parked keys, coverage and offsets share one transaction; dead letters are acknowledged
before it ends.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property

import msgspec
import structlog

from consumers.feed import Left, Place
from consumers.postgres import offsets, write
from consumers.postgres.offsets import Mark
from consumers.postgres.plan import Plan, plan
from consumers.postgres.turning import Turning
from consumers.postgres.write import Unstorable, Written
from schemas.reasons import Reason
from schemas.record import Record

log = structlog.get_logger(__name__)


class Sink(Turning):
    """One reader that keeps the tables people look at."""

    most = 2_000  # beyond, rows a second no longer grow (`write.py`)

    @cached_property
    def totals(self) -> Counter[str]:
        """Since the start: rows given, stored, in conflict; dead letters; transactions."""
        return Counter()

    def _store(self, batches: Mapping[Place, Sequence[Record]]) -> dict[Place, Mark]:
        self._refuse_to_go_back(batches)
        known: dict[tuple[Place, int], Reason] = {}
        while True:
            made = plan(batches, self._marks, known)
            try:
                written = self._write(made)
            except Unstorable as refused:
                known |= self._culprit(made, refused)
            else:
                self._tell(made, written)
                return self._behind(made)

    def _refuse_to_go_back(self, batches: Mapping[Place, Sequence[Record]]) -> None:
        # a topic made again under us: whoever starts anew looks which log it is
        for place, batch in batches.items():
            if batch[0].offset < self._marks[place].next:
                raise Left(f"{place} went back to {batch[0].offset}")

    def _write(self, made: Plan) -> Written:
        with self._engine.begin() as connection:
            written = write.write(connection, [row for row, _ in made.rows])
            offsets.park(connection, self._group, made.park)
            offsets.move(connection, self._group, made.steps)
            for record, reason in made.dead:
                self._set_aside(record, reason)
        return written

    def _culprit(self, made: Plan, refused: Unstorable) -> dict[tuple[Place, int], Reason]:
        rows = [row for row, _ in made.rows if row.table == refused.table]
        with self._engine.connect() as connection:
            bad = write.poison(connection, rows)
        record = next(record for row, record in made.rows if row is bad)
        place = Place(record.topic, record.partition)
        return {(place, record.offset): Reason("ROW_INVALID", {"why": refused.why})}

    def _behind(self, made: Plan) -> dict[Place, Mark]:
        marks = {}
        for place, (mark, done) in made.steps.items():
            keys = {key: (code, since) for at, key, code, since in made.park if at == place}
            marks[place] = msgspec.structs.replace(
                mark, next=done.next, coverage=done, parked={**mark.parked, **keys}, expired=0
            )
        return marks

    def _tell(self, made: Plan, written: Written) -> None:
        self.totals.update(
            transactions=1,
            given=written.given,
            stored=written.stored,
            conflicts=len(written.conflicts),
            dead_letters=len(made.dead),
        )
        for table, key in written.conflicts:
            log.error("same version, other content", table=table, key=key)
        for record, reason in made.dead:
            log.warning(
                "refused",
                topic=record.topic,
                partition=record.partition,
                offset=record.offset,
                key=(record.key or b"").decode(errors="replace"),
                reason=reason.code,
            )


def run(sink: Sink, stopping: Callable[[], bool]) -> None:
    """Turn until *stopping* says so; raises what `Sink.turn` raises."""
    while not stopping():
        sink.turn()
