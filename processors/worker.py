"""One worker of one role: reads whole what all must know, then handles its partitions.

Puts the parts together: Faust reads and moves partitions and rows, `deciding` decides, the
outbox sends, the ledger says what was handled. It stops, loudly, rather than go on unsure.
"""

import asyncio
from collections.abc import Coroutine, Mapping
from typing import Any

import structlog
from faust.types import TP, EventT

from processors.agents import record_of, relay
from processors.bounds import Poison
from processors.coverage import Ledger
from processors.deciding import Deciding
from processors.deliver import Delivery
from processors.due import Alarm, DueList
from processors.outbox import Outbox, Posting
from processors.ownership import LEAVE, Ownership, Unsure
from processors.parts import SESSION, Parts, app_of
from processors.scan import REPORT_ROWS, Scanner
from processors.step import Facts, Role, Scan
from processors.table import FactsTable
from processors.taking import Refusals, Taking
from processors.watchdog import Position, record_at, watch
from processors.whole import TOPICS, Whole
from schemas import topics
from schemas.deadletters import dead_letter
from schemas.reasons import Reason
from schemas.record import Record
from schemas.settings import Settings

END = 8.0
"""Seconds that Faust gets to stop."""


class Mismatch(RuntimeError):
    """The topics do not have the partitions that the table's arithmetic needs."""


