"""Every line of the decision table (`listings.md` 4.3), and which wins when several fit (4.6)."""

from typing import Any

import pytest

from processors.rules.status import TABLE, ListingFacts, classify
from schemas.reasons import Reason
from schemas.tabs import Status, Tab

LIVE: dict[str, Any] = {"published": True, "asin": "B000000001", "quantity": 5, "desired": 5}
DEAD = LIVE | {"buyable": False}
EXCLUDED = (Reason("RULE_NOT_MET", {"path": "of[0]"}),)
ENDING = (Reason("ENDING", {"who": "eva"}),)
BY_PERSON = (Reason("ENDED_BY_PERSON", {"who": "eva"}),)
PENDING = (Reason("LOOKUP_PENDING", {"asked": "ean 4006381333931"}),)
NEW: dict[str, Any] = {"published": False, "asin": "B000000001"}
SEARCHED = NEW | {"asin": None}


def facts(given: dict[str, Any]) -> ListingFacts:
    return ListingFacts(**given)


LINES = [
    (1, {"ended": "requested", "ending_why": ENDING}, "ended", "ending_in_progress", "ENDING"),
    (2, {"ended": "by_person", "ending_why": BY_PERSON}, "ended", "manually_ended", None),
    (3, {"ended": "on_amazon"}, "ended", "ended_on_amazon", "ENDED_ON_AMAZON"),
    (4, {"ended": "on_amazon", "link": "none"}, "not_listed", "not_listed", "GONE_ON_AMAZON"),
    (
        5,
        LIVE | {"link": "none", "known": False, "import_on": False},
        "not_listed",
        "not_listed",
        "IMPORT_OFF",
    ),
    (
        6,
        LIVE | {"link": "several", "link_why": (Reason("SEVERAL_PRODUCTS"),)},
        "new_third_party",
        "multiple_matches",
        "SEVERAL_PRODUCTS",
    ),
    (
        7,
        LIVE | {"link": "none", "link_why": (Reason("NO_PRODUCT_MATCH"),)},
        "new_third_party",
        "awaiting_assignment",
        "NO_PRODUCT_MATCH",
    ),
    (8, LIVE | {"excluded": EXCLUDED}, "ineligible", "ineligible", "RULE_NOT_MET"),
    (
        9,
        LIVE | {"procedure": "removing", "procedure_why": (Reason("ASIN_CHANGE"),)},
        "active",
        "removal_pending",
        "ASIN_CHANGE",
    ),
    (
        10,
        LIVE | {"procedure": "relisting", "procedure_why": (Reason("CONDITION_CHANGE"),)},
        "active",
        "relist_in_progress",
        "CONDITION_CHANGE",
    ),
    (11, LIVE | {"suspended": True}, "inactive", "inactive", "STORE_SUSPENDED"),
    (12, DEAD | {"enforced": ("LISTING_SUPPRESSED",)}, "inactive", "inactive", None),
    (12, DEAD | {"enforced": ("CATALOG_ITEM_REMOVED",)}, "inactive", "inactive", None),
    (13, LIVE | {"buyable": True}, "active", "active", None),
    (13, LIVE | {"buyable": True, "enforced": ("SEARCH_SUPPRESSED",)}, "active", "active", None),
    (14, LIVE, "active", "active", "AWAITING_AMAZON_STATUS"),
    (
        15,
        DEAD | {"incomplete": True},
        "incomplete",
        "missing_information",
        "AMAZON_DATA_MISSING",
    ),
    (
        16,
        DEAD | {"restriction": "APPROVAL_REQUIRED"},
        "inactive",
        "inactive",
        "RESTRICTED_APPROVAL_REQUIRED",
    ),
    (
        16,
        DEAD | {"restriction": "NOT_ELIGIBLE"},
        "inactive",
        "inactive",
        "RESTRICTED_NOT_ELIGIBLE",
    ),
    (17, DEAD | {"enforced": ("GEO_BLOCKED",)}, "inactive", "inactive", "UNKNOWN_ENFORCEMENT"),
    (18, DEAD | {"offer_dates": "ended"}, "inactive", "inactive", "OFFER_ENDED"),
    (18, DEAD | {"offer_dates": "not_started"}, "inactive", "inactive", "OFFER_NOT_STARTED"),
    (19, DEAD | {"own_zero": True, "quantity": 0, "desired": 0}, "active", "active", None),
    (19, DEAD | {"own_zero": True, "restocking": True}, "active", "active", "RESTOCKING"),
    (20, DEAD | {"quantity": 0}, "inactive", "inactive", "OUT_OF_STOCK_ON_AMAZON"),
    (21, DEAD | {"fba": True}, "inactive", "inactive", "FBA_NO_STOCK_OR_TRANSFER"),
    (22, DEAD | {"report_inactive": True}, "inactive", "inactive", "UNKNOWN_AMAZON_REASON"),
    (22, DEAD | {"discoverable": True}, "inactive", "inactive", "UNKNOWN_AMAZON_REASON"),
    (23, DEAD, "inactive", "inactive", "NOT_PROVIDED"),
    (24, NEW | {"creation": "in_flight"}, "ready_to_list", "list_in_progress", None),
    (
        24,
        NEW | {"creation": "in_flight", "overdue": True},
        "ready_to_list",
        "list_in_progress",
        "CONFIRMATION_OVERDUE",
    ),
    (25, NEW | {"link": "none"}, "not_listed", "not_listed", "NO_PRODUCT"),
    (26, NEW | {"excluded": EXCLUDED}, "not_listed", "not_listed", "RULE_NOT_MET"),
    (27, NEW | {"name": False}, "not_listed", "not_listed", "NAME_MISSING"),
    (
        27,
        NEW | {"collision": (Reason("SKU_COLLISION"),)},
        "not_listed",
        "not_listed",
        "SKU_COLLISION",
    ),
    (28, NEW | {"condition": None}, "incomplete", "missing_condition", "CONDITION_EMPTY"),
    (
        28,
        SEARCHED | {"condition": None, "condition_why": (Reason("CONDITION_UNMAPPED"),)},
        "incomplete",
        "missing_condition",
        "CONDITION_UNMAPPED",
    ),
    (
        29,
        SEARCHED | {"lookup": "identifiers", "match_why": PENDING},
        "in_process",
        "validating_asin",
        "LOOKUP_PENDING",
    ),
    (
        30,
        SEARCHED | {"lookup": "keywords", "match_why": PENDING},
        "in_process",
        "general_search",
        "LOOKUP_PENDING",
    ),
    (
        31,
        SEARCHED | {"searchable": False, "match_why": (Reason("NO_IDENTIFIER"),)},
        "incomplete",
        "unable_to_assign",
        "NO_IDENTIFIER",
    ),
    (
        32,
        SEARCHED | {"match_why": (Reason("NOT_FOUND"),)},
        "incomplete",
        "unable_to_assign",
        "NOT_FOUND",
    ),
    (
        33,
        SEARCHED | {"candidates": "parent", "match_why": (Reason("VARIATION_PARENT"),)},
        "incomplete",
        "has_variants",
        "VARIATION_PARENT",
    ),
    (
        34,
        SEARCHED | {"candidates": "open", "match_why": (Reason("SEVERAL_ASINS"),)},
        "incomplete",
        "multiple_matches",
        "SEVERAL_ASINS",
    ),
    (
        35,
        NEW | {"restriction": "ASIN_NOT_FOUND"},
        "incomplete",
        "unable_to_assign",
        "ASIN_NOT_IN_MARKETPLACE",
    ),
    (36, NEW | {"restriction": "NOT_ELIGIBLE"}, "ineligible", "ineligible", None),
    (
        37,
        NEW | {"lacking": (Reason("CURRENCY_RATE_MISSING"),)},
        "incomplete",
        "missing_information",
        "CURRENCY_RATE_MISSING",
    ),
    (
        37,
        NEW | {"creation": "refused", "refusal": ("MISSING_ATTRIBUTE",)},
        "incomplete",
        "missing_information",
        "AMAZON_DATA_MISSING",
    ),
    (
        38,
        NEW | {"creation": "refused", "refusal": ("DUPLICATE",)},
        "inactive",
        "inactive",
        "REFUSED_BY_AMAZON",
    ),
    (
        39,
        NEW | {"duplicate": (Reason("DUPLICATE_LISTING"),)},
        "ready_to_list",
        "ready",
        "DUPLICATE_LISTING",
    ),
    (40, NEW, "ready_to_list", "list_in_progress", "QUEUED"),
    (
        40,
        NEW | {"holds": (Reason("READ_ONLY"),)},
        "ready_to_list",
        "list_in_progress",
        "READ_ONLY",
    ),
    (41, NEW | {"wanted": False}, "ready_to_list", "ready", "AWAITING_PUBLICATION"),
]


