"""Imported values on real parts: Postgres, the real client, a shop in memory behind it."""

import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx2
import pytest
from pydantic import SecretStr
from sqlalchemy import Engine

from consumers.commerce import ledger, read, tables
from consumers.commerce.read import Line
from consumers.commerce.write import Writer
from deploy.connect.commerce.catalogue import Catalogue
from deploy.connect.commerce.client import CommerceClient
from deploy.connect.commerce.exchange import LANE, Exchange
from deploy.connect.commerce.login import bearer
from deploy.connect.limits import Limits
from deploy.connect.postgres import migrate, open_engine
from deploy.connect.rates import Rate
from schemas.listings import AttributesImported, ImportedValue
from schemas.settings import Settings, Store
from tests.deploy.connect.commerce_double import TOKEN
from tests.support.attribute_shop import AttributeShop

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)


def store(marketplace: str, year: int) -> Store:
    return Store(
        account="acme-eu", marketplace=marketplace, website="base", created=date(year, 1, 1)
    )


SETTINGS = Settings(records={"store": {"acme-de": store("DE", 2024), "acme-fr": store("FR", 2025)}})


def value(text: Any = "Acme", attribute: str = "brand", **more: Any) -> ImportedValue:
    source = {"store": "acme-de", "amazon_attribute": "Brand", "asin": "B000000001"}
    source |= more.pop("source", {})
    about = {"attribute": attribute, "scope": "global"} | more
    return ImportedValue(value=text, source=source, **about)


class World:
    """One shop, what listings say, and the writer between them; time passes when told."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.now = NOON
        self.shop = AttributeShop()
        for code in ("brand", "label", "binding"):
            self.shop.attribute(code)
        self.shop.product("LAMP")
        self.sequence = 0
        self.writer = self.another()

    def another(self) -> Writer:
        """Give a writer that knows nothing but the tables: a restart, or a second worker."""
        http = httpx2.Client(transport=httpx2.MockTransport(self.shop))
        limits = Limits(self._seconds, rates={LANE: Rate(10, 50)}, chance=lambda: 1.0)
        exchange = Exchange(http, bearer(SecretStr(TOKEN)), limits, agent="Listwire/test")
        shop = Catalogue(CommerceClient(exchange, "https://shop.test"), self._seconds)
        return Writer(
            self.engine,
            shop,
            now=lambda: self.now,
            clock=self._seconds,
            chance=random.Random(7).random,
        )

    def _seconds(self) -> float:
        return (self.now - NOON).total_seconds() + 1

    def say(self, *values: ImportedValue, seller_sku: str = "LAMP", sku: str = "LAMP") -> None:
        """A listing says these values; none takes all of them back."""
        self.sequence += 1
        key = (sku, "acme-eu", seller_sku)
        event = AttributesImported(
            sku=sku, account="acme-eu", seller_sku=seller_sku, values=list(values)
        )
        self.take((key, self.sequence, event if values else None))

    def take(self, *said: Any) -> None:
        """The tables take records in."""
        with self.engine.begin() as connection:
            ledger.take(connection, said, SETTINGS, self.now)

    def work(self, **delta: float) -> None:
        """Let time pass and the writer do what is due."""
        self.now += timedelta(**delta)
        self.writer.step()

    def lines(self, *attributes: str) -> list[Line]:
        """Give the value list."""
        with self.engine.connect() as connection:
            return read.lines(connection, SETTINGS, attributes=attributes)

    def became(self, *attributes: str) -> list[tuple[str, str | None]]:
        """Give status and reason's code of every value."""
        return [(o.status, o.why.code if o.why else None) for o in self.lines(*attributes)]


@pytest.fixture(scope="module")
def engine(postgres: str) -> Iterator[Engine]:
    made = open_engine(postgres, name="commerce")
    migrate(made)
    yield made
    made.dispose()


@pytest.fixture
def world(engine: Engine) -> World:
    with engine.begin() as connection:
        for table in tables.METADATA.sorted_tables:
            connection.execute(table.delete())
    return World(engine)
