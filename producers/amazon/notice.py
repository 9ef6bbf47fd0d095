"""A notification's body → the notification in it, however it was wrapped (`amazon.md` 9, 15).

Raw, inside EventBridge's envelope, or inside SNS's; keys in any case at every level: they are
read in lower case. Nothing here is judged yet.
"""

from codecs import BOM_UTF8
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from hashlib import sha256
from typing import Any

import msgspec

from schemas import codec
from schemas.errors import Refused
from schemas.reasons import Reason

WRAPPED = 3
"""Envelopes around a notification that are opened: SNS around EventBridge is two."""

_decoder = msgspec.json.Decoder(float_hook=Decimal)


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """One notification as it came: who sent what and when; members of *payload* in lower case.

    *at* is its event time, *published* when it was sent; None where not stated or unreadable.
    """

    type: str
    version: str
    id: str
    payload: Mapping[str, Any]
    at: datetime | None = None
    published: datetime | None = None
    application: str | None = None


def notice(body: bytes) -> Notice:
    """Give the notification in *body*. Raises `Refused` (MALFORMED) where there is none.

    One without an id of its own is known by the hash of its body.
    """
    found = _opened(body)
    kind, payload = found.get("notificationtype"), found.get("payload")
    if not isinstance(kind, str) or not isinstance(payload, dict):
        raise malformed("no notificationType with a payload in it")
    metadata = found.get("notificationmetadata")
    about = metadata if isinstance(metadata, dict) else {}
    return Notice(
        type=kind[:100],
        version=text(found.get("payloadversion")) or "",
        id=text(about.get("notificationid")) or f"sha256:{sha256(body).hexdigest()}",
        payload=payload,
        at=moment(found.get("eventtime")),
        published=moment(about.get("publishtime")),
        application=text(about.get("applicationid")),
    )


def _opened(body: bytes) -> dict[str, Any]:
    """Give the innermost document, its keys in lower case."""
    found = _members(body)
    for _ in range(WRAPPED):
        inner = _inside(found)
        if inner is None:
            return found
        found = inner
    raise malformed(f"wrapped more than {WRAPPED} times")


def _inside(found: Mapping[str, Any]) -> dict[str, Any] | None:
    detail, said = found.get("detail"), found.get("message")
    if "detail-type" in found and isinstance(detail, dict):
        return detail
    if "notificationtype" not in found and isinstance(said, str):
        return _members(said.encode())
    return None


def _members(body: bytes) -> dict[str, Any]:
    body = body.removeprefix(BOM_UTF8)
    try:
        codec.examine(body)
        found = _lower(_decoder.decode(body))
    except (ValueError, RecursionError) as error:
        raise malformed(str(error)[:300] or type(error).__name__) from error
    if not isinstance(found, dict):
        raise malformed("no object")
    return found


def _lower(value: Any) -> Any:
    if isinstance(value, list):
        return [_lower(one) for one in value]
    if not isinstance(value, dict):
        return value
    members = {name.lower(): _lower(one) for name, one in value.items()}
    if len(members) < len(value):
        raise ValueError("a member stands twice, in two spellings")
    return members


def malformed(why: str) -> Refused:
    """Give the refusal of a notification that cannot be understood."""
    return Refused(Reason("MALFORMED", {"event": "notification", "why": why}))


def text(value: object) -> str | None:
    """Give *value* if it is text with something in it, and not too long for a name."""
    return value if isinstance(value, str) and 0 < len(value) <= 256 else None


def moment(value: object) -> datetime | None:
    """Give the instant that *value* tells; without a zone it is UTC."""
    try:
        found = datetime.fromisoformat(value) if isinstance(value, str) else None
        zoned = found and (found if found.tzinfo else found.replace(tzinfo=UTC))
        return zoned and zoned.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
