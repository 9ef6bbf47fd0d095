"""Putting the shop's client together from its address and secrets."""

import secrets
import time
from urllib.parse import urlsplit

import httpx2

from deploy.connect.amazon.build import agent
from deploy.connect.amazon.client import quiet_http
from deploy.connect.commerce.client import CommerceClient
from deploy.connect.commerce.exchange import LANE, Exchange
from deploy.connect.commerce.login import Keys, Login, bearer, signed
from deploy.connect.limits import Limits
from deploy.connect.rates import Rate
from deploy.errors import Failure
from deploy.settings import Commerce

POOL = httpx2.Limits(max_connections=10, max_keepalive_connections=10)


def commerce_client(place: Commerce) -> CommerceClient:
    """Give the client for *place*. Raises `Failure` where address or secrets do not do."""
    if not place.address:
        raise _missing("LISTWIRE_COMMERCE__ADDRESS")
    _secret_on_its_way(place.address)
    quiet_http()
    http = httpx2.Client(limits=POOL, follow_redirects=False)
    rate = Rate(place.per_second, max(1.0, place.per_second))
    limits = Limits(time.monotonic, rates={LANE: rate})
    return CommerceClient(Exchange(http, login(place), limits, agent=agent()), place.address)


def login(place: Commerce) -> Login:
    """Give the way to log in that *place* has the secrets for. Raises `Failure` (LW-0101)."""
    if place.token.get_secret_value():
        return bearer(place.token)
    if not place.consumer_key:
        raise _missing("LISTWIRE_COMMERCE__TOKEN_FILE, or the four keys of an integration")
    keys = Keys(
        consumer_key=place.consumer_key,
        consumer_secret=place.consumer_secret,
        access_token=place.access_token,
        access_secret=place.access_secret,
    )
    return signed(keys, timestamp=lambda: int(time.time()), nonce=lambda: secrets.token_hex(16))


LOOPBACK = ("127.0.0.1", "localhost", "::1")


def _secret_on_its_way(address: str) -> None:
    """Refuse an address to which the token would travel in clear. Raises `Failure` (LW-0103)."""
    parts = urlsplit(address)
    clear = parts.scheme != "https" and parts.hostname not in LOOPBACK
    if clear or parts.scheme not in ("https", "http") or parts.username or parts.query:
        raise Failure(
            "LW-0103",
            where="LISTWIRE_COMMERCE__ADDRESS",
            why="no https address of a shop, without user or query (http only on this machine)",
            do="write https://shop.example",
        )


def _missing(what: str) -> Failure:
    return Failure(
        "LW-0101",
        where="the deployment, commerce",
        why=f"not set: {what}",
        do="set it; README, the shop, says how an integration is made",
    )
