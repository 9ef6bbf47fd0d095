"""Publishing records so that nothing counts as sent before the broker has it.

Few enough are on their way to be held in memory (`reliability.md` A.c); beyond that `send`
waits for the oldest. Marks come back in order: whatever stands at or before
`Publisher.acknowledged` is at the broker, so that is where a killed import goes on.
"""

from collections import deque
from typing import Any, NoReturn, Protocol

from schemas.errors import TryAgain
from schemas.record import Record

MAX_RECORDS = 5_000
"""Records that may be on their way (`reliability.md` A.c)."""

MAX_BYTES = 16 * 1024 * 1024
"""Bytes that may be on their way (`reliability.md` A.c)."""


class Pending(Protocol):
    """A record on its way; kafka-python calls it a future."""

    def get(self, timeout: float | None = None) -> object:
        """Come back once the broker has the record; raises if it will not."""


class Producer(Protocol):
    """What hands records to a broker: kafka-python's producer, or a list in a test."""

    def send(
        self,
        topic: str,
        value: bytes | None = None,
        key: bytes | None = None,
        headers: list[tuple[str, bytes]] | None = None,
    ) -> Pending:
        """Take one record; raises if it cannot be taken at all."""


class Unpublished(TryAgain):
    """The broker did not take a record; everything up to *acknowledged* is safe."""

    def __init__(self, why: str, *, acknowledged: int | None) -> None:
        super().__init__(why)
        self.acknowledged = acknowledged


class Publisher:
    """Sends records in order over a producer it is handed, and awaits every single one.

    One `Publisher` serves one thread. After `Unpublished` it takes nothing more.
    """

    def __init__(
        self,
        producer: Producer,
        *,
        records: int = MAX_RECORDS,
        size: int = MAX_BYTES,
        patience: float = 120.0,
    ) -> None:
        self._producer = producer
        self._records = records
        self._size = size
        self._patience = patience
        self._pending: deque[tuple[Any, int, int | None]] = deque()
        self._bytes = 0
        self._broken: str | None = None
        self.acknowledged: int | None = None
        self.sent = 0

    def send(self, record: Record, mark: int | None = None) -> None:
        """Hand one record over; wait for the oldest where too many are on their way.

        *mark* (of a line's last record, its number) becomes `acknowledged` once this record
        and all before it are at the broker. Raises `Unpublished`; ValueError for a record
        without a key.
        """
        if not record.key:
            raise ValueError(f"a record for {record.topic} without a key")
        if self._broken is not None:
            self._stop(self._broken)
        size = _size(record)
        while self._pending and self._full(size):
            self._await_oldest()
        try:
            future = self._producer.send(
                record.topic,
                value=record.value,
                key=record.key,
                headers=[(name, value or b"") for name, value in record.headers],
            )
        except Exception as failure:  # noqa: BLE001 - whatever it is, nothing may follow it
            self._stop(_text(failure))
        self._pending.append((future, size, mark))
        self._bytes += size
        self.sent += 1

    def flush(self) -> None:
        """Come back once the broker has every record. Raises `Unpublished`."""
        if self._broken is not None:
            self._stop(self._broken)
        while self._pending:
            self._await_oldest()

    def _full(self, size: int) -> bool:
        return len(self._pending) >= self._records or self._bytes + size > self._size

    def _await_oldest(self) -> None:
        future, size, mark = self._pending.popleft()
        try:
            future.get(timeout=self._patience)
        except Exception as failure:  # noqa: BLE001 - whatever it is, nothing may follow it
            self._stop(_text(failure))
        self._bytes -= size
        if mark is not None:
            self.acknowledged = mark

    def _stop(self, why: str) -> NoReturn:
        self._broken = why
        raise Unpublished(why, acknowledged=self.acknowledged)


def _size(record: Record) -> int:
    headers = sum(len(name) + len(value or b"") for name, value in record.headers)
    return len(record.key or b"") + len(record.value or b"") + headers


def _text(failure: Exception) -> str:
    return f"{type(failure).__name__}: {str(failure)[:300]}"
