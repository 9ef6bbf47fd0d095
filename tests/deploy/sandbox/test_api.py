"""In which order a request is judged, and what each refusal looks like."""

import json
from typing import Any
from urllib.parse import urlencode

import pytest

from deploy.sandbox.exchange import Reply, Request
from tests.support.amazon import ACCOUNTS, DE, FR, US, Desk, lamp, quantity, seed

LAMP = "/eu/listings/2021-08-01/items/A1EXAMPLE/LAMP%2F12"
GET = f"marketplaceIds={DE}"


def code(reply: Reply) -> str:
    return str(json.loads(reply.body)["errors"][0]["code"])


def asked(desk: Desk, path: str = LAMP, query: str = GET, **how: Any) -> Reply:
    headers = desk.headers() | how.pop("headers", {})
    shown = {name: value for name, value in headers.items() if value is not None}
    return desk.send(Request(how.get("method", "GET"), path, query, shown, how.get("body", b"")))


PATCH = json.dumps({"productType": "PRODUCT", "patches": [quantity(1)]}).encode()


@pytest.mark.parametrize(
    ("how", "status"),
    [
        pytest.param({}, 200, id="a good request"),
        pytest.param({"path": "/eu/nothing/2021-08-01/items"}, 404, id="unknown path"),
        pytest.param({"path": "/listings/2021-08-01/items/A1EXAMPLE/x"}, 404, id="no region"),
        pytest.param({"path": LAMP + "/more"}, 404, id="a path too deep"),
        pytest.param({"method": "POST"}, 405, id="unknown method"),
        pytest.param({"headers": {"x-amz-access-token": None}}, 403, id="no token"),
        pytest.param({"headers": {"x-amz-access-token": "Atza|x"}}, 403, id="unknown token"),
        pytest.param({"path": LAMP.replace("A1EX", "A2EX")}, 403, id="another seller's path"),
        pytest.param({"path": LAMP.replace("/eu", "/na")}, 403, id="another region's path"),
        pytest.param({"headers": {"user-agent": None}}, 400, id="no user agent"),
        pytest.param({"headers": {"user-agent": "x" * 501}}, 400, id="user agent too long"),
        pytest.param({"query": ""}, 400, id="no marketplace"),
        pytest.param({"query": f"marketplaceIds={US}"}, 400, id="another region's marketplace"),
        pytest.param({"query": "marketplaceIds=APJ6JRA9NG5V4"}, 400, id="not participating"),
        pytest.param({"query": f"{GET}&{GET}"}, 400, id="a parameter twice"),
        pytest.param({"query": f"{GET}&includedData=everything"}, 400, id="unknown part"),
        pytest.param({"query": f"{GET}&colour=red"}, 200, id="unknown parameter"),
        pytest.param({"query": f"MarketplaceIds={DE}"}, 400, id="name in other case"),
        pytest.param({"path": LAMP.replace("LAMP%2F12", "BadSKU")}, 400, id="the reserved SKU"),
        pytest.param({"path": LAMP.replace("LAMP%2F12", "NONE")}, 404, id="unknown SKU"),
        pytest.param({"path": LAMP.replace("LAMP%2F12", "lamp%2F12")}, 404, id="SKU in other case"),
        pytest.param({"path": LAMP.replace("%2F", "/")}, 404, id="a slash not encoded"),
    ],
)
def test_a_read_is_answered_with(how: dict[str, Any], status: int) -> None:
    assert asked(Desk(seed()), **how).status == status


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        pytest.param(PATCH, {}, 200, id="a good patch"),
        pytest.param(PATCH, {"content-type": "text/plain"}, 415, id="another media type"),
        pytest.param(b"x" * 1_000_001, {}, 413, id="too large"),
        pytest.param(b"{", {}, 400, id="no JSON"),
        pytest.param(b"[" * 100_000, {}, 400, id="nested without end"),
        pytest.param(b"[]", {}, 400, id="no object"),
        pytest.param(b'{"productType": "PRODUCT"}', {}, 400, id="no patches"),
        pytest.param(b'{"productType": "PRODUCT", "patches": []}', {}, 400, id="empty patches"),
        pytest.param(PATCH.replace(b"merge", b"move"), {}, 400, id="unknown op"),
        pytest.param(PATCH.replace(b"availability", b"availability/0"), {}, 400, id="nested path"),
        pytest.param(PATCH.replace(b"[{", b"{").replace(b"}]", b"}"), {}, 400, id="no array"),
    ],
)
def test_a_patch_is_answered_with(body: bytes, headers: dict[str, str], status: int) -> None:
    reply = asked(Desk(seed()), method="PATCH", body=body, headers=headers)

    assert reply.status == status


