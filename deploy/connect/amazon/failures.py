"""How a call fails: the four classes of `schemas.errors`, each with what is known of the call."""

import msgspec

from schemas.amazon import Issue
from schemas.errors import NotAllowed, Refused, TryAgain, Unanswered
from schemas.reasons import Reason


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of one call: *status* 0 = no answer. *body* is what Amazon sent."""

    operation: str
    account: str
    status: int = 0
    request_id: str | None = None
    errors: tuple[str, ...] = ()
    body: bytes = b""

    def __str__(self) -> str:
        told = "; ".join(self.errors) or f"{len(self.body)} bytes"
        answer = f"{self.status} {told}" if self.status else "no answer"
        return f"{self.operation} of {self.account}: {answer} (request {self.request_id or '–'})"


class CallRefused(Refused):
    """Amazon will never take this: its errors or issues say why."""

    def __init__(self, call: Call, issues: list[Issue] | None = None, submission: str = "") -> None:
        told = "; ".join(call.errors) or "; ".join(i.message for i in issues or ())
        facts = {"status": str(call.status), "message": told[:2000]}
        super().__init__(Reason("AMAZON_REJECTED", facts))
        self.call = call
        self.issues = issues or []
        self.submission = submission


class CallLater(TryAgain):
    """Not now. *throttled*: the quota, not the call, was the reason."""

    def __init__(self, call: Call, why: str, *, after: float, throttled: bool = False) -> None:
        super().__init__(f"{why}: {call}", after=after, throttled=throttled)
        self.call = call


class CallUnanswered(Unanswered):
    """A write was sent, and nothing that can be trusted came back."""

    def __init__(self, call: Call, why: str) -> None:
        super().__init__(f"{why}: {call}")
        self.call = call


class CallNotAllowed(NotAllowed):
    """Amazon does not let this account do that. *disconnected*: its grant itself is gone."""

    def __init__(self, call: Call, why: str, *, disconnected: bool = False) -> None:
        super().__init__(f"{why}: {call}")
        self.call = call
        self.disconnected = disconnected
