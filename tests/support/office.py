"""An application that makes destinations and subscribes, before an Amazon within the test."""

import json
from typing import Any

from deploy.sandbox.exchange import Reply
from tests.support.amazon import Desk, seed

STATUS = "LISTINGS_ITEM_STATUS_CHANGE"
DESTINATIONS = "/notifications/v1/destinations"
SUBSCRIPTIONS = "/notifications/v1/subscriptions"
QUEUE = {"sqs": {"arn": "arn:aws:sqs:eu-west-1:123456789012:mail"}}
BUS = {"eventBridge": {"accountId": "123456789012", "region": "eu-west-1"}}


class Office:
    """One application at work: its grantless token, and one account's."""

    def __init__(self, **more: Any) -> None:
        self.desk = Desk(seed(**({"quota_factor": None} | more)))
        self.own = self.desk.token
        self.free = self.desk.grantless().token

    def ask(self, method: str, path: str, body: Any = None, token: str | None = None) -> Reply:
        grantless = path.startswith(DESTINATIONS) or path.count("/") > 4
        self.desk.token = token or (self.free if grantless else self.own)
        path, _, query = path.partition("?")
        pairs = dict(pair.split("=") for pair in query.split("&")) if query else {}
        return self.desk.ask(method, path, pairs, body)

    def payload(self, method: str, path: str, body: Any = None) -> Any:
        reply = self.ask(method, path, body)
        assert reply.status == 200, reply.body
        return json.loads(reply.body).get("payload")

    def destination(self, resource: dict[str, Any], name: str = "mail") -> str:
        body = {"name": name, "resourceSpecification": resource}
        return str(self.payload("POST", DESTINATIONS, body)["destinationId"])

    def subscribe(self, kind: str = STATUS, where: str = "", version: str = "1.0") -> str:
        body = {"destinationId": where or self.destination(BUS), "payloadVersion": version}
        return str(self.payload("POST", f"{SUBSCRIPTIONS}/{kind}", body)["subscriptionId"])
