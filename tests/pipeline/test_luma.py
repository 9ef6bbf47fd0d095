"""The Luma catalogue, about 2,000 products, through the real pipeline: what is in which tab.

Identifiers are assembled (`tests/support/luma.py`). The run ends with two commands of a
person, so that every kind of input has been there when all of it is sent again.
"""

import csv
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import Engine, select

from consumers.postgres import read
from consumers.postgres.tables import report
from deploy.commands import steer
from deploy.commands.known import known_settings
from deploy.connect.kafka import open_consumer, open_producer
from deploy.connect.whole import to_end
from deploy.watch.audited import unaccounted
from schemas.topics import TOPICS
from tests.support import luma
from tests.support.folders import reachable
from tests.support.living import Living, living
from tests.support.sinking import whole

pytestmark = [
    pytest.mark.kafka,
    pytest.mark.postgres,
    pytest.mark.skipif(not luma.PRESENT, reason=luma.ABSENT),
    pytest.mark.timeout(1_800),
]

ACCOUNT, STORE, PLACE = "acme-eu", "acme-de", "A1PA6795UKMFR9"
ENVIRON = {"ACME_EU_REFRESH_TOKEN": "Atzr|luma", "LISTWIRE_AMAZON__QUOTA_FACTOR": "200"}
INPUTS = (
    "catalog.product.v1",
    "catalog.stock.v1",
    "catalog.price.v1",
    "amazon.listing.v1",
    "amazon.lookup.v1",
    "amazon.submission.v1",
    "amazon.report.v1",
    "listing.intent.v1",
)
OUTPUTS = tuple(
    t.name
    for t in TOPICS
    if t.name.startswith("listing.") or t.name in ("catalog.identifier.v1", "catalog.link.v1")
)
STATED_ONCE = ("listing", "listing_change", "offer", "submission")
"""Tables of which an input that says nothing new changes no column at all."""


class Shop(msgspec.Struct, frozen=True):
    """The assembled files, and the products that are in them by type."""

    files: list[Path]
    given: dict[str, str]
    types: dict[str, set[str]]
    grey: set[str]

    @property
    def ended(self) -> str:
        """A product whose listing a person ends: Amazon has it, and shows it."""
        return sorted(self.given)[3]

    def expected(self, number: int, sku: str) -> tuple[str, str, str]:
        """Give tab, status and first reason of a simple product, from how it was made."""
        grey, listed = sku in self.grey, number % 3 == 0
        lines = (
            (sku == self.ended, ("ended", "manually_ended", "ENDED_BY_PERSON")),
            (grey and listed, ("ineligible", "ineligible", "RULE_NOT_MET")),
            (grey, ("not_listed", "not_listed", "RULE_NOT_MET")),
            (listed and number % 60 == 0, ("inactive", "inactive", "LISTING_SUPPRESSED")),
            (listed, ("active", "active", "")),
            (number % 50 == 1, ("incomplete", "unable_to_assign", "NOT_FOUND")),
            (number % 50 == 2, ("incomplete", "multiple_matches", "SEVERAL_ASINS")),
            (number % 50 == 4, ("incomplete", "has_variants", "VARIATION_PARENT")),
        )
        return next((said for holds, said in lines if holds), ("active", "active", ""))


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with reachable() as found:
        yield found


@pytest.fixture(scope="module")
def shop(folder: Path) -> Shop:
    files, given = luma.assemble(folder)
    types: dict[str, set[str]] = defaultdict(set)
    grey = set()
    for path in files:
        with path.open(newline="", encoding="utf-8") as file:
            for row in csv.DictReader(file):
                types[_type(row)].add(row["sku"])
                if "color=Gray" in row.get("additional_attributes", "").split(","):
                    grey.add(row["sku"])
                if row.get("color") == "Gray":
                    grey.add(row["sku"])
    return Shop(files, given, dict(types), grey)


def _type(row: dict[str, str]) -> str:
    if "bundle_options" in row:
        return "bundle"
    return "grouped" if "associated_sku" in row else row.get("product_type", "simple")


@pytest.fixture(scope="module")
def run(folder: Path, shop: Shop) -> Iterator[Living]:
    """The run: Amazon's report first, then the catalogue; at rest."""
    with living(_below(folder, "first"), luma.world(shop.given), ENVIRON) as pipeline:
        pipeline.apply(luma.SETTINGS)
        pipeline.import_report(STORE, pipeline.report(ACCOUNT, PLACE))
        pipeline.import_files(shop.files)
        pipeline.rest()
        _command(pipeline, shop)
        yield pipeline


def _below(folder: Path, name: str) -> Path:
    (folder / name).mkdir(mode=0o711)
    return folder / name


def _command(pipeline: Living, shop: Shop) -> None:
    known = known_settings(pipeline.inside)
    parent = min(shop.types["configurable"])
    steer.send_intents(pipeline.inside, "end", STORE, [shop.ended], known, by="test", why="sold")
    steer.send_intents(pipeline.inside, "publish", STORE, [parent], known, by="test", why=None)
    pipeline.rest()


# --- who is where --------------------------------------------------------------------------


