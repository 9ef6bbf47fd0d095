"""Opening Kafka's clients, each with the settings that every room relies on.

An unreachable host, a stranger at that address, a refused login and an unsupported broker
are four different failures (`operations.md` 8.2), so the address is tried by hand first: the
clients themselves say "unable to bootstrap" for all of them.
"""

import asyncio
import contextlib
import socket
import time
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError as AioKafkaError
from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import KafkaAdminClient
from kafka.errors import KafkaError

from deploy.connect.versions import FETCH, FETCH_OF_3_9, versions
from deploy.errors import Failure
from schemas.errors import TryAgain

Client = TypeVar("Client")

MAX_REQUEST = 2_097_152
"""A full-size record plus our headers must fit, or the dead letter cannot be delivered."""

REACH_SECONDS = 5.0
BOOTSTRAP_MS = 10_000
KNOWN_SECONDS = 30.0
"""A topic that was just made is known to every broker within this."""

WRITING: dict[str, Any] = {
    "acks": "all",
    "enable_idempotence": True,
    "compression_type": None,
    "max_request_size": MAX_REQUEST,
    "linger_ms": 3,  # a few records share a request; nobody waits noticeably
}
READING: dict[str, Any] = {
    "isolation_level": "read_committed",
    "enable_auto_commit": False,
    "auto_offset_reset": "earliest",
    "allow_auto_create_topics": False,
    "max_partition_fetch_bytes": MAX_REQUEST,
    "session_timeout_ms": 10_000,  # a dead member's partitions move on within it
    "heartbeat_interval_ms": 2_000,
}


def open_producer(bootstrap_servers: str, **options: Any) -> KafkaProducer:
    """Open a producer that writes durably, once each, in order per partition.

    Raises `Failure` LW-0201 to LW-0204, exit 8.
    """
    settings = {**WRITING, "batch_size": 65_536, "allow_auto_create_topics": False, **options}
    return _open(KafkaProducer, bootstrap_servers, settings)


def abandon(producer: KafkaProducer) -> None:
    """Hang up at once, and forget what *producer* still holds.

    kafka-python 3.0.12 first flushes, however little time it is given, and raises where that
    fails: its thread would go on sending what its owner has already reported as not sent.
    """
    producer._sender.force_close()
    with contextlib.suppress(KafkaError):
        producer.close(1.0)


def open_consumer(bootstrap_servers: str, **options: Any) -> KafkaConsumer:
    """Open a consumer that reads what is committed, and commits only when told to.

    Raises `Failure` LW-0201 to LW-0204, exit 8.
    """
    return _open(KafkaConsumer, bootstrap_servers, {**READING, **options})


class Member(KafkaConsumer):
    """A consumer that joins its group once, and finishes, however short its polls are.

    kafka-python 3.0.12 joins again once the leader's metadata differ from those it assigned
    by, and at first it takes none for known, whatever it knows. It forgets that it must join
    as soon as it has assigned: a poll that ends just then, before the broker's answer, leaves
    it out for ever, without a heartbeat, and nothing fetched of what it holds to be its own.
    """

    def subscribe(self, *what: Any, **more: Any) -> None:
        """Subscribe as `KafkaConsumer.subscribe` does, by the metadata known already."""
        super().subscribe(*what, **more)  # type: ignore[no-untyped-call]
        self._coordinator._handle_metadata_update(self._cluster)

    def poll(self, *how: Any, **more: Any) -> Any:
        """Fetch records as `KafkaConsumer.poll` does, going on with a join under way."""
        if self._coordinator.rejoining:
            self._coordinator.request_rejoin()
        return super().poll(*how, **more)  # type: ignore[no-untyped-call]


def open_member(
    bootstrap_servers: str, group: str, topics: Sequence[str], **options: Any
) -> KafkaConsumer:
    """Open a consumer of *group* that knows *topics*; its owner subscribes to them.

    A leader that joins before it knows a topic's partitions assigns none of them, and all
    join again. Raises `Failure` LW-0201 to LW-0205.
    """
    settings = {**READING, "group_id": group, **options}
    consumer: KafkaConsumer = _open(Member, bootstrap_servers, settings)
    deadline = time.monotonic() + KNOWN_SECONDS
    while missing := [topic for topic in topics if not consumer.partitions_for_topic(topic)]:
        if time.monotonic() > deadline:
            consumer.close()
            raise Failure(
                "LW-0205",
                where=", ".join(missing),
                why=f"the broker does not name them within {KNOWN_SECONDS:.0f} s",
                do="listwire topics apply --execute",
            )
        time.sleep(0.1)
    return consumer


