"""Our client's scenarios with Prism between it and the stand-in, judging both by the models."""

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
from pydantic import SecretStr

from deploy.connect.amazon.build import amazon_client, downloads
from deploy.connect.amazon.client import AmazonClient
from deploy.connect.amazon.reports import Reporting
from deploy.connect.amazon.subscribing import Subscribing
from deploy.connect.seller import Seller
from deploy.settings import Amazon
from producers.amazon.subscriptions import Destination
from schemas.errors import Refused, TryAgain, Unanswered
from schemas.settings import Account, Settings, Store
from tests.support.amazon import DE, lamp, offer, price, quantity, seed
from tests.support.eventually import eventually
from tests.support.official import model
from tests.support.prism import merged, running_prism
from tests.support.sandbox import Sandbox, running_sandbox

FILES = (
    "listingsItems_2021-08-01.json",
    "listingsRestrictions_2021-08-01.json",
    "catalogItems_2022-04-01.json",
    "reports_2021-06-30.json",
    "notifications.json",
    "sellers.json",
)
SETTINGS = Settings(
    records={
        "account": {
            "acme-eu": Account(region="EU", merchant_token="A1EXAMPLE", credentials="env:ACME")
        },
        "store": {
            f"acme-{name.lower()}": Store(
                account="acme-eu", marketplace=name, website="base", created=date(2026, 1, 1)
            )
            for name in ("DE", "FR")
        },
    }
)
BOTH = ["acme-de", "acme-fr"]
KIND = "LISTINGS_ITEM_STATUS_CHANGE"
BUS = Destination(by="eventBridge", place="123456789012", region="eu-west-1")


class Judged:
    """A client whose every call goes through the proxy to a fresh world."""

    def __init__(self, sandbox: Sandbox, url: str) -> None:
        self.sandbox = sandbox
        rows = [lamp(), lamp(marketplace="FR"), lamp(sku="GATED", status="suppressed")]
        self.seed = seed(*rows, clock="real", quota_factor=100, apply_seconds=0.0)
        self.url = url
        self.place = Amazon(
            eu=url,
            na=url,
            fe=url,
            login=f"{sandbox.api}/auth/o2/token",
            client_id="sandbox",
            client_secret=SecretStr("sandbox"),
            quota_factor=100,
        )

    def client(self) -> AmazonClient:
        self.sandbox.call("DELETE", "/faults")
        self.sandbox.seed(self.seed)
        environ = {"ACME_REFRESH_TOKEN": "Atzr|acme"}
        return amazon_client(self.place, lambda: SETTINGS, environ, role="push")


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Judged]:
    models = {name.partition(".")[0]: model(name) for name in FILES}
    folder = tmp_path_factory.mktemp("prism")
    with ExitStack() as stack:
        sandbox = stack.enter_context(running_sandbox())
        proxy = running_prism(merged(models), f"{sandbox.api}/eu", folder)
        yield Judged(sandbox, stack.enter_context(proxy))


def test_writes_are_taken_and_read_back(judged: Judged) -> None:
    client = judged.client()
    offers = {"productType": "PRODUCT", "requirements": "LISTING_OFFER_ONLY"}
    patches = {"productType": "PRODUCT", "patches": [quantity(3), price(9.99)]}

    client.put("acme-eu", "NEW/1", "acme-de", offers | {"attributes": offer()})
    client.patch("acme-eu", "LAMP/12", "acme-de", patches)

    read = client.read("acme-eu", "LAMP/12", BOTH)
    assert (read.quantity, set(read.stores)) == (3, set(BOTH))
    found = client.read_many("acme-eu", ["LAMP/12", "NEW/1", "GATED"], BOTH)
    assert set(found) == {"LAMP/12", "NEW/1", "GATED"}
    client.delete("acme-eu", "NEW/1", "acme-de")
    assert client.read("acme-eu", "NEW/1", ["acme-de"]).stores["acme-de"].exists is False


def test_a_refused_write_is_refused_as_the_model_says(judged: Judged) -> None:
    patches = {"productType": "PRODUCT", "patches": [price(0)]}

    with pytest.raises(Refused, match="range"):
        judged.client().patch("acme-eu", "LAMP/12", "acme-de", patches)