class Worker:
    """Runs one role until told to stop, or until it cannot go on; then `run` raises why."""

    def __init__(self, role: Role[Any], parts: Parts) -> None:
        self._role = role
        self._parts = parts
        self._group = f"listwire-{role.name}"
        self._log = structlog.get_logger().bind(group=self._group)
        self._faults: asyncio.Queue[BaseException] = asyncio.Queue()
        self._told: dict[int, Settings] = {}
        self._letters: set[asyncio.Task[None]] = set()
        self._deliver = Delivery(parts.producer)
        self.app = app_of(role.name, parts)
        self.table = FactsTable(
            self.app, name="facts", partitions=parts.partitions, restored=self._restored
        )
        self.app.tables.add(self.table)
        self.due = DueList()
        self.outbox = self._outbox()
        self.whole = self._whole()
        self.deciding: Deciding[Facts] = Deciding(
            role,
            newest=self.newest,
            settings=self._known_to,
            clock=parts.clock,
            partitions=parts.partitions,
        )
        self.ledger = Ledger(self._group, self.deciding.source, parts.worker)
        self.taking = Taking(self._seek)
        self.refusals = Refusals(self._group, parts.limits, parts.count)
        self.ownership = self._ownership()
        self.app.offsets = self.ownership
        self.scanner = self._scanner()
        self.alarm = self._alarm()
        for topic in role.inputs:
            relay(self.app, topic, self.take)

    def _known_to(self, partition: int) -> Settings:
        """Give the settings; a report counts only behind its last row in *partition*."""
        settings = self.whole.settings
        if REPORT_ROWS not in self._role.inputs or self._told.get(partition) is settings:
            return settings
        position = self.ledger.position(REPORT_ROWS, partition)
        known = settings.reported_until(partition, position or 0)
        self._told = {**self._told, partition: known}
        return known

    # --- running --------------------------------------------------------------------------

    async def run(self, stop: asyncio.Event) -> None:
        """Work until *stop*. Raises what made it impossible to go on."""
        await self._check_partitions()
        tasks = [self._task(self.whole.work())]
        try:
            await self._unless_faulty(self.whole.to_end())
            works = (
                self.outbox.work(),
                self.scanner.work(),
                self.alarm.work(),
                self._watch(),
                self._serve(),
            )
            tasks += [self._task(part) for part in works]
            await self._unless_faulty(stop.wait())
            await self._finish()
        except Poison:
            await self._finish()
            raise
        finally:
            self.taking.end()
            await self._end(tasks)

    async def _watch(self) -> None:
        await watch(
            self._positions,
            self._parts.reader,
            record_at(self._parts.bootstrap),
            clock=asyncio.get_running_loop().time,
        )

    def _positions(self) -> dict[tuple[str, int], Position]:
        consumer: Any = self.app.consumer
        owned = {tp for tp in consumer.assignment() if tp.topic in self._role.inputs}
        handled = {tp: self.ledger.position(tp.topic, tp.partition) or 0 for tp in owned}
        return {
            (tp.topic, tp.partition): Position(max(consumer.handed.get(tp, 0), stored), stored)
            for tp, stored in handled.items()
        }

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
        self.ownership.silence()
        self._log.error("worker stops", why=repr(fault))
        self._faults.put_nowait(fault)

    async def _finish(self) -> None:
        self.taking.end()
        if self.table.owned:
            await asyncio.wait_for(self.outbox.empty(), LEAVE)
            await self.app.consumer.commit()

    async def _end(self, tasks: list[asyncio.Task[None]]) -> None:
        try:
            if self.app.started:
                await asyncio.wait_for(self.app.stop(), END)
        except TimeoutError:
            self._log.warning("Faust did not stop in time")
        for task in (*tasks, *self._letters):
            task.cancel()
        await asyncio.gather(*tasks, *self._letters, return_exceptions=True)

    async def _check_partitions(self) -> None:
        names = [*self._role.inputs, topics.changelog(self._role.name)]
        found = {name: await self._deliver.partitions(name) for name in names}
        if set(found.values()) != {self._parts.partitions}:
            raise Mismatch(f"{self._parts.partitions} partitions each, not {found}")

    # --- steps ----------------------------------------------------------------------------

    async def take(self, event: EventT[Any]) -> None:
        """Decide on one record once there is room, if it is the next one of its partition."""
        await self.outbox.room()
        if not await self.taking.timely(event.message):
            return
        posting = self.deciding.step(record_of(event))
        try:
            self.refusals.judge(posting)
        except Poison as poison:
            self.taking.end()
            self._log.error("worker stops", why=str(poison))
            self._faults.put_nowait(poison)
            return
        self.taking.took(event.message)
        self.outbox.put(posting)
        self._parts.count("events_total", topic=posting.topic, outcome=posting.outcome)

    def newest(self, partition: int, key: bytes) -> bytes | None:
        """Give the newest row of *key*: the one on its way out, else the table's."""
        return self.outbox.ahead(partition, key) or self.table.row(partition, key)

    def _stored(self, posting: Posting) -> None:
        if posting.row is not None:
            self.table.store(posting.partition, posting.key, posting.row)
            self.due.note(posting.partition, posting.key, posting.row)
        if posting.topic:
            self.ledger.note(posting.topic, posting.partition, posting.offset, posting.outcome)

    async def _seek(self, offsets: Mapping[TP, int]) -> None:
        await self.app.consumer.seek_wait(offsets)

    def _changed(self, scan: Scan) -> None:
        self.scanner.want(scan)

    def _sure(self) -> None:
        consumer: Any = self.app.consumer
        silence = consumer.silence
        if silence > SESSION:
            raise Unsure(f"no word from the group's coordinator for {silence:.1f} s")

    async def _restored(self, owned: frozenset[int]) -> None:
        try:
            self.due.rebuild({partition: self.table.rows(partition) for partition in owned})
            self.scanner.restored()
        except Exception as fault:  # noqa: BLE001 - Faust swallows it and would wait for ever
            self._fail(fault)
        else:
            self.ownership.restored()

    def _refused(self, record: Record, reason: Reason) -> None:
        why = {"reason": reason.code, "why": str(reason)}
        self._log.warning("refused", topic=record.topic, offset=record.offset, **why)
        letter = dead_letter(record, group=self._group, reason=reason, now=self._parts.clock())
        task = asyncio.create_task(self._lay_aside(letter))
        self._letters.add(task)
        task.add_done_callback(self._letters.discard)

    async def _lay_aside(self, letter: Record) -> None:
        try:
            await self._deliver([letter])
        except Exception:  # noqa: BLE001 - the older is in force, and the log has said it
            self._log.exception("dead letter not written", topic=letter.topic)

    # --- parts ----------------------------------------------------------------------------

    def _outbox(self) -> Outbox:
        return Outbox(
            self._deliver,
            topics.changelog(self._role.name),
            stored=self._stored,
            sure=self._sure,
            room=self._parts.room,
            wave=self._parts.wave,
        )

    def _whole(self) -> Whole:
        return Whole(
            self._parts.reader,
            self._parts.whole or {name: topics.topic(name).partitions for name in TOPICS},
            group=self._group,
            changed=self._changed,
            refused=self._refused,
        )

    def _ownership(self) -> Ownership:
        return Ownership(
            ledger=self.ledger,
            outbox=self.outbox,
            taking=self.taking,
            refusals=self.refusals,
            whole=self.whole,
            deliver=self._deliver,
            clock=self._parts.clock,
            fail=self._fail,
        )

    def _scanner(self) -> Scanner:
        return Scanner(
            self.deciding,
            self.table,
            self.outbox,
            newest=self.newest,
            position=self.ledger.position,
            waits=REPORT_ROWS in self._role.inputs,
            taking=lambda: self.ownership.taking,
            clock=self._parts.clock,
        )

    def _alarm(self) -> Alarm:
        return Alarm(
            self.due,
            self.deciding,
            self.table,
            self.outbox,
            newest=self.newest,
            taking=lambda: self.ownership.taking,
            clock=self._parts.clock,
        )
