"""Notifications as Amazon writes them, and as they are wrapped on their way."""

import json
from datetime import UTC, date, datetime
from typing import Any

from schemas.settings import Account, Settings, Store

NOW = datetime(2026, 11, 25, 10, 0, tzinfo=UTC)
SELLER, APPLICATION = "A1EXAMPLE", "amzn1.sellerapps.app.listwire"
DE, FR = "A1PA6795UKMFR9", "A13V1IB3VIYZZH"


def store(account: str, marketplace: str) -> Store:
    return Store(account=account, marketplace=marketplace, website="base", created=date(2024, 3, 1))


def account(region: str = "EU", merchant: str = SELLER) -> Account:
    return Account(region=region, merchant_token=merchant, credentials="env:ACME")  # type: ignore[arg-type]


SETTINGS = Settings(
    records={
        "account": {"acme-eu": account()},
        "store": {"acme-de": store("acme-eu", "DE"), "acme-fr": store("acme-eu", "FR")},
    }
)

STATUS = {"SellerId": SELLER, "MarketplaceId": DE, "Asin": "B000000001", "Sku": "LAMP-12"}


def status(*states: str, **more: Any) -> dict[str, Any]:
    """Give the payload of a status change: the whole set of states."""
    return STATUS | {"CreatedDate": "2026-11-01T10:00:00Z", "Status": list(states)} | more


def quantity(count: Any, **more: Any) -> dict[str, Any]:
    """Give the payload of a change of stock."""
    told = {"SellerId": SELLER, "FulfillmentChannelCode": "DEFAULT", "Sku": "LAMP-12"}
    return told | {"Quantity": count} | more


def issues(**more: Any) -> dict[str, Any]:
    """Give the payload of a change of issues."""
    return STATUS | {"Severities": ["ERROR"], "EnforcementActions": ["LISTING_SUPPRESSED"]} | more


VERSIONS = {"LISTINGS_ITEM_ISSUES_CHANGE": "2023-12-13", "REPORT_PROCESSING_FINISHED": "2020-09-04"}


def document(kind: str, payload: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Give a whole notification in the Pascal style; *id*, *at*, *version* may be named."""
    at = more.get("at", "2026-11-25T09:59:58.194Z")
    return {
        "NotificationVersion": "1.0",
        "NotificationType": kind,
        "PayloadVersion": more.get("version", VERSIONS.get(kind, "1.0")),
        "EventTime": at,
        "Payload": payload,
        "NotificationMetadata": {
            "ApplicationId": more.get("application", APPLICATION),
            "SubscriptionId": "93b098e1-0c42-2f45-93a1-78910a6a8369",
            "PublishTime": more.get("published", at),
            "NotificationId": more.get("id", "8e009934-da2c-4f9c-9bc7-93f23b7e1f60"),
        },
    }


def body(kind: str, payload: dict[str, Any], **more: Any) -> bytes:
    """Give the bytes that a queue holds."""
    return json.dumps(document(kind, payload, **more)).encode()


def bridged(inner: dict[str, Any]) -> dict[str, Any]:
    """Give EventBridge's envelope around a notification."""
    return {
        "version": "0",
        "id": "53dc4d37-cffa-4f76-80c9-8b7d4a4d2eaa",
        "detail-type": inner["NotificationType"],
        "source": "aws.partner/sellingpartnerapi.amazon.com/123456789012/app",
        "time": "2026-11-25T10:00:00Z",
        "region": "eu-west-1",
        "resources": [],
        "detail": inner,
    }


def posted(inner: dict[str, Any]) -> dict[str, Any]:
    """Give SNS's envelope around whatever it carries."""
    return {
        "Type": "Notification",
        "MessageId": "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324",
        "TopicArn": "arn:aws:sns:eu-west-1:123456789012:listwire",
        "Message": json.dumps(inner),
        "Timestamp": "2026-11-25T10:00:00.000Z",
    }


def camel(value: Any) -> Any:
    """Give the same document in the other style of keys."""
    if isinstance(value, dict):
        return {name[:1].lower() + name[1:]: camel(one) for name, one in value.items()}
    return [camel(one) for one in value] if isinstance(value, list) else value
