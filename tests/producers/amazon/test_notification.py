"""What each notification says, however it is wrapped and spelt (`amazon.md` 9, 15)."""

import json
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from jsonschema import Draft7Validator

from producers.amazon.notice import notice
from producers.amazon.notification import KINDS, Known, Meaning, meaning, records
from schemas.amazon import ObservedStore
from schemas.errors import Refused
from schemas.settings import Settings
from tests.conftest import DATA
from tests.support.notices import (
    APPLICATION,
    FR,
    NOW,
    SELLER,
    SETTINGS,
    account,
    body,
    bridged,
    camel,
    document,
    issues,
    posted,
    quantity,
    status,
    store,
)

SCHEMAS = DATA / "amazon/schemas/notifications"
OURS = Known(settings=SETTINGS, applications=frozenset([APPLICATION]))

STATUS, ISSUES, QUANTITY = (
    "LISTINGS_ITEM_STATUS_CHANGE",
    "LISTINGS_ITEM_ISSUES_CHANGE",
    "LISTINGS_ITEM_MFN_QUANTITY_CHANGE",
)


def read(given: bytes, known: Known = OURS) -> Meaning:
    return meaning(notice(given), known, NOW)


def stated(given: bytes, known: Known = OURS) -> dict[str, Any]:
    """Give the one observation that follows, without what they all have in common."""
    (event,) = read(given, known).observations
    said: dict[str, Any] = msgspec.to_builtins(event)
    common = ("account", "seller_sku", "source", "as_of")
    return {name: value for name, value in said.items() if name not in common}


BUYABLE = {"acme-de": {"exists": True, "asin": "B000000001", "status": ["BUYABLE"]}}


@pytest.mark.parametrize(
    ("kind", "payload", "said"),
    [
        pytest.param(STATUS, status("BUYABLE"), {"stores": BUYABLE}, id="the whole set of states"),
        pytest.param(
            STATUS,
            status(),
            {"stores": {"acme-de": {"exists": True, "asin": "B000000001", "status": []}}},
            id="an empty set is a set",
        ),
        pytest.param(STATUS, status("DELETED"), {"stores": {"acme-de": {}}}, id="an end: read it"),
        pytest.param(
            STATUS, status("BUYABLE", "DELETED"), {"stores": {"acme-de": {}}}, id="a contradiction"
        ),
        pytest.param(
            STATUS, status() | {"Status": "BUYABLE"}, {"stores": {"acme-de": {}}}, id="no set"
        ),
        pytest.param(
            STATUS, status("BUYABLE", MarketplaceId=None), {}, id="no marketplace: the shared SKU"
        ),
        pytest.param(
            ISSUES,
            issues(),
            {"stores": {"acme-de": {"asin": "B000000001"}}},
            id="issues: read them",
        ),
        pytest.param(
            QUANTITY, quantity(5), {"channel": "DEFAULT", "quantity": 5}, id="stock of the account"
        ),
        pytest.param(QUANTITY, quantity(0), {"channel": "DEFAULT"}, id="a zero: read it"),
        pytest.param(QUANTITY, quantity("5"), {"channel": "DEFAULT"}, id="a number as text"),
        pytest.param(QUANTITY, quantity(-1), {"channel": "DEFAULT"}, id="less than nothing"),
        pytest.param(QUANTITY, quantity(True), {"channel": "DEFAULT"}, id="no number at all"),
    ],
)
def test_what_a_notification_states(kind: str, payload: Any, said: dict[str, Any]) -> None:
    assert stated(body(kind, payload)) == said


WHOLE = document(STATUS, status("BUYABLE"))


@pytest.mark.parametrize(
    "wrapped",
    [
        pytest.param(WHOLE, id="raw"),
        pytest.param(bridged(WHOLE), id="by EventBridge"),
        pytest.param(posted(WHOLE), id="by SNS"),
        pytest.param(posted(bridged(WHOLE)), id="by SNS around EventBridge"),
        pytest.param(camel(WHOLE), id="camel case"),
        pytest.param(camel(bridged(WHOLE)), id="camel case by EventBridge"),
        pytest.param({**WHOLE, "New": {"Members": [1]}}, id="with members we do not know"),
    ],
)
def test_every_wrapping_and_spelling_says_the_same(wrapped: dict[str, Any]) -> None:
    plain = read(json.dumps(WHOLE).encode())

    assert read(json.dumps(wrapped).encode()) == plain
    assert read(b"\xef\xbb\xbf" + json.dumps(wrapped).encode()) == plain


def test_the_source_and_the_time_are_the_notifications_own() -> None:
    (event,) = read(body(STATUS, status("BUYABLE"), at="2026-11-25T11:59:58.5+02:00")).observations

    assert (event.account, event.seller_sku, event.source) == ("acme-eu", "LAMP-12", "notification")
    assert event.as_of == NOW - timedelta(seconds=1.5)


