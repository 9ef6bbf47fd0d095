"""Amazon's stand-in within the test: no socket, no clock but the test's own."""

import json
from typing import Any
from urllib.parse import quote, urlencode

from deploy.sandbox.api import Amazon
from deploy.sandbox.exchange import Reply, Request
from deploy.sandbox.seed import Seed, begin, decode, populate
from deploy.sandbox.truth import listings

NOW = 1_795_600_800_000
DE, FR, US = "A1PA6795UKMFR9", "A13V1IB3VIYZZH", "ATVPDKIKX0DER"
ACCOUNTS: dict[str, Any] = {
    "acme-eu": {
        "region": "EU",
        "merchant_token": "A1EXAMPLE",
        "refresh_token": "Atzr|acme",
        "marketplaces": ["DE", "FR"],
    },
    "acme-na": {
        "region": "NA",
        "merchant_token": "A2EXAMPLE",
        "refresh_token": "Atzr|na",
        "marketplaces": ["US"],
    },
}
CATALOGUE: list[dict[str, Any]] = [
    {"asin": "B000000001", "gtins": ["036000291452"], "title": "Desk lamp", "brand": "Lux"},
    {"asin": "B000000002", "gtins": ["4006381333931"], "title": "Pen set", "pack": 4},
    {"asin": "B000000003", "gtins": ["4006381333931"], "title": "Pen", "mpn": "P-1"},
    {"asin": "B000000004", "title": "Knife", "restricted": True},
    {"asin": "B000000005", "title": "Shirt", "children": ["B000000006"]},
    {"asin": "B000000006", "title": "Shirt blue", "parent": "B000000005", "marketplaces": ["DE"]},
]
LAMP = {
    "account": "acme-eu",
    "marketplace": "DE",
    "sku": "LAMP/12",
    "asin": "B000000001",
    "price": "12.90",
    "quantity": 5,
}


def seed(*rows: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Make a seed document with these listings."""
    document = {"seed": 7, "clock": "stepped", "profile": "quiet", "accounts": ACCOUNTS}
    return document | {"catalogue": CATALOGUE, "listings": list(rows or [LAMP])} | more


def lamp(**more: Any) -> dict[str, Any]:
    """Make the seed of one lamp that differs in *more*."""
    return LAMP | more


class Desk:
    """A seller's desk before an Amazon whose time only the test moves."""

    def __init__(self, document: dict[str, Any], account: str = "acme-eu") -> None:
        self.now = NOW
        read: Seed = decode(json.dumps(document).encode())
        self.amazon: Amazon = begin(read)
        populate(self.amazon.world, read, self.now)
        self.amazon.watch.calendar(self.now)
        stated = read.accounts[account]
        self.region = stated.region.lower()
        self.merchant = stated.merchant_token
        self.account = account
        self.token = self.login(stated.refresh_token)

    def login(self, refresh_token: str) -> str:
        """Get an access token."""
        form = {"grant_type": "refresh_token", "refresh_token": refresh_token}
        form |= {"client_id": "sandbox", "client_secret": "sandbox"}
        reply = self.send(Request("POST", "/auth/o2/token", body=urlencode(form).encode()))
        return str(json.loads(reply.body).get("access_token", ""))

    def grantless(self) -> "Desk":
        """Go on with a grantless token for notifications."""
        form = {"grant_type": "client_credentials", "scope": "sellingpartnerapi::notifications"}
        form |= {"client_id": "sandbox", "client_secret": "sandbox"}
        reply = self.send(Request("POST", "/auth/o2/token", body=urlencode(form).encode()))
        self.token = str(json.loads(reply.body)["access_token"])
        return self

    def send(self, request: Request) -> Reply:
        """Ask, and give the reply alone."""
        return self.amazon.answer(request, self.now, float(self.now))[0]

    def headers(self) -> dict[str, str]:
        """Give what every request carries."""
        kind = {"content-type": "application/json", "user-agent": "Listwire/test"}
        return kind | {"x-amz-access-token": self.token}

    def ask(
        self, method: str, path: str, query: dict[str, Any] | None = None, body: Any = None
    ) -> Reply:
        """Ask a path below the account's region."""
        content = b"" if body is None else json.dumps(body).encode()
        text = urlencode(query or {})
        return self.send(Request(method, f"/{self.region}{path}", text, self.headers(), content))

    def listing(
        self, method: str, sku: str, body: Any = None, marketplaces: str = DE, **query: Any
    ) -> Reply:
        """Ask for one listing; the SKU is percent-encoded whole."""
        path = f"/listings/2021-08-01/items/{self.merchant}/{quote(sku, safe='')}"
        return self.ask(method, path, {"marketplaceIds": marketplaces} | query, body)

    def read(self, sku: str, parts: str = "summaries,offers,fulfillmentAvailability") -> Any:
        """Read one listing's parts."""
        return json.loads(self.listing("GET", sku, includedData=parts).body)

    def patch(self, sku: str, *patches: dict[str, Any], **query: Any) -> Any:
        """Patch one listing; give the submission response."""
        body = {"productType": "PRODUCT", "patches": list(patches)}
        return json.loads(self.listing("PATCH", sku, body, **query).body)

    def put(self, sku: str, attributes: dict[str, Any], **query: Any) -> Any:
        """Put an offer; give the submission response."""
        body = {"productType": "PRODUCT", "requirements": "LISTING_OFFER_ONLY"}
        return json.loads(self.listing("PUT", sku, body | {"attributes": attributes}, **query).body)

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self.now += round(seconds * 1000)
        self.amazon.scheduler.advance(self.now)

    def truth(self, sku: str, marketplace: str = DE) -> dict[str, Any]:
        """Give what Amazon holds of one listing."""
        wanted = {"account": self.account, "sku": sku, "marketplace": marketplace}
        found = listings(self.amazon, wanted, self.now)["listings"]
        return dict(found[0]) if found else {"exists": False}


def quantity(units: int, op: str = "merge", **more: Any) -> dict[str, Any]:
    """Make the patch of a quantity."""
    value = {"fulfillment_channel_code": "DEFAULT", "quantity": units} | more
    return {"op": op, "path": "/attributes/fulfillment_availability", "value": [value]}


def price(amount: float, op: str = "merge", **more: Any) -> dict[str, Any]:
    """Make the patch of a price in Germany."""
    value = {"marketplace_id": DE, "currency": "EUR", "audience": "ALL"}
    value |= {"our_price": [{"schedule": [{"value_with_tax": amount}]}]} | more
    return {"op": op, "path": "/attributes/purchasable_offer", "value": [value]}


def offer(asin: str = "B000000001", **more: Any) -> dict[str, Any]:
    """Make the attributes of a new offer in Germany."""
    return {
        "merchant_suggested_asin": [{"value": asin, "marketplace_id": DE}],
        "condition_type": [{"value": "new_new", "marketplace_id": DE}],
        "purchasable_offer": price(19.5)["value"],
        "fulfillment_availability": quantity(3)["value"],
    } | more
