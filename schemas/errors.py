"""How a step may fail. The class is the policy (`code.md` 8.1); all else is our own fault."""

from schemas.reasons import Reason


class Refused(Exception):
    """Never: set it aside with its reason, go on."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(str(reason))
        self.reason = reason


class TryAgain(Exception):
    """Not now: everything stays where it is for *after* seconds.

    *throttled*: the budget was spent, so the same holds for all that share it.
    """

    def __init__(self, why: str, *, after: float = 1.0, throttled: bool = False) -> None:
        super().__init__(why)
        self.after = after
        self.throttled = throttled


class Unanswered(Exception):
    """Sent, and no answer came: only a read can tell what became of it."""


class NotAllowed(Exception):
    """The right is gone: stop the account and ask a person."""
