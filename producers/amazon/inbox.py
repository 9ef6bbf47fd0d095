"""Notifications taken in: each one once, together with what follows from it (D).

One transaction holds the row that makes a repeat harmless and the records that are to be
published; these leave the table after the broker's ack. A repeat of one whose records still
wait finds them waiting: they are published under the same ids.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import datetime

import msgspec
from sqlalchemy import Connection, Engine, delete, func, insert, select, tuple_
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.exc import DataError, IntegrityError

from producers.amazon.notice import Notice
from producers.amazon.notification import Meaning, records
from producers.amazon.runs import finished
from producers.amazon.tables import notification_dead_letter as letters
from producers.amazon.tables import notification_inbox as inbox
from producers.amazon.tables import notification_outbox as outbox
from schemas.record import Headers, Record

Publish = Callable[[Sequence[Record]], None]
"""Sends records and comes back once the broker has them all; raises `TryAgain` otherwise."""

MOST = 500
"""Records claimed at once."""

WHY = 1_000
"""Characters that are kept of why something was set aside."""


class Arrival(msgspec.Struct, frozen=True, kw_only=True):
    """One notification that was understood, and when it came."""

    notice: Notice
    meaning: Meaning
    at: datetime

    @property
    def key(self) -> tuple[str, str]:
        """What it is known by: its account and its own id."""
        return self.meaning.account, self.notice.id


class Letter(msgspec.Struct, frozen=True, kw_only=True):
    """A body that nobody can use; *id* is the queue's, *count* how often it was received."""

    id: str
    code: str
    why: str
    body: bytes
    count: int
    at: datetime


class Inbox:
    """The tables of the notifications; safe for several workers."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def take(self, arrivals: Sequence[Arrival]) -> dict[tuple[str, str], str]:
        """Write *arrivals* down, all or one by one; give those that cannot be, and why."""
        try:
            with self._engine.begin() as connection:
                for arrival in sorted(arrivals, key=_key):  # two workers: the same order
                    _take(connection, arrival)
        except (DataError, IntegrityError) as error:
            if len(arrivals) == 1:
                return {arrivals[0].key: str(error.orig)[:WHY]}
            alone = [self.take([arrival]) for arrival in arrivals]
            return {key: why for one in alone for key, why in one.items()}
        return {}

    def set_aside(self, found: Iterable[Letter]) -> None:
        """Write dead letters down; one that comes again counts up."""
        rows = [_letter(letter) for letter in found]
        if not rows:
            return
        new = upsert(letters)
        newer = {n: new.excluded[n] for n in ("code", "why", "count", "last_at")}
        put = new.on_conflict_do_update(index_elements=[letters.c.id], set_=newer)
        with self._engine.begin() as connection:
            connection.execute(put, rows)

    def relay(self, publish: Publish) -> int:
        """Publish what waits; a record leaves the table after the broker's ack."""
        with self._engine.begin() as connection:
            claim = select(outbox).order_by(outbox.c.id).limit(MOST)
            waiting = connection.execute(claim.with_for_update(skip_locked=True)).mappings().all()
            if not waiting:
                return 0
            publish([_record(row) for row in waiting])
            done = [row["id"] for row in waiting]
            connection.execute(delete(outbox).where(outbox.c.id.in_(done)))
            return len(done)

    def waiting(self, keys: Collection[tuple[str, str]]) -> set[tuple[str, str]]:
        """Give those of *keys* whose records are not all at the broker yet."""
        of = tuple_(outbox.c.account, outbox.c.notification)
        query = select(outbox.c.account, outbox.c.notification).where(of.in_(list(keys)))
        with self._engine.connect() as connection:
            return {(account, id_) for account, id_ in connection.execute(query)}

    def dead_since(self, moment: datetime) -> int:
        """Count the dead letters since *moment*."""
        query = select(func.count()).select_from(letters).where(letters.c.last_at >= moment)
        with self._engine.connect() as connection:
            return connection.execute(query).scalar_one()

    def heard(self, most: int) -> dict[tuple[str, str], list[datetime]]:
        """Give, by account and type, when the last *most* notifications came."""
        rank = func.row_number().over(
            partition_by=(inbox.c.account, inbox.c.type), order_by=inbox.c.received_at.desc()
        )
        ranked = select(inbox.c.account, inbox.c.type, inbox.c.received_at, rank.label("n"))
        newest = ranked.where(inbox.c.account != "").subquery()
        found: dict[tuple[str, str], list[datetime]] = {}
        with self._engine.connect() as connection:
            for account, kind, at, _ in connection.execute(
                select(newest).where(newest.c.n <= most)
            ):
                found.setdefault((account, kind), []).append(at)
        return found

    def dead(self) -> list[tuple[str, int, datetime, str]]:
        """Give, by code, how many dead letters there are, the last one's time, and why it is."""
        kept = select(
            letters.c.code,
            func.count().over(partition_by=letters.c.code).label("count"),
            letters.c.last_at,
            letters.c.why,
        ).order_by(letters.c.code, letters.c.last_at.desc())
        with self._engine.connect() as connection:
            rows = connection.execute(kept.ext(distinct_on(letters.c.code))).all()
        return [(code, count, at, why) for code, count, at, why in rows]

    def forget(self, before: datetime) -> int:
        """Delete what was taken in, or set aside, before then; give how many rows."""
        old = (
            delete(inbox).where(inbox.c.received_at < before),
            delete(letters).where(letters.c.last_at < before),
        )
        with self._engine.begin() as connection:
            return sum(connection.execute(statement).rowcount for statement in old)


def _key(arrival: Arrival) -> tuple[str, str]:
    return arrival.key


def _take(connection: Connection, arrival: Arrival) -> None:
    """Write one notification down with what follows from it, unless it is known."""
    account, id_ = arrival.key
    found = arrival.meaning
    row = {
        "account": account,
        "notification": id_,
        "type": arrival.notice.type,
        "at": arrival.notice.at,
        "received_at": arrival.at,
        "outcome": found.outcome,
        "why": found.why or None,
    }
    new = upsert(inbox).values(row).on_conflict_do_nothing().returning(inbox.c.account)
    if connection.execute(new).first() is None:
        return
    told = [_row(account, id_, record) for record in records(found, arrival.notice)]
    if told:
        connection.execute(insert(outbox), told)
    if found.report is not None:
        finished(connection, account, found.report.report)


def _row(account: str, id_: str, record: Record) -> dict[str, object]:
    return {
        "account": account,
        "notification": id_,
        "topic": record.topic,
        "key": record.key,
        "value": record.value,
        "headers": msgspec.msgpack.encode(record.headers),
    }


def _record(row: object) -> Record:
    stored = dict(row)  # type: ignore[call-overload]
    return Record(
        topic=stored["topic"],
        key=bytes(stored["key"]),
        value=bytes(stored["value"]),
        headers=msgspec.msgpack.decode(stored["headers"], type=Headers),
    )


def _letter(letter: Letter) -> dict[str, object]:
    return {
        "id": letter.id,
        "code": letter.code,
        "why": letter.why[:WHY],
        "body": letter.body,
        "count": letter.count,
        "first_at": letter.at,
        "last_at": letter.at,
    }
