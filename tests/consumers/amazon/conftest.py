"""A push on real parts: Postgres, Amazon's stand-in, the real client."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import Engine

from consumers.amazon import tables
from deploy.connect.amazon.build import amazon_client
from deploy.connect.amazon.client import AmazonClient
from deploy.connect.postgres import migrate, open_engine
from deploy.settings import Amazon
from schemas.settings import Account, Settings, Store
from tests.support.sandbox import Sandbox, running_sandbox

EPOCH = datetime(2026, 1, 1, tzinfo=UTC).date()


def account(merchant: str = "A1EXAMPLE") -> Account:
    return Account(region="EU", merchant_token=merchant, credentials="env:ACME_EU")


def store(of: str, marketplace: str) -> Store:
    return Store(account=of, marketplace=marketplace, website="base", created=EPOCH)


SETTINGS = Settings(
    records={
        "account": {"acme-eu": account()},
        "store": {"acme-de": store("acme-eu", "DE"), "acme-fr": store("acme-eu", "FR")},
    }
)

SEED = {
    "seed": 7,
    "profile": "quiet",
    "clock": "real",
    "apply_seconds": 0.0,
    "quota_factor": 20.0,
    "accounts": {
        "acme-eu": {
            "region": "EU",
            "merchant_token": "A1EXAMPLE",
            "refresh_token": "Atzr|acme-eu",
            "marketplaces": ["DE", "FR"],
        }
    },
    "catalogue": [{"asin": "B000000001", "title": "Desk lamp", "gtins": ["036000291452"]}],
}


def begin(sandbox: Sandbox, document: dict[str, Any]) -> None:
    """Make the world of *document*, with an empty journal."""
    sandbox.call("DELETE", "/requests")
    sandbox.seed(document)


def place(api: str, factor: float) -> Amazon:
    """Give the deployment in which the stand-in at *api* is Amazon."""
    return Amazon(
        na=f"{api}/na",
        eu=f"{api}/eu",
        fe=f"{api}/fe",
        login=f"{api}/auth/o2/token",
        client_id="sandbox",
        client_secret=SecretStr("sandbox"),
        quota_factor=factor,
    )


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with running_sandbox() as running:
        yield running


@pytest.fixture(scope="module")
def engine(postgres: str) -> Iterator[Engine]:
    made = open_engine(postgres, connections=20)
    migrate(made)
    yield made
    made.dispose()


@pytest.fixture
def clean(engine: Engine) -> Engine:
    with engine.begin() as connection:
        for table in tables.METADATA.sorted_tables:
            connection.execute(table.delete())
    return engine


@pytest.fixture
def make_client(sandbox: Sandbox) -> Callable[..., AmazonClient]:
    def make(settings: Settings = SETTINGS, factor: float = 20.0) -> AmazonClient:
        environ = {"ACME_EU_REFRESH_TOKEN": "Atzr|acme-eu"}
        return amazon_client(place(sandbox.api, factor), lambda: settings, environ, role="push")

    return make
