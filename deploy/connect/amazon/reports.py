"""The Reports API 2021-06-30 over the client, as those who collect reports ask for it."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

from deploy.connect.amazon.address import Query
from deploy.connect.amazon.client import Asking, read_as
from deploy.connect.amazon.documents import AmazonReport, AmazonReports, ReportAsked, ReportLink
from deploy.connect.amazon.download import Expired
from deploy.connect.amazon.exchange import Answer
from deploy.errors import Failure
from producers.amazon.ports import Fetched, Told
from schemas.errors import NotAllowed

PAGES = 10
"""Pages that a list of reports is followed for: reports of one type and some minutes."""


class Client(Asking, Protocol):
    """The calls of Amazon's client that are used here."""

    def place(self, account: str, name: str) -> str:
        """Give a store's marketplace id."""

    def amazons_now(self) -> datetime:
        """Give the present on Amazon's clock."""


class Documents(Protocol):
    """What downloads a document."""

    def fetch(self, url: str, into: Path) -> Fetched:
        """Write what is at *url* to *into*."""


class Reporting:
    """Reports of all accounts. Raises the four classes of `schemas.errors`."""

    def __init__(self, client: Client, documents: Documents) -> None:
        self._client = client
        self._documents = documents

    def now(self) -> datetime:
        """Give the present on Amazon's clock."""
        return self._client.amazons_now()

    def request(self, account: str, store: str, type: str) -> str:  # noqa: A002 - Amazon's word
        """Ask for a report of one store: of several, Amazon would keep one at random."""
        body = {"reportType": type, "marketplaceIds": [self._client.place(account, store)]}
        answer = self._ask("createReport", account, {}, body=body)
        return read_as(answer, ReportAsked).report_id

    def listed(self, account: str, store: str, type: str, since: datetime) -> list[Told]:  # noqa: A002
        """Give the reports of a store and type that were asked for since then."""
        place = self._client.place(account, store)
        query: Query = {
            "reportTypes": [type],
            "marketplaceIds": [place],
            "createdSince": since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "pageSize": "100",
        }
        found: list[Told] = []
        for _ in range(PAGES):
            page = read_as(self._ask("getReports", account, query), AmazonReports)
            found += [_told(report, place) for report in page.reports]
            if page.next_token is None:
                break
            query = {"nextToken": page.next_token}  # beside any other parameter it is refused
        return [told for told in found if told.type == type and told.mine]

    def told(self, account: str, store: str, report: str) -> Told:
        """Give how far *report* is, and whether it is *store*'s."""
        answer = self._ask("getReport", account, {}, parts={"report": report})
        return _told(read_as(answer, AmazonReport), self._client.place(account, store))

    def fetch(self, account: str, document: str, into: Path) -> Fetched:
        """Download *document*; an address that expired meanwhile is asked for once more."""
        try:
            return self._documents.fetch(self._address(account, document), into)
        except Expired:
            return self._documents.fetch(self._address(account, document), into)

    def _ask(self, operation: str, account: str, query: Query, **more: Any) -> Answer:
        try:
            return self._client.ask(operation, account, query, **more)
        except Failure as failure:  # no credentials: somebody must look
            raise NotAllowed(str(failure)) from failure

    def _address(self, account: str, document: str) -> str:
        answer = self._ask("getReportDocument", account, {}, parts={"document": document})
        return read_as(answer, ReportLink).url


def _told(report: AmazonReport, place: str) -> Told:
    return Told(
        report=report.report_id,
        type=report.report_type,
        mine=place in (report.marketplace_ids or [place]),
        created=_utc(report.created_time),
        status=report.processing_status,
        document=report.report_document_id,
        data_end=report.data_end_time and _utc(report.data_end_time),
        processing_end=report.processing_end_time and _utc(report.processing_end_time),
    )


def _utc(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
