"""The sample shop holds what the demo promises to show."""

import csv
import io
from collections import Counter
from importlib import resources

from deploy.demo import own, shop
from deploy.demo.own import Own
from producers.operator.settings import plan
from schemas.settings import Settings


def rows() -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(shop.catalogue())))


def test_it_sells_at_least_300_products_each_under_one_sku() -> None:
    skus = Counter(row["sku"] for row in rows())

    assert (len(skus) >= 300, max(skus.values())) == (True, 1)


def test_every_story_is_told_by_some_product() -> None:
    told = {item.story for item in shop.items()}

    assert told == {*shop.STORIES, "on sale"}


def test_most_listings_exist_at_amazon_already_and_some_are_created_live() -> None:
    listed = {one["sku"] for one in shop.seed()["listings"]}
    unlisted = {i.sku for i in shop.items() if i.story == "new, to be listed"}

    assert (len(listed) > 300, bool(unlisted), unlisted & listed) == (True, True, set())


def test_no_status_is_injected_but_what_amazon_itself_would_lack() -> None:
    stated = {one["status"] for one in shop.seed()["listings"] if "status" in one}

    assert stated == {"incomplete"}


def test_the_settings_are_valid_and_hold_two_stores_of_one_account_and_one_of_another() -> None:
    text = (resources.files("deploy.demo") / "settings.yaml").read_text()
    applied = Settings()
    for change in plan(text, applied, by="test"):
        applied = applied.with_record(change.kind, change.id, change.value)

    assert {a: len(applied.stores_of(a)) for a in applied.of("account")} == {
        "acme-eu": 2,
        "acme-us": 1,
    }


def test_the_sellers_accounts_are_those_of_the_settings() -> None:
    known = own.known(Own())
    seeded = shop.seed()["accounts"]

    assert {a: r.merchant_token for a, r in known.of("account").items()} == {
        a: r["merchant_token"] for a, r in seeded.items()
    }
    assert set(own.secrets(Own()).values()) == {r["refresh_token"] for r in seeded.values()}
