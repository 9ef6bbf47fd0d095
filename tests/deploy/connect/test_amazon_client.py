"""The client, answered by a transport of ours: addressing, judging, and what it never does."""

from decimal import Decimal
from typing import Any

import httpx2
import msgspec
import pytest

from deploy.connect.amazon.address import encoded_sku, joined
from deploy.connect.amazon.failures import (
    CallLater,
    CallNotAllowed,
    CallRefused,
    CallUnanswered,
)
from schemas.errors import NotAllowed, Refused, TryAgain, Unanswered
from schemas.money import Money, number
from tests.deploy.connect.amazon_double import NOW, Double, accepted, client_over

BODY = {"productType": "PRODUCT", "patches": []}


def patched(double: Double, sku: str = "LAMP-12") -> str:
    return client_over(double).patch("acme-eu", sku, "acme-de", BODY)


@pytest.mark.parametrize(
    ("sku", "path"),
    [
        pytest.param("a/b c+é", "a%2Fb%20c%2B%C3%A9", id="slash, blank, plus, accent"),
        pytest.param("50%2F", "50%252F", id="already looks encoded"),
        pytest.param(".", "%2E", id="a dot"),
        pytest.param("..", "%2E%2E", id="two dots"),
        pytest.param("...", "...", id="three dots are no step in a path"),
        pytest.param("a,b", "a%2Cb", id="comma"),
        pytest.param("a#b?c", "a%23b%3Fc", id="fragment and query"),
        pytest.param("商品", "%E5%95%86%E5%93%81", id="not Latin"),
    ],
)
def test_a_sku_is_one_segment_of_the_path_that_is_sent(sku: str, path: str) -> None:
    double = Double(accepted(sku))

    patched(double, sku)

    sent = double.asked[0].url.raw_path.split(b"?")[0].decode()
    assert sent == f"/base/listings/2021-08-01/items/A1EXAMPLE/{path}"


def test_an_empty_sku_is_refused() -> None:
    with pytest.raises(ValueError, match="not empty"):
        encoded_sku("")


def test_arrays_travel_in_one_parameter() -> None:
    assert joined({"a": ["x", "y z"], "b": "1"}) == "a=x,y%20z&b=1"


def test_a_member_with_a_comma_is_refused() -> None:
    with pytest.raises(ValueError, match="comma"):
        joined({"identifiers": ["a,b"]})


@pytest.mark.parametrize(
    "store", ["acme-lost", "acme-us", "other"], ids=["other region", "unknown", "unknown too"]
)
def test_a_store_that_is_not_of_the_account_or_its_region_is_never_called(store: str) -> None:
    double = Double()
    with pytest.raises(ValueError, match=store):
        client_over(double).patch("acme-eu", "LAMP-12", store, BODY)

    assert double.asked == []


def test_a_write_names_its_one_marketplace_and_carries_the_required_headers() -> None:
    double = Double(accepted())

    patched(double)

    request = double.asked[0]
    names = ("x-amz-access-token", "x-amz-date", "user-agent", "content-type")
    assert request.url.query == b"marketplaceIds=A1PA6795UKMFR9"
    assert [request.headers[n] for n in names] == [
        "Atza|1",
        "20261125T100000Z",
        "Listwire/test",
        "application/json",
    ]


def test_amounts_leave_as_exact_numbers() -> None:
    double = Double(accepted())
    client_over(double).patch("acme-eu", "LAMP-12", "acme-de", {"v": Decimal("44.90")})

    assert double.asked[0].content == b'{"v":44.90}'


def test_accepted_gives_the_submission() -> None:
    assert patched(Double(accepted())) == "s-1"


HTML = b"<html>Service Unavailable</html>"
ERRORS = b'{"errors":[{"code":"InvalidInput","message":"no","details":""}]}'
BARE = b'[{"code":"InvalidInput","message":"no"}]'


def reply(status: int, body: bytes = b"", **headers: str) -> httpx2.Response:
    return httpx2.Response(status, content=body, headers=headers)


