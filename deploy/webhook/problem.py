"""What a sender is told when its request is not taken (RFC 9457, problem details)."""

from collections.abc import Sequence

import msgspec

from deploy.codes import CODES
from producers.catalog.judge import Breach

SHOWN = 100
"""Breaches of one batch that are listed; all are counted."""


class Problem(Exception):
    """A request that is not taken: HTTP status, our code, and what the sender can do."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        *,
        breaches: Sequence[Breach] = (),
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(f"{code}: {detail}")
        self.status = status
        self.code = code
        self.detail = detail
        self.breaches = tuple(breaches)
        self.headers = headers or {}

    def body(self) -> bytes:
        """Give the document that is sent, `application/problem+json`."""
        told: dict[str, object] = {
            "type": f"urn:listwire:problem:{self.code}",
            "title": CODES[self.code].what,
            "status": self.status,
            "detail": self.detail[:600],
            "code": self.code,
        }
        if self.breaches:
            told["refused"] = len(self.breaches)
            told["breaches"] = [_cut(breach) for breach in self.breaches[:SHOWN]]
        return msgspec.json.encode(told)


def _cut(breach: Breach) -> Breach:
    return msgspec.structs.replace(breach, rule=breach.rule[:600])


def busy(why: str, seconds: int) -> Problem:
    """Give the answer to what cannot be taken now, but in *seconds*."""
    return Problem(503, "LW-0535", why, headers={"retry-after": str(seconds)})
