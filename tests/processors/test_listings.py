"""The listings role over whole histories: inputs in, the last word out (`listings.md` 4.8)."""

from datetime import timedelta
from typing import Any

import pytest

from processors.rules.known import Procedure
from schemas import codec
from schemas.amazon import Enforcement, Issue
from schemas.candidates import Candidate, ConditionAnswer, IdentifierClaim, OtherSku
from schemas.errors import Refused
from schemas.links import LinkedStore
from schemas.record import Record
from schemas.settings import Listing
from tests.support.history import (
    ASIN,
    DE,
    FR,
    NOON,
    SKU,
    UPC,
    History,
    creating,
    euro,
    found,
    import_off,
    inactive,
    live,
    ready,
    said,
    settings,
)

OTHER = "B00000000B"

# --- before publication -------------------------------------------------------------------


def test_t1_an_eligible_product_asks_amazons_catalogue_for_its_identifier() -> None:
    history = History()

    history.candidate()

    assert history.place() == "in_process/validating_asin"
    assert history.asked() == [("upc", UPC)]
    assert history.wanted() == (False, None, None)


def test_what_is_said_is_about_the_seller_sku_in_plain_text() -> None:
    history = History()

    history.candidate()

    subjects = {codec.header(r, "ce_subject") for r in history.records}
    assert subjects == {SKU}


def test_t1_a_missing_condition_is_told_first_and_nothing_is_asked() -> None:
    history = History()

    history.candidate(condition=ConditionAnswer())

    assert history.place() == "incomplete/missing_condition"
    assert history.asked() == []


def test_t1_without_any_identifier_it_cannot_be_assigned() -> None:
    history = History()

    history.candidate(identifiers=[])

    assert (history.place(), history.codes()) == ("incomplete/unable_to_assign", ["NO_IDENTIFIER"])


def test_t1_an_invalid_identifier_says_why() -> None:
    wrong = IdentifierClaim(kind="upc", value="045678912345", invalid="check digit should be 7")
    history = History()

    history.candidate(identifiers=[wrong])

    assert history.codes() == ["IDENTIFIER_INVALID"]
    assert history.flags() == ["IDENTIFIER_INVALID"]


def test_t2_t5_exactly_one_candidate_makes_it_ready_and_auto_list_goes_on() -> None:
    history = History()
    history.candidate()

    history.answer(found(product_type="LAMP"))

    assert (history.place(), history.status().asin) == ("ready_to_list/list_in_progress", ASIN)


def test_existence_is_read_before_the_first_creation() -> None:
    history = History()
    history.candidate()
    history.answer(found(product_type="LAMP"))

    assert history.reads() == ["BEFORE_CREATION"]
    assert history.wanted() == (False, None, None)

    history.gone()

    assert history.wanted() == (True, "present", 5)
    assert history.offer.stores[DE].product_type == "LAMP"
    assert history.offer.handling_days == 2


def test_without_auto_list_it_waits_for_a_person() -> None:
    history = ready(settings(auto_list=False))

    assert (history.place(), history.codes()) == ("ready_to_list/ready", ["AWAITING_PUBLICATION"])
    assert history.wanted() == (False, None, None)

    history.intent("publish")
    history.gone()

    assert history.place() == "ready_to_list/list_in_progress"
    assert history.wanted() == (True, "present", 5)


def test_nothing_is_created_before_the_first_complete_report_of_the_store() -> None:
    history = ready(settings(first_report="required"))
    history.gone()

    assert history.codes() == ["AWAITING_FIRST_REPORT"]
    assert history.wanted() == (False, None, None)

    history.report("r1", NOON)

    assert history.codes() == ["QUEUED"]
    assert history.wanted() == (True, "present", 5)


@pytest.mark.parametrize(
    ("items", "place"),
    [
        pytest.param([], "incomplete/unable_to_assign", id="nothing found"),
        pytest.param([found(), found(OTHER)], "incomplete/multiple_matches", id="several"),
        pytest.param([found(children=[OTHER])], "incomplete/has_variants", id="a parent"),
    ],
)
def test_t3_what_the_lookup_finds_decides(items: list, place: str) -> None:
    history = History()
    history.candidate()

    history.answer(*items)

    assert history.place() == place
    assert history.wanted() == (False, None, None)


@pytest.mark.parametrize(
    "stale",
    [
        pytest.param({"nonce": 99}, id="another nonce"),
        pytest.param({"value": "847999000143"}, id="another value"),
        pytest.param({"kind": "ean"}, id="another kind"),
    ],
)
def test_t3_a_late_answer_counts_only_while_its_question_is_open(stale: dict) -> None:
    history = History()
    history.candidate()

    history.answer(found(), **stale)

    assert history.filtered == "STALE"
    assert history.place() == "in_process/validating_asin"


