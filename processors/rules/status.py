"""Which tab and status a listing has, and why.

`TABLE` holds the 41 lines of the decision table in `listings.md` 4.3, in its order; the
first that answers decides. The last always answers, so `classify` is total. The status a
listing had before is no fact: replays and any order of arrival agree.

Long because the table is one thing: split, it could no longer be read beside the
specification.
"""

from collections.abc import Callable
from typing import Literal

import msgspec

from processors.rules.answer import Answer
from schemas.reasons import Reason
from schemas.tabs import Status, Tab

Reasons = tuple[Reason, ...]
Creation = Literal["none", "in_flight", "refused"]
Restricted = Literal["none", "APPROVAL_REQUIRED", "NOT_ELIGIBLE", "ASIN_NOT_FOUND"]

SUPPRESSING = ("LISTING_SUPPRESSED", "CATALOG_ITEM_REMOVED")
HARMLESS = ("SEARCH_SUPPRESSED", "ATTRIBUTE_SUPPRESSED")
DATA_MISSING = frozenset({"MISSING_ATTRIBUTE", "MISSING_PRICE", "MISSING_IMAGE"})
QUALIFICATION = "QUALIFICATION_REQUIRED"


class ListingFacts(msgspec.Struct, frozen=True, kw_only=True):
    """The facts of `listings.md` 4.2: everything the table reads, derived in one place.

    A tuple of reasons that is not empty means that the fact holds, and says why.
    *verdict*, *restriction*, *content*, *lacking* and *unsettled* are such facts. *damaged*:
    its seller SKU may have lost letters, and nothing but a report names it.
    """

    published: bool = False
    ended: Literal["no", "requested", "by_person", "on_amazon"] = "no"
    link: Literal["product", "none", "several"] = "product"
    known: bool = True
    import_on: bool = True
    damaged: bool = False
    excluded: Reasons = ()
    procedure: Literal["none", "removing", "relisting"] = "none"
    suspended: bool = False
    suspended_as_of: str = ""
    enforced: tuple[str, ...] = ()
    buyable: bool | None = None
    discoverable: bool | None = None
    report_inactive: bool = False
    incomplete: bool = False
    restriction: Restricted = "none"
    offer_dates: Literal["open", "ended", "not_started"] = "open"
    offer_date: str = ""
    own_zero: bool = False
    restocking: bool = False
    fba: bool = False
    quantity: int | None = None
    desired: int | None = None
    zero_until: str = ""
    creation: Creation = "none"
    overdue: bool = False
    refusal: tuple[str, ...] = ()
    condition: str | None = "new_new"
    name: bool = True
    collision: Reasons = ()
    asin: str | None = None
    lookup: Literal["none", "identifiers", "keywords"] = "none"
    candidates: Literal["none", "parent", "open"] = "none"
    searchable: bool = True
    lacking: Reasons = ()
    duplicate: Reasons = ()
    wanted: bool = True
    holds: Reasons = ()
    ending_why: Reasons = ()
    gone_why: Reason = Reason("ENDED_ON_AMAZON")
    link_why: Reasons = ()
    procedure_why: Reasons = ()
    condition_why: Reasons = ()
    match_why: Reasons = ()
    restriction_why: dict[str, str] = {}
    issues: str = ""
    raw: str = ""
    sent: dict[str, str] = {}


class Place(msgspec.Struct, frozen=True):
    """Where a listing belongs, and the number of the line that put it there."""

    line: int
    tab: Tab
    status: Status


When = Callable[[ListingFacts], "Reasons | None"]


class Line(msgspec.Struct, frozen=True):
    """One line of the table; *also*: its reason is worth saying when another line decides."""

    place: Place
    when: When
    also: bool = False


def classify(facts: ListingFacts) -> Answer[Place]:
    """Give a listing its tab and status; the first reason is the deciding line's."""
    for line in TABLE:
        reasons = line.when(facts)
        if reasons is not None:
            return Answer(line.place, (*reasons, *_further(facts, line.place.line)))
    raise RuntimeError("line 41 always answers")


