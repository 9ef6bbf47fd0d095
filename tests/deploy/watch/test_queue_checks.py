"""What `doctor` says of the queue of notifications; SQS is moto's."""

import json

import pytest

from deploy.connect.queue_policy import policy
from deploy.connect.queues import Place, open_sqs, place_of
from deploy.settings import Notifications
from deploy.watch.check import Check
from deploy.watch.queue_checks import queue_checks


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    for key in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(key, "test")


def made(aws: str, name: str, *, sound: bool) -> Notifications:
    """Give a deployment whose queue is there, set up well or with nothing at all."""
    client = open_sqs(Place(url="", arn="arn:aws:sqs:eu-west-1:1:any"), endpoint=aws)
    url = client.create_queue(QueueName=name)["QueueUrl"]
    dead = client.create_queue(QueueName=f"{name}-dead")["QueueUrl"]
    target = client.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])
    redrive = {
        "deadLetterTargetArn": target["Attributes"]["QueueArn"], "maxReceiveCount": 5,
    }  # fmt: skip
    if sound:
        attributes = {
            "Policy": json.dumps(policy(place_of(url, region="eu-west-1"))),
            "RedrivePolicy": json.dumps(redrive),
            "SqsManagedSseEnabled": "true",
        }
        client.set_queue_attributes(QueueUrl=url, Attributes=attributes)
    return Notifications(queue=url, region="eu-west-1", endpoint=aws)


def found(told: Notifications) -> list[Check]:
    return list(queue_checks(told))


def test_a_queue_as_it_should_be(aws: str) -> None:
    (check,) = found(made(aws, "sound", sound=True))

    assert (check.state, check.exit) == ("ok", 0)


def test_a_queue_that_nobody_set_up_is_told_with_what_it_lacks(aws: str) -> None:
    checks = found(made(aws, "bare", sound=False))

    assert {c.state for c in checks} == {"warning"}
    assert any("may not write into it" in c.what for c in checks)


def test_a_queue_that_anybody_may_write_into_is_wrong(aws: str) -> None:
    told = made(aws, "opened", sound=True)
    place = place_of(told.queue, region="eu-west-1")
    anybody = {"Effect": "Allow", "Principal": "*", "Action": "sqs:*", "Resource": place.arn}
    opened = {"Version": "2012-10-17", "Statement": [*policy(place)["Statement"], anybody]}
    open_sqs(place, endpoint=aws).set_queue_attributes(
        QueueUrl=told.queue, Attributes={"Policy": json.dumps(opened)}
    )

    (check,) = found(told)

    assert (check.state, check.exit) == ("failed", 3)


@pytest.mark.parametrize(
    ("told", "state", "exit_"),
    [
        pytest.param(Notifications(), "skipped", 0, id="none is named"),
        pytest.param(Notifications(stand_in="http://127.0.0.1:1/queues/q"), "ok", 0, id="stand-in"),
        pytest.param(Notifications(queue="q"), "failed", 3, id="no URL"),
        pytest.param(
            Notifications(
                queue="http://127.0.0.1:9/1/q", region="eu-west-1", endpoint="http://127.0.0.1:9"
            ),
            "failed",
            8,
            id="nobody answers",
        ),
    ],
)
def test_what_is_not_looked_at_or_does_not_answer(
    told: Notifications, state: str, exit_: int
) -> None:
    (check,) = found(told)

    assert (check.state, check.exit) == (state, exit_)
