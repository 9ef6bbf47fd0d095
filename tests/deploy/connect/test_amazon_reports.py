"""Reports by API over a transport of ours, held to Amazon's own model and example pairs."""

import json
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx2
import pytest
from jsonschema import Draft4Validator

from deploy.connect.amazon.download import Downloads
from deploy.connect.amazon.reports import Reporting
from producers.amazon.ports import Fetched, Told
from schemas.errors import NotAllowed, Refused, TryAgain, Unanswered
from tests.conftest import DATA
from tests.deploy.connect.amazon_double import NOW, Double, client_over

MODEL = DATA / "amazon/models/reports_2021-06-30.json"
ALL = "GET_MERCHANT_LISTINGS_ALL_DATA"
DE = "A1PA6795UKMFR9"
S3 = "https://reports.s3.eu-west-1.amazonaws.com/doc?X-Amz-Signature=secret"


def reply(body: Any, status: int = 200) -> httpx2.Response:
    return httpx2.Response(status, content=json.dumps(body).encode())


class Shelf:
    """Documents by address; whatever else is asked for is told."""

    def __init__(self, *answers: httpx2.Response) -> None:
        self.answers = list(answers)
        self.asked: list[httpx2.Request] = []

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        self.asked.append(request)
        return self.answers.pop(0)


def doc(content: bytes, **headers: str) -> httpx2.Response:
    return httpx2.Response(200, stream=httpx2.ByteStream(content), headers=headers)


def downloads(shelf: Callable[[httpx2.Request], httpx2.Response], **more: Any) -> Downloads:
    http = httpx2.Client(transport=httpx2.MockTransport(shelf))
    return Downloads(http, [".amazonaws.com"], **more)


def reporting(*replies: Any, shelf: Shelf | None = None) -> tuple[Reporting, Double]:
    double = Double(*replies)
    return Reporting(client_over(double), downloads(shelf or Shelf())), double


def one(**more: Any) -> dict[str, Any]:
    stated = {
        "reportId": "R1",
        "reportType": ALL,
        "createdTime": "2026-11-25T10:00:00Z",
        "processingStatus": "IN_QUEUE",
        "marketplaceIds": [DE],
    }
    return stated | more


# --- what is asked --------------------------------------------------------------------------


def calls(here: Reporting) -> dict[str, Callable[[], Any]]:
    return {
        "createReport": lambda: here.request("acme-eu", "acme-de", ALL),
        "getReports": lambda: here.listed("acme-eu", "acme-de", ALL, NOW),
        "getReport": lambda: here.told("acme-eu", "acme-de", "R1"),
        "getReportDocument": lambda: here.fetch("acme-eu", "D1", Path("/dev/null")),
    }


def operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    if not MODEL.exists():
        return
    for path, methods in json.loads(MODEL.read_text())["paths"].items():
        for method, operation in methods.items():
            if operation and method != "parameters":
                yield path, method.upper(), operation


def model_of(name: str) -> tuple[str, str, dict[str, Any]]:
    if not MODEL.exists():
        pytest.skip("Amazon's models are not at ../shared/data/amazon")
    return next(o for o in operations() if o[2]["operationId"] == name)


@pytest.mark.parametrize("name", ["createReport", "getReports", "getReport", "getReportDocument"])
def test_what_is_sent_is_what_amazons_model_asks_for(name: str) -> None:
    path, method, operation = model_of(name)
    here, double = reporting(reply({"reports": []}, 500))
    with pytest.raises((TryAgain, Unanswered)):
        calls(here)[name]()

    sent = double.asked[0]
    places = {p["name"]: p for p in operation["parameters"]}
    query = dict(httpx2.QueryParams(sent.url.query))
    assert sent.method == method
    assert re.fullmatch("/base" + re.sub(r"\{.*?\}", "[^/]+", path), sent.url.path)
    assert set(query) <= {n for n, p in places.items() if p["in"] == "query"}
    if body := places.get("body"):
        model = json.loads(MODEL.read_text())
        judge = Draft4Validator(body["schema"] | {"definitions": model["definitions"]})
        assert list(judge.iter_errors(json.loads(sent.content))) == []