@pytest.mark.parametrize(
    ("kind", "values", "asins"),
    [
        pytest.param("ean", ["4006381333931"], {"B000000002", "B000000003"}, id="a number"),
        pytest.param("keywords", ["Desk lamp"], {"B000000001"}, id="words"),
        pytest.param("asin", ["B000000005"], {"B000000005"}, id="an ASIN"),
        pytest.param("upc", ["036000291452"] * 20, {"B000000001"}, id="twenty numbers"),
    ],
)
def test_the_catalogue_is_searched(
    judged: Judged, kind: str, values: list[str], asins: set[str]
) -> None:
    page = Seller(judged.client()).search("acme-eu", "acme-de", kind, values, None)

    assert {row.asin for row in page.items} == asins


def test_a_family_and_a_restriction_are_looked_up(judged: Judged) -> None:
    seller = Seller(judged.client())

    (parent,) = seller.search("acme-eu", "acme-de", "asin", ["B000000005"], None).items
    (child,) = seller.search("acme-eu", "acme-de", "asin", parent.children, None).items
    gated = seller.restriction("acme-eu", "acme-de", "B000000004", "new_new")
    free = seller.restriction("acme-eu", "acme-de", "B000000001", None)

    assert (child.asin, child.parent) == ("B000000006", "B000000005")
    assert (gated.code if gated else None, free) == ("APPROVAL_REQUIRED", None)


def test_a_report_is_asked_for_found_and_fetched(judged: Judged, tmp_path: Path) -> None:
    client = judged.client()
    began = client.amazons_now() - timedelta(minutes=5)
    reporting = Reporting(client, downloads(judged.place))
    kind = "GET_MERCHANT_LISTINGS_ALL_DATA"

    number = reporting.request("acme-eu", "acme-de", kind)
    told = eventually(
        lambda: (now := reporting.told("acme-eu", "acme-de", number)).document and now, within=30
    )
    listed = reporting.listed("acme-eu", "acme-de", kind, began)
    reporting.fetch("acme-eu", told.document or "", tmp_path / "report")

    assert [row.report for row in listed] == [number]
    assert b"LAMP/12" in (tmp_path / "report").read_bytes()


def test_notifications_are_set_up(judged: Judged) -> None:
    subscribing = Subscribing(judged.client())

    assert subscribing.subscription("acme-eu", KIND, "1.0") is None
    subscribing.add_destination("acme-eu", BUS, "listwire")
    (made,) = subscribing.destinations("acme-eu")
    subscribing.subscribe("acme-eu", KIND, "1.0", made.id or "")
    found = subscribing.subscription("acme-eu", KIND, "1.0")

    assert found is not None
    assert found.destination == made.id


def test_participations_are_told(judged: Judged) -> None:
    answer = judged.client().ask("getMarketplaceParticipations", "acme-eu", {})

    assert answer.status == 200


@pytest.mark.parametrize(
    ("query", "status"),
    [
        pytest.param({"identifiers": ",".join(["1"] * 21)}, 422, id="21 identifiers"),
        pytest.param({"identifiers": "1", "pageSize": "21"}, 422, id="a page of 21"),
        pytest.param({"identifiers": "1", "marketplaceIds": f"{DE},{DE}"}, 422, id="two stores"),
        pytest.param({"identifiers": "1"}, 200, id="a good request"),
    ],
)
def test_the_referee_refuses_a_request_that_breaks_the_model(
    judged: Judged, query: dict[str, str], status: int
) -> None:
    judged.client()
    token = judged.sandbox.token("Atzr|acme")
    headers = {"x-amz-access-token": token, "user-agent": "Listwire/test"}
    asked = {"marketplaceIds": DE, "identifiersType": "EAN"} | query

    reply = httpx2.get(f"{judged.url}/catalog/2022-04-01/items", params=asked, headers=headers)

    assert reply.status_code == status, reply.text


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param({"kind": "missing_field", "field": "sku"}, id="a field missing"),
        pytest.param({"kind": "unknown_enum"}, id="an unknown word"),
        pytest.param({"kind": "html_503"}, id="HTML"),
    ],
)
def test_the_referee_refuses_a_reply_that_breaks_the_model(
    judged: Judged, fault: dict[str, Any]
) -> None:
    client = judged.client()
    judged.sandbox.fault(operation="getListingsItem", **fault)

    with pytest.raises((TryAgain, Unanswered)):
        client.read("acme-eu", "LAMP/12", BOTH)
