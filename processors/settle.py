"""What of a decision must be said: outputs whose content is new, as records to be sent.

Content is compared by hash with what was last sent for the same topic and subject, so an
unchanged decision sends nothing, and a loop between agents ends by itself (`design.md` 4).
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from hashlib import blake2b

import msgspec

from processors.step import Output, Sent
from schemas import codec
from schemas.event import Event
from schemas.record import Record

NOTHING = b""
"""Hash of the content of a tombstone."""


class Occasion(msgspec.Struct, frozen=True, kw_only=True):
    """When, by whom and after what a decision was made; *now_us* is the decider's clock.

    *time* becomes `ce_time`: the input's own, or the due instant. *more* are further
    headers that every output of the step carries.
    """

    source: str
    time: datetime
    now_us: int
    more: tuple[tuple[str, str], ...] = ()


def settle(
    outputs: Iterable[Output], sent: Mapping[str, Sent], occasion: Occasion
) -> tuple[tuple[Record, ...], dict[str, Sent]]:
    """Give the records that *outputs* ask for, and what will have been sent after them.

    Raises `Refused` (TOO_LARGE) for a record that no topic would take.
    """
    after = dict(sent)
    records: list[Record] = []
    for output in outputs:
        subject = subject_of(output)
        record = _record(output, after.get(subject), occasion)
        if record is not None:
            records.append(record[0])
            after[subject] = record[1]
    return tuple(records), after


def subject_of(output: Output) -> str:
    """Give the name under which an output is remembered: its topic and its subject."""
    return f"{output.topic}\n{output.subject}"


def _record(output: Output, last: Sent | None, occasion: Occasion) -> tuple[Record, Sent] | None:
    content = digest(output.event)
    if content == (last.hash if last else NOTHING):
        return None
    previous = last.sequence if last else 0
    sequence = max(previous + 1, occasion.now_us)
    record = codec.encode(
        _numbered(output.event, sequence),
        topic=output.topic,
        key=output.key,
        id=codec.derived_id(output.topic, output.subject, previous, content),
        source=occasion.source,
        subject=output.name,
        time=occasion.time,
        sequence=sequence,
        op="D" if output.event is None else None,
        more=occasion.more,
    )
    return record, Sent(content, sequence)


def digest(event: Event | None) -> bytes:
    """Give the hash by which the contents of two outputs are told apart."""
    return NOTHING if event is None else blake2b(event.content(), digest_size=16).digest()


def _numbered(event: Event | None, sequence: int) -> Event | None:
    if event is None or "sequence" not in event.__struct_fields__:
        return event
    return msgspec.structs.replace(event, sequence=sequence)
