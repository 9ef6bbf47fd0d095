"""The queues as the control port shows them, and the same bodies on their way to SQS."""

import json
from typing import Any

import boto3
import pytest

from deploy.sandbox.control import Plane
from deploy.sandbox.exchange import Request
from deploy.sandbox.journal import Journal
from tests.support.amazon import NOW, seed
from tests.support.eventually import eventually


class Port:
    """A control port within the test."""

    def __init__(self, **more: Any) -> None:
        self.plane = Plane(wall=NOW, journal=Journal())
        self.call("POST", "/seed", json.dumps(seed(**more)).encode())

    def call(self, method: str, path: str, body: bytes = b"", status: int = 200) -> Any:
        path, _, query = path.partition("?")
        reply = self.plane.control(Request(method, path, query, body=body), float(NOW))
        assert reply.status == status, reply.body
        return json.loads(reply.body)


def test_bodies_are_put_in_received_and_deleted() -> None:
    port = Port()
    port.call("POST", "/queues/mail", b"not even JSON \xff")

    hidden = port.call("GET", "/queues/mail?visibility=60")
    again = port.call("GET", "/queues/mail")
    seen = port.call("GET", "/queues/mail?peek=1")

    assert [row["body"] for row in hidden["messages"]] == ["not even JSON \ufffd"]
    assert (again["messages"], again["waiting"]) == ([], 1)
    assert seen["messages"][0]["count"] == 1
    port.call("POST", "/clock", b'{"advance": 60}')
    back = port.call("GET", "/queues/mail")["messages"][0]
    assert (back["id"], back["count"]) == (hidden["messages"][0]["id"], 2)
    assert port.call("DELETE", f"/queues/mail/{back['receipt']}") == {"deleted": True}
    assert port.call("GET", "/queues") == {"queues": {"mail": 0}, "sqs": None}


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        pytest.param("PUT", "/queues", 405, id="unknown method"),
        pytest.param("DELETE", "/queues/mail", 405, id="a queue is not deleted"),
        pytest.param("GET", "/queues/mail?max=few", 400, id="no number"),
        pytest.param("GET", "/queuesmail", 404, id="another path"),
    ],
)
def test_what_the_port_cannot_do_is_said(method: str, path: str, status: int) -> None:
    assert "error" in Port().call(method, path, status=status)


def test_with_an_endpoint_bodies_go_to_sqs_in_the_order_they_came(aws: str) -> None:
    keys = {"aws_access_key_id": "x", "aws_secret_access_key": "x"}
    client = boto3.client("sqs", endpoint_url=aws, region_name="eu-west-1", **keys)
    url = client.create_queue(QueueName="mail")["QueueUrl"]
    port = Port(aws={"endpoint": aws})

    for number in range(3):
        port.call("POST", "/queues/mail", b"body %d" % number)
    eventually(lambda: port.call("GET", "/queues")["sqs"]["sent"] == 3, within=30)

    got = client.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]
    assert sorted(row["Body"] for row in got) == ["body 0", "body 1", "body 2"]
    port.call("POST", "/reset")
    assert port.call("GET", "/queues")["sqs"]["waiting"] == 0
