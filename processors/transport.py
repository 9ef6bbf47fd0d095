"""Faust's Kafka transport, changed where it would lose something (`reliability.md` 1.1).

Faust's own commit arithmetic is not used: what may be committed is what the ledger of
coverage says was handled, in order. Its consumer thread reads committed records only.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from time import monotonic
from typing import Any, Protocol, cast

import aiokafka
import faust
import uvloop
from aiokafka.errors import ConsumerStoppedError
from faust.transport.drivers import aiokafka as driver
from faust.types import TP, Message

BREATH = 100
"""Records handed out between two breaths, in which everything else runs."""

FETCH_WAIT_MS = 200
"""How long the broker may keep a request for records back while it has none.

There is one request at a time, for the partitions of which nothing is left in memory. What
comes meanwhile in another one waits until that request is answered.
"""


FETCH_SECONDS = 1.0
"""How long one look for fetched records waits for the first."""


class Offsets(Protocol):
    """Who knows how far this worker came."""

    async def handled(self) -> Mapping[TP, int]:
        """Give the next offset of each partition that moved, once its coverage is written."""

    async def prepare(self) -> bool:
        """Learn what must be known before `begin`; False: rows are still being restored."""

    def begin(self, starts: Mapping[TP, int], generation: int) -> None:
        """Start at these offsets; called once partitions are restored, before records come."""

    def expected(self) -> Mapping[TP, int]:
        """Give the offset of the next record to take, per partition; empty if none are taken."""

    async def leave(self, lost: bool) -> None:
        """Finish what is under way; *lost*: we are out of the group already, drop it."""


class Thread(driver.AIOKafkaConsumerThread):
    """The consumer's thread: committed records only, and it remembers the last heartbeat."""

    heard: float = 0.0
    """When the group's coordinator last answered, on the monotonic clock."""

    def _create_worker_consumer(self, transport: driver.Transport) -> aiokafka.AIOKafkaConsumer:
        consumer = super()._create_worker_consumer(transport)
        consumer._isolation_level = "read_committed"  # Faust hard-codes the other one
        consumer._fetch_max_wait_ms = FETCH_WAIT_MS  # and 1,500 here
        return consumer

    async def on_start(self) -> None:
        """Start the consumer and listen to its heartbeats."""
        await super().on_start()
        self.heard = monotonic()
        coordinator = self._coordinator
        beat: Callable[[], Awaitable[bool]] = coordinator._do_heartbeat

        async def heard() -> bool:
            answered = await beat()
            if answered:
                self.heard = monotonic()
            return answered

        coordinator._do_heartbeat = heard

    @property
    def out_of_group(self) -> bool:
        """Whether the coordinator has forgotten this member."""
        return bool(self._coordinator.generation < 0)

    @property
    def _coordinator(self) -> Any:
        return self._ensure_consumer()._coordinator