def test_an_unanswered_lookup_is_asked_again_with_a_higher_nonce_and_back_off() -> None:
    history = History()
    history.candidate()
    first = history.facts.known.stores[DE].ask

    history.later(minutes=14)
    assert history.facts.known.stores[DE].ask == first

    history.later(minutes=1)
    second = history.facts.known.stores[DE].ask
    assert first is not None
    assert second is not None
    assert (second.nonce, second.again - second.at) == (first.nonce + 1, 30 * 60 * 1_000_000)
    assert history.asked() == [("upc", UPC)]


def test_a_failed_lookup_is_asked_again() -> None:
    history = History()
    history.candidate()
    history.answer(state="failed")

    history.later(minutes=15)

    assert history.asked() == [("upc", UPC)]


def test_t4_a_condition_that_no_longer_resolves_takes_it_back() -> None:
    history = ready()

    history.candidate(condition=ConditionAnswer())

    assert history.place() == "incomplete/missing_condition"
    assert history.wanted() == (False, None, None)


def test_t12_a_product_excluded_before_publication_is_not_listed() -> None:
    history = ready()

    history.candidate(eligible=False)

    assert (history.place(), history.codes()) == ("not_listed/not_listed", ["RULE_NOT_MET"])
    assert history.wanted() == (False, None, None)


def test_no_price_and_no_stock_record_are_missing_information() -> None:
    history = ready(price=None, stock=None)

    assert history.place() == "incomplete/missing_information"
    assert history.codes() == ["PRICE_MISSING", "STOCK_MISSING"]


# --- creating -----------------------------------------------------------------------------


def test_t6_a_creation_under_way_is_in_progress_until_amazon_shows_it() -> None:
    history = creating()
    assert history.codes() == ["PENDING_CONFIRMATION"]
    assert history.wanted() == (True, "present", 5)

    history.later(seconds=5)
    history.observe()

    assert history.place() == "active/active"
    assert history.wanted() == (True, "present", 5)


def test_t6_existence_keeps_its_hash_once_it_is_there() -> None:
    history = creating()
    created = history.offer.stores[DE].hash.existence
    history.later(seconds=5)

    history.observe()

    assert history.offer.stores[DE].hash.existence == created


@pytest.mark.parametrize(
    ("category", "place"),
    [
        pytest.param("MISSING_ATTRIBUTE", "incomplete/missing_information", id="data"),
        pytest.param("INVALID_PRICE", "incomplete/missing_information", id="invalid data"),
        pytest.param("QUALIFICATION_REQUIRED", "ineligible/ineligible", id="qualification"),
        pytest.param("DUPLICATE", "inactive/inactive", id="anything else"),
    ],
)
def test_t7_a_refused_creation_goes_by_what_amazon_refused(category: str, place: str) -> None:
    history = creating()
    created = history.offer.stores[DE].hash.existence
    history.later(seconds=5)

    issue = Issue(code="90220", message="no", categories=[category])
    history.submission("existence", "invalid", "present", hash=created, issues=[issue])

    assert history.place() == place
    assert history.wanted() == (False, None, None)


def test_a_refused_creation_is_tried_again_once_its_content_changes() -> None:
    history = creating()
    created = history.offer.stores[DE].hash.existence
    issue = Issue(code="90220", categories=["INVALID_PRICE"])
    history.later(seconds=5)
    history.submission("existence", "invalid", "present", hash=created, issues=[issue])

    history.candidate(price="43.00")

    assert history.place() == "ready_to_list/list_in_progress"
    assert history.wanted() == (True, "present", 5)


def test_a_rule_that_excludes_during_a_creation_waits_for_amazons_answer() -> None:
    history = creating()

    history.candidate(eligible=False)
    assert history.place() == "ready_to_list/list_in_progress"
    assert history.wanted() == (True, "present", 0)

    history.later(seconds=5)
    history.observe()
    assert history.place() == "ineligible/ineligible"
    assert history.wanted() == (True, "present", 0)


def test_t8_a_listing_found_live_before_publication_is_ours() -> None:
    history = History()
    history.candidate()

    history.observe()

    assert (history.place(), history.status().product) == ("active/active", SKU)
    assert history.facts.known.stores[DE].ask is None


# --- live ---------------------------------------------------------------------------------


def test_connecting_a_right_listing_wants_what_is_there() -> None:
    history = live()
    status = history.status()

    assert history.wanted() == (True, "present", 5)
    assert (status.desired.price, status.desired.quantity) == (
        status.observed.price,
        status.observed.quantity,
    )
    assert history.offer.handling_days is None


def test_t9_amazon_blocks_and_unblocks() -> None:
    history = live()
    issue = Issue(
        code="18155",
        message="image",
        enforcements=Enforcement(actions=["LISTING_SUPPRESSED"], exemption="NOT_EXEMPT"),
    )
    history.later(minutes=1)
    history.observe(status=["DISCOVERABLE"], issues=[issue])
    assert (history.place(), history.codes()) == ("inactive/inactive", ["LISTING_SUPPRESSED"])
    assert history.wanted() == (True, "present", 5)

    history.later(minutes=1)
    history.observe()
    assert (history.place(), history.codes()) == ("active/active", [])


