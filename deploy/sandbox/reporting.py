"""Reports 2021-06-30: the operations on reports, schedules and documents."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any

import msgspec

from deploy.sandbox.call import Call
from deploy.sandbox.checks import Query, parsed
from deploy.sandbox.exchange import Problem, Reply, answer, bad_request
from deploy.sandbox.reports import (
    KEPT,
    ONLY_REQUESTED,
    PERIODS,
    TYPES,
    Order,
    Report,
    Schedule,
    later,
)
from deploy.sandbox.when import moment, text

STATES = ("CANCELLED", "DONE", "FATAL", "IN_PROGRESS", "IN_QUEUE")


def create(call: Call) -> Reply:
    """Take in the request for one report: 202."""
    order = _order(call, _object(call))
    return answer({"reportId": call.reports.create(call.account, order, call.now).id}, 202)


def one(call: Call) -> Reply:
    """Show one report."""
    return answer(_shown(_report(call)))


def cancel(call: Call) -> Reply:
    """Cancel a report that has not been begun."""
    report = _report(call)
    if not call.reports.cancel(report, call.now):
        raise bad_request(f"Report {report.id} is {report.state} and cannot be cancelled.")
    return Reply(200)


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """What one listing of reports asks for; a token carries it with *offset* counted up."""

    types: list[str]
    states: list[str]
    marketplaces: list[str]
    since: int
    until: int
    size: int
    offset: int = 0


def many(call: Call) -> Reply:
    """Give one page of an account's reports, newest first."""
    page = _page(call)
    found = [report for report in call.reports.of(call.account.id) if _wanted(report, page)]
    shown = found[page.offset : page.offset + page.size]
    told: dict[str, Any] = {"reports": [_shown(report) for report in shown]}
    if page.offset + page.size < len(found):
        told["nextToken"] = _token(page)
    return answer(told)


def document(call: Call) -> Reply:
    """Give where a document can be fetched for five minutes."""
    query = Query(call.request)
    encoded = query.text("enableContentEncodingUrlHeader", ("true", "false")) == "true"
    name = call.names["reportDocumentId"]
    if not name.startswith("amzn1."):
        raise bad_request(f"'reportDocumentId' {name!r} is no document id.")
    stored = call.reports.documents.find(name)
    own = any(report.document == name for report in call.reports.of(call.account.id))
    if stored is None or not own:
        raise Problem(404, "NotFound", f"Document '{name}' not found.")
    host = call.request.headers.get("host", "sandbox")
    url = call.reports.documents.url(name, host, now=call.now, encoded=encoded)
    packed = {"compressionAlgorithm": "GZIP"} if stored.gzip else {}
    return answer({"reportDocumentId": name, "url": url} | packed)


def schedule(call: Call) -> Reply:
    """Repeat a report: 201."""
    body = _object(call)
    order = _order(call, body)
    if order.kind in ONLY_REQUESTED:
        raise bad_request(f"Report type {order.kind} cannot be scheduled.")
    period = body.get("period")
    if not isinstance(period, str) or period not in PERIODS:
        raise bad_request(f"'period' is one of {', '.join(PERIODS)}.")
    first = _date(body, "nextReportCreationTime") or later(call.now, period)
    made = call.reports.schedule(call.account, order, period=period, first=max(first, call.now))
    return answer({"reportScheduleId": made.id}, 201)


def schedules(call: Call) -> Reply:
    """Show the schedules of some types."""
    types = _types(Query(call.request).array("reportTypes", most=10, required=True))
    found = [row for row in call.reports.schedules(call.account.id) if row.order.kind in types]
    return answer({"reportSchedules": [_scheduled(row) for row in found]})


def one_schedule(call: Call) -> Reply:
    """Show one schedule."""
    return answer(_scheduled(_schedule(call)))


def unschedule(call: Call) -> Reply:
    """End a schedule."""
    call.reports.unschedule(call.account.id, _schedule(call).id)
    return Reply(200)


def _report(call: Call) -> Report:
    name = call.names["reportId"]
    _number("reportId", name)
    found = call.reports.find(call.account.id, name)
    if found is None or call.now - found.created > KEPT:
        raise Problem(404, "NotFound", f"Report '{name}' not found.")
    return found