@pytest.mark.parametrize(
    ("answers", "write", "read"),
    [
        pytest.param([reply(400, ERRORS)], Refused, Refused, id="400"),
        pytest.param([reply(413)], Refused, Refused, id="413"),
        pytest.param([reply(415, BARE)], Refused, Refused, id="415, bare array"),
        pytest.param([reply(429)], TryAgain, TryAgain, id="94: 429, empty"),
        pytest.param([reply(500, ERRORS)], Unanswered, TryAgain, id="500"),
        pytest.param([reply(502, HTML)], Unanswered, TryAgain, id="502, HTML"),
        pytest.param([reply(503, HTML)], Unanswered, TryAgain, id="503, HTML"),
        pytest.param([reply(504)], Unanswered, TryAgain, id="504, empty"),
        pytest.param([reply(408)], Unanswered, TryAgain, id="408"),
        pytest.param([reply(200)], Unanswered, TryAgain, id="92: 200, empty"),
        pytest.param([reply(200, HTML)], Unanswered, TryAgain, id="92: 200, HTML"),
        pytest.param([reply(200, b"[]")], Unanswered, TryAgain, id="200, wrong outer type"),
        pytest.param([reply(200, b'{"sku":')], Unanswered, TryAgain, id="98: truncated"),
        pytest.param([reply(200, b"[" * 9999)], Unanswered, TryAgain, id="nested without end"),
        pytest.param([reply(202, b"{}")], Unanswered, TryAgain, id="93: 202"),
        pytest.param([reply(204)], Unanswered, TryAgain, id="93: 204"),
        pytest.param(
            [reply(302, location="https://evil.test/")], Unanswered, TryAgain, id="93: redirect"
        ),
        pytest.param([reply(401), reply(401)], NotAllowed, NotAllowed, id="96: 401 twice"),
        pytest.param([reply(403), reply(403)], NotAllowed, NotAllowed, id="96: 403 twice"),
        pytest.param([httpx2.ReadTimeout("")], Unanswered, TryAgain, id="read time-out"),
        pytest.param([httpx2.WriteTimeout("")], Unanswered, TryAgain, id="write time-out"),
        pytest.param([httpx2.ReadError("")], Unanswered, TryAgain, id="reset while reading"),
        pytest.param([httpx2.WriteError("")], Unanswered, TryAgain, id="reset while writing"),
        pytest.param([httpx2.RemoteProtocolError("")], Unanswered, TryAgain, id="cut off"),
        pytest.param([httpx2.ConnectError("")], TryAgain, TryAgain, id="no connection"),
        pytest.param([httpx2.ConnectTimeout("")], TryAgain, TryAgain, id="connect time-out"),
        pytest.param([httpx2.PoolTimeout("")], TryAgain, TryAgain, id="no connection free"),
    ],
)
def test_what_each_answer_means(
    answers: list[Any], write: type[Exception], read: type[Exception]
) -> None:
    writing, reading = Double(*answers), Double(*answers)

    with pytest.raises(write):
        patched(writing)
    with pytest.raises(read):
        client_over(reading).read("acme-eu", "LAMP-12", ["acme-de"])
    assert (writing.replies, reading.replies) == ([], [])  # each asked once, 401 and 403 twice


def test_a_refusal_says_everything_about_the_call() -> None:
    with pytest.raises(CallRefused) as caught:
        patched(Double(reply(400, ERRORS, **{"x-amzn-RequestId": "r-9"})))

    call = caught.value.call
    assert (call.operation, call.account, call.status, call.request_id, call.errors, call.body) == (
        "patchListingsItem",
        "acme-eu",
        400,
        "r-9",
        ("InvalidInput: no",),
        ERRORS,
    )


def test_an_expired_token_is_refreshed_once_and_the_call_repeated_once() -> None:
    double = Double(reply(403, ERRORS), accepted())

    patched(double)

    tokens = [r.headers["x-amz-access-token"] for r in double.asked]
    assert tokens == ["Atza|1", "Atza|2"]


