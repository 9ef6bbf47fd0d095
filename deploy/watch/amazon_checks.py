"""What `doctor` asks about Amazon: per account a token, its region, what may be written."""

import hashlib
import time
from collections.abc import Iterator, Mapping
from functools import partial

import httpx2

from deploy.connect.amazon.client import quiet_http
from deploy.connect.amazon.credentials import Application, Credentials, credentials
from deploy.connect.amazon.lwa import Tokens
from deploy.connect.whole import read_settings
from deploy.settings import Amazon
from deploy.watch.check import Check, away, examined, ok, skipped, warning, wrong
from schemas.errors import NotAllowed, TryAgain
from schemas.settings import Account, Settings


def amazon_checks(place: Amazon, bootstrap: str, environ: Mapping[str, str]) -> Iterator[Check]:
    """Give the checks of every account of the settings on the broker at *bootstrap*."""
    if not bootstrap:
        yield skipped("accounts", "the broker was not reached, and it holds the settings")
        return
    quiet_http()
    with httpx2.Client(follow_redirects=False) as http:
        yield from examined(
            "accounts", lambda: account_checks(place, read_settings(bootstrap), environ, http)
        )


def account_checks(
    place: Amazon, settings: Settings, environ: Mapping[str, str], http: httpx2.Client
) -> Iterator[Check]:
    """Give the checks of every account in *settings*."""
    accounts: Mapping[str, Account] = settings.of("account")
    if not accounts:
        yield skipped("accounts", "none is in the settings", "listwire settings apply FILE.yaml")
    for name in sorted(accounts):
        token = partial(_token, name, accounts[name], place, environ, http)
        yield from examined(f"account {name}", token)
        yield from examined(f"stores of {name}", partial(_stores, name, settings))
    if place.read_only:
        yield warning("writing to Amazon", "read-only: nothing is sent", "see amazon.read_only")


def _token(
    name: str, account: Account, place: Amazon, environ: Mapping[str, str], http: httpx2.Client
) -> Check:
    held = credentials(
        account.credentials, environ, Application(place.client_id, place.client_secret)
    )
    try:
        Tokens(http, place.login, lambda _: held, time.monotonic).token(name)
    except NotAllowed as refused:
        return wrong(f"account {name}", str(refused), f"renew {account.credentials}")
    except TryAgain as later:
        return away(f"account {name}", str(later), "try again; check amazon.login and the network")
    return ok(f"account {name}", f"token fetched with {account.credentials} ({_print(held)})")


def _print(held: Credentials) -> str:
    """Give a fingerprint: enough to tell two credentials apart, and nothing more."""
    plain = f"{held.application.client_id}\n{held.refresh_token.get_secret_value()}"
    return "fingerprint " + hashlib.sha256(plain.encode()).hexdigest()[:8]


def _stores(name: str, settings: Settings) -> Check:
    region = settings.of("account")[name].region
    stores = settings.stores_of(name)
    elsewhere = [
        f"{s} is in {p.place.region}" for s, p in stores.items() if p.place.region != region
    ]
    if elsewhere:
        return wrong(
            f"stores of {name}",
            f"the account is in region {region}, and {', '.join(elsewhere)}",
            "give the store to an account of its region, and apply the settings again",
        )
    if not stores:
        return warning(f"stores of {name}", "it has none", "add a store to the settings file")
    return ok(f"stores of {name}", f"{', '.join(stores)}: region {region}")
