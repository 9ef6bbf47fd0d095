"""One worker of one role: reads whole what all must know, then handles its partitions.

Puts the parts together: Faust reads and moves partitions and rows, `deciding` decides, the
outbox sends, the ledger says what was handled. It stops, loudly, rather than go on unsure.
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Mapping
from datetime import UTC, datetime
from typing import Any, Protocol

import msgspec
import structlog
from faust.types import TP, EventT

from processors.agents import record_of, relay
from processors.coverage import Ledger
from processors.deadletters import Bounds, Limits, dead_letter
from processors.deciding import Deciding
from processors.deliver import Delivery, Producer
from processors.due import DueList, stands
from processors.outbox import Outbox, Posting
from processors.rows import microseconds, moment_of
from processors.scan import Scanner
from processors.step import Cause, Facts, Role, Scan
from processors.table import FactsTable
from processors.transport import App
from processors.whole import TOPICS, Reader, Whole
from schemas import topics
from schemas.reasons import Reason
from schemas.record import Record

SESSION = 6.0
"""Seconds without a heartbeat after which the group gives our partitions to others."""

LEAVE = 4.0
"""Seconds in which what is under way must be acknowledged when partitions are let go."""

TICK = 0.25
"""Seconds between two looks at what is due."""


class Count(Protocol):
    """Counts something; `schemas/metrics.py` says what each name means."""

    def __call__(self, name: str, **labels: str) -> None:
        """Add one."""


def count_nothing(name: str, **labels: str) -> None:
    """Count nothing."""


def wall_clock() -> datetime:
    """Give the present moment."""
    return datetime.now(UTC)


class Unsure(RuntimeError):
    """This worker may no longer speak for its partitions."""


class Mismatch(RuntimeError):
    """The topics do not have the partitions that the table's arithmetic needs."""


class Parts(msgspec.Struct, frozen=True, kw_only=True):
    """What a worker is handed; *producer* and *reader* are started and stopped by their owner.

    *producer*: idempotent, `acks=all`. *reader*: no group, committed records only. *worker*
    names this process among its role's.
    """

    bootstrap: str
    producer: Any
    reader: Any
    worker: str = "1"
    clock: Callable[[], datetime] = wall_clock
    count: Count = count_nothing
    limits: Limits = Limits()
    partitions: int = topics.PARTITIONS
    room: int = 2_000
    wave: int = 500
    whole: Mapping[str, int] = {}
    """Partitions of the topics read whole; empty = as in the topic table."""


