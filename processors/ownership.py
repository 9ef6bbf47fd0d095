"""Taking partitions over and letting them go, and what may be committed meanwhile.

Coverage is written before an offset is committed. Partitions are let go once all that is
under way is acknowledged, while they are still ours; a worker that was forgotten by its
group sends nothing more.
"""

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime

from faust.types import TP

from processors.coverage import Ledger
from processors.deliver import Deliver
from processors.outbox import Outbox
from processors.taking import Refusals, Taking
from processors.whole import Whole

LEAVE = 4.0
"""Seconds in which what is under way must be acknowledged when partitions are let go."""


class Unsure(RuntimeError):
    """This worker may no longer speak for its partitions."""


class Ownership:
    """What one worker owns (`transport.Offsets`); *fail* stops the worker."""

    def __init__(
        self,
        *,
        ledger: Ledger,
        outbox: Outbox,
        taking: Taking,
        refusals: Refusals,
        whole: Whole,
        deliver: Deliver,
        clock: Callable[[], datetime],
        fail: Callable[[BaseException], None],
    ) -> None:
        self._ledger = ledger
        self._outbox = outbox
        self._taking = taking
        self._refusals = refusals
        self._whole = whole
        self._deliver = deliver
        self._clock = clock
        self._fail = fail
        self._restored = False
        self._applied: dict[str, int] = {}
        self._silent = False

    @property
    def taking(self) -> bool:
        """Whether records are taken now."""
        return self._taking.generation is not None

    def silence(self) -> None:
        """Say and commit nothing more: we are no longer sure of anything."""
        self._silent = True
        self._taking.end()

    def restored(self) -> None:
        """Note that the rows of the owned partitions are complete."""
        self._restored = True

    async def handled(self) -> Mapping[TP, int]:
        """Write the coverage of what was handled, then give the offsets to commit."""
        if self._silent:
            return {}
        places, now = self._ledger.untold(), self._clock()
        whole = self._whole.applied()
        news = {topic: upto for topic, upto in whole.items() if self._applied.get(topic) != upto}
        records = [*self._ledger.records(places, now), *self._ledger.applied(news, now)]
        if records:
            await self._deliver(records)
        self._ledger.told(places)
        self._applied |= news
        return {TP(*place): position for place, position in places.items()}

    async def leave(self, lost: bool) -> None:
        """Let go of all partitions: what is under way is finished, or given up if *lost*."""
        self._restored = False
        if self._taking.end() and lost:
            self._outbox.forget()
            self._fail(Unsure("the group has forgotten this worker"))
            return
        try:
            await asyncio.wait_for(self._outbox.empty(), LEAVE)
        except Exception as fault:  # noqa: BLE001 - Faust would go on as if nothing happened
            self._outbox.forget()
            self._fail(fault)

    async def prepare(self) -> bool:
        """Read what is covered: the owner before us may just have written it.

        Gives False while rows are being restored.
        """
        if not self._restored:
            return False
        await self._whole.to_end()
        return True

    def begin(self, starts: Mapping[TP, int], generation: int) -> None:
        """Begin to take records of a new generation, each partition from its start."""
        self._ledger.forget()
        self._refusals.clear()
        places = {(tp.topic, tp.partition): start for tp, start in starts.items()}
        for (topic, partition), start in places.items():
            self._ledger.begin(topic, partition, start, self._whole.covered.get((topic, partition)))
        self._taking.begin(places, generation)

    def expected(self) -> Mapping[TP, int]:
        """Give the offset of the next record to take, per partition; empty if none are taken."""
        return self._taking.expected() if self.taking else {}
