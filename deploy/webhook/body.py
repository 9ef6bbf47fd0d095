"""Reading a body: bounded as it comes and as it unpacks, chunk by chunk (S51)."""

import zlib
from collections.abc import AsyncIterator, Iterator

from deploy.webhook.problem import Problem, busy
from deploy.webhook.proof import Check
from deploy.webhook.room import Full, Lease

SLACK = 65_536
"""Bytes that a packed body may be longer than the limit of what is in it."""

STEP = 65_536
"""Bytes that are unpacked at a time."""

GZIP = 31
"""zlib's window bits for gzip, and gzip only."""

RETRY_SECONDS = 2


def encoding_of(stated: str | None) -> bool:
    """Tell whether a body comes packed by gzip. Raises `Problem` (415) for other encodings."""
    named = (stated or "identity").strip().lower()
    if named not in ("identity", "gzip", "x-gzip"):
        why = f"Content-Encoding {named[:60]!r}; gzip or none"
        raise Problem(415, "LW-0533", why, headers={"accept-encoding": "gzip"})
    return named != "identity"


async def read(
    chunks: AsyncIterator[bytes], *, most: int, packed: bool, check: Check, lease: Lease
) -> bytes:
    """Give the body, unpacked. Raises `Problem`: 413 above *most*, 400, 503 without room."""
    taken, arrived = bytearray(), 0
    unpack = zlib.decompressobj(GZIP) if packed else None
    async for chunk in chunks:
        check.update(chunk)
        arrived += len(chunk)
        if arrived > most + (SLACK if packed else 0):
            raise too_large(most)
        for part in _unpacked(unpack, chunk):
            if len(taken) + len(part) > most:
                raise too_large(most)
            _hold(lease, len(taken) + len(part))
            taken += part
    if unpack is not None and not unpack.eof:
        raise Problem(400, "LW-0530", "the gzip body ends before its end")
    return bytes(taken)


def _unpacked(unpack: "zlib._Decompress | None", chunk: bytes) -> Iterator[bytes]:
    """Give what *chunk* unpacks to in small steps: the limit is looked at between two."""
    if unpack is None:
        yield chunk
        return
    while chunk:
        try:
            yield unpack.decompress(chunk, STEP)
        except zlib.error as error:
            raise Problem(400, "LW-0530", f"no gzip: {error}") from None
        if unpack.unused_data:
            raise Problem(400, "LW-0530", "something follows the gzip body")
        chunk = unpack.unconsumed_tail


def _hold(lease: Lease, size: int) -> None:
    try:
        lease.hold(size=size)
    except Full:
        raise busy("too much is on its way already", RETRY_SECONDS) from None


def too_large(most: int) -> Problem:
    """Give the answer to a body above *most* bytes."""
    return Problem(413, "LW-0532", f"more than {most:,} bytes, unpacked; see ce_dataref")
