"""The loop of the role *lookups*: requests in, answers out, then the offset.

| handling a record raises | the record                                | the offset |
|--------------------------|-------------------------------------------|------------|
| nothing                  | is answered, and the broker has the answer | moves on   |
| `Refused`                | is set aside as a dead letter, and why    | moves on   |
| `TryAgain`               | stays, with all that follow it            | stays      |
| anything else            | a fault of ours: the process ends, loudly | stays      |
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

import structlog

from producers.amazon.lookup import Lookups
from schemas.errors import Refused, TryAgain
from schemas.pipeline import Handled
from schemas.reasons import Reason
from schemas.record import Record

GROUP = "listwire-lookups"
TOPICS = ("listing.lookup-requested.v1", "listing.read-requested.v1")

Place = tuple[str, int]
Publish = Callable[[Sequence[Record]], None]
"""Sends records and comes back once the broker has them all."""

SetAside = Callable[[Record, Reason], None]
"""Writes a dead letter and comes back once the broker has it."""

_log = structlog.get_logger()


class Requests(Protocol):
    """Where requests come from, in order per place."""

    def poll(self, timeout: float) -> Mapping[Place, Sequence[Record]]:
        """Give new records of places that are not resting."""

    def rest(self, place: Place, records: Sequence[Record], seconds: float) -> None:
        """Give *records* of *place* again after *seconds*, before any later ones."""

    def done(self, positions: Mapping[Place, int], outcomes: Mapping[Handled, int]) -> None:
        """Note how far each place was handled, and as what."""


def turn(
    requests: Requests,
    lookups: Lookups,
    publish: Publish,
    set_aside: SetAside,
    *,
    timeout: float = 0.2,
) -> int:
    """Handle one poll's records; give how many are accounted for."""
    handled = 0
    for place, records in requests.poll(timeout).items():
        handled += _place(place, records, requests, (lookups, publish, set_aside))
    return handled


def _place(place: Place, records: Sequence[Record], requests: Requests, how: Any) -> int:
    for number, record in enumerate(records):
        try:
            outcome = _one(record, *how)
        except TryAgain as busy:
            _log.info("waiting", why=str(busy)[:300], topic=place[0], partition=place[1])
            requests.rest(place, records[number:], busy.after)
            return number
        requests.done({place: record.offset + 1}, {outcome: 1})
    return len(records)


def _one(record: Record, lookups: Lookups, publish: Publish, set_aside: SetAside) -> Handled:
    try:
        answers = lookups.handle(record)
    except Refused as refused:
        set_aside(record, refused.reason)
        return "quarantined"
    publish(answers)
    return "emitted" if answers else "filtered"
