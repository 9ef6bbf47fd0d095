"""Amazon's documents as we read them: the fields we act on, everything else let pass.

Names are Amazon's. Enums are open strings. Money is text here and a number elsewhere: both
are read as exact decimals.
"""

from datetime import datetime
from typing import Any

import msgspec

KEPT_ISSUES = 100
"""Issues of one answer that are kept; some documents hold millions of bytes of them."""


class Document(msgspec.Struct, frozen=True, rename="camel"):
    """A document of Amazon's: unknown members are no error."""


class AmazonIssue(Document, frozen=True):
    """One issue of a listing or a submission."""

    code: str = ""
    message: str = ""
    severity: str = "ERROR"
    categories: list[str] = []
    attribute_names: list[str] = []
    marketplace_ids: list[str] = []
    enforcements: dict[str, Any] | None = None


class Submitted(Document, frozen=True):
    """The answer to a write."""

    sku: str
    status: str
    submission_id: str
    issues: list[AmazonIssue] = []


class Image(Document, frozen=True):
    """The main image of a listing."""

    link: str | None = None


class Summary(Document, frozen=True):
    """One marketplace's view of a SKU; *status* may be empty."""

    marketplace_id: str
    status: list[str] = []
    asin: str | None = None
    condition_type: str | None = None
    item_name: str | None = None
    product_type: str | None = None
    main_image: Image | None = None


class AmazonMoney(Document, frozen=True):
    """An amount in text or as a number: Amazon uses both."""

    currency_code: str | None = None
    amount: Any = None
    currency: str | None = None


class AmazonOffer(Document, frozen=True):
    """One offer of a SKU in one marketplace."""

    marketplace_id: str
    offer_type: str = "B2C"
    price: AmazonMoney | None = None


class Availability(Document, frozen=True):
    """Stock in one channel; Amazon's own channels come without quantity."""

    fulfillment_channel_code: str
    quantity: int | None = None


class Item(Document, frozen=True):
    """One SKU as the Listings Items API shows it; None = the part was not told."""

    sku: str
    summaries: list[Summary] | None = None
    issues: list[AmazonIssue] | None = None
    offers: list[AmazonOffer] | None = None
    fulfillment_availability: list[Availability] | None = None
    attributes: dict[str, Any] | None = None


class Pagination(Document, frozen=True):
    """Where a search goes on."""

    next_token: str | None = None


class Items(Document, frozen=True):
    """A page of a search over an account's SKUs."""

    items: list[Item]
    pagination: Pagination | None = None


class CatalogItems(Document, frozen=True):
    """A page of a catalogue search; its members are read by whoever asked."""

    number_of_results: int
    items: list[dict[str, Any]]
    pagination: Pagination | None = None


class Link(Document, frozen=True):
    """Where a person may go on: to ask for approval, mostly."""

    resource: str | None = None


class RestrictionReason(Document, frozen=True):
    """Why a restriction is there; its code is an open string."""

    message: str = ""
    reason_code: str | None = None
    links: list[Link] = []


class OneRestriction(Document, frozen=True):
    """What keeps an account from listing one ASIN, in one condition or in all."""

    marketplace_id: str
    condition_type: str | None = None
    reasons: list[RestrictionReason] = []


class Restrictions(Document, frozen=True):
    """Everything that does; empty = it may be listed."""

    restrictions: list[OneRestriction]


class AmazonReport(Document, frozen=True):
    """How far a report is (Reports 2021-06-30); *processing_status* is an open word."""

    report_id: str
    report_type: str
    created_time: datetime
    processing_status: str
    marketplace_ids: list[str] = []
    data_end_time: datetime | None = None
    processing_end_time: datetime | None = None
    report_document_id: str | None = None


class AmazonReports(Document, frozen=True):
    """A page of an account's reports."""

    reports: list[AmazonReport]
    next_token: str | None = None


class ReportAsked(Document, frozen=True):
    """The answer to the wish for a report."""

    report_id: str


class ReportLink(Document, frozen=True):
    """Where a report's document is, for five minutes; *url* is a secret."""

    report_document_id: str
    url: str


class AmazonError(Document, frozen=True):
    """One error of an answer that is none of the 2xx."""

    code: str = ""
    message: str = ""
    details: str | None = None


class Errors(Document, frozen=True):
    """The usual wrapping of errors."""

    errors: list[AmazonError]


def errors(body: bytes) -> tuple[str, ...]:
    """Give the errors in *body* as text, whichever of Amazon's shapes it has; none if neither."""
    for shape in (Errors, list[AmazonError]):
        try:
            found: Any = msgspec.json.decode(body, type=shape)
        except (ValueError, RecursionError):
            continue
        listed = found.errors if isinstance(found, Errors) else found
        return tuple(": ".join(filter(None, (e.code, e.message))) for e in listed[:KEPT_ISSUES])
    return ()