def test_an_exemption_that_runs_out_needs_no_event() -> None:
    monday = NOON + timedelta(days=5)
    issue = Issue(
        code="18155",
        enforcements=Enforcement(
            actions=["LISTING_SUPPRESSED"],
            exemption="EXEMPT_UNTIL_EXPIRY_DATE",
            expires=monday,
        ),
    )
    history = live(issues=[issue])
    assert history.place() == "active/active"

    history.later(days=5)

    assert history.place() == "inactive/inactive"


def test_t10_t11_the_rule_excludes_and_admits_again() -> None:
    history = live()

    history.candidate(eligible=False)
    assert (history.place(), history.wanted()) == ("ineligible/ineligible", (True, "present", 0))

    history.later(minutes=30)
    history.observe(quantity=0, status=["DISCOVERABLE"])
    history.submission("quantity", "confirmed", "0")
    assert history.place() == "ineligible/ineligible"

    history.candidate()
    assert (history.place(), history.wanted()) == ("active/active", (True, "present", 5))
    assert history.codes() == ["RESTOCKING"]


def test_our_own_zero_never_makes_it_inactive() -> None:
    history = live()
    history.candidate(stock="0")
    history.later(minutes=30)

    history.observe(quantity=0, status=["DISCOVERABLE"])

    assert (history.place(), history.codes()) == ("active/active", ["OUT_OF_STOCK"])


def test_a_zero_that_is_not_ours_is_inactive_after_the_grace() -> None:
    history = live()
    history.later(minutes=10)
    history.observe(quantity=0, status=["DISCOVERABLE"])
    assert (history.place(), history.codes()) == ("active/active", ["RESTOCKING"])

    history.later(minutes=10)

    assert history.place() == "inactive/inactive"
    assert history.codes() == ["OUT_OF_STOCK_ON_AMAZON"]


def test_a_stock_below_the_threshold_excludes_and_recovers_by_itself() -> None:
    history = live(settings(threshold=3))

    history.candidate(stock="2")
    assert (history.place(), history.codes()) == (
        "ineligible/ineligible",
        ["BELOW_STOCK_THRESHOLD"],
    )
    assert history.wanted() == (True, "present", 0)

    history.candidate(stock="3")
    assert (history.place(), history.wanted()) == ("active/active", (True, "present", 3))


def test_below_the_threshold_may_keep_it_active_with_quantity_0() -> None:
    history = live(settings(threshold=3, below_threshold="stay_active"))

    history.candidate(stock="2")

    assert (history.place(), history.wanted()) == ("active/active", (True, "present", 0))


def test_fba_never_gets_a_quantity_and_is_not_zeroed() -> None:
    history = live(channel="AMAZON_EU", quantity=...)

    history.candidate(eligible=False)

    assert (history.place(), history.wanted()) == ("ineligible/ineligible", (True, "present", None))
    assert "FBA_NOT_ZEROED" in history.flags()


def test_no_quantity_is_pushed_while_the_channel_is_not_known() -> None:
    history = live(channel=..., quantity=...)

    assert (history.place(), history.wanted()) == ("active/active", (True, "present", None))


def test_a_price_that_cannot_be_computed_blocks_only_the_price() -> None:
    history = live()

    history.candidate(price=None)

    assert history.place() == "active/active"
    assert history.flags() == ["PRICE_BLOCKED"]
    assert (history.offer.stores[DE].price, history.offer.quantity) == (None, 5)


def test_t25_amazon_lacks_data_and_gets_it() -> None:
    history = live()
    history.later(minutes=1)
    history.observe(
        status=[], issues=[Issue(code="90220", severity="ERROR", categories=["MISSING_PRICE"])]
    )
    assert history.place() == "incomplete/missing_information"

    history.later(minutes=1)
    history.observe()
    assert history.place() == "active/active"


def test_severity_alone_moves_nothing() -> None:
    history = live(issues=[Issue(code="1", severity="ERROR", categories=["MISSING_ATTRIBUTE"])])

    assert (history.place(), history.flags()) == ("active/active", ["HAS_ERRORS"])


@pytest.mark.parametrize(
    "stated",
    [
        pytest.param({"status": ["ARCHIVED"]}, id="status"),
        pytest.param({"status": ["BUYABLE", "ARCHIVED"]}, id="one of two"),
        pytest.param({"condition": "as_seen_on_tv"}, id="condition"),
        pytest.param({"channel": "DRONE"}, id="channel"),
    ],
)
def test_an_unknown_value_changes_no_fact_and_is_flagged(stated: dict) -> None:
    history = live()
    before = history.wanted()
    history.later(minutes=1)

    history.observe(**stated)

    assert (history.place(), history.wanted()) == ("active/active", before)
    assert "UNKNOWN_VALUE" in history.flags()


