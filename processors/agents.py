"""Records in, postings out, in order; what they mean is the role's business.

Faust acknowledges an event whose agent raised, or was cancelled half-way by a stop. So no
exception leaves an agent, a failure is a posting like any other, and only the outbox says
what was handled: outputs, then state, then this.
"""

from collections.abc import Awaitable, Callable
from typing import Any

import faust
from faust.types import AgentT, EventT, StreamT

from schemas.record import Record

Take = Callable[[EventT[Any]], Awaitable[None]]


def relay(app: faust.App, topic: str, take: Take) -> AgentT[Any]:
    """Give each record of *topic* to *take*, one after another."""

    async def agent(stream: StreamT[bytes]) -> None:
        stream.enable_acks = False  # what was handled is the outbox's to say
        async for event in stream.events():
            await take(event)

    source = app.topic(
        topic, key_type=bytes, value_type=bytes, key_serializer="raw", value_serializer="raw"
    )
    return app.agent(source, name=topic, concurrency=1)(agent)


def record_of(event: EventT[Any]) -> Record:
    """Give the record behind *event*: bytes and headers as the broker gave them."""
    message = event.message
    headers: Any = message.headers or ()
    return Record(
        topic=message.topic,
        key=message.key,
        value=message.value,
        headers=tuple(headers),
        partition=message.partition,
        offset=message.offset,
        timestamp_ms=round((message.timestamp or 0) * 1000),
    )
