"""What a record says as a row: pure, one function a topic (`records.md` 4 and 5).

A row names its table, its key and its version; its values are what JSON can hold, because a
batch travels to Postgres as one JSON text (`write.py`). What Postgres would refuse is refused
here wherever it can be seen, so that the rest of the batch never meets it.
"""

import re
from collections.abc import Callable, Mapping
from hashlib import blake2b
from typing import Any, TypeVar

import msgspec

from schemas import codec, keys, topics
from schemas.amazon import Report, Submission
from schemas.errors import Refused
from schemas.event import Event
from schemas.listings import ListingStatus, ListingStatusChanged
from schemas.money import Money
from schemas.offers import Offer
from schemas.reasons import Reason
from schemas.record import Record

T = TypeVar("T", bound=Event)
Values = dict[str, Any]

NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")
"""An escaped NUL: JSON may hold it, neither text nor jsonb of Postgres can."""


class Row(msgspec.Struct, frozen=True):
    """A row of *table*; *values* holds every column, those of *key* and version included.

    *version* is what the guard compares; a row that is only ever appended has 0.
    """

    table: str
    key: tuple[str, ...]
    version: int
    values: Values


def row(record: Record, epoch: int = 0) -> Row:
    """Give the row that *record* makes; *epoch* is that of its topic.

    Raises `Refused` for what is no such event, has another key than its value, or could not
    be stored.
    """
    if not record.key:
        raise Refused(Reason("KEY_MISSING"))
    if _has_nul(record.key, record.value or b""):
        raise Refused(Reason("ROW_INVALID", {"why": "NUL in text"}))
    return ROWS[record.topic](record, epoch)


def _has_nul(key: bytes, value: bytes) -> bool:
    return b"\0" in key or (b"\\u0000" in value and NUL.search(value) is not None)


# --- one function a topic -----------------------------------------------------------------


def _listing(record: Record, epoch: int) -> Row:  # noqa: ARG001 - it counts by itself
    event = codec.decode(record, ListingStatus)
    if event is None:
        return _gone(record, "listing", "account", "marketplace", "seller_sku")
    key = {
        "account": event.account,
        "marketplace": event.marketplace,
        "seller_sku": event.seller_sku,
    }
    return _versioned(record, "listing", key, _sequence(record, event.sequence), event, {
        "store": event.store,
        "tab": event.tab,
        "status": event.status,
        "verdict": next((str(s.answer) for s in event.steps if s.name == "verdict"), None),
        "reasons": event.reasons,
        "flags": event.flags,
        "asin": event.asin,
        "sku": event.product,
        "name": event.name,
        "previous": event.previous,
        "since": event.since,
        "cause": event.cause,
        "desired_quantity": event.desired.quantity,
        "desired_price": _amount(event.desired.price),
        "desired_currency": _currency(event.desired.price),
        "desired_condition": event.desired.condition,
        "observed_quantity": event.observed.quantity,
        "observed_price": _amount(event.observed.price),
        "observed_currency": _currency(event.observed.price),
        "observed_exists": event.observed.exists,
        "observed_as_of": event.observed.as_of,
        "standing": event.standing,
        "choices": event.choices,
        "steps": event.steps,
        "settings": event.settings,
        "deleted": False,
    })  # fmt: skip


def _offer(record: Record, epoch: int) -> Row:  # noqa: ARG001 - it counts by itself
    event = codec.decode(record, Offer)
    if event is None:
        return _gone(record, "offer", "account", "seller_sku")
    key = {"account": event.account, "seller_sku": event.seller_sku}
    return _versioned(record, "offer", key, _sequence(record, event.sequence), event, {
        "sku": event.product,
        "channel": event.channel,
        "quantity": event.quantity,
        "handling_days": event.handling_days,
        "stores": event.stores,
        "cause": event.cause,
        "deleted": False,
    })  # fmt: skip


def _report(record: Record, epoch: int) -> Row:
    event = _event(record, Report)
    _same_key(record, event.store)
    key = {"store": event.store, "report": event.report}
    version = codec.version(record, epoch)
    return _versioned(record, "report", key, version, event, msgspec.structs.asdict(event))


