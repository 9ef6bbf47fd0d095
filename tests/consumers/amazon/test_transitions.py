"""The ledger makes only the moves of its table, and each of them can happen.

Random histories of one shared SKU: offers, sends, answers of every kind, reads of every
kind, crashes, pauses, time. The model of Amazon is only what it may answer.
"""

import random
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consumers.amazon import outcome, row
from consumers.amazon.desired import accept, withdraw
from consumers.amazon.lanes import is_zero, ready, scheduled
from consumers.amazon.row import LEGAL, Change, IllegalMove, Row, Rows, changed, moved
from schemas.amazon import Issue
from schemas.offers import StoreOffer
from tests.consumers.amazon.offers import HANDS_OFF, NOW, after, here, live, offer, shows

PRICES = ("9.90", "19.90", "29.90")
ISSUE = Issue(code="1", attributes=["purchasable_offer", "fulfillment_availability"])


class History:
    """One shared SKU, and what may happen to it next; *choose* is the only chance."""

    def __init__(self, choose: Callable[[int], int]) -> None:
        self._choose = choose
        self.rows: Rows = {}
        self.now: datetime = NOW
        self.sequence = 0
        self.sent: list[Row] = []

    def pick(self, values: Any) -> Any:
        return values[self._choose(len(values))]

    def step(self) -> None:
        often = (self.send, self.answer, self.read)
        self.pick((self.offer, *often, *often, self.hold, self.pause, self.crash, self.wait))()

    def take(self, change: Change) -> None:
        self.rows = scheduled(self.rows | change.rows)

    # --- what happens ---

    def offer(self) -> None:
        self.sequence += self.pick((1, 1, 1, 0))
        if self.pick(range(12)) == 0:
            self.take(withdraw(self.rows, self.now))
            return
        stores = {"acme_de": self.store(), "acme_fr": self.store()}
        wanted = offer(self.sequence, self.pick((0, 0, 5, 7, None)), **stores)
        self.take(accept(wanted, self.rows, self.now))

    def store(self) -> StoreOffer:
        seen = {"as_of": self.now, "quantity": self.pick((0, 5, 7))}
        return self.pick(
            (
                here(self.pick(PRICES)),
                here(None, "absent", exists=True),
                live(self.pick(PRICES), shows=self.pick(PRICES), **seen),
                HANDS_OFF,
            )
        )

    def send(self) -> None:
        if not (waiting := ready(self.rows)):
            return
        sending = outcome.begun(self.pick(waiting), fence=1, now=self.now)
        self.sent.append(sending)
        self.take(Change({sending.key: sending}))

    def answer(self) -> None:
        for sending in self._in("sending"):
            act = self.pick(
                (
                    lambda r: outcome.accepted(r, "s", now=self.now),
                    lambda r: outcome.accepted(r, "s", now=self.now),
                    lambda r: outcome.invalid(r, [], "no", now=self.now),
                    lambda r: outcome.again(changed(r, tries=19), 1, now=self.now),
                    lambda r: outcome.throttled(r, now=self.now),
                    lambda r: outcome.failed(r, "not allowed", now=self.now),
                )
            )
            self.take(act(sending))

    def crash(self) -> None:
        for sending in self._in("sending"):
            self.take(outcome.unanswered(sending, now=self.now))

    def read(self) -> None:
        price = self.pick((*PRICES, None))
        issues = self.pick(([], [], [ISSUE]))
        read = shows(
            price,
            self.pick((0, 5, 7, None)),
            exists=self.pick((True, True, False, None)),
            as_of=self.now,
            store=self.pick(("acme-de", "acme-fr")),
            issues=issues,
        )
        asked_at = self.now - timedelta(seconds=self.pick((0, 0, 0, 5)))
        self.take(outcome.seen(self.rows, read, asked_at=asked_at, now=self.now))

    def hold(self) -> None:
        for waiting in ready(self.rows)[:1]:
            self.take(Change({waiting.key: moved(waiting, "held")}))

    def pause(self) -> None:
        for held in self._in("held"):
            self.take(Change({held.key: moved(held, "idle", due_at=self.now)}))
        for blocked in self._in("blocked"):
            self.take(outcome.resumed(blocked, now=self.now))

    def wait(self) -> None:
        self.now += timedelta(seconds=self.pick((1, 60, 1000, 30_000)))

    def _in(self, state: str) -> list[Row]:
        return [r for r in self.rows.values() if r.state == state]

    # --- what must always hold ---

    def check(self) -> None:
        flying = [r for r in self.rows.values() if r.in_flight]
        assert len([r for r in flying if not (r.aspect == "quantity" and r.sent == "0")]) <= 1
        assert all(r.sent is not None for r in flying)
        for waiting in ready(self.rows):
            assert waiting.wanted is not None
            assert waiting.wanted != waiting.confirmed
            assert not flying or is_zero(waiting)


@settings(max_examples=80, deadline=None)
@given(st.data())
def test_no_history_makes_another_move(data: st.DataObject) -> None:
    history = History(lambda n: data.draw(st.integers(0, n - 1)))
    for _ in range(60):
        history.step()
        history.check()


def test_each_move_of_the_table_happens_in_some_history(monkeypatch: pytest.MonkeyPatch) -> None:
    made: set[tuple[str, str]] = set()
    replaced = row.msgspec.structs.replace

    def watched(before: Any, /, **changes: Any) -> Any:
        if isinstance(before, Row) and changes.get("state", before.state) != before.state:
            made.add((before.state, changes["state"]))
        return replaced(before, **changes)

    monkeypatch.setattr(row.msgspec.structs, "replace", watched)
    for seed in range(60):
        chance = random.Random(seed)
        history = History(chance.randrange)
        for _ in range(200):
            history.step()

    assert made == LEGAL


STATES = sorted({s for pair in LEGAL for s in pair})


@pytest.mark.parametrize(
    ("before", "to"),
    [(a, b) for a in STATES for b in STATES if (a, b) not in LEGAL],
)
def test_every_other_pair_is_refused(before: Any, to: Any) -> None:
    one = changed(next(iter(after(offer(acme_de=live("9.90"))).values())), state=before)

    with pytest.raises(IllegalMove):
        moved(one, to)


def test_a_sku_is_sent_the_newest_wanted_value_only() -> None:
    for seed in range(40):
        history = History(random.Random(seed).randrange)
        for _ in range(150):
            count = len(history.sent)
            wanted = {r.key: r.wanted for r in history.rows.values()}
            history.step()
            assert all(s.sent == wanted[s.key] for s in history.sent[count:])
