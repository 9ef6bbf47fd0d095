"""A client over a transport of ours: what Amazon answers is a list, what was asked is kept."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import httpx2
import msgspec
from pydantic import SecretStr

from deploy.connect.amazon.client import AmazonClient
from deploy.connect.amazon.credentials import Application, Credentials
from deploy.connect.amazon.exchange import Exchange
from deploy.connect.amazon.lwa import Tokens
from deploy.connect.limits import Limits
from schemas.settings import Account, Settings, Store

NOW = datetime(2026, 11, 25, 10, 0, tzinfo=UTC)
SETTINGS = Settings(
    records={
        "account": {
            "acme-eu": Account(region="EU", merchant_token="A1EXAMPLE", credentials="env:X"),
            "acme-na": Account(region="NA", merchant_token="A2EXAMPLE", credentials="env:X"),
        },
        "store": {
            "acme-de": Store(
                account="acme-eu", marketplace="DE", website="b", created=date(2026, 1, 1)
            ),
            "acme-fr": Store(
                account="acme-eu", marketplace="FR", website="b", created=date(2026, 1, 2)
            ),
            "acme-lost": Store(
                account="acme-eu", marketplace="US", website="b", created=date(2026, 1, 3)
            ),
        },
    }
)
REGIONS = {r: f"https://{r.lower()}.amazon.test/base" for r in ("NA", "EU", "FE")}

Reply = httpx2.Response | Exception


class Double:
    """Amazon and Login with Amazon, answering what they are told to; keeps the requests."""

    def __init__(self, *replies: Reply) -> None:
        self.replies = list(replies)
        self.asked: list[httpx2.Request] = []
        self.logins = 0

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        if request.url.path == "/auth/o2/token":
            self.logins += 1
            granted = {"access_token": f"Atza|{self.logins}", "expires_in": 3600}
            return httpx2.Response(200, json=granted)
        self.asked.append(request)
        reply = self.replies.pop(0)
        if isinstance(reply, Exception):
            raise reply
        return reply


def client_over(
    transport: Callable[[httpx2.Request], httpx2.Response], **limits: Any
) -> AmazonClient:
    """Give a client whose every request *transport* answers."""
    http = httpx2.Client(transport=httpx2.MockTransport(transport))
    held = Credentials(Application("id", SecretStr("secret")), SecretStr("Atzr|refresh"))
    tokens = Tokens(http, "https://login.test/auth/o2/token", lambda _: held, lambda: 0.0)
    buckets = Limits(lambda: 0.0, **({"factor": 1000.0} | limits))
    exchange = Exchange(http, tokens, buckets, agent="Listwire/test", now=lambda: NOW)
    return AmazonClient(exchange, lambda: SETTINGS, REGIONS)


def accepted(sku: str = "LAMP-12", **more: Any) -> httpx2.Response:
    """Give the answer to a write that Amazon takes."""
    body = {"sku": sku, "status": "ACCEPTED", "submissionId": "s-1", "issues": []} | more
    return httpx2.Response(
        200, content=msgspec.json.encode(body), headers={"x-amzn-RequestId": "r-1"}
    )