def _further(facts: ListingFacts, deciding: int) -> Reasons:
    """Give the reasons of later lines of the same part of the table that are also true."""
    if deciding not in FURTHER:
        return ()
    last = 23 if facts.published else 41
    later = (line for line in TABLE[deciding:last] if line.also)
    return tuple(r for line in later for r in line.when(facts) or ())


FURTHER = frozenset([6, 7, 8, 9, 10, 11, 12, 24, 26, 27, 28, 31, 32, 33, 34, 35, 36])
"""Lines after which something that is also true is worth saying."""


# --- ended --------------------------------------------------------------------------------


def _ending(f: ListingFacts) -> Reasons | None:
    return f.ending_why if f.ended == "requested" else None


def _ended_by_person(f: ListingFacts) -> Reasons | None:
    return f.ending_why if f.ended == "by_person" else None


def _ended_on_amazon(f: ListingFacts) -> Reasons | None:
    return (f.gone_why,) if f.ended == "on_amazon" and f.link == "product" else None


def _gone(f: ListingFacts) -> Reasons | None:
    return (Reason("GONE_ON_AMAZON", f.gone_why.facts),) if f.ended == "on_amazon" else None


# --- published: whose it is, our rule, what Amazon says -----------------------------------


def _not_admitted(f: ListingFacts) -> Reasons | None:
    if not f.published or f.link == "product" or f.known:
        return None
    if f.damaged:
        return (Reason("DAMAGED_SKU"),)
    return None if f.import_on else (Reason("IMPORT_OFF"),)


def _several_products(f: ListingFacts) -> Reasons | None:
    return f.link_why if f.published and f.link == "several" else None


def _no_product(f: ListingFacts) -> Reasons | None:
    return f.link_why if f.published and f.link == "none" else None


def _excluded_live(f: ListingFacts) -> Reasons | None:
    return f.excluded if f.published and f.excluded else None


def _removing(f: ListingFacts) -> Reasons | None:
    return f.procedure_why if f.published and f.procedure == "removing" else None


def _relisting(f: ListingFacts) -> Reasons | None:
    return f.procedure_why if f.published and f.procedure == "relisting" else None


def _suspended(f: ListingFacts) -> Reasons | None:
    if not (f.published and f.suspended):
        return None
    return (Reason("STORE_SUSPENDED", {"as_of": f.suspended_as_of}),)


def _suppressed(f: ListingFacts) -> Reasons | None:
    found = [a for a in SUPPRESSING if a in f.enforced]
    if not (f.published and found):
        return None
    return tuple(Reason(a, {"issues": f.issues}) for a in found)


def _buyable(f: ListingFacts) -> Reasons | None:
    return () if f.published and f.buyable is True else None


def _unknown_status(f: ListingFacts) -> Reasons | None:
    if not (f.published and f.buyable is None):
        return None
    return (Reason("AWAITING_AMAZON_STATUS"),)


def _incomplete(f: ListingFacts) -> Reasons | None:
    if not (f.published and f.buyable is False and f.incomplete):
        return None
    return (Reason("AMAZON_DATA_MISSING", {"issues": f.issues}),)


def _restricted_live(f: ListingFacts) -> Reasons | None:
    return _restriction(f) if f.published and f.buyable is False else None


def _restriction(f: ListingFacts) -> Reasons | None:
    if f.restriction not in {"APPROVAL_REQUIRED", "NOT_ELIGIBLE"}:
        return None
    return (Reason(f"RESTRICTED_{f.restriction}", f.restriction_why),)


def _unknown_enforcement(f: ListingFacts) -> Reasons | None:
    unknown = [a for a in f.enforced if a not in SUPPRESSING and a not in HARMLESS]
    if not (f.published and f.buyable is False and unknown):
        return None
    return tuple(Reason("UNKNOWN_ENFORCEMENT", {"action": a}) for a in unknown)


def _offer_dates(f: ListingFacts) -> Reasons | None:
    if not (f.published and f.buyable is False) or f.offer_dates == "open":
        return None
    code = "OFFER_ENDED" if f.offer_dates == "ended" else "OFFER_NOT_STARTED"
    return (Reason(code, {"date": f.offer_date}),)


