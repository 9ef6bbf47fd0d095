"""Misbehaviour by matcher (S34): which call goes wrong, in which way.

A fault either replaces the reply before anything happened (`effect` false), or spoils it
after the call took its effect (`effect` true).
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import msgspec

from deploy.sandbox.chance import Chance
from deploy.sandbox.exchange import Reply, answer, decoder, encoder
from deploy.sandbox.when import http_date, instant

HTML = b"<html><head><title>%s</title></head><body><h1>%s</h1></body></html>"
LOGIN = "lwa.token"
SPOILERS = {
    "slow",
    "truncated",
    "wrong_content_type",
    "unknown_enum",
    "unknown_field",
    "missing_field",
    "wrong_date",
    "lost",
}


class Fault(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """One rule: a way to go wrong, and the calls it strikes; a login only where it is named.

    *nth* strikes the n-th matching call alone, *every* each n-th; *times* ends the rule after
    so many strikes; *after* and *before* bound it in Amazon's time. *how* says in which way
    a reply is withheld: reset or hang. *id* is given by the stand-in where it is left out.
    """

    kind: str
    id: str = ""
    operation: str | None = None
    account: str | None = None
    sku: str | None = None
    nth: int | None = None
    every: int | None = None
    probability: float | None = None
    times: int | None = None
    after: str | None = None
    before: str | None = None
    effect: bool | None = None
    seconds: float = 2.0
    field: str | None = None
    how: str = "reset"
    seen: int = 0
    struck: int = 0

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"fault is one of {', '.join(KINDS)}, not {self.kind!r}")
        if self.how not in ("reset", "hang"):
            raise ValueError("how is reset or hang")
        for date in filter(None, (self.after, self.before)):
            instant(date)

    @property
    def late(self) -> bool:
        """Whether the call takes its effect before the fault strikes."""
        return self.kind in SPOILERS if self.effect is None else self.effect

    def covers(self, operation: str, account: str | None, sku: str | None, now: int) -> bool:
        """Say whether a call is one of those that this rule is about."""
        if self.times is not None and self.struck >= self.times:
            return False
        if operation == LOGIN and self.operation != LOGIN:
            return False
        named = ((self.operation, operation), (self.account, account), (self.sku, sku))
        if any(wanted is not None and wanted != given for wanted, given in named):
            return False
        started = self.after is None or now >= instant(self.after)
        return started and (self.before is None or now < instant(self.before))

    def strikes(self, chance: Chance, entity: str) -> bool:
        """Count one covered call and say whether it goes wrong."""
        self.seen += 1
        if self.nth is not None and self.seen != self.nth:
            return False
        if self.every is not None and self.seen % self.every:
            return False
        rate = 1.0 if self.probability is None else self.probability
        if not chance.happens(rate, f"fault {self.id}", entity):
            return False
        self.struck += 1
        return True


class Faults:
    """The rules in force, oldest first; the first that strikes wins."""

    def __init__(self, chance: Chance) -> None:
        self.rules: list[Fault] = []
        self._chance = chance
        self._given = 0

    def add(self, fault: Fault) -> Fault:
        """Put a rule in force."""
        if not fault.id:
            self._given += 1
            fault.id = f"fault-{self._given}"
        self.rules.append(fault)
        return fault

    def remove(self, id: str | None) -> int:  # noqa: A002 - the rule's own word
        """Lift one rule, or all of them; give how many were lifted."""
        kept = [rule for rule in self.rules if id is not None and rule.id != id]
        lifted = len(self.rules) - len(kept)
        self.rules = kept
        return lifted

    def pick(self, operation: str, account: str | None, sku: str | None, now: int) -> Fault | None:
        """Give the rule that strikes this call, if one does."""
        for rule in self.rules:
            covered = rule.covers(operation, account, sku, now)
            if covered and rule.strikes(self._chance, f"{account}|{sku}"):
                return rule
        return None


class Strike(NamedTuple):
    """A fault, the reply it strikes, and when."""

    fault: Fault
    reply: Reply
    now: int


Spoil = Callable[[Strike], Reply]


def spoil(fault: Fault, reply: Reply, now: int) -> Reply:
    """Give what the client sees instead of *reply*."""
    return KINDS[fault.kind](Strike(fault, reply, now))


def _html(status: int, title: bytes) -> Spoil:
    def make(_: Strike) -> Reply:
        return Reply(status, HTML % (title, title), {"content-type": "text/html"})

    return make


def _json(status: int, code: str, text: str) -> Spoil:
    def make(_: Strike) -> Reply:
        return answer({"errors": [{"code": code, "message": text, "details": ""}]}, status)

    return make


def _empty(status: int) -> Spoil:
    def make(_: Strike) -> Reply:
        return Reply(status)

    return make


def _lost(strike: Strike) -> Reply:
    strike.reply.act = strike.fault.how
    return strike.reply


def _slow(strike: Strike) -> Reply:
    strike.reply.delay = strike.fault.seconds
    return strike.reply


def _truncated(strike: Strike) -> Reply:
    strike.reply.act = "truncate"
    return strike.reply


def _content_type(strike: Strike) -> Reply:
    strike.reply.headers["content-type"] = "text/plain"
    return strike.reply


def _date(strike: Strike) -> Reply:
    strike.reply.headers["date"] = http_date(strike.now - 86_400_000)
    return strike.reply


def _redirect(_: Strike) -> Reply:
    return Reply(307, b"", {"location": "/moved"})


def _changed(
    change: Callable[[dict[str, Any], Fault], None],
) -> Spoil:
    def make(strike: Strike) -> Reply:
        reply = strike.reply
        told = reply.headers.get("content-type") == "application/json"
        value = decoder.decode(reply.body) if told else None
        if isinstance(value, dict):
            change(value, strike.fault)
            reply.body = encoder.encode(value)
        return reply

    return make


def _enum(value: dict[str, Any], _: Fault) -> None:
    if "status" in value:
        value["status"] = "SOMETHING_NEW"
    for summary in value.get("summaries", []):
        summary["status"] = [*summary["status"], "SOMETHING_NEW"]
    for trouble in value.get("issues", []):
        trouble["severity"] = "SOMETHING_NEW"


def _field(value: dict[str, Any], _: Fault) -> None:
    value["somethingNew"] = {"nested": [1, 2]}


def _without_field(value: dict[str, Any], fault: Fault) -> None:
    value.pop(fault.field or next(iter(value), ""), None)


KINDS: dict[str, Spoil] = {
    "html_502": _html(502, b"502 Bad Gateway"),
    "html_503": _html(503, b"503 Service Unavailable"),
    "html_504": _html(504, b"504 Gateway Time-out"),
    "error_500": _json(500, "InternalFailure", "We encountered an internal error."),
    "error_503": _json(503, "ServiceUnavailable", "Service is temporarily unavailable."),
    "throttled": _json(429, "QuotaExceeded", "You exceeded your quota for the requested resource."),
    "forbidden": _json(403, "Unauthorized", "Access to requested resource is denied."),
    "empty_429": _empty(429),
    "reset": _lost,
    "lost": _lost,
    "slow": _slow,
    "truncated": _truncated,
    "wrong_content_type": _content_type,
    "wrong_date": _date,
    "redirect": _redirect,
    "unknown_enum": _changed(_enum),
    "unknown_field": _changed(_field),
    "missing_field": _changed(_without_field),
}

HOSTILE = (
    Fault(kind="html_503", probability=0.01),
    Fault(kind="error_500", probability=0.005),
    Fault(kind="empty_429", probability=0.01),
    Fault(kind="reset", probability=0.005),
    Fault(kind="lost", probability=0.01),
    Fault(kind="lost", how="hang", probability=0.002),
    Fault(kind="slow", probability=0.01, seconds=3.0),
    Fault(kind="truncated", probability=0.003),
    Fault(kind="wrong_content_type", probability=0.003),
    Fault(kind="unknown_enum", probability=0.003),
    Fault(kind="unknown_field", probability=0.01),
    Fault(kind="forbidden", probability=0.002),
    Fault(kind="wrong_date", probability=0.003),
    Fault(kind="html_503", operation=LOGIN, probability=0.01),
)
"""What profile *hostile* does unasked."""
