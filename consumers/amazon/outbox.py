"""What a ledger change implies for others: written with it, published afterwards.

Records wait in `push_outbox` until the broker has them. They are claimed by state, never by
"after the last id", because ids are given before commits; the lease holder of an account
publishes for it, in order. Ids are derived, so that a record published twice has one id.
"""

from collections.abc import Iterable, Sequence
from hashlib import sha256

import msgspec
from sqlalchemy import Connection, Engine, Text, any_, bindparam, delete, insert, select
from sqlalchemy.dialects.postgresql import ARRAY

from consumers.amazon.api import Publish
from consumers.amazon.tables import push_outbox as table
from schemas import codec, keys
from schemas.amazon import Observation, Submission
from schemas.record import Headers, Record

SUBMISSIONS = "amazon.submission.v1"
OBSERVATIONS = "amazon.listing.v1"
SOURCE = "/listwire/consumers/amazon"
MOST = 500
"""Records claimed at once."""


def put(
    connection: Connection, said: Iterable[Submission], reads: Iterable[Observation] = ()
) -> None:
    """Write down what is to be said: read-backs first, so that a proof precedes its verdict."""
    records = [_of_read(o) for o in reads] + [_of_submission(s) for s in said]
    if records:
        connection.execute(insert(table), [_row(account, r) for account, r in records])


def _of_submission(event: Submission) -> tuple[str, Record]:
    key = keys.shared(event.account, event.seller_sku)
    subject = "|".join((key.decode(), event.aspect, event.store or ""))
    digest = sha256(event.content()).digest()
    id_ = codec.derived_id(SUBMISSIONS, subject, event.attempt, digest)
    return event.account, codec.encode(
        event,
        topic=SUBMISSIONS,
        key=key,
        id=id_,
        source=SOURCE,
        subject=event.seller_sku,
        time=event.at,
    )


def _of_read(event: Observation) -> tuple[str, Record]:
    key = keys.shared(event.account, event.seller_sku)
    digest = sha256(event.content()).digest()
    return event.account, codec.encode(
        event,
        topic=OBSERVATIONS,
        key=key,
        id=codec.derived_id(OBSERVATIONS, key.decode(), 0, digest),
        source=SOURCE,
        subject=event.seller_sku,
        time=event.as_of,
    )


def _row(account: str, record: Record) -> dict[str, object]:
    return {
        "account": account,
        "topic": record.topic,
        "key": record.key,
        "value": record.value,
        "headers": msgspec.msgpack.encode(record.headers),
    }


_CLAIM = (
    select(table)
    .where(table.c.account == any_(bindparam("accounts", type_=ARRAY(Text))))
    .order_by(table.c.id)
    .limit(MOST)
    .with_for_update(skip_locked=True)
)


def relay(engine: Engine, accounts: Sequence[str], publish: Publish) -> int:
    """Publish what waits for *accounts*; a record leaves the table after the broker's ack."""
    with engine.begin() as connection:
        waiting = connection.execute(_CLAIM, {"accounts": list(accounts)}).mappings().all()
        if not waiting:
            return 0
        publish([_record(row) for row in waiting])
        done = [row["id"] for row in waiting]
        connection.execute(delete(table).where(table.c.id.in_(done)))
        return len(done)


def _record(row: object) -> Record:
    stored = dict(row)  # type: ignore[call-overload]
    return Record(
        topic=stored["topic"],
        key=bytes(stored["key"]),
        value=bytes(stored["value"]),
        headers=msgspec.msgpack.decode(stored["headers"], type=Headers),
    )