def pairs() -> list[Any]:
    named = {"createReport", "getReports", "getReport", "getReportDocument"}
    found = [
        pytest.param(
            operation["operationId"],
            int(status),
            pair["response"],
            id=f"{operation['operationId']} {status}",
        )
        for _, _, operation in operations()
        if operation["operationId"] in named
        for status, response in operation["responses"].items()
        for pair in response.get("x-amzn-api-sandbox", {}).get("static", [])
    ]
    absent = pytest.mark.skip(reason="Amazon's models are not at ../shared/data/amazon")
    return found or [pytest.param("", 0, None, marks=absent, id="no models")]


@pytest.mark.parametrize(("name", "status", "body"), pairs())
def test_amazons_own_example_answers_are_understood(
    name: str, status: int, body: Any, tmp_path: Path
) -> None:
    double = Double(reply(body, status))
    http = httpx2.Client(transport=httpx2.MockTransport(Shelf(doc(b"x"))))
    here = Reporting(client_over(double), Downloads(http, [".cloudfront.net"]))
    named = calls(here) | {
        "getReportDocument": lambda: here.fetch("acme-eu", "D1", tmp_path / "d"),
    }
    double.replies.append(reply({"reports": []}))
    if status >= 400:
        with pytest.raises(Refused):
            named[name]()
    else:
        named[name]()


def test_one_marketplace_is_asked_for_and_no_more() -> None:
    here, double = reporting(reply({"reportId": "R9"}, 202))

    assert here.request("acme-eu", "acme-de", ALL) == "R9"
    assert json.loads(double.asked[0].content) == {"reportType": ALL, "marketplaceIds": [DE]}


# --- what is answered -----------------------------------------------------------------------


def test_what_amazon_says_of_a_report() -> None:
    more = {
        "processingStatus": "DONE",
        "reportDocumentId": "D1",
        "dataEndTime": "2026-11-25T09:00:00Z",
        "processingEndTime": "2026-11-25T10:05:00.123Z",
        "whatIsThis": [1],
    }
    here, _ = reporting(reply(one(**more)))

    assert here.told("acme-eu", "acme-de", "R1") == Told(
        report="R1",
        type=ALL,
        created=NOW,
        status="DONE",
        document="D1",
        data_end=datetime(2026, 11, 25, 9, tzinfo=UTC),
        processing_end=datetime(2026, 11, 25, 10, 5, 0, 123000, tzinfo=UTC),
    )


@pytest.mark.parametrize(
    ("stated", "mine"),
    [
        pytest.param({"marketplaceIds": [DE]}, True, id="ours"),
        pytest.param({"marketplaceIds": ["A13V1IB3VIYZZH"]}, False, id="76 another marketplace's"),
        pytest.param({"marketplaceIds": []}, True, id="not stated"),
    ],
)
def test_a_report_of_another_marketplace_is_told_apart(stated: dict[str, Any], mine: bool) -> None:
    here, _ = reporting(reply(one(**stated)))

    assert here.told("acme-eu", "acme-de", "R1").mine is mine


def test_a_list_is_followed_with_its_token_as_the_only_parameter() -> None:
    first = {"reports": [one()], "nextToken": "t/1+="}
    other = one(reportId="R2", marketplaceIds=["A13V1IB3VIYZZH"])
    here, double = reporting(reply(first), reply({"reports": [other, one(reportId="R3")]}))

    found = here.listed("acme-eu", "acme-de", ALL, NOW)

    assert [t.report for t in found] == ["R1", "R3"]
    assert double.asked[1].url.query == b"nextToken=t%2F1%2B%3D"


@pytest.mark.parametrize(
    ("answers", "raised"),
    [
        pytest.param([reply({}, 500)], Unanswered, id="500: Amazon may have it"),
        pytest.param([httpx2.ReadTimeout("slow")], Unanswered, id="time-out"),
        pytest.param([reply({"id": 1}, 202)], Unanswered, id="202 without an id"),
        pytest.param([httpx2.ConnectError("no")], TryAgain, id="never sent"),
        pytest.param([reply({}, 429)], TryAgain, id="429"),
        pytest.param([reply({}, 400)], Refused, id="400"),
        pytest.param([reply({}, 403)] * 2, NotAllowed, id="403 twice"),
    ],
)
def test_a_lost_answer_to_a_request_is_told_from_one_that_was_not_sent(
    answers: list[Any], raised: type[Exception]
) -> None:
    here, _ = reporting(*answers)

    with pytest.raises(raised):
        here.request("acme-eu", "acme-de", ALL)


