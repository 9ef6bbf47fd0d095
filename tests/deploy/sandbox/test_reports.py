"""The life of a report: request, queue, work, end, document; the cache; schedules."""

import gzip
import json
from typing import Any
from urllib.parse import urlsplit

import pytest

from deploy.sandbox.exchange import Reply, Request
from tests.support.amazon import ACCOUNTS, DE, FR, US, Desk, lamp, seed

ALL = "GET_MERCHANT_LISTINGS_ALL_DATA"
FYP = "GET_MERCHANTS_LISTINGS_FYP_REPORT"
REPORTS = "/reports/2021-06-30/reports"
SCHEDULES = "/reports/2021-06-30/schedules"


def desk(**more: Any) -> Desk:
    return Desk(seed(**({"quota_factor": None} | more)))


def create(here: Desk, kind: str = ALL, stores: Any = (DE,), **more: Any) -> str:
    body = {"reportType": kind, "marketplaceIds": list(stores)} | more
    reply = here.ask("POST", REPORTS, body=body)
    assert reply.status == 202, reply.body
    return str(json.loads(reply.body)["reportId"])


def shown(here: Desk, report: str) -> dict[str, Any]:
    return dict(json.loads(here.ask("GET", f"{REPORTS}/{report}").body))


def document(here: Desk, name: str, **query: str) -> dict[str, Any]:
    return dict(json.loads(here.ask("GET", f"/reports/2021-06-30/documents/{name}", query).body))


def fetch(here: Desk, url: str) -> Reply:
    parts = urlsplit(url)
    return here.send(Request("GET", parts.path, parts.query))


def finished(here: Desk, kind: str = ALL, **more: Any) -> tuple[dict[str, Any], Reply]:
    report = create(here, kind, **more)
    here.wait(2)
    told = shown(here, report)
    found = document(here, told["reportDocumentId"])
    return found, fetch(here, found["url"])


def test_a_report_waits_is_written_and_is_there() -> None:
    here = desk()
    report = create(here)

    states = [shown(here, report)["processingStatus"]]
    for _ in range(2):
        here.wait(1)
        states.append(shown(here, report)["processingStatus"])

    assert states == ["IN_QUEUE", "IN_PROGRESS", "DONE"]
    told = shown(here, report)
    assert told["dataEndTime"] == told["createdTime"] == "2026-11-25T10:00:00.000Z"
    assert (told["processingStartTime"], told["processingEndTime"]) == (
        "2026-11-25T10:00:01.000Z",
        "2026-11-25T10:00:02.000Z",
    )
    reply = fetch(here, document(here, told["reportDocumentId"])["url"])
    assert (reply.status, reply.headers["content-type"]) == (200, "text/plain; charset=UTF-8")
    assert b"LAMP/12" in reply.body


def test_what_it_says_was_true_when_the_work_on_it_began() -> None:
    here = desk()
    report = create(here)
    here.wait(1)
    here.amazon.world.shelves["acme-eu"]["LAMP/12"].quantity = 99
    here.wait(1)

    reply = fetch(here, document(here, shown(here, report)["reportDocumentId"])["url"])

    assert b"\t12.90\t5\t" in reply.body


@pytest.mark.parametrize(
    ("more", "state"),
    [
        pytest.param({"kind": "GET_MERCHANT_CANCELLED_LISTINGS_DATA"}, "CANCELLED", id="no rows"),
        pytest.param({"kind": "FEE_DISCOUNTS_REPORT"}, "CANCELLED", id="a type without data"),
        pytest.param({}, "DONE", id="rows"),
    ],
)
def test_a_report_without_data_is_cancelled(more: dict[str, Any], state: str) -> None:
    here = desk()
    report = create(here, **more)
    here.wait(2)

    told = shown(here, report)

    assert (told["processingStatus"], "reportDocumentId" in told) == (state, state == "DONE")


@pytest.mark.parametrize("share", [pytest.param(1.0, id="always"), pytest.param(0.5, id="half")])
def test_reports_fail_at_the_rate_that_the_seed_sets(share: float) -> None:
    here = desk(settings={"report_fatal": share})
    reports = [create(here) for _ in range(40)]
    here.wait(2)

    fatal = [shown(here, report)["processingStatus"] for report in reports].count("FATAL")

    assert fatal == 40 if share == 1 else 10 < fatal < 30


def test_only_a_waiting_report_can_be_cancelled() -> None:
    here = desk()
    waiting, begun = create(here), create(here)

    first = here.ask("DELETE", f"{REPORTS}/{waiting}")
    here.wait(1)
    second = here.ask("DELETE", f"{REPORTS}/{begun}")

    assert (first.status, first.body, second.status) == (200, b"", 400)
    here.wait(1)
    assert [shown(here, r)["processingStatus"] for r in (waiting, begun)] == ["CANCELLED", "DONE"]


