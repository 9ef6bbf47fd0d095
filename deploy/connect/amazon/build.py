"""Putting the client together from addresses and secrets: the only place that knows all parts."""

import platform
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Literal

import httpx2
from httpx2 import URL

from deploy.connect.amazon.client import AmazonClient, quiet_http
from deploy.connect.amazon.credentials import Application, Credentials, credentials
from deploy.connect.amazon.download import Downloads, on_this_machine
from deploy.connect.amazon.exchange import Exchange
from deploy.connect.amazon.lwa import Tokens
from deploy.connect.limits import Limits
from deploy.connect.rates import SHARES
from deploy.settings import Amazon
from schemas.settings import Settings

POOL = httpx2.Limits(max_connections=200, max_keepalive_connections=200)


def amazon_client(
    place: Amazon,
    settings: Callable[[], Settings],
    environ: Mapping[str, str],
    *,
    role: Literal["push", "intake", "reports", "notifications", "accounts"],
) -> AmazonClient:
    """Give the client for one role in this process; the roles split what both call.

    *environ* resolves references to credentials (`env:NAME`).
    """
    quiet_http()
    http = httpx2.Client(limits=POOL, follow_redirects=False)
    application = Application(place.client_id, place.client_secret)

    def held(account: str) -> Credentials:
        reference = settings().of("account")[account].credentials
        return credentials(reference, environ, application)

    exchange = Exchange(
        http,
        Tokens(http, place.login, held, time.monotonic),
        Limits(time.monotonic, factor=place.quota_factor, shares=SHARES[role]),
        agent=agent(),
        now=lambda: datetime.now(UTC),
    )
    return AmazonClient(exchange, settings, {"NA": place.na, "EU": place.eu, "FE": place.fe})


def downloads(place: Amazon) -> Downloads:
    """Give what downloads documents: a client of its own, without token."""
    quiet_http()
    local = any(on_this_machine(URL(region).host) for region in (place.na, place.eu, place.fe))
    http = httpx2.Client(follow_redirects=False)
    return Downloads(http, place.document_hosts.split(), local=local)


def agent() -> str:
    """Give the user agent that Amazon asks for, well below its 500 characters."""
    return f"Listwire/{version('listwire')} (Language=Python/{platform.python_version()})"