@pytest.mark.parametrize(
    ("how", "status"),
    [
        pytest.param({"path": "/eu/x", "method": "POST", "token": None}, 404, id="path first"),
        pytest.param({"method": "POST", "token": None}, 405, id="then method"),
        pytest.param({"token": None, "kind": "text/plain", "spent": True}, 403, id="then token"),
        pytest.param({"kind": "text/plain", "spent": True}, 429, id="then bucket"),
        pytest.param({"kind": "text/plain", "body": b"x" * 1_000_001}, 415, id="then media type"),
        pytest.param({"body": b"x" * 1_000_001, "query": ""}, 413, id="then size"),
        pytest.param({"body": b"{}", "query": ""}, 400, id="then the model"),
    ],
)
def test_the_order_of_judgement(how: dict[str, Any], status: int) -> None:
    desk = Desk(seed())
    if how.get("spent"):
        for _ in range(5):
            asked(desk, method="PATCH", body=PATCH)
    headers = {"content-type": how.get("kind", "application/json")}
    if "token" in how:
        headers["x-amz-access-token"] = how["token"]

    reply = asked(
        desk,
        how.get("path", LAMP),
        how.get("query", GET),
        method=how.get("method", "PATCH"),
        headers=headers,
        body=how.get("body", PATCH),
    )

    assert reply.status == status


def test_an_encoded_slash_is_part_of_the_sku() -> None:
    reply = asked(Desk(seed(lamp(sku="a/b"))), LAMP.replace("LAMP%2F12", "a%2Fb"))

    assert json.loads(reply.body)["sku"] == "a/b"


def test_a_token_expires_by_the_clock() -> None:
    desk = Desk(seed(settings={"token_seconds": 60}))
    before = asked(desk).status

    desk.wait(60)

    assert (before, code(asked(desk))) == (200, "Unauthorized")


def login(desk: Desk, **form: str) -> tuple[int, str]:
    good = {"grant_type": "refresh_token", "refresh_token": "Atzr|acme"}
    good |= {"client_id": "sandbox", "client_secret": "sandbox"}
    body = urlencode(good | form).encode()
    reply = desk.send(Request("POST", "/auth/o2/token", body=body))
    told = json.loads(reply.body)
    return reply.status, told.get("error") or told["token_type"]


@pytest.mark.parametrize(
    ("form", "answer"),
    [
        pytest.param({}, (200, "bearer"), id="refresh token"),
        pytest.param(
            {"grant_type": "authorization_code", "code": "code-Atzr|acme"},
            (200, "bearer"),
            id="authorisation code",
        ),
        pytest.param(
            {"grant_type": "client_credentials", "scope": "sellingpartnerapi::notifications"},
            (200, "bearer"),
            id="grantless",
        ),
        pytest.param(
            {"grant_type": "client_credentials", "scope": "all"}, (400, "invalid_scope"), id="scope"
        ),
        pytest.param({"refresh_token": "Atzr|x"}, (400, "invalid_grant"), id="unknown token"),
        pytest.param({"client_secret": "x"}, (401, "invalid_client"), id="bad secret"),
        pytest.param({"grant_type": "x"}, (400, "unsupported_grant_type"), id="unknown grant"),
    ],
)
def test_a_login_is_answered_with(form: dict[str, str], answer: tuple[int, str]) -> None:
    assert login(Desk(seed()), **form) == answer


