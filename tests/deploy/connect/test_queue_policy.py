"""Whom a queue lets write into it: the only guard of unsigned notifications (`amazon.md` 15)."""

import json
import tomllib
from typing import Any

import pytest

from deploy.connect.queue_policy import flaws, policy, reading_rights
from deploy.connect.queues import Place, place_of
from deploy.errors import Failure
from tests.support.bad_input import FOLDER

PLACE = place_of("https://sqs.eu-west-1.amazonaws.com/123456789012/listwire")
SOUND = {
    "Policy": json.dumps(policy(PLACE)),
    "RedrivePolicy": json.dumps({"deadLetterTargetArn": "arn:…", "maxReceiveCount": 5}),
    "SqsManagedSseEnabled": "true",
}


def test_the_policy_we_ask_for_has_no_flaw() -> None:
    assert flaws(SOUND, PLACE) == []


def test_the_place_of_a_queue_is_in_its_url() -> None:
    assert PLACE.arn == "arn:aws:sqs:eu-west-1:123456789012:listwire"
    assert (PLACE.region, PLACE.aws_account) == ("eu-west-1", "123456789012")


@pytest.mark.parametrize("url", ["listwire", "https://sqs.eu-west-1.amazonaws.com/listwire"])
def test_what_is_no_url_of_a_queue_is_refused(url: str) -> None:
    with pytest.raises(Failure, match="LW-0103"):
        place_of(url)


def test_a_queue_elsewhere_needs_its_region_named() -> None:
    with pytest.raises(Failure, match="region"):
        place_of("http://127.0.0.1:5000/123456789012/listwire")

    assert place_of("http://127.0.0.1:5000/1/l", region="eu-west-1").region == "eu-west-1"


def open_policies() -> list[Any]:
    told = tomllib.loads((FOLDER / "089.toml").read_text())
    return [pytest.param(json.loads(c["policy"]), id=f"089 {c['name']}") for c in told["case"]]


@pytest.mark.parametrize("stated", open_policies())
def test_a_policy_that_lets_others_write_is_a_flaw(stated: dict[str, Any]) -> None:
    """Number 89 of the corpus: an unknown principal is refused before anything is read."""
    sound = policy(PLACE)
    opened = {**sound, "Statement": [*sound["Statement"], stated]}

    (flaw,) = flaws({**SOUND, "Policy": json.dumps(opened)}, PLACE)
    assert flaw == "anybody may write into it: Mine"


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        pytest.param({"Policy": "{}"}, "may not write into it", id="no policy"),
        pytest.param({"Policy": "{"}, "cannot be read", id="no JSON"),
        pytest.param({"RedrivePolicy": ""}, "no dead-letter queue", id="no dead letters"),
        pytest.param({"FifoQueue": "true"}, "FIFO", id="FIFO"),
        pytest.param({"SqsManagedSseEnabled": "false"}, "not encrypted", id="in clear"),
    ],
)
def test_what_else_is_wrong_is_said(changed: dict[str, str], says: str) -> None:
    assert says in "; ".join(flaws(SOUND | changed, PLACE))


def test_our_own_identity_may_read_and_delete_and_nothing_else() -> None:
    (allowed,) = reading_rights(Place(url="", arn="arn:aws:sqs:eu-west-1:1:q"))["Statement"]

    assert allowed["Resource"] == "arn:aws:sqs:eu-west-1:1:q"
    assert "sqs:SendMessage" not in allowed["Action"]
