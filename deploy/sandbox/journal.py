"""What was asked of the stand-in, and when: in memory, and as JSON lines if a file is given.

No secret enters it: no token, no header, no form of a login.
"""

from collections import deque
from itertools import islice
from typing import IO, Any

import msgspec

from deploy.sandbox.exchange import decoder, encoder

KEPT = 1_000_000
"""Requests remembered; the oldest are forgotten first, and counted."""


class Asked(msgspec.Struct, kw_only=True, omit_defaults=True):
    """One request. *received_ms* is wall time, *clock_ms* Amazon's; both ms since 1970."""

    number: int = 0
    received_ms: float
    clock_ms: int
    operation: str
    method: str
    path: str
    status: int
    account: str | None = None
    sku: str | None = None
    marketplaces: list[str] = []
    outcome: str | None = None
    submission: str | None = None
    fault: str | None = None
    act: str = "send"
    body: bytes = b""

    def told(self) -> dict[str, Any]:
        """Give it as the control plane shows it."""
        shown = {name: getattr(self, name) for name in self.__struct_fields__ if name != "body"}
        return shown | {"body": _decoded(self.body)}


def _decoded(body: bytes) -> Any:
    try:
        return decoder.decode(body) if body else None
    except (ValueError, RecursionError):
        return body.decode("utf-8", "replace")


class Journal:
    """The requests so far, newest last."""

    def __init__(self, file: IO[bytes] | None = None) -> None:
        self._kept: deque[Asked] = deque(maxlen=KEPT)
        self._file = file
        self.count = 0

    def add(self, asked: Asked) -> None:
        """Remember one request; on disk before its answer leaves."""
        self.count += 1
        asked.number = self.count
        self._kept.append(asked)
        if self._file is not None:
            self._file.write(encoder.encode(asked.told()) + b"\n")
            self._file.flush()

    def find(self, wanted: dict[str, str]) -> dict[str, Any]:
        """Give the requests that match *wanted*: operation, account, sku, status, since, limit."""
        since, limit = int(wanted.get("since", 0)), int(wanted.get("limit", KEPT))
        names = [name for name in ("operation", "account", "sku", "status") if name in wanted]
        known = max(0, since - (self.count - len(self._kept)))
        rows = (
            asked
            for asked in islice(self._kept, known, None)
            if all(str(getattr(asked, name)) == wanted[name] for name in names)
        )
        found = [asked.told() for _, asked in zip(range(limit), rows, strict=False)]
        return {"requests": found, "last": self.count, "forgotten": self.count - len(self._kept)}

    def clear(self) -> None:
        """Forget all requests; numbers go on."""
        self._kept.clear()
