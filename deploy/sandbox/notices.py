"""Notifications as Amazon writes them: which types there are, and the body of each (S29)."""

from typing import Any, NamedTuple

import msgspec

from deploy.sandbox.exchange import encoder
from deploy.sandbox.when import text

SQS, BRIDGE = "sqs", "eventBridge"


class Kind(NamedTuple):
    """One notification type: its version, the way it goes, and how its keys are spelled."""

    version: str
    by: str
    pascal: bool = True
    outer: str = "1.0"


REPORT = "REPORT_PROCESSING_FINISHED"
STATUS = "LISTINGS_ITEM_STATUS_CHANGE"
ISSUES = "LISTINGS_ITEM_ISSUES_CHANGE"
QUANTITY = "LISTINGS_ITEM_MFN_QUANTITY_CHANGE"
PRODUCT_TYPE = "ITEM_PRODUCT_TYPE_CHANGE"
DEFINITIONS = "PRODUCT_TYPE_DEFINITIONS_CHANGE"
TYPES = {
    STATUS: Kind("1.0", BRIDGE),
    ISSUES: Kind("2023-12-13", BRIDGE),
    QUANTITY: Kind("1.0", BRIDGE),
    PRODUCT_TYPE: Kind("1.0", BRIDGE),
    DEFINITIONS: Kind("1.0", BRIDGE),
    "BRANDED_ITEM_CONTENT_CHANGE": Kind("1.0", BRIDGE),
    "ANY_OFFER_CHANGED": Kind("1.0", SQS),
    "ORDER_CHANGE": Kind("1.0", SQS),
    REPORT: Kind("2020-09-04", SQS, pascal=False, outer="2020-09-04"),
    "FEED_PROCESSING_FINISHED": Kind("2020-09-04", SQS, pascal=False, outer="2020-09-04"),
    "PRICING_HEALTH": Kind("1.0", SQS, pascal=False),
}
"""The types that can be subscribed to (`amazon.md` 9)."""
SAMPLES: dict[str, dict[str, Any]] = {
    STATUS: {"SellerId": "SELLER", "Sku": "TEST-SKU", "Status": ["BUYABLE", "DISCOVERABLE"]},
    ISSUES: {"SellerId": "SELLER", "Sku": "TEST-SKU", "Severities": ["NONE"]},
    QUANTITY: {
        "SellerId": "SELLER",
        "FulfillmentChannelCode": "DEFAULT",
        "Sku": "TEST-SKU",
        "Quantity": 1,
    },
    REPORT: {
        "reportProcessingFinishedNotification": {
            "accountId": "amzn1.merchant.o.SELLER",
            "reportId": "1",
            "reportType": "GET_MERCHANT_LISTINGS_ALL_DATA",
            "processingStatus": "DONE",
        }
    },
}
"""Payloads of test notifications; another type has none."""


class Sender(NamedTuple):
    """What a body says of where it comes from."""

    application: str
    subscription: str
    notification: str


def body(name: str, payload: dict[str, Any], sender: Sender, *, at: int, published: int) -> bytes:
    """Write the body of a notification of type *name* about what happened *at* (ms)."""
    return encoder.encode(_told(name, payload, sender, at, published))


class Bus(NamedTuple):
    """Where EventBridge takes a notification in: a partner event bus of one AWS account."""

    name: str
    account: str
    region: str


def enveloped(told: bytes, name: str, bus: Bus, *, at: int, number: str) -> bytes:
    """Wrap a body of type *name* as EventBridge delivers it to a rule's target."""
    outer = {
        "version": "0",
        "id": number,
        "detail-type": name,
        "source": bus.name,
        "account": bus.account,
        "time": f"{text(at)[:19]}Z",
        "region": bus.region,
        "resources": [],
        "detail": msgspec.Raw(told),
    }
    return encoder.encode(outer)


def _told(
    name: str, payload: dict[str, Any], sender: Sender, at: int, published: int
) -> dict[str, Any]:
    kind = TYPES[name]
    told = {
        "notificationVersion": kind.outer,
        "notificationType": name,
        "payloadVersion": kind.version,
        "eventTime": text(at),
        "payload": payload,
        "notificationMetadata": {
            "applicationId": sender.application,
            "subscriptionId": sender.subscription,
            "publishTime": text(published),
            "notificationId": sender.notification,
        },
    }
    if not kind.pascal:
        return told
    told["notificationMetadata"] = _capital(told["notificationMetadata"])
    return _capital(told)


def _capital(told: Any) -> dict[str, Any]:
    return {name[0].upper() + name[1:]: value for name, value in told.items()}
