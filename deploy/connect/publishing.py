"""Records out, and back once the broker has them: what the consumers and lookups publish with."""

import asyncio
import threading
from collections.abc import Sequence
from typing import Any

from deploy.connect.kafka import open_aio_producer
from schemas.errors import TryAgain
from schemas.record import Record


class Publishing:
    """Sends records and comes back once the broker has them; raises `TryAgain` otherwise."""

    def __init__(self, producer: Any, bootstrap: str) -> None:
        self._producer = producer
        self._bootstrap = bootstrap
        self._lock = threading.Lock()

    def __call__(self, records: Sequence[Record]) -> None:
        try:
            with self._lock:
                futures = [self._send(record) for record in records]
                self._producer.flush()
            for future in futures:
                future.get(timeout=30)
        except Exception as error:
            raise TryAgain(f"the broker did not take a record: {error!r}") from error

    def one(self, record: Record) -> None:
        """Send one record, null header values included: kafka-python refuses these."""
        if all(value is not None for _, value in record.headers):
            self([record])
            return
        try:
            asyncio.run(_send_alone(self._bootstrap, record))
        except Exception as error:
            raise TryAgain(f"the broker did not take a record: {error!r}") from error

    def _send(self, record: Record) -> Any:
        return self._producer.send(
            record.topic,
            value=record.value,
            key=record.key,
            headers=list(record.headers),
            partition=None if record.partition < 0 else record.partition,
        )


async def _send_alone(bootstrap: str, record: Record) -> None:
    producer = await open_aio_producer(bootstrap)
    try:
        await producer.send_and_wait(
            record.topic,
            value=record.value,
            key=record.key,
            headers=list(record.headers),
            partition=None if record.partition < 0 else record.partition,
        )
    finally:
        await producer.stop()
