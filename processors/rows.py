"""One row of the table of facts, as bytes: its version, its due instant, the facts.

Facts stay bytes in memory and are decoded per step. *Version* orders the rows of one key:
a late row of a worker that lost the partition is older and is dropped on recovery.
"""

import struct
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Generic, TypeVar

import msgspec

from processors.step import Facts
from schemas.event import as_number, as_text

F = TypeVar("F", bound=Facts)

HEAD = struct.Struct(">QQ")
"""Version and due instant, both microseconds since 1970; due 0 = never."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


def microseconds(moment: datetime) -> int:
    """Give *moment* as microseconds since 1970, exactly."""
    return (moment - EPOCH) // MICROSECOND


def moment_of(us: int) -> datetime:
    """Give the instant that lies *us* microseconds after 1970."""
    return EPOCH + us * MICROSECOND


def version_of(row: bytes) -> int:
    """Give the version of *row*."""
    return int(HEAD.unpack_from(row)[0])


def due_of(row: bytes) -> int:
    """Give the due instant of *row* in microseconds, 0 for none."""
    return int(HEAD.unpack_from(row)[1])


class Rows(Generic[F]):
    """Facts of one role ⇄ rows."""

    def __init__(self, facts: type[F]) -> None:
        self._new = facts
        self._decode: Callable[[bytes | memoryview], F] = msgspec.msgpack.Decoder(
            facts, dec_hook=as_number
        ).decode
        self._encode: Callable[[Any], bytes] = msgspec.msgpack.Encoder(enc_hook=as_text).encode

    def facts(self, row: bytes | None) -> F:
        """Give the facts in *row*; those of a key never seen are empty."""
        return self._new() if row is None else self._decode(memoryview(row)[HEAD.size :])

    def row(self, facts: F, due: datetime | None, *, before: bytes | None, now_us: int) -> bytes:
        """Give the row of *facts*; it is *before* itself when it would say nothing new."""
        due_us = 0 if due is None else microseconds(due)
        body = self._encode(facts)
        if before is not None and due_of(before) == due_us and before[HEAD.size :] == body:
            return before
        version = max(version_of(before) + 1 if before else 0, now_us)
        return HEAD.pack(version, due_us) + body