# --- documents ------------------------------------------------------------------------------


def link(url: str = S3) -> httpx2.Response:
    return reply({"reportDocumentId": "D1", "url": url})


def test_a_document_is_written_as_it_came_with_its_declared_charset(tmp_path: Path) -> None:
    headers = {"content-type": "text/plain; charset=Cp1252", "content-encoding": "gzip"}
    shelf = Shelf(doc(b"\x1f\x8bnot unpacked", **headers))
    here, _ = reporting(link(), shelf=shelf)

    got = here.fetch("acme-eu", "D1", tmp_path / "d")

    assert got == Fetched(charset="cp1252", size=14)
    assert (tmp_path / "d").read_bytes() == b"\x1f\x8bnot unpacked"
    assert "x-amz-access-token" not in shelf.asked[0].headers


def test_an_address_that_expired_is_asked_for_once_more(tmp_path: Path) -> None:
    shelf = Shelf(httpx2.Response(403, content=b"<Error/>"), doc(b"x"))
    here, double = reporting(link(), link(), shelf=shelf)

    here.fetch("acme-eu", "D1", tmp_path / "d")

    assert len(double.asked) == 2


@pytest.mark.parametrize(
    ("answer", "raised"),
    [
        pytest.param(httpx2.Response(302, headers={"location": "/x"}), Refused, id="redirect"),
        pytest.param(httpx2.Response(403), TryAgain, id="expired"),
        pytest.param(httpx2.Response(503), TryAgain, id="503"),
        pytest.param(doc(bytes(101)), Refused, id="too large"),
    ],
)
def test_a_document_that_does_not_come(
    answer: httpx2.Response, raised: type[Exception], tmp_path: Path
) -> None:
    with pytest.raises(raised):
        downloads(Shelf(answer), most=100).fetch(S3, tmp_path / "d")


def test_a_document_that_drips_for_ever_is_given_up(tmp_path: Path) -> None:
    times = iter([0.0, 301.0])
    shelf = Shelf(doc(b"x"))

    with pytest.raises(TryAgain):
        downloads(shelf, clock=lambda: next(times)).fetch(S3, tmp_path / "d")


@pytest.mark.parametrize(
    ("url", "local"),
    [
        pytest.param("http://reports.s3.amazonaws.com/d", False, id="no TLS"),
        pytest.param("https://amazonaws.com.evil.test/d", False, id="another host"),
        pytest.param("https://evil-amazonaws.com/d", False, id="a host that ends alike"),
        pytest.param("http://127.0.0.1:80/d", False, id="this machine"),
        pytest.param("https://[::1]/d", False, id="this machine, IPv6"),
        pytest.param("https://169.254.169.254/d", True, id="the cloud's own address"),
        pytest.param("file:///etc/passwd", True, id="a file"),
        pytest.param("ftp://localhost/x", True, id="another protocol"),
        pytest.param("https://", True, id="no host"),
    ],
)
def test_an_address_that_may_not_be_called_is_never_called(
    url: str, local: bool, tmp_path: Path
) -> None:
    shelf = Shelf()
    with pytest.raises(Refused):
        downloads(shelf, local=local).fetch(url, tmp_path / "d")

    assert shelf.asked == []


def test_a_stand_in_on_this_machine_may_hand_out_documents(tmp_path: Path) -> None:
    shelf = Shelf(doc(b"x"))

    got = downloads(shelf, local=True).fetch("http://127.0.0.1:9/documents/1", tmp_path / "d")

    assert got.size == 1


@pytest.mark.parametrize("status", [302, 403, 503])
def test_no_message_holds_the_presigned_query(status: int, tmp_path: Path) -> None:
    with pytest.raises((Refused, TryAgain)) as raised:
        downloads(Shelf(httpx2.Response(status))).fetch(S3, tmp_path / "d")

    assert "secret" not in str(raised.value)


def test_an_account_without_credentials_is_turned_away() -> None:
    from deploy.errors import Failure

    class Nobody:
        place = staticmethod(lambda *_: DE)

        def ask(self, *_: Any, **__: Any) -> Any:
            raise Failure("LW-0401", where="env:X", why="no token", do="set it")

    with pytest.raises(NotAllowed):
        Reporting(Nobody(), downloads(Shelf())).told("acme-eu", "acme-de", "R1")  # type: ignore[arg-type]