def issue(code: str, categories: list[str], severity: str = "ERROR") -> dict[str, Any]:
    return {"code": code, "message": "m", "severity": severity, "categories": categories}


@pytest.mark.parametrize(
    ("issues", "failure"),
    [
        pytest.param([issue("1", ["INVALID_PRICE"])], CallRefused, id="91: a reason of ours"),
        pytest.param([], CallRefused, id="no issue at all"),
        pytest.param([issue("4000000", ["X"])], CallLater, id="Amazon's internal error"),
        pytest.param([issue("1", [])], CallLater, id="no category at all"),
        pytest.param([issue("4000000", []), issue("1", ["INVALID_PRICE"])], CallRefused, id="both"),
        pytest.param(
            [issue("1", ["A"], "WARNING"), issue("4000000", [])], CallLater, id="warning beside"
        ),
    ],
)
def test_invalid_is_told_apart_from_amazons_own_trouble(
    issues: list[dict[str, Any]], failure: type[Exception]
) -> None:
    with pytest.raises(failure):
        patched(Double(accepted(status="INVALID", issues=issues)))


def test_of_a_flood_of_issues_the_first_hundred_are_kept() -> None:
    flood = [issue(str(n), ["INVALID_PRICE"]) | {"message": "x" * 1000} for n in range(20_000)]
    with pytest.raises(CallRefused) as caught:
        patched(Double(accepted(status="INVALID", issues=flood)))

    assert [i.code for i in caught.value.issues] == [str(n) for n in range(100)]


def test_an_answer_without_end_is_not_read_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("deploy.connect.amazon.exchange.LARGEST_ANSWER", 10_000)
    endless = httpx2.Response(200, content=(b"[" * 1000 for _ in range(10**9)))

    with pytest.raises(CallUnanswered, match="does not end"):
        patched(Double(endless))


@pytest.mark.parametrize("status", ["VALID", "accepted", "QUEUED", ""])
def test_accepted_is_read_never_assumed(status: str) -> None:
    with pytest.raises(CallUnanswered):
        patched(Double(accepted(status=status)))


def test_an_answer_about_another_sku_is_no_answer() -> None:
    with pytest.raises(CallUnanswered):
        patched(Double(accepted("OTHER")))


def test_a_read_about_another_sku_is_no_answer() -> None:
    with pytest.raises(CallLater):
        read(Double(item(sku="OTHER")))


def item(**more: Any) -> httpx2.Response:
    body = {
        "sku": "LAMP-12",
        "summaries": [
            {
                "marketplaceId": "A1PA6795UKMFR9",
                "productType": "PRODUCT",
                "status": ["BUYABLE", "LEVITATING"],
                "asin": "B000000001",
                "conditionType": "new_new",
                "createdDate": "2026-01-01T00:00:00Z",
                "never heard of": {"a": [1.5]},
            }
        ],
        "offers": [offer("B2B", "1.00"), offer("B2C", "19.990")],
        "fulfillmentAvailability": [{"fulfillmentChannelCode": "DEFAULT", "quantity": 5}],
        "issues": [],
    } | more
    return httpx2.Response(200, content=msgspec.json.encode(body))


def offer(kind: str, amount: object) -> dict[str, Any]:
    price = {"currencyCode": "EUR", "amount": amount}
    return {"marketplaceId": "A1PA6795UKMFR9", "offerType": kind, "price": price}


def read(double: Double, *stores: str) -> Any:
    return client_over(double).read("acme-eu", "LAMP-12", stores or ["acme-de"])


def test_a_read_gives_what_is_live_and_when_it_was_asked() -> None:
    seen = read(Double(item()))

    here = seen.stores["acme-de"]
    assert (seen.as_of, seen.quantity, seen.channel, here.exists, here.asin) == (
        NOW,
        5,
        "DEFAULT",
        True,
        "B000000001",
    )


def test_an_unknown_status_is_kept_as_it_is() -> None:
    assert read(Double(item())).stores["acme-de"].status == ["BUYABLE", "LEVITATING"]


