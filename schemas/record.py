"""One record as Kafka holds it: bytes and headers, with its coordinate once it has one."""

import msgspec

Headers = tuple[tuple[str, bytes | None], ...]
"""Header names and values in order; a name may stand twice, a value may be null."""


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """A record read from, or about to be written to, one topic.

    *partition* and *offset* are -1 and *timestamp_ms* is 0 until the broker gave them.
    """

    topic: str
    key: bytes | None
    value: bytes | None
    headers: Headers = ()
    partition: int = -1
    offset: int = -1
    timestamp_ms: int = 0
