"""What every door asks of one event of ours, before anything is sent (`operations.md` 2).

Each function reads one part of an event, and names field and rule where it does not fit.
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from difflib import get_close_matches

from producers.catalog.place import exact
from producers.catalog.refusal import Unfit
from schemas import codec, topics
from schemas.catalog import sku_of
from schemas.event import Event

TYPES = ("catalog.product.v1", "catalog.stock.v1", "catalog.price.v1")
"""The events that the shop's side may tell."""

_PLACE = re.compile(r"^(.*) - at `([^`]*)`$", re.DOTALL)


def topic_of(name: str) -> str:
    """Give the topic that events of type *name* belong on. Raises `Unfit`."""
    if name in TYPES:
        return name
    near = get_close_matches(name[:80], TYPES, n=1, cutoff=0.6)
    meant = f"nearest is {near[0]}" if near else f"known: {', '.join(TYPES)}"
    raise Unfit("$.type", f"unknown type {name[:80]!r}; {meant}")


def event_of(topic: str, data: bytes, root: str = "$.data") -> Event | None:
    """Give the event that *data* holds; None where it is null. Raises `Unfit`."""
    if data == b"null":
        return None
    event = topics.topic(topic).event
    try:
        return codec.decoder(event).decode(data)
    except (ValueError, RecursionError) as error:
        raise unfit(error, root, lambda path: exact(data, event, path)) from None


def unfit(
    error: BaseException, root: str, exactly: Callable[[str], str] = lambda path: path
) -> Unfit:
    """Give *error* of a decoder as field below *root*, and rule."""
    text = str(error)[:500] or type(error).__name__
    found = _PLACE.match(text)
    if not found:
        return Unfit(root, text)
    return Unfit(root + exactly(found[2]).removeprefix("$"), found[1])


def same_subject(subject: str, event: Event | None) -> None:
    """Refuse a subject that is no SKU, or not the SKU in the data. Raises `Unfit`."""
    from_data: str = getattr(event, "sku", subject)
    if from_data != subject:
        raise Unfit("$.subject", f"{subject[:64]!r} is not the SKU in data: {from_data[:64]!r}")
    try:
        sku_of(subject)
    except ValueError as error:
        raise Unfit("$.subject", str(error)) from None


def sequence_of(stated: object) -> int:
    """Give a version as its source states it: a number, or its digits. Raises `Unfit`."""
    digits = isinstance(stated, str) and re.fullmatch("[0-9]{1,20}", stated)
    plain = isinstance(stated, int) and not isinstance(stated, bool)
    if not (digits or plain) or not 0 <= int(str(stated)) < 1 << 63:
        raise Unfit("$.sequence", "a sequence is a whole number from 0 up to 2⁶³ − 1")
    return int(str(stated))


def moment_of(text: str | None) -> datetime | None:
    """Give a stated time; None where none is stated, or none of this calendar. Raises `Unfit`."""
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except OverflowError:
        return None
    except ValueError:
        raise Unfit("$.time", f"{text[:60]!r} is no time: 2026-11-25T18:00:00Z") from None
