"""Telling that products are no longer there: the last full value once more, then null.

`records.md` 2: a record with `ce_op: D` and the last full value, then a null; stock and price
go with their product.
"""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Protocol

from producers.catalog.told import PRODUCT, TOPICS, Known, Marks, Topics
from schemas import codec, keys, topics
from schemas.event import Event
from schemas.record import Record


class Publisher(Protocol):
    """What takes records and, at flush, comes back once the broker has them all."""

    def send(self, record: Record, mark: int | None = None) -> None:
        """Hand one record over."""

    def flush(self) -> None:
        """Come back once every record is acknowledged; raises if one failed."""


def end(
    skus: Iterable[str],
    kept: Topics,
    publisher: Publisher,
    *,
    source: str,
    marks: Marks,
    now: Callable[[], datetime],
) -> int:
    """Delete the products *skus*; give how many there were to delete.

    One that anybody told of since *marks* lives: it is left alone.
    """
    ended = 0
    for sku in skus:
        kept.catch_up()
        if not _may_end(kept.told.of(PRODUCT, sku), marks):
            continue
        ended += 1
        for topic in TOPICS:
            known = kept.told.of(topic, sku)
            if known is not None and known.content is not None:
                for record in _deleting(topic, sku, known, kept, source, now()):
                    publisher.send(record)
    publisher.flush()
    return ended


def _may_end(known: Known | None, marks: Marks) -> bool:
    if known is None or known.content is None:
        return False
    return known.offset < marks.get((PRODUCT, known.partition), 0)


def _deleting(
    topic: str, sku: str, known: Known, kept: Topics, source: str, now: datetime
) -> Iterable[Record]:
    sequence = max(int(now.timestamp() * 1_000_000), known.sequence + 1)
    value = kept.value(topic, known)
    last: Event | None = None if value is None else _last(topic, value)
    for nth, event in enumerate((last, None) if last is not None else (None,)):
        yield codec.encode(
            event,
            topic=topic,
            key=keys.join(sku),
            id=codec.derived_id(topic, sku, known.sequence, b"deleted" + bytes([nth])),
            source=source,
            subject=sku,
            time=now,
            sequence=sequence + nth,
            op="D",
        )


def _last(topic: str, value: bytes) -> Event | None:
    try:
        event: Event = codec.decoder(topics.topic(topic).event).decode(value)
    except ValueError:
        return None
    return event
