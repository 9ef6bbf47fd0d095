"""What the queue must allow, whom it must not, and what is wrong with one that is there.

Notifications are unsigned: the queue's policy is the only guard (`amazon.md` 15).
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from deploy.connect.queues import Place

AMAZONS_SENDER = "arn:aws:iam::437568002678:root"
"""The principal by which the Selling Partner API writes into queues (`amazon.md` 15)."""

EVENTS = "events.amazonaws.com"
"""The principal by which EventBridge's rules write into queues."""


def policy(place: Place) -> dict[str, Any]:
    """Give the queue's policy: Amazon's sender, and EventBridge of this account; nobody else."""
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "SellingPartnerApi",
                "Effect": "Allow",
                "Principal": {"AWS": AMAZONS_SENDER},
                "Action": ["sqs:SendMessage", "sqs:GetQueueAttributes"],
                "Resource": place.arn,
            },
            {
                "Sid": "EventBridge",
                "Effect": "Allow",
                "Principal": {"Service": EVENTS},
                "Action": "sqs:SendMessage",
                "Resource": place.arn,
                "Condition": {"StringEquals": {"aws:SourceAccount": place.aws_account}},
            },
        ],
    }


def reading_rights(place: Place) -> dict[str, Any]:
    """Give what our own AWS identity must be allowed: to read and delete, nothing else."""
    actions = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"]
    return {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": actions, "Resource": place.arn}],
    }


def rule(kinds: Iterable[str]) -> dict[str, Any]:
    """Give the pattern of the EventBridge rule whose target is the queue.

    On the event bus of the partner event source that Amazon made, once that is accepted. By
    type alone: an account in the pattern lets nothing through (`amazon.md` 15).
    """
    return {"detail-type": sorted(kinds)}


def flaws(attributes: Mapping[str, str], place: Place) -> list[str]:
    """Say what is wrong with how the queue is set up."""
    try:
        allowed = json.loads(attributes.get("Policy") or "{}")
        redrive = json.loads(attributes.get("RedrivePolicy") or "{}")
    except ValueError:
        return ["its policy cannot be read"]
    statements = allowed.get("Statement", [])
    statements = [statements] if isinstance(statements, dict) else statements
    allows = [s for s in statements if s.get("Effect") == "Allow"]
    found = [f"anybody may write into it: {_named(s)}" for s in allows if _open(s, place)]
    if not any(AMAZONS_SENDER in _principals(s) and _sends(s) for s in allows):
        found.append(f"{AMAZONS_SENDER} may not write into it")
    if not any(EVENTS in _principals(s) and _sends(s) for s in allows):
        found.append("EventBridge may not write into it: notifications of listings do not arrive")
    if "maxReceiveCount" not in redrive:
        found.append("it has no dead-letter queue: what always fails is deleted once we noted it")
    if attributes.get("FifoQueue") == "true":
        found.append("it is a FIFO queue: Amazon sends to standard queues only")
    if attributes.get("SqsManagedSseEnabled") != "true" and not attributes.get("KmsMasterKeyId"):
        found.append("it is not encrypted")
    return found


def _named(statement: Mapping[str, Any]) -> str:
    return str(statement.get("Sid") or "a statement without Sid")


def _principals(statement: Mapping[str, Any]) -> list[str]:
    stated = statement.get("Principal", {})
    named = list(stated.values()) if isinstance(stated, dict) else [stated]
    return [str(p) for one in named for p in (one if isinstance(one, list) else [one])]


def _sends(statement: Mapping[str, Any]) -> bool:
    stated = statement.get("Action", [])
    actions = [stated] if isinstance(stated, str) else stated
    return any(a.lower() in {"sqs:sendmessage", "sqs:*", "*"} for a in actions)


def _open(statement: Mapping[str, Any], place: Place) -> bool:
    """Tell whether *statement* lets somebody write who is neither Amazon nor of this account."""
    if not _sends(statement):
        return False
    own = {AMAZONS_SENDER, place.aws_account, f"arn:aws:iam::{place.aws_account}:root"}
    mine = f"arn:aws:iam::{place.aws_account}:"
    strangers = [p for p in _principals(statement) if p not in own and not p.startswith(mine)]
    if strangers == [EVENTS]:
        return "aws:sourceaccount" not in _conditions(statement) and (
            "aws:sourcearn" not in _conditions(statement)
        )
    return bool(strangers)


def _conditions(statement: Mapping[str, Any]) -> set[str]:
    stated = statement.get("Condition", {})
    return {key.lower() for test in stated.values() for key in test}
