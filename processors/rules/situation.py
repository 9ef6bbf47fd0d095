"""The facts of the decision table, derived in one place (`listings.md` 4.2).

What was observed, sent, asked and commanded becomes `ListingFacts`: here, and nowhere else,
it is decided whether a listing counts as published, ended, enforced, or zeroed by ourselves.
"""

from datetime import datetime, timedelta
from typing import Any, Literal

import msgspec

from processors.rules.known import SharedSku, StoreFacts, Submitted, instant, micros
from processors.rules.observed import BUYABLE, DISCOVERABLE, Seen
from processors.rules.status import (
    DATA_MISSING,
    HARMLESS,
    QUALIFICATION,
    SUPPRESSING,
    Creation,
    Reasons,
)
from schemas.amazon import Issue
from schemas.reasons import SENTENCES, Reason
from schemas.settings import Listing, Settings, ThirdParty
from schemas.text import damaged_sku

Ended = Literal["no", "requested", "by_person", "on_amazon"]
ISSUES = 3
"""Issues that a reason spells out."""

_IMPORT = ThirdParty()
UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
OUTSTANDING = frozenset({"accepted", "overdue"})
"""States in which something of ours was sent and Amazon does not show it yet."""


def seconds(duration: str) -> int:
    """Give the seconds of `15m`, `6h`, `1d`."""
    return int(duration[:-1]) * UNITS[duration[-1]]


def published(facts: StoreFacts) -> bool:
    """Tell whether Amazon has the listing, or a procedure of ours is between its steps."""
    return facts.exists is True or facts.procedure is not None


def damaged(sku: SharedSku, facts: StoreFacts) -> bool:
    """Tell whether it may be another SKU's remains: named by reports alone (REP1)."""
    return not facts.known and damaged_sku(sku.seller_sku)


def import_on(store: str, settings: Settings) -> bool:
    """Tell whether third-party listings of *store* are admitted."""
    mapping: ThirdParty = settings.of("third_party").get(store, _IMPORT)
    return mapping.import_


# --- ended --------------------------------------------------------------------------------


def ended(facts: StoreFacts, shows: Seen, listing: Listing, now: datetime) -> Ended:
    """Tell whether and by whom the listing was ended: the newest command, or Amazon."""
    command = facts.command
    if command is not None and command.kind == "end":
        return "by_person" if _end_confirmed(facts, shows, listing, now) else "requested"
    if not facts.vanished or facts.procedure is not None or facts.gone is None:
        return "no"
    return "no" if command is not None and command.at > facts.gone.at else "on_amazon"


def _end_confirmed(facts: StoreFacts, shows: Seen, listing: Listing, now: datetime) -> bool:
    since = facts.command.at if facts.command else 0
    if facts.gone is not None and facts.gone.at > since and not _coming(facts):
        return True
    return listing.ending == "close" and closed(shows, since, now)


def _coming(facts: StoreFacts) -> bool:
    """Tell whether a creation is on its way: that it cannot be read yet proves nothing."""
    sent = facts.sent.get("existence")
    made = sent is not None and sent.value != "absent" and sent.state in OUTSTANDING
    return made and facts.alive is None


def closed(shows: Seen, since: int, now: datetime) -> bool:
    """Tell whether the offer's end date has passed and Amazon, asked since, sells it no more."""
    passed = shows.offer_to is not None and shows.offer_to <= now
    told = shows.status_mark is not None and shows.status_mark.at > since
    return passed and told and buyable(shows) is False


def ending_why(facts: StoreFacts, state: Ended, shows: Seen, now: datetime) -> Reasons:
    """Give the reasons of lines 1 and 2."""
    command = facts.command
    if command is None or state not in {"requested", "by_person"}:
        return ()
    who = {"who": command.by, "when": instant(command.at).isoformat()}
    if state == "by_person":
        return (_by_date(facts, shows, command.at, now) or Reason("ENDED_BY_PERSON", who),)
    removal = facts.sent.get("existence")
    if removal is None or removal.value != "absent" or removal.at < command.at:
        return (Reason("ENDING", who),)
    if removal.state in {"invalid", "failed"}:
        return (Reason("END_REFUSED", {**who, "issues": spelled(removal.issues)}),)
    return (Reason("END_OVERDUE" if removal.state == "overdue" else "ENDING", who),)


def _by_date(facts: StoreFacts, shows: Seen, since: int, now: datetime) -> Reason | None:
    gone = facts.gone is not None and facts.gone.at > since
    if gone or not closed(shows, since, now) or shows.offer_to is None:
        return None
    return Reason("OFFER_CLOSED", {"date": shows.offer_to.isoformat()})


def gone_why(facts: StoreFacts) -> Reason:
    """Give the evidence for which the listing counts as gone."""
    if facts.gone is None:
        return Reason("ENDED_ON_AMAZON")
    evidence = {1: "cancelled in a report", 2: "a notification"}.get(facts.gone.rank, "a read")
    as_of = facts.gone.as_of.isoformat()
    return Reason("ENDED_ON_AMAZON", {"evidence": evidence, "as_of": as_of})


# --- what Amazon says ---------------------------------------------------------------------


def buyable(shows: Seen) -> bool | None:
    """Tell whether it can be bought, by the newer of status set and report status."""
    if shows.status is not None:
        return BUYABLE in shows.status
    return None if shows.report_status is None else shows.report_status == "Active"


