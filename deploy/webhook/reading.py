"""What each kind of source sends, and who reads it."""

from collections.abc import Mapping

from producers.catalog.envelope import Envelope
from producers.catalog.eventing import adobe
from producers.catalog.judge import Reader, Told, ours


def events(envelope: Envelope) -> tuple[Told, ...]:
    """Read an event of our own types. Raises `Unfit`."""
    return (ours(envelope),)


READERS: Mapping[str, Reader[tuple[Told, ...]]] = {"events": events, "adobe": adobe}
"""Kind of source → its reader."""
