"""Amazon's own models of what the stand-in serves, and a running stand-in to hold to them."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.support.amazon import DE, seed
from tests.support.sandbox import Sandbox

MODELS = Path(__file__).parents[2] / "../shared/data/amazon/models"
ALL, FYP = "GET_MERCHANT_LISTINGS_ALL_DATA", "GET_MERCHANTS_LISTINGS_FYP_REPORT"
STATUS = "LISTINGS_ITEM_STATUS_CHANGE"
BUS = {"eventBridge": {"accountId": "123456789012", "region": "eu-west-1"}}
GRANTLESS = (
    "createDestination",
    "getDestinations",
    "getDestination",
    "deleteDestination",
    "getSubscriptionById",
    "deleteSubscriptionById",
    "sendTestNotification",
)


def model(name: str) -> dict[str, Any]:
    """Read one of Amazon's models; skip where they are not at hand."""
    path = MODELS / name
    if not path.exists():
        pytest.skip("Amazon's models are not at ../shared/data/amazon")
    return dict(json.loads(path.read_text()))


class Stage:
    """A stand-in that holds one of everything; `values` are what requests may name."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        sandbox.seed(seed(clock="real", quota_factor=None))
        self.token = sandbox.token("Atzr|acme")
        self.free = self._grantless()
        self.values: dict[str, list[str]] = {
            "marketplaceIds": [DE],
            "sellerId": ["A1EXAMPLE"],
            "asin": ["B000000001", "B000000004"],
            "reportTypes": [ALL, FYP],
            "notificationType": [STATUS],
            "notificationTypes": [STATUS],
        }
        self._reports()
        self._notices()

    def ask(self, method: str, path: str, body: Any = None, token: str = "") -> Any:
        """Ask the API; an error is an error of the test."""
        headers = {"x-amz-access-token": token or self.token, "user-agent": "Listwire/test"}
        url = f"{self.sandbox.api}/eu{path}"
        response = httpx2.request(method, url, headers=headers, json=body)
        assert not response.is_error, response.text
        return response.json()

    def _grantless(self) -> str:
        form = {"grant_type": "client_credentials", "scope": "sellingpartnerapi::notifications"}
        form |= {"client_id": "sandbox", "client_secret": "sandbox"}
        response = httpx2.post(f"{self.sandbox.api}/auth/o2/token", data=form)
        return str(response.json()["access_token"])

    def _reports(self) -> None:
        path, order = "/reports/2021-06-30", {"reportType": ALL, "marketplaceIds": [DE]}
        self.sandbox.call("POST", "/variants", json={"times": 1, "seconds": 0})
        report = self.ask("POST", f"{path}/reports", order)["reportId"]
        order |= {"reportType": FYP, "period": "P1D"}
        schedule = self.ask("POST", f"{path}/schedules", order)["reportScheduleId"]
        document = self.ask("GET", f"{path}/reports/{report}")["reportDocumentId"]
        self.values |= {"reportId": [report], "reportScheduleId": [schedule]}
        self.values |= {"reportDocumentId": [document]}

    def _notices(self) -> None:
        path, body = "/notifications/v1", {"name": "x", "resourceSpecification": BUS}
        made = self.ask("POST", f"{path}/destinations", body, self.free)["payload"]
        order = {"destinationId": made["destinationId"], "payloadVersion": "1.0"}
        row = self.ask("POST", f"{path}/subscriptions/{STATUS}", order)["payload"]
        self.values |= {"destinationId": [made["destinationId"]]}
        self.values |= {"subscriptionId": [row["subscriptionId"]]}

    def narrowed(self, name: str) -> dict[str, Any]:
        """Give a model in which requests name what is there; what it says of replies stays."""
        given = model(name)
        for parameter in _parameters(given):
            self._narrow(parameter.get("name", ""), parameter)
        for title, definition in given["definitions"].items():
            if title.endswith(("Specification", "Request")):
                for field, schema in definition.get("properties", {}).items():
                    self._narrow(field, schema)
                self._types(title, definition)
        return given

    def _narrow(self, name: str, schema: dict[str, Any]) -> None:
        target = schema["items"] if schema.get("type") == "array" else schema
        if name in self.values and target.get("type") == "string":
            target["enum"] = self.values[name]

    def _types(self, title: str, definition: dict[str, Any]) -> None:
        if "reportType" in definition.get("properties", {}):
            kind = FYP if "Schedule" in title else ALL
            definition["properties"]["reportType"]["enum"] = [kind]


def _parameters(given: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for methods in given["paths"].values():
        for operation in methods.values():
            if isinstance(operation, dict):
                yield from operation.get("parameters", [])