def discoverable(shows: Seen) -> bool | None:
    """Tell whether it can be found; a report does not say."""
    return None if shows.status is None else DISCOVERABLE in shows.status


def enforced(issues: list[Issue], now: datetime) -> tuple[str, ...]:
    """Give the actions in force: not exempt, or exempt until a date that has passed."""
    found = [
        action
        for issue in issues
        if (e := issue.enforcements) is not None and _in_force(e.exemption, e.expires, now)
        for action in e.actions
    ]
    return tuple(dict.fromkeys(found))


def _in_force(exemption: str | None, expires: datetime | None, now: datetime) -> bool:
    if exemption == "EXEMPT_UNTIL_EXPIRY_DATE":
        return expires is not None and expires <= now
    return exemption != "EXEMPT"


def lapses(issues: list[Issue]) -> list[datetime]:
    """Give the instants at which exemptions run out: nobody tells us then."""
    exempt = "EXEMPT_UNTIL_EXPIRY_DATE"
    found = [i.enforcements for i in issues if i.enforcements is not None]
    return [e.expires for e in found if e.exemption == exempt and e.expires is not None]


def incomplete(shows: Seen) -> bool:
    """Tell whether Amazon lacks data for it."""
    errors = (i for i in shows.issues if i.severity == "ERROR")
    return shows.report_status == "Incomplete" or any(
        not DATA_MISSING.isdisjoint(i.categories) for i in errors
    )


def qualification(issues: list[Issue]) -> Issue | None:
    """Give the issue that says the account may not sell it, if there is one."""
    return next((i for i in issues if QUALIFICATION in i.categories), None)


def offer_dates(shows: Seen, now: datetime) -> tuple[Literal["open", "ended", "not_started"], str]:
    """Tell whether the offer's own dates are open, and the date that closes them."""
    if shows.offer_to is not None and shows.offer_to <= now:
        return "ended", shows.offer_to.isoformat()
    if shows.offer_from is not None and shows.offer_from > now:
        return "not_started", shows.offer_from.isoformat()
    return "open", ""


def raw_status(shows: Seen) -> str:
    """Give what Amazon said about its state, in its own words."""
    if shows.status is not None:
        return " ".join(shows.status) or "empty"
    return shows.report_status or "–"


def spelled(issues: list[Issue]) -> str:
    """Give issues as text: code and message, the first few."""
    words = [f"{i.code} {i.message}".strip() for i in issues[:ISSUES]]
    return "; ".join(words) + ("; …" if len(issues) > ISSUES else "")


# --- our own part -------------------------------------------------------------------------


class Zero(msgspec.Struct, frozen=True):
    """Whether our own quantity 0 explains that it cannot be bought; *turning*: only just."""

    ours: bool
    turning: bool = False
    until: str = ""


def own_zero(sku: SharedSku, desired: int | None, grace: int, now: datetime) -> Zero:
    """Tell whether 0 at Amazon is ours, or one of two messages about a sale is still to come."""
    shown = sku.quantity.value if sku.quantity else None
    confirmed = sku.confirmed.value if sku.confirmed else None
    if not shown and (desired == 0 or confirmed == 0):
        return Zero(True, bool(desired), _when(sku.zero_at))
    oldest = micros(now) - grace * 1_000_000
    if min(sku.zero_at, sku.some_at) > 0 and min(sku.zero_at, sku.some_at) >= oldest:
        return Zero(True, bool(desired), _when(sku.zero_at))
    return Zero(False)


def _when(us: int) -> str:
    return instant(us).isoformat() if us else "–"


def turns(sku: SharedSku, grace: int) -> list[datetime]:
    """Give the instant at which a sale or restock no longer explains a missing buyability."""
    both = min(sku.zero_at, sku.some_at)
    return [instant(both) + timedelta(seconds=grace, microseconds=1)] if both else []


def creation(facts: StoreFacts, wanted_hash: str) -> tuple[Creation, Submitted | None]:
    """Tell what became of our creating it: under way, or refused as we want it now."""
    sent = facts.sent.get("existence")
    if sent is None or sent.value == "absent" or facts.exists:
        return "none", None
    if facts.vanished and facts.gone is not None and facts.gone.at >= sent.at:
        return "none", None
    if sent.state in OUTSTANDING:
        return "in_flight", sent
    refused = sent.state == "invalid" and sent.hash == wanted_hash
    return ("refused", sent) if refused else ("none", None)


def outstanding(sku: SharedSku, facts: StoreFacts) -> list[tuple[str, Submitted]]:
    """Give what was sent and is not visible at Amazon yet, by aspect."""
    sent: list[tuple[str, Any]] = [*sorted(facts.sent.items()), ("quantity", sku.sent)]
    return [(aspect, s) for aspect, s in sent if s is not None and s.state in OUTSTANDING]


def hold(held: Submitted, aspect: str) -> Reason:
    """Give the reason that a hold of the pusher is."""
    code = held.hold or "GUARD_HOLD"
    if code in SENTENCES:
        return Reason(code, {"aspect": aspect})
    return Reason("GUARD_HOLD", {"hold": code, "aspect": aspect})


def known_actions(actions: tuple[str, ...]) -> list[str]:
    """Give the enforcement actions that are flags beside any status."""
    return [a for a in HARMLESS if a in actions and a not in SUPPRESSING]