@pytest.mark.parametrize(
    ("field", "error"),
    [
        pytest.param("revoked", "invalid_grant", id="revoked"),
        pytest.param("unauthorized", "unauthorized_client", id="paused by Amazon"),
    ],
)
def test_an_account_that_took_its_right_back(field: str, error: str) -> None:
    desk = Desk(seed())

    setattr(desk.amazon.world.accounts["acme-eu"], field, True)

    assert login(desk) == (400, error)


def test_a_grantless_token_reads_no_listing() -> None:
    desk = Desk(seed())
    form = {"grant_type": "client_credentials", "scope": "sellingpartnerapi::notifications"}
    form |= {"client_id": "sandbox", "client_secret": "sandbox"}
    reply = desk.send(Request("POST", "/auth/o2/token", body=urlencode(form).encode()))

    desk.token = json.loads(reply.body)["access_token"]

    assert asked(desk).status == 403


def test_a_missing_role_is_forbidden() -> None:
    accounts = {"acme-eu": ACCOUNTS["acme-eu"] | {"roles": ["Pricing"]}}

    assert asked(Desk(seed(accounts=accounts))).status == 403


def test_the_rate_is_told_on_200_400_404_and_never_on_403_or_429() -> None:
    desk = Desk(seed())
    calls = [{}, {"query": ""}, {"path": LAMP + "x"}, {"headers": {"x-amz-access-token": "x"}}]
    replies = [asked(desk, **call) for call in calls]
    replies += [asked(desk) for _ in range(3)]

    told = [(reply.status, reply.headers.get("x-amzn-ratelimit-limit")) for reply in replies]

    assert told == [
        (200, "5.0"),
        (400, "5.0"),
        (404, "5.0"),
        (403, None),
        (200, "5.0"),
        (200, "5.0"),
        (429, None),
    ]


def test_every_reply_carries_a_request_id_of_its_own() -> None:
    desk = Desk(seed())

    ids = {asked(desk).headers["x-amzn-requestid"] for _ in range(7)}

    assert len(ids) == 7


def test_the_same_seed_and_calls_give_the_same_bytes_whatever_else_is_asked() -> None:
    settings = {"sigma": 1.0, "lost_writes": 0.3, "later_issues": 0.3, "spurious_429": 0.2}
    rows = [lamp(), lamp(sku="OTHER")]

    def history(*, disturbed: bool) -> list[tuple[int, dict[str, str], bytes]]:
        desk = Desk(seed(*rows, settings=settings, quota_factor=100))
        replies = []
        for units in range(20):
            if disturbed:
                desk.patch("OTHER", quantity(units))
            body = {"productType": "PRODUCT", "patches": [quantity(units)]}
            replies.append(desk.listing("PATCH", "LAMP/12", body))
            desk.wait(1)
            replies.append(
                desk.listing("GET", "LAMP/12", includedData="issues,fulfillmentAvailability")
            )
        return [(reply.status, reply.headers, reply.body) for reply in replies]

    assert history(disturbed=True) == history(disturbed=False)


def test_another_store_of_the_account_is_another_listing() -> None:
    assert asked(Desk(seed()), query=f"marketplaceIds={FR}").status == 404


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        pytest.param(LAMP, "DELETE, GET, PATCH, PUT", id="an operation"),
        pytest.param("/auth/o2/token", "POST", id="a login"),
        pytest.param("/documents/x", "GET", id="a document"),
    ],
)
def test_a_method_that_is_not_allowed_is_told_those_that_are(path: str, allowed: str) -> None:
    reply = asked(Desk(seed()), path, method="TRACE")

    assert (reply.status, reply.headers["allow"]) == (405, allowed)
