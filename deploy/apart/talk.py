"""What is said through the wall: one message after another, each behind its length."""

import struct
from datetime import datetime
from typing import IO

import msgspec

LONGEST = 16 * 1024 * 1024
"""Bytes that one message may have; a batch of rows is made far shorter."""

_LENGTH = struct.Struct(">I")


class Read(msgspec.Struct, tag=True, tag_field="says"):
    """Look at the document."""

    declared: str | None


class Look(msgspec.Struct, tag=True, tag_field="says"):
    """Tell whether it is whole."""

    type: str
    last_rows: int | None
    min_rows: float
    max_undecodable: float


class Give(msgspec.Struct, tag=True, tag_field="says"):
    """Give its rows, of whom and as of when."""

    report: str
    account: str
    store: str
    currency: str
    as_of: datetime
    seller: str | None


Asked = Read | Look | Give


class Known(msgspec.Struct, tag=True, tag_field="says"):
    """Its hash."""

    hash: str


class Seen(msgspec.Struct, tag=True, tag_field="says"):
    """How many rows it has, and what a person should hear of."""

    rows: int
    notes: tuple[str, ...]


class Part(msgspec.Struct, tag=True, tag_field="says"):
    """Some of its rows, and of those that were set aside: line, why, whether another's."""

    stated: list[tuple[bytes, bytes]] = []
    aside: list[tuple[int, str, bool]] = []


class End(msgspec.Struct, tag=True, tag_field="says"):
    """There are no more rows; what was left out of them."""

    notes: tuple[str, ...]


class No(msgspec.Struct, tag=True, tag_field="says"):
    """It is no report; *fault*: we could not tell, which is our own fault."""

    why: str
    fault: bool = False


Answer = Known | Seen | Part | End | No


class Gone(Exception):
    """The other side is no more, or says what nobody says."""


class Line:
    """One side of the wall: bytes in, bytes out."""

    def __init__(self, hear: IO[bytes], say: IO[bytes]) -> None:
        self._hear, self._say = hear, say

    def send(self, message: Asked | Answer) -> None:
        """Say *message*. Raises `Gone`."""
        body = msgspec.msgpack.encode(message)
        try:
            self._say.write(_LENGTH.pack(len(body)) + body)
            self._say.flush()
        except (OSError, ValueError) as error:
            raise Gone(str(error)) from None

    def heard(self) -> bytes:
        """Give the next message as it came. Raises `Gone`."""
        (length,) = _LENGTH.unpack(self._exactly(_LENGTH.size))
        if length > LONGEST:
            raise Gone(f"a message of {length} bytes")
        return self._exactly(length)

    def _exactly(self, size: int) -> bytes:
        body = self._hear.read(size)
        if len(body) < size:
            raise Gone("it ended")
        return body