def test_an_unknown_value_of_a_report_schedules_a_read_that_settles_it() -> None:
    history = live()
    history.later(hours=12)

    history.observe(source="report", report_status="Archived")
    assert (history.place(), history.reads()) == ("active/active", ["UNKNOWN_VALUE"])

    history.observe()
    assert "UNKNOWN_VALUE" not in history.flags()


def test_a_stale_report_changes_nothing_confirmed_since() -> None:
    history = live()
    history.later(minutes=20)

    history.observe(source="report", as_of=NOON - timedelta(minutes=10), quantity=9)

    assert history.status().observed.quantity == 5
    assert history.place() == "active/active"


def test_suspension_moves_linked_listings_and_back() -> None:
    history = live()
    history.suspended()
    assert (history.place(), history.codes()) == ("inactive/inactive", ["STORE_SUSPENDED"])

    history.suspended(suspended=False)
    assert history.place() == "active/active"


def test_t23_deactivating_a_store_moves_nothing() -> None:
    history = live()
    before = history.place(), history.wanted()

    history.review(settings(inactive()))

    assert (history.place(), history.wanted()) == before
    assert history.flags() == ["STORE_INACTIVE"]


def test_t23_a_deactivated_store_looks_nothing_up() -> None:
    history = History(settings(inactive()))

    history.candidate()

    assert (history.place(), history.asked()) == ("in_process/validating_asin", [])


def test_t23_deleting_a_store_ends_its_rows() -> None:
    history = live()

    history.review(settings().with_record("store", DE, None))

    assert history.last["listing.status.v1", f"acme-eu|A1PA6795UKMFR9|{SKU}"] is None
    assert history.facts.known.stores == {}


def test_a_hold_of_the_pusher_is_a_flag_while_it_is_wanted() -> None:
    history = live()
    history.candidate(price="40.00")
    wanted = history.offer.stores[DE].hash.price

    history.submission("price", "held", "40.00 EUR", hash=wanted, hold="READ_ONLY")
    assert (history.place(), history.flags()) == ("active/active", ["READ_ONLY"])

    history.candidate(price="41.00")
    assert history.flags() == []


def test_an_accepted_price_is_pending_and_then_overdue_and_moves_nothing() -> None:
    history = live()
    history.candidate(price="40.00")
    wanted = history.offer.stores[DE].hash.price

    history.later(seconds=5)
    history.submission("price", "accepted", "40.00 EUR", hash=wanted)
    assert (history.place(), history.codes()) == ("active/active", ["PENDING_CONFIRMATION"])
    assert history.flags() == ["in_process"]

    history.later(minutes=15)
    history.submission("price", "overdue", "40.00 EUR", hash=wanted)
    assert (history.place(), history.codes()) == ("active/active", ["CONFIRMATION_OVERDUE"])

    history.submission(
        "price", "confirmed", "40.00 EUR", hash=wanted, at=history.now + timedelta(1)
    )
    assert (history.codes(), history.flags()) == ([], [])


def test_t22_a_switch_to_amazons_channel_stops_our_quantities() -> None:
    history = live()
    history.later(minutes=1)

    history.observe(channel="AMAZON_EU", quantity=...)

    assert history.wanted() == (True, "present", None)


def test_t16_a_listing_without_asin_stays_and_is_read() -> None:
    history = live(source="report", asin=...)

    assert (history.place(), history.flags()) == ("active/active", ["in_process", "ASIN_MISSING"])
    assert history.reads() == ["ASIN_MISSING"]


def test_a_notification_is_a_hint_that_asks_for_a_read() -> None:
    history = live()
    history.later(minutes=1)

    history.observe(source="notification", status=["DISCOVERABLE"])
    assert (history.place(), history.reads()) == ("inactive/inactive", ["NOTIFIED"])

    history.observe()
    assert (history.place(), history.flags()) == ("active/active", [])


def test_a_read_that_is_not_answered_is_asked_for_again() -> None:
    history = live(source="report", report_status="Inactive")
    assert history.reads() == ["UNKNOWN_AMAZON_REASON"]

    history.later(minutes=15)

    assert history.reads() == ["UNKNOWN_AMAZON_REASON"]
    assert history.facts.known.read_nonce == 2


# --- ending -------------------------------------------------------------------------------


def test_t13_a_person_ends_and_amazon_confirms() -> None:
    history = live()
    history.later(minutes=1)

    history.intent("end")
    assert (history.place(), history.wanted()) == ("ended/ending_in_progress", (True, "absent", 0))

    history.later(minutes=1)
    history.gone()
    assert (history.place(), history.codes()) == ("ended/manually_ended", ["ENDED_BY_PERSON"])
    assert history.wanted() == (False, None, None)
    assert history.flags() == ["ENDED_BUT_ELIGIBLE"]


def ended() -> History:
    history = live()
    history.later(minutes=1)
    history.intent("end")
    history.later(minutes=1)
    history.gone()
    history.later(minutes=1)
    return history