@pytest.mark.parametrize(
    ("line", "given", "tab", "status", "code"),
    [pytest.param(*row, id=f"L{row[0]}: {row[4] or row[3]}") for row in LINES],
)
def test_each_line_gives_its_tab_status_and_reason(
    line: int, given: dict[str, Any], tab: str, status: str, code: str | None
) -> None:
    answer = classify(facts(given))

    assert (answer.value.line, answer.value.tab, answer.value.status) == (
        line,
        Tab(tab),
        Status(status),
    )
    assert code is None or answer.reasons[0].code == code


def test_every_line_has_its_example() -> None:
    assert {row[0] for row in LINES} == {line.place.line for line in TABLE} == set(range(1, 42))


ZERO = {"own_zero": True, "quantity": 0, "desired": 0}

SEVERAL_FIT = [
    pytest.param(
        LIVE
        | {"ended": "by_person", "ending_why": BY_PERSON, "suspended": True}
        | {"excluded": EXCLUDED},
        2,
        id="ended by a person, store suspended, excluded",
    ),
    pytest.param(
        LIVE | {"link": "none", "link_why": (Reason("MATCHING"),), "suspended": True},
        7,
        id="not linked, store suspended: the work to do is the assignment",
    ),
    pytest.param(
        LIVE | {"excluded": EXCLUDED, "suspended": True}, 8, id="excluded, store suspended"
    ),
    pytest.param(
        DEAD | {"excluded": EXCLUDED, "enforced": ("LISTING_SUPPRESSED",)},
        8,
        id="excluded and suppressed",
    ),
    pytest.param(LIVE | {"excluded": EXCLUDED, "fba": True}, 8, id="excluded, FBA"),
    pytest.param(
        LIVE | {"excluded": EXCLUDED, "procedure": "relisting"}, 8, id="excluded, relist running"
    ),
    pytest.param(
        LIVE | {"procedure": "relisting", "procedure_why": (Reason("NOTES_CHANGE"),)},
        10,
        id="relist running, the SKU gone because we removed it",
    ),
    pytest.param(
        DEAD | ZERO | {"enforced": ("LISTING_SUPPRESSED",)},
        12,
        id="suppressed beside our own zero: another cause is proven",
    ),
    pytest.param(DEAD | ZERO | {"incomplete": True}, 15, id="a missing price beside our own zero"),
    pytest.param(DEAD | ZERO | {"offer_dates": "ended"}, 18, id="an end date beside our own zero"),
    pytest.param(DEAD | ZERO, 19, id="our own zero never makes it Inactive"),
    pytest.param(
        DEAD | {"own_zero": True, "restocking": True, "quantity": 0, "desired": 5},
        19,
        id="the zero Amazon shows is still ours while 5 is held or overdue",
    ),
    pytest.param(
        DEAD | {"desired": 0, "quantity": 5, "discoverable": True},
        22,
        id="the 0 has not arrived, so it is not the cause",
    ),
    pytest.param(DEAD | {"desired": 0, "quantity": 5}, 23, id="the same, nothing else known"),
    pytest.param(
        LIVE | {"buyable": True, "enforced": ("GEO_BLOCKED",)},
        13,
        id="an unknown action, and Amazon says it sells",
    ),
    pytest.param(
        NEW | {"creation": "in_flight", "excluded": EXCLUDED},
        24,
        id="creation accepted, the rule now excludes",
    ),
    pytest.param(
        SEARCHED | {"condition": None, "searchable": False}, 28, id="no condition, no identifier"
    ),
    pytest.param(
        NEW | {"condition": None, "restriction": "NOT_ELIGIBLE"}, 28, id="no condition, restricted"
    ),
    pytest.param(
        NEW | {"restriction": "NOT_ELIGIBLE", "lacking": (Reason("PRICE_MISSING"),)},
        36,
        id="restricted, price missing: completing data would not help",
    ),
    pytest.param(
        NEW | {"ended": "on_amazon", "wanted": True},
        3,
        id="gone without our doing: ask, not relist",
    ),
    pytest.param(NEW | {"creation": "in_flight"}, 24, id="gone, then published and sent"),
    pytest.param(NEW | {"wanted": True}, 40, id="gone, then published"),
]