def _own_zero(f: ListingFacts) -> Reasons | None:
    if not (f.published and f.own_zero):
        return None
    if f.restocking:
        return (Reason("RESTOCKING", {"desired": _text(f.desired), "when": f.zero_until}),)
    facts = {"desired": _text(f.desired), "observed": _text(f.quantity)}
    return (Reason("OUT_OF_STOCK", facts),)


def _zero_on_amazon(f: ListingFacts) -> Reasons | None:
    if not (f.published and not f.fba and f.quantity == 0):
        return None
    return (Reason("OUT_OF_STOCK_ON_AMAZON", {"desired": _text(f.desired), "observed": "0"}),)


def _fba_not_sellable(f: ListingFacts) -> Reasons | None:
    return (Reason("FBA_NO_STOCK_OR_TRANSFER"),) if f.published and f.fba else None


def _no_reason(f: ListingFacts) -> Reasons | None:
    if not (f.published and (f.report_inactive or f.discoverable)):
        return None
    return (Reason("UNKNOWN_AMAZON_REASON", {"raw": f.raw}),)


def _not_provided(f: ListingFacts) -> Reasons | None:
    return (Reason("NOT_PROVIDED", {"raw": f.raw}),) if f.published else None


# --- not published: what we still lack ----------------------------------------------------


def _creating(f: ListingFacts) -> Reasons | None:
    if f.creation != "in_flight":
        return None
    code = "CONFIRMATION_OVERDUE" if f.overdue else "PENDING_CONFIRMATION"
    return (Reason(code, {"aspect": "existence", **f.sent}),)


def _unlinked(f: ListingFacts) -> Reasons | None:
    return f.link_why or (Reason("NO_PRODUCT"),) if f.link != "product" else None


def _excluded(f: ListingFacts) -> Reasons | None:
    return f.excluded or None


def _nameless(f: ListingFacts) -> Reasons | None:
    named = () if f.name else (Reason("NAME_MISSING"),)
    return (*named, *f.collision) or None


def _no_condition(f: ListingFacts) -> Reasons | None:
    if f.condition is not None:
        return None
    return f.condition_why or (Reason("CONDITION_EMPTY"),)


def _validating(f: ListingFacts) -> Reasons | None:
    return f.match_why if f.asin is None and f.lookup == "identifiers" else None


def _searching(f: ListingFacts) -> Reasons | None:
    return f.match_why if f.asin is None and f.lookup == "keywords" else None


def _no_identifier(f: ListingFacts) -> Reasons | None:
    return f.match_why if f.asin is None and not f.searchable else None


def _not_found(f: ListingFacts) -> Reasons | None:
    return f.match_why if f.asin is None and f.candidates == "none" else None


def _parent(f: ListingFacts) -> Reasons | None:
    return f.match_why if f.asin is None and f.candidates == "parent" else None


def _open(f: ListingFacts) -> Reasons | None:
    return f.match_why if f.asin is None else None


def _not_in_marketplace(f: ListingFacts) -> Reasons | None:
    if f.restriction != "ASIN_NOT_FOUND":
        return None
    return (Reason("ASIN_NOT_IN_MARKETPLACE", {"asin": f.asin or "–"}),)


def _lacking(f: ListingFacts) -> Reasons | None:
    refused = f.creation == "refused" and any(_about_data(c) for c in f.refusal)
    missing = (Reason("AMAZON_DATA_MISSING", {"issues": f.issues}),) if refused else ()
    return (*f.lacking, *missing) or None


def _about_data(category: str) -> bool:
    return category.startswith(("MISSING_", "INVALID_"))


def _refused(f: ListingFacts) -> Reasons | None:
    if f.creation != "refused":
        return None
    return (Reason("REFUSED_BY_AMAZON", {"issues": f.issues, **f.sent}),)


def _duplicate(f: ListingFacts) -> Reasons | None:
    return f.duplicate or None


def _wanted(f: ListingFacts) -> Reasons | None:
    return (f.holds or (Reason("QUEUED"),)) if f.wanted else None


def _ready(f: ListingFacts) -> Reasons | None:  # noqa: ARG001 - the last line always answers
    return (Reason("AWAITING_PUBLICATION"),)


def _text(quantity: int | None) -> str:
    return "–" if quantity is None else str(quantity)