def test_ended_by_a_person_is_never_resurrected() -> None:
    history = ended()

    history.observe()
    history.candidate(eligible=False)
    history.candidate()

    assert history.place() == "ended/manually_ended"
    assert "ENDED_BUT_LIVE" in history.flags()
    assert history.wanted() == (False, None, None)


def test_t14_a_person_publishes_what_was_ended() -> None:
    history = ended()

    history.intent("publish")

    assert history.place() == "ready_to_list/list_in_progress"
    assert (history.wanted(), history.offer.stores[DE].asin) == ((True, "present", 5), ASIN)
    assert history.asked() == [("restriction", ASIN), ("asin", ASIN)]


def test_t14_publishing_is_refused_while_excluded() -> None:
    history = ended()
    history.candidate(eligible=False)

    history.intent("publish")

    assert (history.refusals(), history.place()) == (["EXCLUDED"], "ended/manually_ended")


def test_t17_gone_without_our_doing_is_never_relisted() -> None:
    history = live()
    history.later(minutes=1)

    history.gone()

    assert (history.place(), history.codes()) == ("ended/ended_on_amazon", ["ENDED_ON_AMAZON"])
    assert history.wanted() == (False, None, None)


def test_t27_seen_again_after_it_was_gone() -> None:
    history = live()
    history.later(minutes=1)
    history.gone()
    history.later(minutes=1)

    history.observe()

    assert (history.place(), history.wanted()) == ("active/active", (True, "present", 5))


def test_a_404_for_a_sku_that_never_existed_ends_nothing() -> None:
    history = ready()

    assert history.place() == "ready_to_list/list_in_progress"


def test_ending_what_was_never_sent_reads_and_is_ended() -> None:
    history = ready()
    history.later(minutes=1)

    history.intent("end")
    assert (history.place(), history.reads()) == ("ended/ending_in_progress", ["ENDING"])

    history.later(minutes=1)
    history.gone()
    assert history.place() == "ended/manually_ended"


def test_ending_a_creation_under_way_waits_until_it_has_been_there() -> None:
    history = creating()
    history.later(minutes=1)
    history.intent("end")

    history.later(minutes=1)
    history.gone()
    assert (history.place(), history.wanted()) == ("ended/ending_in_progress", (True, "absent", 0))

    history.observe(as_of=history.now + timedelta(seconds=1))
    history.gone(as_of=history.now + timedelta(seconds=2))
    assert history.place() == "ended/manually_ended"


@pytest.mark.parametrize(
    ("state", "code"),
    [
        pytest.param("overdue", "END_OVERDUE", id="overdue"),
        pytest.param("invalid", "END_REFUSED", id="refused"),
    ],
)
def test_an_end_that_hangs_says_so(state: str, code: str) -> None:
    history = live()
    history.later(minutes=1)
    history.intent("end")
    history.later(minutes=1)

    history.submission("existence", state, "absent")

    assert history.codes()[0] == code


def test_absence_from_two_reports_asks_for_a_read_and_ends_nothing() -> None:
    history = live()
    history.later(days=2)

    history.report("r1", history.now - timedelta(days=1))
    assert (history.place(), history.reads()) == ("active/active", [])

    history.report("r2", history.now)
    assert (history.place(), history.reads()) == ("active/active", ["ABSENT_FROM_REPORTS"])

    history.gone()
    assert history.place() == "ended/ended_on_amazon"


# --- third-party listings -----------------------------------------------------------------


def foreign(**stated: object) -> History:
    history = History()
    history.observe(**stated)
    return history


def test_an_unknown_listing_awaits_its_product_and_asks_for_it() -> None:
    history = foreign()

    assert (history.place(), history.codes()) == (
        "new_third_party/awaiting_assignment",
        ["MATCHING"],
    )
    assert [e.identifier for e in history.told("listing.match-request.v1")] == [f"sku:{SKU}"]
    assert history.wanted() == (False, None, None)


def test_it_asks_by_asin_only_once_nobody_has_its_seller_sku() -> None:
    history = foreign()

    history.matched(f"sku:{SKU}")

    assert [e.identifier for e in history.told("listing.match-request.v1")] == [f"asin:{ASIN}"]
    assert history.facts.known.stores[DE].asked == [f"sku:{SKU}", f"asin:{ASIN}"]


def test_when_nothing_matches_it_says_what_was_tried_and_stays_registered() -> None:
    history = foreign()
    history.matched(f"sku:{SKU}")
    history.matched(f"asin:{ASIN}")
    assert history.codes() == ["NO_PRODUCT_MATCH"]

    history.matched(f"sku:{SKU}", "LAMP-9")
    assert history.told("catalog.link.v1")[0].product == "LAMP-9"


def test_several_products_are_never_guessed_between() -> None:
    history = foreign()

    history.matched(f"sku:{SKU}", "LAMP-9", "LAMP-10")

    assert history.place() == "new_third_party/multiple_matches"
    assert history.told("catalog.link.v1") == []