class Worker:
    """Runs one role until told to stop, or until it cannot go on; then `run` raises why."""

    def __init__(self, role: Role[Any], parts: Parts) -> None:
        self._role = role
        self._parts = parts
        self._log = structlog.get_logger().bind(group=f"listwire-{role.name}")
        self._group = f"listwire-{role.name}"
        self._generation: int | None = None
        self._faults: asyncio.Queue[BaseException] = asyncio.Queue()
        self._bounds: dict[tuple[str, int], Bounds] = {}
        self._posted: dict[tuple[str, int], int] = {}
        self._begun: set[tuple[str, int]] = set()
        self._doubts: dict[tuple[str, int], int] = {}
        self._restored_rows = False
        producer: Producer = parts.producer
        reader: Reader = parts.reader
        self._deliver = Delivery(producer)
        self.app = _app(role.name, parts.bootstrap, parts.partitions)
        self.app.offsets = self
        self.table = FactsTable(
            self.app, name="facts", partitions=parts.partitions, restored=self._restored
        )
        self.app.tables.add(self.table)
        self.ledger = Ledger(self._group, f"/listwire/processors/{role.name}")
        self.due = DueList()
        self.outbox = Outbox(
            self._deliver,
            topics.changelog(role.name),
            stored=self._stored,
            sure=self._sure,
            room=parts.room,
            wave=parts.wave,
        )
        self.whole = Whole(
            reader,
            parts.whole or {name: topics.topic(name).partitions for name in TOPICS},
            group=self._group,
            changed=self._changed,
            refused=self._refused,
        )
        self.deciding: Deciding[Facts] = Deciding(
            role,
            newest=self.newest,
            settings=lambda: self.whole.settings,
            clock=parts.clock,
            partitions=parts.partitions,
        )
        self.scanner = Scanner(
            self.deciding,
            self.table,
            self.outbox,
            position=self.ledger.position,
            waits="amazon.listing.v1" in role.inputs,
            clock=parts.clock,
        )
        for topic in role.inputs:
            relay(self.app, topic, self.take)

    # --- running ------------------------------------------------------------------------

    async def run(self, stop: asyncio.Event) -> None:
        """Work until *stop*. Raises what made it impossible to go on."""
        await self._check_partitions()
        tasks = [self._task(self.whole.work())]
        try:
            await self._unless_faulty(self.whole.to_end())
            tasks += [self._task(part) for part in self._parts_at_work()]
            tasks.append(self._task(self._serve()))
            await self._unless_faulty(stop.wait())
            await self._finish()
        finally:
            self._generation = None
            await self._end(tasks)

    def _parts_at_work(self) -> list[Coroutine[Any, Any, None]]:
        return [self.outbox.work(), self.scanner.work(), self._watch_due()]

    async def _serve(self) -> None:
        await self.app.start()
        await self.app.wait_until_stopped()
        if self.app.crash_reason is not None:
            raise self.app.crash_reason

    def _task(self, part: Coroutine[Any, Any, Any]) -> asyncio.Task[None]:
        task = asyncio.create_task(part)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (fault := task.exception()) is not None:
            self._fail(fault)

    async def _unless_faulty(self, waited: Coroutine[Any, Any, Any]) -> None:
        wait = asyncio.create_task(waited)
        fault = asyncio.create_task(self._faults.get())
        done, pending = await asyncio.wait({wait, fault}, return_when=asyncio.FIRST_COMPLETED)
        for task in pending:
            task.cancel()
        if fault in done:
            raise fault.result()
        wait.result()

    def _fail(self, fault: BaseException) -> None:
        self._generation = None
        self._log.error("worker stops", why=repr(fault))
        self._faults.put_nowait(fault)

    async def _finish(self) -> None:
        self._generation = None
        await asyncio.wait_for(self.outbox.empty(), LEAVE)
        await self.app.consumer.commit()

    async def _end(self, tasks: list[asyncio.Task[None]]) -> None:
        if self.app.started:
            await asyncio.wait_for(self.app.stop(), SESSION)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _check_partitions(self) -> None:
        names = [*self._role.inputs, topics.changelog(self._role.name)]
        found = {name: await self._deliver.partitions(name) for name in names}
        if set(found.values()) != {self._parts.partitions}:
            raise Mismatch(f"{self._parts.partitions} partitions each, not {found}")

    # --- records --------------------------------------------------------------------------

    async def take(self, event: EventT[Any]) -> None:
        """Decide on one record once there is room, unless its partition left meanwhile."""
        await self.outbox.room()
        message = event.message
        if message.generation_id != self._generation or await self._untimely(message):
            return
        place = message.topic, message.partition
        posting = self.deciding.step(record_of(event))
        if not self._bearable(place, posting):
            return
        self._posted[place] = message.offset + 1
        self.outbox.put(posting)
        self._parts.count("events_total", topic=message.topic, outcome=posting.outcome)

    async def _untimely(self, message: Any) -> bool:
        """Tell whether a record is not the next one of its partition: handled, or too early.

        Records that were under way when a partition was taken over can hide those before
        them. So a first record that is not the expected one is asked for once more; when it
        comes again, nothing lies between (compaction, a transaction's marker).
        """
        place = message.topic, message.partition
        expected, doubted = self._posted[place], self._doubts.get(place, -1)
        if message.offset < expected:
            return True
        if place in self._begun or message.offset in (expected, doubted):
            self._begun.add(place)
            return False
        if doubted < 0:
            self._doubts[place] = message.offset
            await self.app.consumer.seek_wait({message.tp: expected})
        return True

    def _bearable(self, place: tuple[str, int], posting: Posting) -> bool:
        bounds = self._bounds.setdefault(place, Bounds(self._parts.limits))
        if posting.outcome != "quarantined":
            bounds.good()
            return True
        self._tell(posting)
        try:
            bounds.dead(f"{posting.topic}/{posting.partition}/{posting.offset}")
        except RuntimeError as poison:
            self._fail(poison)
            return False
        return True

    def _tell(self, posting: Posting) -> None:
        headers = dict(posting.records[0].headers)
        code = (headers["dlq-code"] or b"").decode()
        self._log.warning(
            "refused",
            topic=posting.topic,
            partition=posting.partition,
            offset=posting.offset,
            key=repr(posting.key),
            reason=code,
            why=(headers["dlq-error-message"] or b"").decode(),
        )
        self._parts.count(
            "dead_letters_total",
            topic=posting.topic,
            group=self._group,
            reason=(headers["dlq-reason"] or b"").decode(),
        )

    def newest(self, partition: int, key: bytes) -> bytes | None:
        """Give the newest row of *key*: the one on its way out, else the table's."""
        return self.outbox.ahead(partition, key) or self.table.row(partition, key)

    def _stored(self, posting: Posting) -> None:
        if posting.row is not None:
            self.table.store(posting.partition, posting.key, posting.row)
            self.due.note(posting.partition, posting.key, posting.row)
        if posting.topic:
            self.ledger.note(posting.topic, posting.partition, posting.offset, posting.outcome)

    def _sure(self) -> None:
        consumer: Any = self.app.consumer
        if consumer.silence > SESSION:
            raise Unsure(f"no word from the group's coordinator for {consumer.silence:.1f} s")

    # --- offsets and partitions (transport.Offsets) ---------------------------------------

    async def handled(self) -> Mapping[TP, int]:
        """Write the coverage of what was handled, then give the offsets to commit."""
        places = self.ledger.untold()
        if not places or self.outbox.fault is not None:
            return {}
        await self._deliver(self.ledger.records(places, self._parts.clock()))
        self.ledger.told(places)
        return {TP(*place): position for place, position in places.items()}

    async def leave(self, lost: bool) -> None:
        """Let go of all partitions: what is under way is finished, or given up if *lost*."""
        owned = self._generation is not None
        self._generation = None
        self._restored_rows = False
        if lost and owned:
            self.outbox.forget()
            self._fail(Unsure("the group has forgotten this worker"))
            return
        try:
            await asyncio.wait_for(self.outbox.empty(), LEAVE)
        except Exception as fault:  # noqa: BLE001 - Faust would go on as if nothing happened
            self.outbox.forget()
            self._fail(fault)

    @property
    def taking(self) -> bool:
        """Whether records are taken now."""
        return self._generation is not None

    async def prepare(self) -> bool:
        """Read what is covered: the owner before us may just have written it.

        Gives False while rows are being restored.
        """
        if not self._restored_rows:
            return False
        await self.whole.to_end()
        return True

    def begin(self, starts: Mapping[TP, int], generation: int) -> None:
        """Begin to take records of a new generation, each partition from its start."""
        self.ledger.forget()
        self._doubts.clear()
        self._begun.clear()
        self._bounds.clear()
        self._posted = {(tp.topic, tp.partition): start for tp, start in starts.items()}
        for (topic, partition), start in self._posted.items():
            self.ledger.begin(topic, partition, start, self.whole.covered.get((topic, partition)))
        self._generation = generation

    async def _restored(self, owned: frozenset[int]) -> None:
        self.due.rebuild({partition: self.table.rows(partition) for partition in owned})
        self.scanner.restored()
        self._restored_rows = True

    # --- time and settings ------------------------------------------------------------------

    async def _watch_due(self) -> None:
        while True:
            await asyncio.sleep(TICK)
            if self._generation is not None:
                await self._fire()

    async def _fire(self) -> None:
        for entry in self.due.until(microseconds(self._parts.clock())):
            await self.outbox.room(0.5)
            due, partition, key = entry
            if partition in self.table.owned and stands(entry, self.newest(partition, key)):
                self._review(partition, key, moment_of(due))

    def _review(self, partition: int, key: bytes, instant: datetime) -> None:
        cause = Cause(kind="due", time=instant)
        try:
            posting = self.deciding.review(partition, key, cause, instant)
        except Exception:  # noqa: BLE001 - one key must not keep the others from their time
            self._log.exception("review failed", key=repr(key), due=instant.isoformat())
            return
        if posting is not None:
            self.outbox.put(posting)

    def _changed(self, scan: Scan) -> None:
        self.scanner.want(scan)

    def _refused(self, record: Record, reason: Reason) -> None:
        self._log.warning(
            "refused", topic=record.topic, offset=record.offset, reason=reason.code, why=str(reason)
        )
        letter = dead_letter(record, reason, group=self._group, now=self._parts.clock())
        self._task(self._deliver([letter]))


def _app(role: str, bootstrap: str, partitions: int) -> App:
    for name in ("faust", "mode", "aiokafka"):
        logging.getLogger(name).setLevel(logging.WARNING)
    return App(
        f"listwire-{role}",
        broker=f"kafka://{bootstrap}",
        store="memory://",
        key_serializer="raw",
        value_serializer="raw",
        web_enabled=False,
        topic_disable_leader=True,
        topic_allow_declare=False,
        topic_partitions=partitions,
        table_standby_replicas=0,
        broker_commit_interval=1.0,
        broker_session_timeout=SESSION,
        broker_heartbeat_interval=SESSION / 4,
        consumer_auto_offset_reset="earliest",
        stream_wait_empty=False,
    )
