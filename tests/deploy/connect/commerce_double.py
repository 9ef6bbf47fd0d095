"""A client of the shop over a transport of ours: answers are a list, what was asked is kept."""

from collections.abc import Callable
from typing import Any

import httpx2
from pydantic import SecretStr

from deploy.connect.commerce.client import CommerceClient
from deploy.connect.commerce.exchange import LANE, Exchange
from deploy.connect.commerce.login import Login, bearer
from deploy.connect.limits import Limits
from deploy.connect.rates import Rate

TOKEN = "shop-token-4711"

Reply = httpx2.Response | Exception


class Double:
    """A shop that answers what it is told to; keeps the requests."""

    def __init__(self, *replies: Reply) -> None:
        self.replies = list(replies)
        self.asked: list[httpx2.Request] = []

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        self.asked.append(request)
        reply = self.replies.pop(0)
        if isinstance(reply, Exception):
            raise reply
        return reply


def client_over(
    transport: Callable[[httpx2.Request], httpx2.Response],
    *,
    login: Login = bearer(SecretStr(TOKEN)),  # noqa: B008 - a frozen function
    rate: Rate = Rate(1000, 1000),  # noqa: B008 - a frozen value
) -> CommerceClient:
    """Give a client whose every request *transport* answers."""
    http = httpx2.Client(transport=httpx2.MockTransport(transport))
    limits = Limits(lambda: 0.0, rates={LANE: rate}, chance=lambda: 1.0)
    exchange = Exchange(http, login, limits, agent="Listwire/test")
    return CommerceClient(exchange, "https://shop.test/base/")


def reply(status: int = 200, document: Any = None, **headers: str) -> httpx2.Response:
    """Give an answer of JSON."""
    return httpx2.Response(status, json=document, headers=headers)


def page(*items: dict[str, Any], total: int | None = None) -> httpx2.Response:
    """Give one page of a search."""
    count = len(items) if total is None else total
    return reply(document={"items": list(items), "search_criteria": {}, "total_count": count})