def linked(product: str = "LAMP-9") -> History:
    history = foreign()
    history.matched(f"sku:{SKU}", product)
    return history


def test_t18_a_matched_listing_is_linked_and_judged_once_its_candidate_is_there() -> None:
    history = linked()
    (link,) = history.told("catalog.link.v1")
    assert (link.linked, link.by, link.stores[DE].state) == (True, "sku", "published")
    assert history.place() == "new_third_party/awaiting_assignment"

    history.candidate(product="LAMP-9", origin="link")

    assert (history.place(), history.status().product) == ("active/active", "LAMP-9")


def test_a_linked_listing_takes_its_requests_back() -> None:
    history = linked()

    history.candidate(product="LAMP-9", origin="link")

    requests = history.told("listing.match-request.v1")
    assert [(e.identifier, e.asking) for e in requests] == [(f"sku:{SKU}", False)]
    assert history.facts.known.stores[DE].asked == []


def test_a_product_on_another_asin_is_not_linked_until_a_person_says_so() -> None:
    history = linked()

    history.candidate(product="LAMP-9", origin="link", asin=OTHER)
    assert history.place() == "new_third_party/awaiting_assignment"
    assert history.codes() == ["ASIN_CONFLICT"]
    assert history.wanted() == (False, None, None)

    history.intent("assign", product="LAMP-9")
    assert history.place() == "active/active"


def test_the_asin_accepted_for_the_unpublished_row_counts_as_expected() -> None:
    row = LinkedStore(state="unpublished", asin=OTHER)
    history = linked()

    history.candidate(
        product="LAMP-9", origin="link", others=[OtherSku(seller_sku="LAMP-9", known={DE: row})]
    )
    assert history.codes() == ["ASIN_CONFLICT"]

    history.candidate(product="LAMP-9", origin="link")
    assert history.codes() == ["ASIN_CONFLICT"]


def test_once_linked_another_asin_is_only_a_flag() -> None:
    history = live()
    history.later(minutes=1)

    history.observe(asin=OTHER)

    assert (history.place(), history.flags()) == ("active/active", ["ASIN_CHANGED_ON_AMAZON"])


def test_t15_a_deleted_product_leaves_its_listing_to_be_assigned() -> None:
    history = live()

    history.withdraw()
    assert history.place() == "new_third_party/awaiting_assignment"
    assert history.codes() == ["PRODUCT_DELETED"]
    assert history.wanted() == (False, None, None)
    assert history.told("catalog.link.v1") == []

    history.candidate()
    assert history.place() == "active/active"


def test_a_product_deleted_before_publication_is_not_listed() -> None:
    history = ready()

    history.withdraw()

    assert (history.place(), history.codes()) == ("not_listed/not_listed", ["PRODUCT_DELETED"])


def test_a_row_that_merged_into_another_seller_sku_is_not_listed_and_lets_go() -> None:
    history = ready()

    history.withdraw("MERGED")

    assert (history.place(), history.codes()) == ("not_listed/not_listed", ["MERGED"])
    assert [e.linked for e in history.told("catalog.link.v1")] == [False]


def test_an_assignment_takes_the_link_from_one_product_to_another() -> None:
    history = live()

    history.intent("assign", product="LAMP-9")

    told = {e.product: (e.linked, e.by) for e in history.told("catalog.link.v1")}
    assert told == {"LAMP-9": (True, "person"), SKU: (False, None)}
    assert history.place() == "new_third_party/awaiting_assignment"


def test_a_persons_assignment_is_never_replaced() -> None:
    history = live()
    history.intent("assign", product="LAMP-9")
    history.candidate(product="LAMP-9", origin="link")

    history.candidate()
    history.matched(f"sku:{SKU}", "LAMP-10")

    assert history.status().product == "LAMP-9"
    assert history.status().standing.assigned == "LAMP-9"


def test_two_products_of_one_derived_seller_sku_create_nothing() -> None:
    history = ready()

    history.candidate(product="LAMP-12-LONG")

    assert (history.place(), history.codes()) == ("not_listed/not_listed", ["SKU_COLLISION"])


def test_import_off_admits_no_unknown_listing() -> None:
    history = History(settings(import_off()))

    history.observe()

    assert (history.place(), history.codes()) == ("not_listed/not_listed", ["IMPORT_OFF"])
    assert history.told("listing.match-request.v1") == []


def test_import_off_still_knows_what_the_catalogue_names() -> None:
    history = live(settings(import_off()))

    assert history.place() == "active/active"


def test_a_third_party_listing_that_is_gone_is_no_alarm() -> None:
    history = foreign()
    history.later(minutes=1)

    history.gone()

    assert (history.place(), history.codes()) == ("not_listed/not_listed", ["GONE_ON_AMAZON"])