def _schedule(call: Call) -> Schedule:
    name = call.names["reportScheduleId"]
    _number("reportScheduleId", name)
    for found in call.reports.schedules(call.account.id):
        if found.id == name:
            return found
    raise Problem(404, "NotFound", f"Schedule '{name}' not found.")


def _number(name: str, value: str) -> None:
    if not (value.isascii() and value.isdigit()):
        raise bad_request(f"'{name}' {value!r} is no id.")


def _object(call: Call) -> dict[str, Any]:
    body = parsed(call.request.body)
    if not isinstance(body, dict):
        raise bad_request("The body is a JSON object.")
    return body


def _order(call: Call, body: dict[str, Any]) -> Order:
    kind, shops = body.get("reportType"), body.get("marketplaceIds")
    if not isinstance(kind, str):
        raise bad_request("'reportType' is required.")
    if not _texts(shops) or not 1 <= len(shops or ()) <= 25:
        raise bad_request("'marketplaceIds' holds 1 to 25 ids.")
    options = body.get("reportOptions", {})
    if not isinstance(options, dict) or not _texts(list(options.values())):
        raise bad_request("'reportOptions' is an object of texts.")
    _types([kind])
    own = [name for name in shops or () if name in call.account.marketplaces]
    if not own:
        raise bad_request("The seller participates in none of 'marketplaceIds'.")
    call.stores = own
    return Order(
        kind=kind,
        marketplaces=list(shops or ()),
        options=options,
        start=_date(body, "dataStartTime"),
        end=_date(body, "dataEndTime"),
    )


def _texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(row, str) for row in value)


def _types(stated: list[str]) -> list[str]:
    for kind in stated:
        if kind not in TYPES:
            raise bad_request(f"Report type {kind!r} is not known.")
    return stated


def _date(body: dict[str, Any], name: str) -> int | None:
    if name not in body:
        return None
    try:
        return moment(body[name])
    except ValueError:
        raise bad_request(f"'{name}' is no date-time.") from None


def _page(call: Call) -> Page:
    query = Query(call.request)
    if (token := query.text("nextToken")) is not None:
        if len(call.request.parameters()) > 1:
            raise bad_request("'nextToken' comes without any other parameter.")
        return _read(token)
    since = query.date("createdSince")
    return Page(
        types=_types(query.array("reportTypes", most=10, required=True)),
        states=query.array("processingStatuses", choices=STATES),
        marketplaces=query.array("marketplaceIds", most=10),
        since=call.now - KEPT if since is None else max(since, call.now - KEPT),
        until=min(query.date("createdUntil") or call.now, call.now),
        size=query.number("pageSize", default=10, most=100),
    )


def _token(page: Page) -> str:
    following = msgspec.structs.replace(page, offset=page.offset + page.size)
    return urlsafe_b64encode(msgspec.json.encode(following)).decode()


def _read(token: str) -> Page:
    try:
        return msgspec.json.decode(urlsafe_b64decode(token.encode()), type=Page)
    except ValueError:
        raise bad_request("'nextToken' is not one of ours.") from None


def _wanted(report: Report, page: Page) -> bool:
    return (
        report.order.kind in page.types
        and page.since <= report.created <= page.until
        and (not page.states or report.state in page.states)
        and (not page.marketplaces or report.marketplace in page.marketplaces)
    )


def _shown(report: Report) -> dict[str, Any]:
    dates = {
        "dataStartTime": report.order.start,
        "dataEndTime": report.data_end,
        "processingStartTime": report.started,
        "processingEndTime": report.ended,
    }
    names = {"reportScheduleId": report.order.schedule, "reportDocumentId": report.document}
    told = {
        "reportId": report.id,
        "reportType": report.order.kind,
        "marketplaceIds": [report.marketplace],
        "createdTime": text(report.created),
        "processingStatus": report.state,
    }
    told |= {name: text(date) for name, date in dates.items() if date is not None}
    return told | {name: value for name, value in names.items() if value is not None}


def _scheduled(row: Schedule) -> dict[str, Any]:
    told = {
        "reportScheduleId": row.id,
        "reportType": row.order.kind,
        "marketplaceIds": row.order.marketplaces,
        "period": row.period,
        "nextReportCreationTime": text(row.next),
    }
    return told | ({"reportOptions": row.order.options} if row.order.options else {})
