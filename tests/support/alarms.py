"""What a referee of the stand-in is known to hold against it wrongly, and why each is wrong.

The only exceptions there are: a new one needs its reason here.
"""

from typing import NamedTuple


class Alarm(NamedTuple):
    """One check that a referee gets wrong for one operation."""

    referee: str
    operation: str
    check: str
    reason: str


REFUSED = "positive_data_acceptance"
TYPED = "content_type_conformance"
_BODILESS = "the model declares no body for the 200, so there is none whose type could be told"
_TOKEN = "made-up page tokens are refused"
ALARMS = (
    Alarm(
        "schemathesis",
        "getReports",
        REFUSED,
        f"{_TOKEN}, and so is a token beside another parameter, or neither token nor type",
    ),
    Alarm("schemathesis", "cancelReport", REFUSED, "a report that was begun is not cancelled"),
    Alarm("schemathesis", "cancelReport", TYPED, _BODILESS),
    Alarm("schemathesis", "cancelReportSchedule", TYPED, _BODILESS),
    Alarm("schemathesis", "getSubscriptions", REFUSED, _TOKEN),
    Alarm(
        "schemathesis",
        "createSubscription",
        REFUSED,
        "the model does not say that filter and expression exclude each other, which versions "
        "a type has, nor which kind of destination it takes",
    ),
    Alarm(
        "schemathesis",
        "createDestination",
        REFUSED,
        "the model lets a request name neither queue nor bus, or both, and a longer name than "
        "it lets a destination have",
    ),
    Alarm(
        "schemathesis",
        "sendTestNotification",
        REFUSED,
        "the model requires neither destination nor version",
    ),
    Alarm(
        "schemathesis",
        "searchListingsItems",
        REFUSED,
        f"{_TOKEN}; identifiers and their type need each other and exclude the relatives",
    ),
    Alarm(
        "schemathesis",
        "putListingsItem",
        REFUSED,
        "the model lets a product type be empty, and identifiers be asked for without preview",
    ),
    Alarm(
        "schemathesis",
        "patchListingsItem",
        REFUSED,
        "the model says of a path that it is a text: only top-level attributes can be patched; "
        "identifiers are for previews, several marketplaces for accounts that may",
    ),
    Alarm(
        "schemathesis",
        "searchCatalogItems",
        REFUSED,
        f"{_TOKEN}; identifiers and keywords exclude each other, each has companions",
    ),
    Alarm(
        "prism",
        "*",
        "html_502, html_503, html_504, empty_429, unknown_enum",
        "faults that Amazon has and its models do not: those replies never pass as valid",
    ),
)
