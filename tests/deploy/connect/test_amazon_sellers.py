"""Where an account sells: the stand-in's answer, Amazon's own example, and what is no answer."""

import json
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest

from deploy.connect.amazon.build import amazon_client
from deploy.connect.amazon.sellers import Selling
from producers.amazon.participations import Participation
from schemas.errors import NotAllowed, TryAgain
from tests.conftest import DATA
from tests.consumers.amazon.conftest import SEED, SETTINGS, place
from tests.deploy.connect.amazon_double import Double, client_over
from tests.support.sandbox import Sandbox, running_sandbox

DE, FR = "A1PA6795UKMFR9", "A13V1IB3VIYZZH"
MODEL = DATA / "amazon/models/sellers.json"


def reply(body: Any, status: int = 200) -> httpx2.Response:
    return httpx2.Response(status, content=json.dumps(body).encode())


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with running_sandbox() as running:
        running.seed(SEED)
        yield running


def selling(sandbox: Sandbox, token: str = "Atzr|acme-eu") -> Selling:
    environ = {"ACME_EU_REFRESH_TOKEN": token} if token else {}
    client = amazon_client(place(sandbox.api, 1000.0), lambda: SETTINGS, environ, role="accounts")
    return Selling(client)


def test_the_stand_in_says_where_the_account_sells(sandbox: Sandbox) -> None:
    sandbox.event(type="suspend_store", account="acme-eu", marketplace="FR")

    found = {p.marketplace: p for p in selling(sandbox).participations("acme-eu")}

    assert found[DE] == Participation(marketplace=DE, participates=True, suspended=False)
    assert found[FR].suspended is True


def test_without_credentials_nobody_is_asked(sandbox: Sandbox) -> None:
    with pytest.raises(NotAllowed):
        selling(sandbox, token="").participations("acme-eu")


def test_amazons_own_example_is_read() -> None:
    if not MODEL.exists():
        pytest.skip("Amazon's models are not in ../shared/data")
    operation = json.loads(MODEL.read_text())["paths"]["/sellers/v1/marketplaceParticipations"]
    (pair,) = operation["get"]["responses"]["200"]["x-amzn-api-sandbox"]["static"]
    example = pair["response"]

    found = Selling(client_over(Double(reply(example)))).participations("acme-eu")

    assert [p.marketplace for p in found] == [e["marketplace"]["id"] for e in example["payload"]]


@pytest.mark.parametrize(
    "body",
    [
        pytest.param({}, id="no payload"),
        pytest.param({"payload": [{"marketplace": {"id": DE}}]}, id="no participation"),
        pytest.param(
            {"payload": [{"marketplace": {"id": DE}, "participation": {}}]}, id="half of one"
        ),
    ],
)
def test_an_answer_that_lacks_what_we_act_on_is_none(body: Any) -> None:
    with pytest.raises(TryAgain):
        Selling(client_over(Double(reply(body)))).participations("acme-eu")