def _change(record: Record, epoch: int) -> Row:  # noqa: ARG001 - appended
    event = _event(record, ListingStatusChanged)
    _same_key(record, event.account, event.marketplace, event.seller_sku)
    return _appended(record, "listing_change", {
        "account": event.account,
        "marketplace": event.marketplace,
        "seller_sku": event.seller_sku,
        "store": event.store,
        "sequence": _sequence(record, event.sequence),
        "at": event.at,
        "before": event.previous,
        "after": f"{event.tab.value}/{event.status.value}",
        "tab": event.tab,
        "status": event.status,
        "reasons": event.reasons,
        "flags": event.flags,
        "cause": event.cause,
        "refused": event.refused,
    })  # fmt: skip


def _submission(record: Record, epoch: int) -> Row:  # noqa: ARG001 - appended
    event = _event(record, Submission)
    _same_key(record, event.account, event.seller_sku)
    return _appended(record, "submission", msgspec.structs.asdict(event))


ROWS: Mapping[str, Callable[[Record, int], Row]] = {
    "listing.status.v1": _listing,
    "listing.status-changed.v1": _change,
    "listing.offer.v1": _offer,
    "amazon.submission.v1": _submission,
    "amazon.report.v1": _report,
}
"""How each input of the sink becomes a row."""


# --- what they share ----------------------------------------------------------------------


def _versioned(
    record: Record, table: str, key: dict[str, str], version: int, event: Event, values: Values
) -> Row:
    if table != "report":
        _same_key(record, *key.values())
    mark = blake2b(event.content(), digest_size=8).hexdigest()
    own = {"sequence": version, "content": mark, "event_time": codec.time_of(record)}
    return Row(table, tuple(key.values()), version, key | values | own)


def _gone(record: Record, table: str, *columns: str) -> Row:
    """A delete is a row: without it a late record would bring the listing back."""
    try:
        parts = keys.split(record.key or b"")
    except ValueError as error:
        raise _malformed_key(record, "|".join(columns)) from error
    if len(parts) != len(columns):
        raise _malformed_key(record, "|".join(columns))
    if codec.header(record, "ce_sequence") is None:
        raise Refused(Reason("ENVELOPE", {"header": "ce_sequence", "why": "missing"}))
    version = codec.version(record)
    own = {"sequence": version, "content": "", "event_time": codec.time_of(record)}
    key = dict(zip(columns, parts, strict=True))
    return Row(table, parts, version, key | _BLANK[table] | own)


_BLANK: Mapping[str, Values] = {
    "listing": {
        "reasons": [],
        "flags": [],
        "standing": {},
        "choices": [],
        "steps": [],
        "settings": {},
        "deleted": True,
    },
    "offer": {"stores": {}, "deleted": True},
}
"""What stands in a deleted row where a value must stand."""


def _appended(record: Record, table: str, values: Values) -> Row:
    identity = codec.header(record, "ce_id")
    if not identity or "\0" in identity:
        raise Refused(Reason("ENVELOPE", {"header": "ce_id", "why": "missing"}))
    own = {"id": identity, "event_time": codec.time_of(record)}
    return Row(table, (identity,), 0, values | own)


def _event(record: Record, event: type[T]) -> T:
    found = codec.decode(record, event)
    if found is None:
        raise Refused(Reason("TOMBSTONE_FORBIDDEN", {"topic": topics.topic(record.topic).name}))
    return found


def _sequence(record: Record, stated: int) -> int:
    """The value's sequence; the envelope's, where there is one, says the same."""
    written = codec.header(record, "ce_sequence")
    if written is not None and written != f"{stated:020d}" and codec.version(record) != stated:
        raise Refused(Reason("ENVELOPE", {"header": "ce_sequence", "why": f"not {stated}"}))
    if stated >= 1 << 63:
        raise Refused(Reason("ROW_INVALID", {"why": f"sequence {stated} is no bigint"}))
    return stated


def _same_key(record: Record, *parts: str) -> None:
    try:
        expected = keys.join(*parts)
    except ValueError as error:
        raise _malformed_key(record, "|".join(parts)) from error
    if record.key != expected:
        raise _malformed_key(record, expected.decode())


def _malformed_key(record: Record, expected: str) -> Refused:
    shown = (record.key or b"")[:200].decode(errors="replace")
    return Refused(Reason("KEY_MISMATCH", {"key": shown, "expected": expected}))


def _amount(price: Money | None) -> object:
    return None if price is None else price.amount


def _currency(price: Money | None) -> str | None:
    return None if price is None else price.currency
