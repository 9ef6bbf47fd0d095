"""What we rely on in Faust 0.15.3 and aiokafka 0.14.0, and what we work around.

When an upgrade changes one of these, a test here says so (`reliability.md` 1.1).
"""

import asyncio
import inspect
from importlib.metadata import version
from types import SimpleNamespace
from typing import Any

import faust
import pytest
from aiokafka.consumer.fetcher import Fetcher
from aiokafka.consumer.group_coordinator import GroupCoordinator
from aiokafka.producer.message_accumulator import BatchBuilder
from faust.tables.recovery import Recovery
from faust.transport.consumer import Consumer as AnyConsumer
from faust.transport.drivers import aiokafka as driver
from faust.types import TP
from faust.types.tuples import ConsumerMessage

from processors.transport import App, Consumer, Thread

PLACE = TP("in.v1", 0)


def test_these_are_the_versions_that_were_looked_at() -> None:
    assert (version("faust-streaming"), version("aiokafka")) == ("0.15.3", "0.14.0")


def committing(committed: int | None, *acked: int) -> Any:
    """Give what `_new_offset` works on: the next offset committed, and what was acked."""
    return SimpleNamespace(
        _acked={PLACE: list(acked)},
        _gap={PLACE: None},
        _committed_offset={PLACE: committed},
        _acked_index={PLACE: set(acked)},
    )


@pytest.mark.parametrize(
    ("consumer", "offset"),
    [
        pytest.param(committing(31, 32), 33, id="31 in work, 32 acked: 31 is skipped"),
        pytest.param(committing(None, 1, 2), 3, id="nothing committed, 0 in work: 0 is skipped"),
        pytest.param(committing(31, 33), None, id="two missing are noticed"),
        pytest.param(committing(31, 31, 32), 33, id="in order it is right"),
    ],
)
def test_its_commit_arithmetic_skips_what_is_in_work(consumer: Any, offset: int | None) -> None:
    assert AnyConsumer._new_offset(consumer, PLACE) == offset


def test_a_gap_behind_offset_0_stops_its_commits_for_ever() -> None:
    drained = inspect.getsource(AnyConsumer._drain_messages)

    assert "if gap > 1 and r_offset:" in drained  # r_offset 0 counts as none
    assert AnyConsumer._new_offset(committing(1, 5, 6), PLACE) is None


async def _stream(*, enable_acks: bool, generation: int = 1) -> list[bool]:
    """Run a stream over one event whose handling raises; tell whether it was acknowledged."""
    app = faust.App("facts", broker="kafka://nowhere:1", store="memory://")
    app.consumer_generation_id = 1
    acked: list[bool] = []
    app.consumer = SimpleNamespace(  # type: ignore[assignment]
        unacked=set(), _unacked_messages=set(), ack=lambda message: acked.append(True) or True
    )
    message: Any = ConsumerMessage(
        "in.v1", 0, 5, 0.0, 0, [], b"k", b"v", None, tp=PLACE, generation_id=generation
    )
    message.incref()
    channel = app.channel()
    app.flow_control.resume()
    event = faust.Event(app, b"k", b"v", {}, message)
    stream = app.stream(channel)
    stream.enable_acks = enable_acks
    await channel.put(event)

    async def work() -> None:
        async for _ in stream.events():
            raise ValueError("the agent fails")

    task = asyncio.create_task(work())
    await asyncio.wait({task}, timeout=0.3)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    return [bool(message.acked) or bool(acked)]


@pytest.mark.parametrize(
    ("enable_acks", "acknowledged"),
    [
        pytest.param(True, True, id="by default: although the agent raised"),
        pytest.param(False, False, id="switched off: never"),
    ],
)
async def test_it_acknowledges_an_event_whose_agent_raised(
    enable_acks: bool, acknowledged: bool
) -> None:
    assert await _stream(enable_acks=enable_acks) == [acknowledged]


def test_the_acknowledgement_sits_in_a_finally() -> None:
    source = inspect.getsource(faust.Stream._py_aiter)
    behind = source[source.index("finally:") :]

    assert "event is not None and (do_ack or value is skipped_value)" in behind
    assert "event.ack()" in behind


def test_it_hard_codes_reading_uncommitted_records() -> None:
    source = inspect.getsource(driver.AIOKafkaConsumerThread._create_worker_consumer)

    assert 'isolation_level: str = "read_uncommitted"' in source


def test_it_lets_records_come_before_it_seeks() -> None:
    source = inspect.getsource(Recovery.on_recovery_completed)

    assert source.index("consumer.resume_partitions(") < source.index("consumer.perform_seek()")


def test_it_does_not_seek_where_nothing_was_committed() -> None:
    source = inspect.getsource(driver.aiokafka.AIOKafkaConsumer.seek_to_committed)

    assert "if offset and offset > 0:" in source


def test_a_request_takes_everything_along_once_all_is_paused() -> None:
    source = inspect.getsource(Fetcher.fetched_records)

    assert "if partitions and tp not in partitions:" in source


@pytest.mark.parametrize("ending", [Recovery.on_recovery_completed, Recovery._resume_streams])
def test_it_empties_its_queues_after_it_seeks_and_then_ends_the_rebalance(ending: Any) -> None:
    source = inspect.getsource(ending)
    steps = ("consumer.perform_seek()", "flow_control.resume()", "app.on_rebalance_end()")

    assert sorted(steps, key=source.index) == list(steps)


def test_rows_of_lost_partitions_are_asked_for_by_a_hook_that_swallows_errors() -> None:
    source = inspect.getsource(Recovery.on_recovery_completed)

    assert "await asyncio.wait(callback_coros)" in source


def test_after_a_seek_it_drops_what_lies_below_the_record_that_was_under_way() -> None:
    drained = inspect.getsource(AnyConsumer._drain_messages)

    assert "if r_offset is None or offset >= r_offset:" in drained
    assert "set_read_offset(tp, offset)" in drained


def test_what_we_override_is_still_there() -> None:
    overridden = {
        Consumer: {
            "ack",
            "commit",
            "_drain_messages",
            "_getmany",
            "perform_seek",
            "_new_consumer_thread",
        },
        Thread: {"_create_worker_consumer", "on_start"},
        App: {"on_rebalance_end"},
    }

    assert all(
        name in vars(kind) and any(name in vars(base) for base in kind.__mro__[1:])
        for kind, names in overridden.items()
        for name in names
    )


def test_what_we_lean_on_in_aiokafka_is_still_there() -> None:
    assert inspect.iscoroutinefunction(GroupCoordinator._do_heartbeat)
    started = inspect.getsource(driver.aiokafka.AIOKafkaConsumer.start)
    assert "isolation_level=self._isolation_level" in started
    assert "fetch_max_wait_ms=self._fetch_max_wait_ms" in started


def test_a_batch_takes_its_first_record_however_large_it_is() -> None:
    batch = BatchBuilder(1_000, 0)

    first = batch.append(timestamp=None, key=b"k", value=b"v" * 5_000, headers=[])
    second = batch.append(timestamp=None, key=b"k", value=b"v", headers=[])

    assert (first is not None, second) == (True, None)