@pytest.mark.parametrize(
    ("stores", "kept"),
    [
        pytest.param([FR, DE], FR, id="the first stays, the other is dropped silently"),
        pytest.param([US, DE], DE, id="a stranger's is dropped as silently"),
    ],
)
def test_a_listing_report_is_about_one_marketplace(stores: list[str], kept: str) -> None:
    here = desk()

    assert shown(here, create(here, stores=stores))["marketplaceIds"] == [kept]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        pytest.param({}, 202, id="a good request"),
        pytest.param({"reportType": "BAD_REPORT"}, 400, id="unknown type"),
        pytest.param({"reportType": None}, 400, id="no type"),
        pytest.param({"marketplaceIds": []}, 400, id="no marketplace"),
        pytest.param({"marketplaceIds": [DE] * 26}, 400, id="26 marketplaces"),
        pytest.param({"marketplaceIds": [US]}, 400, id="none of its own"),
        pytest.param({"marketplaceIds": DE}, 400, id="no array"),
        pytest.param({"dataStartTime": "yesterday"}, 400, id="no date"),
        pytest.param({"dataStartTime": 5}, 400, id="a number for a date"),
        pytest.param({"dataEndTime": "2026-11-25"}, 400, id="a date without a time"),
        pytest.param({"reportOptions": {"custom": True}}, 400, id="an option that is no text"),
        pytest.param({"reportOptions": {"custom": "true"}}, 202, id="an option"),
        pytest.param({"somethingNew": 1}, 202, id="an unknown field"),
    ],
)
def test_a_request_is_judged_by_the_model(body: dict[str, Any], status: int) -> None:
    asked = {"reportType": ALL, "marketplaceIds": [DE]} | body

    assert desk().ask("POST", REPORTS, body=asked).status == status


@pytest.mark.parametrize(
    ("path", "status"),
    [
        pytest.param(f"{REPORTS}/badReportId1", 400, id="no report id"),
        pytest.param(f"{REPORTS}/123", 404, id="no such report"),
        pytest.param("/reports/2021-06-30/documents/bad", 400, id="no document id"),
        pytest.param("/reports/2021-06-30/documents/amzn1.spdoc.1", 404, id="no such document"),
        pytest.param(f"{SCHEDULES}/bad", 400, id="no schedule id"),
        pytest.param(f"{SCHEDULES}/123", 404, id="no such schedule"),
        pytest.param(f"{REPORTS}/", 400, id="an empty id"),
    ],
)
def test_what_is_not_there_is_said(path: str, status: int) -> None:
    assert desk().ask("GET", path).status == status


def test_a_report_belongs_to_one_account() -> None:
    here = desk()
    report = create(here)
    here.token = here.login("Atzr|na")
    here.region = "na"

    assert here.ask("GET", f"{REPORTS}/{report}").status == 404


def test_reports_are_listed_in_pages_newest_first() -> None:
    here = desk()
    made = []
    for _ in range(5):
        made.append(create(here))
        here.wait(0.1)
    found: list[str] = []
    query: dict[str, Any] = {"reportTypes": ALL, "pageSize": 2}

    while query:
        page = json.loads(here.ask("GET", REPORTS, query).body)
        found += [row["reportId"] for row in page["reports"]]
        here.wait(0.1)
        create(here)
        query = {"nextToken": page["nextToken"]} if "nextToken" in page else {}

    assert found == made[::-1]


@pytest.mark.parametrize(
    ("query", "status"),
    [
        pytest.param({}, 400, id="no type and no token"),
        pytest.param({"reportTypes": "BAD"}, 400, id="unknown type"),
        pytest.param({"reportTypes": ALL, "processingStatuses": "BAD"}, 400, id="unknown state"),
        pytest.param({"reportTypes": ALL, "pageSize": 101}, 400, id="page too large"),
        pytest.param({"nextToken": "nonsense"}, 400, id="a token of another"),
        pytest.param({"reportTypes": ALL, "nextToken": "x"}, 400, id="a token beside others"),
        pytest.param({"reportTypes": ALL, "createdSince": "x"}, 400, id="no date"),
        pytest.param({"reportTypes": f"{ALL},{FYP}", "processingStatuses": "DONE"}, 200, id="good"),
    ],
)
def test_a_listing_of_reports_is_judged_by_the_model(query: dict[str, Any], status: int) -> None:
    assert desk().ask("GET", REPORTS, query).status == status


@pytest.mark.parametrize(
    ("seconds", "status", "code"),
    [
        pytest.param(299, 200, "", id="within five minutes"),
        pytest.param(300, 403, "AccessDenied", id="five minutes old"),
    ],
)
def test_a_url_lives_five_minutes(seconds: float, status: int, code: str) -> None:
    here = desk()
    found, _ = finished(here)
    here.wait(seconds)

    reply = fetch(here, found["url"])

    assert (reply.status, code in reply.body.decode()) == (status, True)
    assert (reply.headers["content-type"] == "application/xml") == (status == 403)


