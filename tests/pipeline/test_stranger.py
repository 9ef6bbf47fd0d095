"""Downstream as a stranger: kcat alone, none of our code, reads what is public, and deletes.

kcat is Debian's; `.ci/run` installs it. What it prints with `-J` is all that is looked at.
"""

import json
import re
import shutil
import subprocess
from collections import defaultdict
from collections.abc import Iterator
from importlib import resources
from itertools import pairwise
from typing import Any

import pytest
import yaml

from consumers.postgres import read
from deploy.demo import shop
from deploy.demo.own import Own, secrets
from tests.support.eventually import eventually
from tests.support.folders import reachable
from tests.support.living import Living, living

TOPIC = "listing.status.v1"
SETTINGS = (resources.files("deploy.demo") / "settings.yaml").read_text()
DELETED_STORE = "acme-us"
INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")

pytestmark = [
    pytest.mark.kafka,
    pytest.mark.postgres,
    pytest.mark.skipif(
        shutil.which("kcat") is None, reason="kcat is not installed: apt-get install kcat"
    ),
]


@pytest.fixture(scope="module")
def run() -> Iterator[Living]:
    """The sample shop of the demo, at rest."""
    with reachable() as folder, living(folder, shop.seed(apply_seconds=0.2), secrets(Own())) as one:
        one.apply(SETTINGS)
        for store, account in shop.ACCOUNTS.items():
            one.import_report(store, one.report(account, shop.MARKETPLACES[store]))
        catalogue = folder / "catalogue.csv"
        catalogue.write_text(shop.catalogue())
        one.import_files([catalogue])
        one.rest()
        yield one


def kcat(run: Living, *words: str, stdin: str = "") -> str:
    """Run kcat on the pipeline's broker and give what it printed."""
    command = ["kcat", "-b", run.pipeline.bootstrap, *words]
    done = subprocess.run(
        command, input=stdin, capture_output=True, text=True, timeout=60, check=False
    )
    if done.returncode:
        raise AssertionError(f"kcat ended with {done.returncode}: {done.stderr}")
    return done.stdout


def records(run: Living, topic: str = TOPIC) -> list[dict[str, Any]]:
    """Give every record of *topic* as kcat shows it, with its headers by name."""
    told = kcat(run, "-C", "-t", topic, "-o", "beginning", "-e", "-q", "-J")
    found = [json.loads(line) for line in told.splitlines()]
    for one in found:
        names, values = one["headers"][::2], one["headers"][1::2]
        one["headers"] = dict(zip(names, values, strict=True))
    return found


def newest(found: list[dict[str, Any]]) -> dict[str, Any]:
    """Give the value with the highest sequence of each key; None for one that is deleted."""
    last: dict[str, dict[str, Any]] = {}
    for one in found:
        before = last.get(one["key"])
        if before is None or one["headers"]["ce_sequence"] > before["headers"]["ce_sequence"]:
            last[one["key"]] = one
    return {key: json.loads(one["payload"] or "null") for key, one in last.items()}


def stored(run: Living) -> dict[str, tuple[Any, ...]]:
    """Give what Postgres has of every listing that is not deleted, by the topic's key."""
    with run.engine.connect() as connection:
        rows = read.listings(connection, read.Filter())
    return {f"{r.account}|{r.marketplace}|{r.seller_sku}": _stored(r) for r in rows}


def _stored(row: read.Listing) -> tuple[Any, ...]:
    wanted = (row.desired_quantity, row.desired_price, row.desired_currency, row.desired_condition)
    shown = (row.observed_quantity, row.observed_price, row.observed_currency, row.observed_exists)
    place = (row.store, row.tab, row.status, row.asin, row.sku, row.sequence)
    return tuple(None if v is None else str(v) for v in (*place, *wanted, *shown))


def _said(value: dict[str, Any]) -> tuple[Any, ...]:
    wanted, shown = value.get("desired") or {}, value.get("observed") or {}
    price, seen = wanted.get("price") or {}, shown.get("price") or {}
    place = (value.get(n) for n in ("store", "tab", "status", "asin", "product", "sequence"))
    rest = (
        *(wanted.get("quantity"), price.get("amount"), price.get("currency")),
        wanted.get("condition"),
        *(shown.get("quantity"), seen.get("amount"), seen.get("currency"), shown.get("exists")),
    )
    return tuple(None if v is None else str(v) for v in (*place, *rest))


def test_the_newest_value_per_key_is_what_postgres_has(
    run: Living, capsys: pytest.CaptureFixture[str]
) -> None:
    found = records(run)

    last = newest(found)
    with capsys.disabled():
        print(f"\nkcat: {len(found)} records of {TOPIC}, {len(last)} keys")
    assert len(last) > 600
    assert {key: _said(value) for key, value in last.items() if value} == stored(run)