@pytest.mark.parametrize(
    ("amount", "equal"),
    [
        pytest.param("19.990", True, id="102: text, a zero more"),
        pytest.param(19.99, True, id="102: a number"),
        pytest.param(1999, False, id="102: minor units"),
    ],
)
def test_prices_compare_as_decimals(amount: object, equal: bool) -> None:
    price = read(Double(item(offers=[offer("B2C", amount)]))).stores["acme-de"].price

    assert (price == Money(number("19.99"), "EUR")) is equal


def test_a_marketplace_that_the_answer_leaves_out_is_unknown_not_gone() -> None:
    assert set(read(Double(item()), "acme-de", "acme-fr").stores) == {"acme-de"}


def test_a_sku_that_amazon_does_not_know_is_a_fact() -> None:
    seen = read(Double(reply(404, ERRORS)), "acme-de", "acme-fr")

    assert {s: o.exists for s, o in seen.stores.items()} == {"acme-de": False, "acme-fr": False}


def test_stock_that_amazon_holds_has_no_quantity_of_ours() -> None:
    both = [
        {"fulfillmentChannelCode": "DEFAULT", "quantity": 5},
        {"fulfillmentChannelCode": "AMAZON_EU"},
    ]
    seen = read(Double(item(fulfillmentAvailability=both)))

    assert (seen.channel, isinstance(seen.quantity, int)) == ("AMAZON_EU", False)


def test_many_skus_are_read_in_one_search() -> None:
    page = {"numberOfResults": 1, "items": [msgspec.json.decode(item().content)]}
    double = Double(httpx2.Response(200, json=page))

    seen = client_over(double).read_many("acme-eu", ["LAMP-12", "B 2"], ["acme-de", "acme-fr"])

    query = double.asked[0].url.query.decode()
    assert set(seen) == {"LAMP-12"}
    assert "identifiers=LAMP-12,B%202&identifiersType=SKU" in query
    assert "marketplaceIds=A1PA6795UKMFR9,A13V1IB3VIYZZH" in query


@pytest.mark.parametrize("skus", [["a,b"], [str(n) for n in range(21)]], ids=["comma", "21"])
def test_what_cannot_be_searched_is_refused(skus: list[str]) -> None:
    with pytest.raises(ValueError, match=r"comma|at most"):
        client_over(Double()).read_many("acme-eu", skus, ["acme-de"])


def test_a_call_without_a_token_in_the_bucket_is_not_sent() -> None:
    double = Double(*[accepted()] * 5)
    client = client_over(double, factor=1.0)
    for _ in range(5):
        client.patch("acme-eu", "LAMP-12", "acme-de", BODY)

    with pytest.raises(CallLater) as caught:
        client.patch("acme-eu", "LAMP-12", "acme-de", BODY)
    assert (caught.value.throttled, caught.value.after) == (True, pytest.approx(0.2))


@pytest.mark.parametrize(
    ("date", "skew"),
    [
        pytest.param("Wed, 25 Nov 2026 13:00:00 GMT", 3 * 3600, id="104: hours away"),
        pytest.param("Wed, 25 Nov 2026 10:00:01 GMT", 0, id="a second is noise"),
        pytest.param("yesterday", 0, id="no date"),
    ],
)
def test_as_of_is_on_amazons_clock(date: str, skew: int) -> None:
    double = Double(accepted(), item())
    double.replies[0].headers["date"] = date  # type: ignore[union-attr]
    client = client_over(double)
    client.patch("acme-eu", "LAMP-12", "acme-de", BODY)

    seen = client.read("acme-eu", "LAMP-12", ["acme-de"])
    assert (seen.as_of - NOW).total_seconds() == skew


def test_no_failure_shows_a_token() -> None:
    with pytest.raises(CallNotAllowed) as caught:
        patched(Double(reply(403), reply(403)))

    assert "Atz" not in f"{caught.value!r} {caught.value} {caught.value.call!r}"