@pytest.mark.parametrize(("given", "line"), SEVERAL_FIT)
def test_which_line_wins_when_several_fit(given: dict[str, Any], line: int) -> None:
    assert classify(facts(given)).value.line == line


def codes(given: dict[str, Any]) -> list[str]:
    return [reason.code for reason in classify(facts(given)).reasons]


def test_a_suppression_is_a_further_reason_of_an_excluded_listing() -> None:
    given = DEAD | {"excluded": EXCLUDED, "enforced": ("LISTING_SUPPRESSED",)}

    assert codes(given) == ["RULE_NOT_MET", "LISTING_SUPPRESSED"]


def test_a_missing_identifier_is_a_further_reason_of_a_missing_condition() -> None:
    given = SEARCHED | {
        "condition": None,
        "searchable": False,
        "match_why": (Reason("NO_IDENTIFIER"),),
        "lacking": (Reason("PRICE_MISSING"),),
    }

    assert codes(given) == ["CONDITION_EMPTY", "NO_IDENTIFIER", "PRICE_MISSING"]


def test_an_exclusion_is_told_beside_a_creation_under_way() -> None:
    given = NEW | {"creation": "in_flight", "excluded": EXCLUDED}

    assert codes(given) == ["PENDING_CONFIRMATION", "RULE_NOT_MET"]


def test_an_active_listing_needs_no_reason() -> None:
    assert codes(LIVE | {"buyable": True, "incomplete": True}) == []