@pytest.mark.parametrize(
    ("topic", "source"),
    [
        (TOPIC, "/listwire/processors/listings"),
        ("listing.status-changed.v1", "/listwire/processors/listings"),
        ("listing.offer.v1", "/listwire/processors/listings"),
        ("listing.candidate.v1", "/listwire/processors/products"),
    ],
)
def test_headers_are_those_of_the_contract(run: Living, topic: str, source: str) -> None:
    found = records(run, topic)

    wrong = {(n, v) for one in found for n, v in one["headers"].items() if not _kept(n, v, one)}
    must = {"content-type", "ce_specversion", "ce_id", "ce_source", "ce_type", "ce_subject"}
    must |= {"ce_time", "ce_dataschema", "ce_sequence"}
    assert wrong == set()
    assert found
    assert all(must <= one["headers"].keys() for one in found)
    assert {one["headers"]["ce_source"] for one in found} == {source}


def _kept(name: str, value: str, one: dict[str, Any]) -> bool:
    """Tell whether one header of *one* holds what the contract promises."""
    exact = {
        "content-type": "application/json",
        "ce_specversion": "1.0",
        "ce_type": one["topic"],
        "ce_subject": one["key"].split("|")[-1].replace("%7C", "|").replace("%25", "%"),
        "ce_dataschema": f"urn:listwire:schema:{one['topic']}:1.0.0",
    }
    if name == "ce_time":
        return INSTANT.fullmatch(value) is not None
    if name == "ce_sequence":
        stated = json.loads(one["payload"] or "{}").get("sequence", int(value))
        return value == f"{stated:020d}"
    return name not in exact or value == exact[name]


@pytest.mark.parametrize("topic", ["amazon.submission.v1", "amazon.listing.v1"])
def test_what_amazon_said_is_about_the_seller_sku_in_plain_text(run: Living, topic: str) -> None:
    found = records(run, topic)

    subjects = {(one["headers"]["ce_subject"], one["key"].split("|")[1]) for one in found}
    assert subjects
    assert all(subject == sku for subject, sku in subjects)


def test_sequences_of_a_key_only_rise_and_its_ids_differ(run: Living) -> None:
    sequences: dict[str, list[str]] = defaultdict(list)
    ids: dict[str, list[str]] = defaultdict(list)
    for one in records(run):
        sequences[one["key"]].append(one["headers"]["ce_sequence"])
        ids[one["key"]].append(one["headers"]["ce_id"])

    assert any(len(found) > 1 for found in sequences.values())
    assert all(a < b for found in sequences.values() for a, b in pairwise(found))
    assert all(len(set(found)) == len(found) for found in ids.values())


def test_a_null_that_kcat_writes_deletes_a_product(run: Living) -> None:
    sold = next(i.sku for i in shop.items() if i.story == "on sale" and i.material == "Linen")
    before = _row(run, sold)

    words = ("-P", "-t", "catalog.product.v1", "-K", ":", "-Z", "-X", "partitioner=murmur2_random")
    kcat(run, *words, stdin=f"{sold}:\n")

    def deleted() -> bool:
        return "PRODUCT_DELETED" in {reason["code"] for reason in _row(run, sold).reasons}

    eventually(deleted, within=30)
    after = _row(run, sold)
    assert (before.tab, before.sku) == ("active", sold)
    assert (after.tab, after.sku) == ("new_third_party", None)


def _row(run: Living, sku: str) -> read.Listing:
    with run.engine.connect() as connection:
        found = read.one(connection, "acme-de", sku)
    if found is None:
        raise AssertionError(f"no listing {sku}")
    return found


def test_a_store_that_is_deleted_leaves_nulls(run: Living) -> None:
    gone = {key for key, row in stored(run).items() if row[0] == DELETED_STORE}
    document = yaml.safe_load(SETTINGS.replace("is: Yes", 'is: "Yes"'))
    for kind in ("store", "listing", "search", "third_party", "rule"):
        del document[kind][DELETED_STORE]
    kinds = ("store", "listing", "search", "third_party", "rule")

    run.apply(yaml.safe_dump({kind: document[kind] for kind in kinds}), prune=True)
    eventually(lambda: not gone & stored(run).keys(), within=30)

    found = records(run)
    last = newest(found)
    assert gone
    assert {key for key, value in last.items() if value is None} == gone
    assert {one["key"] for one in found if one["payload"] is None} == gone
    assert {key: _said(value) for key, value in last.items() if value} == stored(run)