def test_a_duplicate_waits_for_a_person() -> None:
    other = OtherSku(
        seller_sku="K (US)",
        known={DE: LinkedStore(state="published", asin=ASIN, condition="new_new")},
    )
    history = ready(others=[other])
    assert (history.place(), history.codes()) == ("ready_to_list/ready", ["DUPLICATE_LISTING"])

    history.intent("declare_alias")
    assert history.place() == "ready_to_list/list_in_progress"


@pytest.mark.parametrize(
    ("step", "place", "wanted"),
    [
        pytest.param("removing", "active/removal_pending", (True, "absent", 0), id="removing"),
        pytest.param(
            "relisting", "active/relist_in_progress", (True, "present", 5), id="relisting"
        ),
    ],
)
def test_a_procedure_between_its_steps_counts_as_published(
    step: Any, place: str, wanted: tuple[bool, str, int]
) -> None:
    history = live()
    history.later(minutes=1)
    history.begin(Procedure(step, "ASIN_CHANGE", ASIN, OTHER))

    history.gone()

    assert (history.place(), history.wanted()) == (place, wanted)


# --- several stores -----------------------------------------------------------------------


def both(**changed: object) -> History:
    history = History()
    history.candidate(DE, FR, **changed)
    history.observe()
    history.observe(store=FR)
    return history


def with_verdicts(history: History, *, german: bool, french: bool) -> None:
    """The product speaks anew, each store with its own verdict; France has seven in stock."""
    event = Candidate(
        account="acme-eu",
        seller_sku=SKU,
        sequence=1000,
        product=SKU,
        origin="default",
        name="Desk lamp",
        stores={DE: said(eligible=german), FR: said(eligible=french, stock="7")},
    )
    history.take("listing.candidate.v1", event)


def test_the_oldest_store_decides_for_all_yes() -> None:
    history = both()

    with_verdicts(history, german=True, french=False)

    assert (history.place(DE), history.place(FR)) == ("active/active", "active/active")
    assert history.codes(FR) == ["DECIDED_BY_OLDER_STORE"]
    assert history.offer.quantity == 5


def test_the_oldest_store_decides_for_all_no() -> None:
    history = both()

    with_verdicts(history, german=False, french=True)

    assert (history.place(DE), history.place(FR)) == ("ineligible/ineligible",) * 2
    assert history.status(FR).reasons[0].facts["store"] == DE
    assert history.offer.quantity == 0


def test_published_only_in_the_younger_store_that_one_decides() -> None:
    history = History()
    history.candidate(DE, FR)
    history.observe(store=FR)

    with_verdicts(history, german=False, french=True)

    assert (history.place(DE), history.place(FR)) == ("not_listed/not_listed", "active/active")
    assert history.offer.quantity == 7


def test_a_read_that_answers_for_one_store_says_nothing_of_the_other() -> None:
    history = both()
    history.later(minutes=1)

    history.gone(store=FR)

    assert (history.place(DE), history.place(FR)) == ("active/active", "ended/ended_on_amazon")
    assert history.offer.quantity == 5


# --- intents ------------------------------------------------------------------------------


def test_the_same_command_twice_does_nothing_again() -> None:
    history = live()
    history.intent("end", id_="i1")
    history.later(minutes=1)
    history.gone()
    history.intent("publish")

    history.intent("end", id_="i1")

    assert (history.filtered, history.records) == ("DUPLICATE", [])


@pytest.mark.parametrize(
    ("kind", "arguments", "code"),
    [
        pytest.param("publish", {}, "NOT_READY", id="publish what is active"),
        pytest.param("asin", {"asin": OTHER}, "NOT_READY", id="an ASIN for what has one"),
        pytest.param("condition", {"condition": "new_new"}, "NOT_READY", id="a condition"),
        pytest.param("assign", {}, "PRODUCT_UNKNOWN", id="assign nothing"),
        pytest.param("dance", {}, "INTENT_UNSUPPORTED", id="unknown"),
    ],
)
def test_a_command_that_is_not_admissible_is_refused_with_a_code(
    kind: str, arguments: dict, code: str
) -> None:
    history = live()

    history.intent(kind, **arguments)

    assert (history.refusals(), history.place()) == ([code], "active/active")


def test_a_command_for_a_sku_nobody_knows_is_refused() -> None:
    history = History()

    history.intent("end", store=None)

    assert history.refusals() == ["NOT_ON_AMAZON"]


def test_a_person_picks_an_asin_which_is_then_looked_up() -> None:
    history = History()
    history.candidate()
    history.answer(found(), found(OTHER))

    history.intent("asin", asin=OTHER)
    assert history.place() == "ready_to_list/list_in_progress"
    assert history.asked() == [("restriction", OTHER), ("asin", OTHER)]

    history.answer()
    assert history.place() == "incomplete/unable_to_assign"
    assert history.codes()[0] == "ASIN_NOT_IN_MARKETPLACE"


