"""Taking a batch off a topic, with one answer for each way it can fail.

| a handler raises | the record                                | the offset |
|------------------|-------------------------------------------|------------|
| nothing          | is done                                   | moves on   |
| `Refused`        | is set aside as a dead letter, and why    | moves on   |
| `TryAgain`       | stays, with all that follow it            | stays      |
| anything else    | a fault of ours: the process ends, loudly | stays      |

The whole batch is looked at before anything is set aside: a dead letter cannot be taken
back, and when most of a batch is refused, it is we who are broken.
"""

from collections.abc import Callable, Sequence

from schemas.errors import Refused, TryAgain
from schemas.reasons import Reason
from schemas.record import Record

SetAside = Callable[[Record, Reason], None]
"""Writes a dead letter; comes back once the broker has it. Raises `TryAgain` if it cannot."""

FEW = 10
"""Below this many records nothing can be said about their share (`operations.md` 3.2)."""


class Outage(Exception):
    """Most of a batch is refused: nothing was set aside, the offset stays, ask a person."""

    def __init__(self, topic: str, refused: int, of: int, first: Reason) -> None:
        super().__init__(f"{refused} of {of} records of {topic} refused; the first: {first}")
        self.reason = first


def drain(batch: Sequence[Record], handle: Callable[[Record], None], set_aside: SetAside) -> int:
    """Handle *batch* in order; return how many of its records are accounted for.

    Raises `Outage` when more than half of ten or more are refused.
    """
    done, refused = _handled(batch, handle)
    _credible(batch, [r for r in refused.values() if r.code != "KEY_PARKED"])
    for index, reason in refused.items():
        try:
            set_aside(batch[index], reason)
        except TryAgain:
            return index
    return done


def _handled(
    batch: Sequence[Record], handle: Callable[[Record], None]
) -> tuple[int, dict[int, Reason]]:
    refused: dict[int, Reason] = {}
    for index, record in enumerate(batch):
        try:
            handle(record)
        except Refused as error:
            refused[index] = error.reason
        except TryAgain:
            return index, refused
    return len(batch), refused


def _credible(batch: Sequence[Record], failures: Sequence[Reason]) -> None:
    if len(batch) >= FEW and len(failures) * 2 > len(batch):
        raise Outage(batch[0].topic, len(failures), len(batch), failures[0])
