"""Values into the shop, one product and scope at a time: read, decide, write once, look.

| the shop raises on a write | the values                                                     |
|----------------------------|----------------------------------------------------------------|
| nothing                    | imported where its answer shows them, else refused             |
| `Refused`                  | are written one by one; the one it refuses alone is refused    |
| `TryAgain`                 | wait; so does everything else                                  |
| `Unanswered`               | may be there: read again later, then decided                   |
| `NotAllowed`               | wait, loudly: a person must give the right back                |

"Sending" is committed before the call, and every round begins by reading, so a crash at any
point sends nothing twice that has arrived.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from itertools import groupby

import msgspec
import structlog
from sqlalchemy import Engine

from consumers.commerce import ledger, row
from consumers.commerce.api import Shop, Target
from consumers.commerce.row import OPEN, Row
from consumers.commerce.value import spelled, view_of
from schemas.errors import NotAllowed, Refused, TryAgain, Unanswered
from schemas.reasons import Reason

MOST = 20
"""Products that one look at the table gives."""
TURN = 5.0
"""Seconds after which a step begins no further product: records wait meanwhile."""
NOT_ALLOWED = 60.0
"""Seconds of rest after the shop has taken the right away."""

_log = structlog.get_logger(__name__)


class Wish(msgspec.Struct, frozen=True):
    """One value as the shop shall hold it."""

    row: Row
    target: Target
    text: str


class Writer:
    """Writes what is due; one thread calls `step`. *clock* is monotonic seconds."""

    def __init__(
        self,
        engine: Engine,
        shop: Shop,
        *,
        now: Callable[[], datetime],
        clock: Callable[[], float],
        chance: Callable[[], float],
    ) -> None:
        self._engine = engine
        self._shop = shop
        self._now = now
        self._clock = clock
        self._chance = chance
        self._rests_until = 0.0

    def step(self) -> int:
        """Handle what is due now, at most `MOST` products; give how many were looked at."""
        begun = self._clock()
        if begun < self._rests_until:
            return 0
        with self._engine.connect() as connection:
            found = ledger.due(connection, self._now(), MOST)
        return sum(self._claimed(sku) for sku in found if self._goes_on(begun))

    def _goes_on(self, begun: float) -> bool:
        return max(self._rests_until, begun) <= self._clock() <= begun + TURN

    def _claimed(self, sku: str) -> int:
        """Settle *sku* unless another worker is at it."""
        with self._engine.connect() as connection:
            mine = ledger.hold(connection, sku)
            connection.commit()
            if not mine:
                return 0
            try:
                self._product(sku)
            finally:
                ledger.release(connection, sku)
                connection.commit()
        return 1

    def _product(self, sku: str) -> None:
        with self._engine.connect() as connection:
            rows = ledger.rows(connection, sku)
        due = [r for r in rows if r.state in OPEN and r.due_at <= self._now()]
        for scope, places in groupby(due, key=lambda r: r.scope):
            try:
                self._scope(sku, view_of(scope), list(places))
            except TryAgain as busy:
                return self._rest(str(busy), busy.after)
            except NotAllowed as revoked:
                _log.error("the shop does not let us write", why=str(revoked)[:300])
                return self._rest(str(revoked), NOT_ALLOWED)
        return None

    def _rest(self, why: str, after: float) -> None:
        _log.info("waiting", why=why[:300])
        self._rests_until = self._clock() + after

    # --- one product in one view ---

    def _scope(self, sku: str, view: str, rows: Sequence[Row]) -> None:
        wishes, misfits = self._spelled(rows, view)
        self._judge(sku, misfits)
        if wishes:
            open_ = self._read(sku, view, wishes)
            if open_:
                self._write(sku, view, self._sending(sku, open_))

    def _spelled(self, rows: Iterable[Row], view: str) -> tuple[list[Wish], list[Row]]:
        """Part what can be written from what the shop cannot hold."""
        wishes: list[Wish] = []
        misfits: list[Row] = []
        for each in rows:
            try:
                target = self._target(each.attribute, view)
                wishes.append(Wish(each, target, spelled(target, each.value, view)))
            except Refused as refused:
                misfits.append(row.refused(each, refused.reason))
        return wishes, misfits

    def _target(self, code: str, view: str) -> Target:
        found = self._shop.target(code, view)
        if found is None:
            raise Refused(Reason("ATTRIBUTE_GONE", {"attribute": code}))
        return found

    def _read(self, sku: str, view: str, wishes: list[Wish]) -> list[Wish]:
        """Judge what the shop holds; give what is still to be written."""
        try:
            actual = self._shop.values(sku, view)
        except Refused as refused:
            self._judge(sku, [row.refused(w.row, refused.reason) for w in wishes])
            return []
        if actual is None:
            gone = Reason("PRODUCT_NOT_IN_SHOP", {"sku": sku, "view": view})
            self._judge(sku, [row.refused(w.row, gone) for w in wishes])
            return []
        now = self._now()
        seen = [
            (w, row.read(w.row, w.target, w.text, actual.get(w.row.attribute), now)) for w in wishes
        ]
        self._judge(sku, [after for _, after in seen if after.state not in OPEN])
        return [wish for wish, after in seen if after.state in OPEN]

    def _sending(self, sku: str, wishes: list[Wish]) -> list[Wish]:
        """Write down that these values are about to go out."""
        sent = [msgspec.structs.replace(w, row=row.sending(w.row)) for w in wishes]
        self._judge(sku, [w.row for w in sent])
        return sent

    def _write(self, sku: str, view: str, wishes: list[Wish]) -> None:
        try:
            after = self._shop.write(sku, view, {w.row.attribute: w.text for w in wishes})
        except Refused as refused:
            self._refused(sku, view, wishes, refused.reason)
        except Unanswered as silent:
            rows = [row.unanswered(w.row, str(silent), self._now(), self._chance()) for w in wishes]
            self._judge(sku, rows)
        except TryAgain as busy:
            self._judge(sku, [row.later(w.row, self._now(), busy.after) for w in wishes])
            raise
        except NotAllowed:
            self._judge(sku, [row.later(w.row, self._now(), NOT_ALLOWED) for w in wishes])
            raise
        else:
            now = self._now()
            self._judge(sku, [row.written(w.row, w.target, w.text, after, now) for w in wishes])

    def _refused(self, sku: str, view: str, wishes: list[Wish], reason: Reason) -> None:
        """Find the one that was refused: alone, each speaks for itself."""
        if len(wishes) > 1:
            for wish in wishes:
                self._write(sku, view, [wish])
            return
        _log.warning("refused", sku=sku, view=view, reason=reason.code, why=str(reason)[:300])
        self._judge(sku, [row.refused(w.row, reason) for w in wishes])

    def _judge(self, sku: str, rows: list[Row]) -> None:
        if rows:
            with self._engine.begin() as connection:
                ledger.judged(connection, sku, rows)