@pytest.mark.parametrize(
    ("asin", "code"),
    [
        pytest.param("b000000000", "ASIN_INVALID", id="lower case"),
        pytest.param(ASIN, "ASIN_IS_PARENT", id="the parent"),
    ],
)
def test_an_asin_that_cannot_be_is_refused(asin: str, code: str) -> None:
    history = History()
    history.candidate()
    history.answer(found(children=[OTHER]))

    history.intent("asin", asin=asin)

    assert history.refusals() == [code]


def test_a_person_sets_a_condition() -> None:
    history = History()
    history.candidate(condition=ConditionAnswer())

    history.intent("condition", condition="used_good")

    assert history.place() == "in_process/validating_asin"
    assert history.status().desired.condition == "used_good"


def test_a_new_attempt_asks_again_and_the_old_answer_no_longer_counts() -> None:
    history = History()
    history.candidate()
    history.answer()

    history.intent("retry_match")
    assert history.asked() == [("upc", UPC)]

    history.answer(found(), nonce=1)
    assert history.filtered == "STALE"


def test_a_persons_price_replaces_the_computed_one_until_it_is_removed() -> None:
    history = live()

    history.intent("override", price="39.90")
    offer = history.offer.stores[DE]
    assert (offer.price, history.place()) == (euro("39.90"), "active/active")
    assert history.flags() == ["overridden"]
    assert history.status().standing.overrides == {"price": "39.90"}

    history.intent("override", price=None)
    assert history.offer.stores[DE].price == euro("44.90")
    assert history.flags() == []


def test_a_persons_handling_time_is_sent_for_what_exists() -> None:
    history = live()
    assert history.offer.handling_days is None

    history.intent("override", handling_days=4)

    assert history.offer.handling_days == 4


@pytest.mark.parametrize(
    ("channel", "arguments", "code"),
    [
        pytest.param("AMAZON_EU", {"handling_days": 4}, "FBA_NOT_ALLOWED", id="handling, FBA"),
        pytest.param("DEFAULT", {"condition": "used_good"}, "INTENT_UNSUPPORTED", id="condition"),
        pytest.param("DEFAULT", {"price": "cheap"}, "INTENT_UNSUPPORTED", id="no number"),
    ],
)
def test_an_override_that_cannot_be_carried_out_is_refused(
    channel: str, arguments: dict[str, Any], code: str
) -> None:
    history = live(channel=channel, quantity=...)

    history.intent("override", **arguments)

    assert history.refusals() == [code]


# --- the machinery ------------------------------------------------------------------------


def test_an_older_candidate_changes_nothing() -> None:
    history = live()
    old = history.facts.known.candidates[SKU]
    history.candidate(price="40.00")

    history.take("listing.candidate.v1", old)

    assert (history.filtered, history.records) == ("STALE", [])


def test_deciding_again_says_nothing_new() -> None:
    history = live()

    history.review()

    assert history.records == []


def test_previous_and_since_tell_the_last_move() -> None:
    history = live()
    history.later(minutes=1)
    history.candidate(eligible=False)
    status = history.status()

    assert (status.previous, status.since) == ("active/active", history.now)
    (change,) = history.told("listing.status-changed.v1")
    assert (change.previous, change.at) == ("active/active", history.now)
    assert change.cause.topic == "listing.candidate.v1"


@pytest.mark.parametrize(
    ("changed", "kind"),
    [
        pytest.param({"stock": "4"}, "stock", id="stock"),
        pytest.param({"price": "40.00"}, "price", id="price"),
        pytest.param({"eligible": False}, "rule", id="rule"),
        pytest.param({"eligible": False, "stock": "0"}, "rule", id="rule and stock"),
    ],
)
def test_the_offer_says_what_moved_it(changed: dict, kind: str) -> None:
    history = live()

    history.candidate(**changed)

    assert history.offer.cause is not None
    assert history.offer.cause.kind == kind


def test_a_change_of_settings_moves_the_offer_by_settings() -> None:
    history = live()

    history.review(settings().with_record("listing", DE, Listing(first_report="none", maximum=3)))

    assert history.offer.quantity == 3
    assert history.offer.cause is not None
    assert history.offer.cause.kind == "settings"


def test_a_record_under_another_key_is_refused() -> None:
    history = live()
    record = Record(
        topic="listing.intent.v1",
        key=b"acme-eu|OTHER",
        value=b'{"kind":"end","account":"acme-eu","seller_sku":"LAMP-12","by":"e",'
        b'"at":"2026-11-25T12:00:00Z"}',
    )

    with pytest.raises(Refused, match="does not belong"):
        history.feed(record)


@pytest.mark.parametrize("store", ["acme-xx", "nowhere"])
def test_a_command_for_an_unknown_store_is_set_aside(store: str) -> None:
    history = live()

    with pytest.raises(Refused, match=f"no store {store}"):
        history.intent("end", store=store)


def test_a_tombstone_is_refused() -> None:
    history = live()
    record = Record(topic="listing.candidate.v1", key=b"acme-eu|LAMP-12", value=None)

    with pytest.raises(Refused):
        history.feed(record)