_ROWS: tuple[tuple[Tab, Status, When, bool], ...] = (
    (Tab.ENDED, Status.ENDING_IN_PROGRESS, _ending, False),
    (Tab.ENDED, Status.MANUALLY_ENDED, _ended_by_person, False),
    (Tab.ENDED, Status.ENDED_ON_AMAZON, _ended_on_amazon, False),
    (Tab.NOT_LISTED, Status.NOT_LISTED, _gone, False),
    (Tab.NOT_LISTED, Status.NOT_LISTED, _not_admitted, False),
    (Tab.NEW_THIRD_PARTY, Status.MULTIPLE_MATCHES, _several_products, False),
    (Tab.NEW_THIRD_PARTY, Status.AWAITING_ASSIGNMENT, _no_product, False),
    (Tab.INELIGIBLE, Status.INELIGIBLE, _excluded_live, True),
    (Tab.ACTIVE, Status.REMOVAL_PENDING, _removing, False),
    (Tab.ACTIVE, Status.RELIST_IN_PROGRESS, _relisting, False),
    (Tab.INACTIVE, Status.INACTIVE, _suspended, True),
    (Tab.INACTIVE, Status.INACTIVE, _suppressed, True),
    (Tab.ACTIVE, Status.ACTIVE, _buyable, False),
    (Tab.ACTIVE, Status.ACTIVE, _unknown_status, False),
    (Tab.INCOMPLETE, Status.MISSING_INFORMATION, _incomplete, True),
    (Tab.INACTIVE, Status.INACTIVE, _restricted_live, True),
    (Tab.INACTIVE, Status.INACTIVE, _unknown_enforcement, True),
    (Tab.INACTIVE, Status.INACTIVE, _offer_dates, True),
    (Tab.ACTIVE, Status.ACTIVE, _own_zero, False),
    (Tab.INACTIVE, Status.INACTIVE, _zero_on_amazon, False),
    (Tab.INACTIVE, Status.INACTIVE, _fba_not_sellable, False),
    (Tab.INACTIVE, Status.INACTIVE, _no_reason, False),
    (Tab.INACTIVE, Status.INACTIVE, _not_provided, False),
    (Tab.READY_TO_LIST, Status.LIST_IN_PROGRESS, _creating, False),
    (Tab.NOT_LISTED, Status.NOT_LISTED, _unlinked, False),
    (Tab.NOT_LISTED, Status.NOT_LISTED, _excluded, True),
    (Tab.NOT_LISTED, Status.NOT_LISTED, _nameless, True),
    (Tab.INCOMPLETE, Status.MISSING_CONDITION, _no_condition, True),
    (Tab.IN_PROCESS, Status.VALIDATING_ASIN, _validating, False),
    (Tab.IN_PROCESS, Status.GENERAL_SEARCH, _searching, False),
    (Tab.INCOMPLETE, Status.UNABLE_TO_ASSIGN, _no_identifier, True),
    (Tab.INCOMPLETE, Status.UNABLE_TO_ASSIGN, _not_found, False),
    (Tab.INCOMPLETE, Status.HAS_VARIANTS, _parent, False),
    (Tab.INCOMPLETE, Status.MULTIPLE_MATCHES, _open, False),
    (Tab.INCOMPLETE, Status.UNABLE_TO_ASSIGN, _not_in_marketplace, False),
    (Tab.INELIGIBLE, Status.INELIGIBLE, _restriction, True),
    (Tab.INCOMPLETE, Status.MISSING_INFORMATION, _lacking, True),
    (Tab.INACTIVE, Status.INACTIVE, _refused, False),
    (Tab.READY_TO_LIST, Status.READY, _duplicate, False),
    (Tab.READY_TO_LIST, Status.LIST_IN_PROGRESS, _wanted, False),
    (Tab.READY_TO_LIST, Status.READY, _ready, False),
)

TABLE = tuple(
    Line(Place(number, tab, status), when, also)
    for number, (tab, status, when, also) in enumerate(_ROWS, 1)
)
"""Lines 1-41 in order: the first that answers decides."""

MANAGED = frozenset([8, *range(11, 25), 40])
"""Lines whose offer we manage and want present (`records.md` 5)."""

REMOVED = frozenset([1, 9])
"""Lines whose offer we manage and want absent."""