def ends(consumer: KafkaConsumer, topic: str) -> dict[int, int]:
    """Give, per partition of *topic*, the offset behind its last record.

    Raises `TryAgain` where the broker does not say.
    """
    try:
        places = [TopicPartition(topic, p) for p in consumer.partitions_for_topic(topic) or ()]
        found = consumer.end_offsets(places)
    except KafkaError as error:
        raise TryAgain(f"the broker does not say where {topic} ends: {error}") from error
    if not found:
        raise TryAgain(f"the broker does not name the partitions of {topic}")
    return {place.partition: end for place, end in found.items()}


def joined(bootstrap_servers: str, group: str, client_id: str) -> bool:
    """Ask the broker whether *group* has a member that calls itself *client_id*."""
    with open_admin(bootstrap_servers) as admin:
        found = admin.describe_groups([group])[group]
    return any(member["client_id"] == client_id for member in found["members"])


def open_admin(bootstrap_servers: str, **options: Any) -> KafkaAdminClient:
    """Open an admin client. Raises `Failure` LW-0201 to LW-0204, exit 8."""
    return _open(KafkaAdminClient, bootstrap_servers, options)


async def open_aio_producer(bootstrap_servers: str, **options: Any) -> AIOKafkaProducer:
    """Open a producer for an event loop, with the promises of `open_producer`.

    Raises `Failure` LW-0201 to LW-0204, exit 8. The caller stops it.
    """
    await asyncio.to_thread(reach, bootstrap_servers)
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap_servers, **{**WRITING, **options})
    try:
        await asyncio.wait_for(producer.start(), BOOTSTRAP_MS / 1000)
    except (AioKafkaError, TimeoutError) as error:
        await producer.stop()
        raise no_broker(bootstrap_servers, error) from error
    return producer


def reach(bootstrap_servers: str, *, seconds: float = REACH_SECONDS) -> None:
    """Connect to the first of *bootstrap_servers* that listens, and hang up.

    Raises `Failure` LW-0201 that says for each of them why not.
    """
    refused = []
    for server in bootstrap_servers.split(","):
        try:
            socket.create_connection(_parts(server), timeout=seconds).close()
        except (OSError, ValueError) as error:
            refused.append(f"{server.strip()}: {error or type(error).__name__}")
        else:
            return
    raise Failure(
        "LW-0201",
        where=bootstrap_servers,
        why="\n".join(refused),
        do="start it (`listwire up` brings one along), or correct"
        " LISTWIRE_KAFKA__BOOTSTRAP_SERVERS or --kafka",
    )


def no_broker(bootstrap_servers: str, error: Exception) -> Failure:
    """Say why somebody listens at *bootstrap_servers* and still there is no broker to use."""
    newest: dict[int, int] = {}
    for server in bootstrap_servers.split(","):
        newest = newest or versions(*_parts(server))
    code, why, do = _cause(newest)
    told = str(error) or type(error).__name__
    return Failure(code, where=bootstrap_servers, why=f"{why} ({told})", do=do)


def _cause(newest: dict[int, int]) -> tuple[str, str, str]:
    if not newest:
        return (
            "LW-0202",
            "something listens there and does not answer as a Kafka broker does",
            "check that this is the broker's client port, and that both sides agree on plain"
            " text or TLS",
        )
    if newest.get(FETCH, 0) < FETCH_OF_3_9:
        return ("LW-0204", "it is older than Apache Kafka 3.9", "use Apache Kafka 3.9 or newer")
    return (
        "LW-0203",
        "the broker answers, and takes no request of ours",
        "check user, password and mechanism, and that this user may connect",
    )


def _open(kind: Callable[..., Client], bootstrap_servers: str, settings: dict[str, Any]) -> Client:
    reach(bootstrap_servers)
    try:
        return kind(
            **{
                "bootstrap_servers": bootstrap_servers,
                "bootstrap_timeout_ms": BOOTSTRAP_MS,
                **settings,
            }
        )
    except KafkaError as error:
        raise no_broker(bootstrap_servers, error) from error


def _parts(server: str) -> tuple[str, int]:
    host, colon, port = server.strip().rpartition(":")
    if not (host and colon and port.isdigit()):
        raise ValueError("not HOST:PORT")
    return host.strip("[]"), int(port)