def test_every_simple_product_is_in_one_tab_or_not_listed_for_a_reason(
    run: Living, shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = _listings(run)

    places = Counter((r.tab, _first(r)) for r in rows if r.sku in shop.types["simple"])
    with capsys.disabled():
        print(f"\nLuma: {len(shop.given)} simple products")
        for (tab, reason), number in sorted(places.items()):
            print(f"  {number:5} {read.LABELS.get(tab, read.NOT_LISTED)} {reason}")
    where = {r.sku: (r.tab, r.status, _first(r)) for r in rows if r.sku in shop.types["simple"]}
    assert where == {s: shop.expected(n, s) for n, s in enumerate(sorted(shop.given))}
    assert places.total() == len(shop.types["simple"]) == len(where)


def test_parents_bundles_and_groups_are_not_listed(run: Living, shop: Shop) -> None:
    whole_kinds = {k: skus for k, skus in shop.types.items() if k != "simple"}
    found: dict[str, list[Any]] = defaultdict(list)
    for row in _listings(run):
        found[row.sku or ""].append(row)

    rows = [row for skus in whole_kinds.values() for sku in skus for row in found[sku]]
    assert {k: len(skus) for k, skus in whole_kinds.items()} == {
        "configurable": 147,
        "bundle": 1,
        "grouped": 1,
    }
    assert len(rows) == 149
    assert {r.tab for r in rows} == {"not_listed"}
    assert all("UNSUPPORTED_PRODUCT_TYPE" in {x["code"] for x in r.reasons} for r in rows)


def test_amazon_holds_what_is_wanted(run: Living) -> None:
    truth = run.control.get("/truth/listings", params={"account": ACCOUNT}).json()["listings"]
    shown = {row["sku"]: (row["quantity"], _amount(row["price"])) for row in truth if row["exists"]}

    sold = {
        r.seller_sku: (r.desired_quantity, r.desired_price)
        for r in _listings(run)
        if r.tab in ("active", "inactive")
    }
    excluded = {r.seller_sku for r in _listings(run) if r.tab == "ineligible"}
    assert {sku: shown.pop(sku, None) for sku in sold} == sold
    assert {sku: quantity for sku, (quantity, _) in shown.items()} == dict.fromkeys(excluded, 0)


def _amount(price: dict[str, str] | None) -> Decimal | None:
    return Decimal(price["amount"]) if price else None


def _listings(run: Living) -> list[read.Listing]:
    with run.engine.connect() as connection:
        return read.listings(connection, read.Filter())


def _first(row: read.Listing) -> str:
    return str(row.reasons[0]["code"]) if row.reasons else ""


# --- the same again ----------------------------------------------------------------------------


def test_every_input_sent_again_starts_no_loop(
    run: Living, capsys: pytest.CaptureFixture[str]
) -> None:
    before, asked = run.ends(OUTPUTS), run.asked()

    again = _send_again(run.pipeline.bootstrap)
    run.rest()

    added = {t: n - before[t] - again.get(t, 0) for t, n in run.ends(OUTPUTS).items()}
    with capsys.disabled():
        print(f"\nsent again: {dict(sorted(again.items()))}")
        print(f"records before: {dict(sorted(before.items()))}")
        print(f"added by it: {dict(sorted(added.items()))}")
    assert set(again) == set(INPUTS)
    assert added == dict.fromkeys(OUTPUTS, 0)
    assert run.asked() == asked


def test_the_same_files_again_change_no_row_and_ask_amazon_nothing(run: Living, shop: Shop) -> None:
    sent = (run.pipeline.folder / f"{STORE}.txt").read_bytes()
    before, reports, asked = whole(run.engine, *STATED_ONCE), _reports(run.engine), run.asked()

    events = run.import_files(shop.files)
    run.import_report(STORE, sent, _as_of(run.engine))
    run.rest()

    assert events == 3 * sum(len(skus) for skus in shop.types.values())
    assert whole(run.engine, *STATED_ONCE) == before
    assert _reports(run.engine) == reports
    assert run.asked() == asked


def _send_again(bootstrap: str) -> Counter[str]:
    with open_consumer(bootstrap) as consumer:
        found = list(to_end(consumer, INPUTS))
    with open_producer(bootstrap) as producer:
        for record in found:
            producer.send(
                record.topic,
                key=record.key,
                value=record.value,
                headers=[(name, value or b"") for name, value in record.headers],
                partition=record.partition,
            )
        producer.flush()
    return Counter(record.topic for record in found)


def _reports(engine: Engine) -> Sequence[Any]:
    """What a report says, without where its rows stand in the log this time."""
    names = ("store", "report", "type", "state", "as_of", "rows", "rows_refused", "hash", "why")
    with engine.connect() as connection:
        return connection.execute(select(*(report.c[n] for n in names)).order_by("report")).all()


def _as_of(engine: Engine) -> datetime:
    (found,) = {row.as_of for row in _reports(engine)}
    return found  # type: ignore[no-any-return]


# --- from nothing again ------------------------------------------------------------------------


def test_a_second_run_from_nothing_gives_the_same_rows(
    run: Living, folder: Path, shop: Shop
) -> None:
    with living(_below(folder, "second"), luma.world(shop.given), ENVIRON) as other:
        other.apply(luma.SETTINGS)
        other.import_files(shop.files[::-1])  # another order of arrival
        other.import_report(STORE, other.report(ACCOUNT, PLACE))
        other.rest()
        _command(other, shop)

        assert other.rows() == run.rows()
        assert unaccounted(other.pipeline.bootstrap, other.engine) == []


def test_no_input_is_unaccounted_for(run: Living) -> None:
    assert unaccounted(run.pipeline.bootstrap, run.engine) == []