class Consumer(driver.Consumer):
    """Commits what the ledger says was handled, and nothing else."""

    _thread: Thread

    def __init__(self, *what: Any, **more: Any) -> None:
        super().__init__(*what, **more)
        self._fetching = asyncio.Lock()
        self.handed: dict[TP, int] = {}  # behind the last record handed out

    def _new_consumer_thread(self) -> Thread:
        return Thread(self, loop=self.loop, beacon=self.beacon, thread_loop=uvloop.new_event_loop())

    @property
    def offsets(self) -> Offsets:
        """The ledger of the app that this consumer serves."""
        return self.app.offsets  # type: ignore[attr-defined,no-any-return]

    @property
    def silence(self) -> float:
        """Seconds since the group's coordinator was last heard of."""
        return monotonic() - self._thread.heard

    def ack(self, message: Message) -> bool:
        """Take note of nothing: Faust also acknowledges what no agent has handled."""
        self._unacked_messages.discard(message)
        return True

    async def _drain_messages(self, fetcher: Any) -> None:
        """Hand out what is fetched, in order.

        Faust's own starts two tasks per record, lists every offset of a gap, and after a
        seek drops what lies below the last record that was under way. What of these comes
        late or twice, `taking` tells.
        """
        try:
            while not (self.should_stop or fetcher.should_stop):
                await asyncio.sleep(0)
                async for handed in self._breathing(self._fetched()):
                    await self.callback(handed)
                    self.handed[handed.tp] = handed.offset + 1
        except (ConsumerStoppedError, asyncio.CancelledError):
            if not self.transport.app.should_stop:
                raise

    async def _breathing(self, fetched: AsyncIterator[Message]) -> AsyncIterator[Message]:
        count = 0
        async for message in fetched:
            yield message
            count += 1
            if count % BREATH == 0:
                await asyncio.sleep(0)

    async def _fetched(self) -> AsyncIterator[Message]:
        """Fetch once; what comes while partitions move is dropped, and `read_on` asks again.

        Faust's own seeks then, beside the seek of whoever restores: each undid the other's.
        """
        records, active = await self._wait_next_records(FETCH_SECONDS)
        generation = self.app.consumer_generation_id
        for tp, record in self.scheduler.iterate(records or {}):
            if not self.flow_active or self.app.consumer_generation_id != generation:
                return
            if tp in (active or ()) or tp in self._buffered_partitions:
                yield self._to_message(tp, record)

    async def _getmany(self, active_partitions: set[TP] | None, timeout: float) -> Any:
        async with self._fetching:
            return await super()._getmany(active_partitions, timeout)

    async def commit(self, *_: Any, **__: Any) -> bool:
        """Commit what was handled, whatever part of it is asked for."""
        if await self.maybe_wait_for_commit_to_finish():
            return False
        self._commit_fut = asyncio.Future()
        try:
            return await self._commit_handled()
        finally:
            done, self._commit_fut = self._commit_fut, None
            done.set_result(None)

    async def _commit_handled(self) -> bool:
        handled = await self.offsets.handled()
        mine = self.assignment()
        offsets = {tp: offset for tp, offset in handled.items() if tp in mine}
        if not offsets:
            return False
        done = await self._commit(offsets)
        self._committed_offset.update(offsets)
        return done

    async def on_partitions_revoked(self, revoked: set[TP]) -> None:
        """Finish what is under way while the partitions are still ours, then let go."""
        await self.offsets.leave(self._thread.out_of_group)
        if not self._thread.out_of_group:
            await self.commit()
        await super().on_partitions_revoked(revoked)

    async def on_partitions_assigned(self, assigned: set[TP], generation_id: int = 0) -> None:
        """Take over partitions; a coordinator that assigns them was just heard."""
        self._thread.heard = monotonic()
        await super().on_partitions_assigned(assigned, generation_id)

    async def perform_seek(self) -> None:
        """Learn the committed offsets and begin at them, or at the log's start.

        Faust lets records come before it seeks, seeks one partition after another and not at
        all where nothing was committed, and empties its queues after that. So they are held
        back until `read_on`.
        """
        mine = {tp for tp in self.assignment() if not self._is_changelog_tp(tp)}
        self.pause_partitions(mine)
        if await self.offsets.prepare():
            await super().perform_seek()
            await self._begin(mine)

    async def _begin(self, mine: set[TP]) -> None:
        fresh = {tp for tp in mine if self._committed_offset[tp] is None}
        starts = dict(await self.earliest_offsets(*fresh)) if fresh else {}
        starts |= {tp: self._committed_offset[tp] or 0 for tp in mine - fresh}
        self.offsets.begin(
            {TP(*tp): start for tp, start in starts.items()}, self.app.consumer_generation_id
        )

    async def read_on(self) -> None:
        """Read every partition from its next record, once no request is under way.

        Such a request takes records along that nobody hands out: they would never come again.
        """
        async with self._fetching:
            mine = self.assignment()
            starts = {tp: at for tp, at in self.offsets.expected().items() if tp in mine}
            if starts:
                self.handed.clear()
                await self.seek_wait(starts)
                self.resume_partitions(set(starts))


class Transport(driver.Transport):
    """Faust's transport with our consumer."""

    Consumer = Consumer


class App(faust.App):
    """A Faust app that reads through our transport and touches no folder."""

    offsets: Offsets

    def _new_transport(self) -> Transport:
        return Transport(self.conf.broker_consumer, self)

    def on_rebalance_end(self) -> None:
        """Read on, now that rows are restored and Faust has emptied its queues."""
        super().on_rebalance_end()
        self.add_future(cast(Consumer, self.consumer).read_on())

    def _create_directories(self) -> None:
        """Make none: tables are in memory."""