def test_an_altered_url_is_refused_and_a_new_one_works() -> None:
    here = desk()
    found, _ = finished(here)

    altered = fetch(here, found["url"].replace("X-Amz-Expires=300", "X-Amz-Expires=999999"))
    again = fetch(here, document(here, found["reportDocumentId"])["url"])

    assert (altered.status, again.status) == (403, 200)


@pytest.mark.parametrize(
    ("kind", "status", "act"),
    [
        pytest.param("truncated", 200, "truncate", id="cut short"),
        pytest.param("html_503", 503, "send", id="storage down"),
        pytest.param("unknown_field", 200, "send", id="nothing that a document could have"),
    ],
)
def test_a_fault_may_strike_the_fetching_of_a_document(kind: str, status: int, act: str) -> None:
    here = desk(faults=[{"kind": kind, "operation": "documents.get"}])

    _, reply = finished(here)

    assert (reply.status, reply.act) == (status, act)


def test_a_compressed_document_says_so_once_more_when_it_is_asked_to() -> None:
    here = desk(settings={"report_gzip": 1.0})
    found, plain = finished(here)

    asked = document(here, found["reportDocumentId"], enableContentEncodingUrlHeader="true")
    told = fetch(here, asked["url"])

    assert found["compressionAlgorithm"] == "GZIP"
    assert gzip.decompress(plain.body).startswith(b"item-name\t")
    assert ("content-encoding" in plain.headers, told.headers["content-encoding"]) == (
        False,
        "gzip",
    )


def test_a_repeat_within_the_window_is_the_old_document_in_its_old_language() -> None:
    here = desk(settings={"report_cache_seconds": [3600, 21600], "token_seconds": 9999})
    _, first = finished(here)
    here.amazon.world.shelves["acme-eu"]["LAMP/12"].quantity = 99

    locale = {"preferredReportDocumentLocale": "ja_JP"}
    _, again = finished(here, reportOptions=locale)
    here.wait(3600)
    _, later = finished(here, reportOptions=locale)

    assert again.body == first.body
    assert "出品者SKU" in later.body.decode()
    assert "\t99\t" in later.body.decode()
    assert [row.cached for row in here.amazon.reports.of("acme-eu")] == [False, True, False]


def test_a_schedule_orders_a_report_each_period_in_place_of_an_equal_one() -> None:
    here = desk()
    body = {"reportType": FYP, "marketplaceIds": [DE], "period": "PT5M"}
    first = here.ask("POST", SCHEDULES, body=body)
    second = here.ask("POST", SCHEDULES, body=body | {"period": "PT15M"})
    here.wait(15 * 60 * 2)

    listed = json.loads(here.ask("GET", SCHEDULES, {"reportTypes": FYP}).body)["reportSchedules"]
    reports = json.loads(here.ask("GET", REPORTS, {"reportTypes": FYP}).body)["reports"]

    assert (first.status, second.status) == (201, 201)
    assert [(row["period"], row["nextReportCreationTime"]) for row in listed] == [
        ("PT15M", "2026-11-25T10:45:00.000Z")
    ]
    assert {row["reportScheduleId"] for row in reports} == {listed[0]["reportScheduleId"]}
    assert len(reports) == 2
    path = f"{SCHEDULES}/{listed[0]['reportScheduleId']}"
    assert [here.ask(method, path).status for method in ("GET", "DELETE", "GET")] == [200, 200, 404]


@pytest.mark.parametrize(
    ("change", "status"),
    [
        pytest.param({"reportType": ALL}, 400, id="a type that can only be requested"),
        pytest.param({"period": "PT6M"}, 400, id="no such period"),
        pytest.param({"period": {}}, 400, id="a period that is no text"),
        pytest.param({"period": "P1M"}, 201, id="a month"),
        pytest.param({"nextReportCreationTime": "soon"}, 400, id="no date"),
    ],
)
def test_a_schedule_is_judged_by_the_model(change: dict[str, Any], status: int) -> None:
    body = {"reportType": FYP, "marketplaceIds": [DE], "period": "P1D"} | change

    assert desk().ask("POST", SCHEDULES, body=body).status == status


def test_the_same_seed_gives_the_same_reports() -> None:
    def life() -> list[Any]:
        here = desk(profile="hostile", accounts=ACCOUNTS, settings={"hostile_faults": False})
        here.amazon.buckets.factor = None
        bodies = []
        for _ in range(5):
            body = {"reportType": ALL, "marketplaceIds": [DE, FR]}
            bodies.append(here.ask("POST", REPORTS, body=body).body)
            here.wait(500)
        return [*bodies, here.amazon.reports.of("acme-eu")]

    assert life() == life()


def test_a_store_without_a_draft_in_its_report_still_has_it() -> None:
    here = desk(
        listings=[lamp(sku=f"S-{n}", status="incomplete") for n in range(40)],
        settings={"missing_drafts": 0.5},
    )

    _, reply = finished(here)

    assert 8 < reply.body.count(b"Incomplete") < 32
