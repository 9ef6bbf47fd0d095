"""The version of an event whose source states none: when it came, in microseconds.

Kafka's order would be version enough among such events, but not beside a catalogue import,
which states versions: any of these would count as newer for ever. A delete is never stamped:
without a version it deletes whatever is there (`reliability.md` 2.1).
"""

from collections.abc import Callable, Sequence
from datetime import datetime

from producers.catalog.judge import Breach, NotTaken, Told

RULE = "a source states `sequence` on every event of a type or on none"


class Stamps:
    """Versions that only grow, in one process; and which sources state their own."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._last = 0
        self._states: dict[tuple[str, str], bool] = {}

    def stamp(self, told: Told) -> int | None:
        """Give the version of *told*: its own, else the next of ours; None for a delete."""
        if told.sequence is not None or told.event is None:
            return told.sequence
        return self.next()

    def next(self) -> int:
        """Give the next version: microseconds since 1970, or one more than the last."""
        self._last = max(self._last + 1, int(self._now().timestamp() * 1_000_000))
        return self._last

    def agree(self, sender: str, found: Sequence[Sequence[Told]]) -> None:
        """Remember who states versions. Raises `NotTaken` for an event that does otherwise."""
        learned: dict[tuple[str, str], bool] = {}
        breaches = []
        for index, events in enumerate(found):
            for told in events:
                if told.event is None:
                    continue  # a delete may state none
                states = told.sequence is not None
                key = (sender, told.topic)
                if self._states.get(key, learned.setdefault(key, states)) != states:
                    breaches.append(Breach(index=index, field="$.sequence", rule=RULE))
        if breaches:
            raise NotTaken(tuple(breaches))
        self._states |= learned