@pytest.mark.parametrize(
    ("at", "as_of", "believed"),
    [
        pytest.param("2026-11-24T10:00:00Z", NOW - timedelta(days=1), True, id="hours late"),
        pytest.param("2026-11-25T10:00:30Z", NOW, True, id="within the skew of clocks"),
        pytest.param("2026-11-26T10:00:00Z", NOW, False, id="after now"),
        pytest.param("9999-12-31T23:59:59-14:00", NOW, False, id="beyond any calendar"),
        pytest.param("yesterday", NOW, False, id="no time at all"),
    ],
)
def test_a_time_that_cannot_be_orders_nothing_and_still_asks(
    at: str, as_of: Any, believed: bool
) -> None:
    (event,) = read(body(STATUS, status("BUYABLE"), at=at)).observations

    assert event.as_of == as_of
    assert (event.stores["acme-de"] != ObservedStore()) is believed


@pytest.mark.parametrize(
    ("given", "code"),
    [
        pytest.param(b"", "MALFORMED", id="nothing"),
        pytest.param(b"[]", "MALFORMED", id="no object"),
        pytest.param(b'{"NotificationType": "X"}', "MALFORMED", id="no payload"),
        pytest.param(b"\xff\xfe", "MALFORMED", id="no UTF-8"),
        pytest.param(b"[" * 100_000, "MALFORMED", id="deep"),
        pytest.param(b'{"a": 1, "a": 2}', "MALFORMED", id="a member twice"),
        pytest.param(b'{"Sku": 1, "sku": 2}', "MALFORMED", id="a member twice, spelt otherwise"),
        pytest.param(
            json.dumps(posted(posted(posted(posted(WHOLE))))).encode(), "MALFORMED", id="wrapped on"
        ),
        pytest.param(body("NEVER_HEARD", {}), "UNKNOWN_NOTIFICATION", id="unknown type"),
        pytest.param(
            body(STATUS, status("BUYABLE"), version="2.0"), "UNKNOWN_NOTIFICATION", id="new version"
        ),
        pytest.param(
            body(ISSUES, issues(), version="1.0"), "UNKNOWN_NOTIFICATION", id="dead version"
        ),
        pytest.param(
            body(STATUS, status(SellerId="A9OTHER")), "FOREIGN_SELLER", id="another seller"
        ),
        pytest.param(
            body("ORDER_CHANGE", {"OrderChangeNotification": {"SellerId": "A9OTHER"}}),
            "FOREIGN_SELLER",
            id="another seller, where nothing would follow",
        ),
        pytest.param(
            body(STATUS, status(), application="other"), "FOREIGN_APPLICATION", id="another app"
        ),
        pytest.param(body(STATUS, status(SellerId=None)), "MALFORMED", id="nobody's"),
        pytest.param(body(STATUS, status(Sku="")), "MALFORMED", id="an empty SKU"),
        pytest.param(body(STATUS, status(Sku="x" * 65)), "MALFORMED", id="a SKU too long"),
        pytest.param(body(QUANTITY, quantity(5, Sku=7)), "MALFORMED", id="a SKU that is no text"),
    ],
)  # fmt: skip
def test_what_is_refused_and_why(given: bytes, code: str) -> None:
    with pytest.raises(Refused) as refused:
        read(given)

    assert refused.value.reason.code == code


def test_a_marketplace_without_a_store_of_ours_is_set_aside() -> None:
    given = body(STATUS, status("BUYABLE", MarketplaceId="APJ6JRA9NG5V4"))

    assert (read(given).outcome, read(given).account) == ("aside", "acme-eu")


TWICE = Settings(
    records={
        "account": {"acme-eu": account(), "acme-na": account("NA")},
        "store": {"acme-de": store("acme-eu", "DE"), "acme-us": store("acme-na", "US")},
    }
)


def test_one_seller_in_two_regions_is_told_apart_by_the_marketplace() -> None:
    found = read(
        body(STATUS, status("BUYABLE", MarketplaceId="ATVPDKIKX0DER")), Known(settings=TWICE)
    )

    assert [(o.account, list(o.stores)) for o in found.observations] == [("acme-na", ["acme-us"])]


def test_stock_of_a_seller_in_two_regions_is_believed_for_neither() -> None:
    found = read(body(QUANTITY, quantity(5)), Known(settings=TWICE))

    assert [o.account for o in found.observations] == ["acme-eu", "acme-na"]
    assert {o.quantity for o in found.observations} == {msgspec.UNSET}


def test_a_finished_report_is_named() -> None:
    payload = {
        "reportProcessingFinishedNotification": {
            "sellerId": SELLER,
            "accountId": "amzn1.merchant.o.A1",
            "reportId": "54517018502",
            "reportType": "GET_MERCHANT_LISTINGS_ALL_DATA",
            "processingStatus": "DONE",
        }
    }
    found = read(json.dumps(camel(document("REPORT_PROCESSING_FINISHED", payload))).encode())

    assert (found.account, found.outcome) == ("acme-eu", "report")
    assert found.report is not None
    assert (found.report.report, found.report.status) == ("54517018502", "DONE")


