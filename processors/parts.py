"""What a worker is handed, and the Faust app that it drives.

Faust's own web server, leader topic, topic declaring and standby rows stay off
(`design.md` 4); what was handled is said by the ledger, never by Faust.
"""

import logging
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Protocol

import msgspec

from processors.bounds import Limits
from processors.transport import App
from schemas import topics

SESSION = 6.0
"""Seconds without a heartbeat after which the group gives our partitions to others."""


class Count(Protocol):
    """Counts something, under the names of `operations.md` 7.1."""

    def __call__(self, name: str, **labels: str) -> None:
        """Add one."""


def count_nothing(name: str, **labels: str) -> None:
    """Count nothing."""


def wall_clock() -> datetime:
    """Give the present moment."""
    return datetime.now(UTC)


class Parts(msgspec.Struct, frozen=True, kw_only=True):
    """What a worker is handed; *producer* and *reader* are started and stopped by their owner.

    *producer*: idempotent, `acks=all`. *reader*: no group, committed records only. *worker*
    names this process among its role's. *whole* are the partitions of the topics that are
    read whole; empty = as in the topic table.
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


def app_of(role: str, parts: Parts) -> App:
    """Give the app of one role; nothing is started."""
    for name in ("faust", "mode", "aiokafka"):
        logging.getLogger(name).setLevel(logging.WARNING)
    return App(
        f"listwire-{role}",
        broker=f"kafka://{parts.bootstrap}",
        store="memory://",
        key_serializer="raw",
        value_serializer="raw",
        web_enabled=False,
        topic_disable_leader=True,
        topic_allow_declare=False,
        topic_partitions=parts.partitions,
        table_standby_replicas=0,
        broker_commit_interval=1.0,
        broker_session_timeout=SESSION,
        broker_heartbeat_interval=SESSION / 4,
        consumer_auto_offset_reset="earliest",
        stream_wait_empty=False,
    )