def test_the_end_of_a_client_secret_is_noted() -> None:
    payload = {
        "applicationOAuthClientSecretExpiry": {
            "clientId": "amzn1.application-oa2-client.1",
            "clientSecretExpiryTime": "2026-12-24T00:00:00Z",
        }
    }
    found = read(body("APPLICATION_OAUTH_CLIENT_SECRET_EXPIRY", payload))

    assert found.expiry is not None
    assert (found.outcome, found.expiry.at.date().isoformat()) == ("secret", "2026-12-24")


@pytest.mark.parametrize(
    "kind",
    [
        "ANY_OFFER_CHANGED",
        "ORDER_CHANGE",
        "PRICING_HEALTH",
        "FEED_PROCESSING_FINISHED",
        "ITEM_PRODUCT_TYPE_CHANGE",
        "PRODUCT_TYPE_DEFINITIONS_CHANGE",
        "BRANDED_ITEM_CONTENT_CHANGE",
    ],
)
def test_a_type_that_is_not_for_us_is_set_aside_whatever_its_version(kind: str) -> None:
    assert read(body(kind, {"any": {"SellerId": SELLER}}, version="9")).outcome == "aside"


def test_a_repeat_is_the_same_record() -> None:
    (one,) = records(read(body(STATUS, status("BUYABLE"))), notice(body(STATUS, status("BUYABLE"))))
    later = meaning(notice(body(STATUS, status("BUYABLE"))), OURS, NOW + timedelta(hours=3))
    (again,) = records(later, notice(body(STATUS, status("BUYABLE"))))

    assert one == again


def test_without_an_id_the_body_is_the_id() -> None:
    given = {k: v for k, v in WHOLE.items() if k != "NotificationMetadata"}
    one, other = (notice(json.dumps({**given, "N": n}).encode()).id for n in (1, 2))

    assert one != other


# --- official ------------------------------------------------------------------------------

OFFICIAL = {
    "ListingsItemStatusChangeNotification": "observed",
    "ListingsItemIssuesChangeNotification_2023-12-13": "observed",
    "ListingsItemMfnQuantityChange": "observed",
    "ReportProcessingFinishedNotification": "report",
    "ItemProductTypeChangeNotification": "aside",
    "ProductTypeDefinitionsChangeNotification": "aside",
    "FeedProcessingFinishedNotification": "aside",
    "AnyOfferChangedNotification": "aside",
    "OrderChangeNotification": "aside",
    "PricingHealthNotification": "aside",
}


def official(name: str) -> dict[str, Any]:
    """Give Amazon's own schema; its wrong spelling of a type is put right (`amazon.md` 9)."""
    if not SCHEMAS.exists():
        pytest.skip("Amazon's schemas are not in ../shared/data")
    text = (SCHEMAS / f"{name}.json").read_text()
    found: dict[str, Any] = json.loads(text.replace("STATUS_CHANGED", "STATUS_CHANGE"))
    return found


def _sellers(value: Any) -> set[str]:
    if isinstance(value, dict):
        here = {v for k, v in value.items() if k.lower() == "sellerid" and isinstance(v, str)}
        return here.union(*(_sellers(v) for v in value.values()))
    return set().union(*(_sellers(v) for v in value)) if isinstance(value, list) else set()


@pytest.mark.parametrize("name", OFFICIAL)
def test_amazons_own_examples_are_understood(name: str) -> None:
    for example in official(name)["examples"]:
        sellers = sorted(_sellers(example)) or [SELLER]
        settings = Settings(
            records={
                "account": {s: account("NA", s) for s in sellers},
                "store": {s: store(s, "US") for s in sellers},
            }
        )

        assert (
            read(json.dumps(example).encode(), Known(settings=settings)).outcome == OFFICIAL[name]
        )


@pytest.mark.parametrize(
    ("name", "payload"),
    [
        pytest.param("ListingsItemStatusChangeNotification", status("DELETED"), id="status"),
        pytest.param("ListingsItemIssuesChangeNotification_2023-12-13", issues(), id="issues"),
        pytest.param("ListingsItemMfnQuantityChange", quantity(5), id="quantity"),
    ],
)
def test_our_own_examples_satisfy_amazons_schemas(name: str, payload: dict[str, Any]) -> None:
    schema = official(name)
    kind = schema["examples"][0]["NotificationType"]

    Draft7Validator(schema).validate(document(kind, payload))


def test_the_dead_version_of_the_issues_schema_is_not_the_one_we_read() -> None:
    dead = official("ListingsItemIssuesChangeNotification")["examples"][0]

    with pytest.raises(Refused, match="not known"):
        read(json.dumps(dead).encode())


def test_every_type_of_the_schemas_that_lists_listings_is_known() -> None:
    assert {STATUS, ISSUES, QUANTITY} <= KINDS.keys()
    assert FR in {s.place.id for s in SETTINGS.stores_of("acme-eu").values()}
