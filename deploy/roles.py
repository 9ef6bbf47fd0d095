"""A role → a running process: opens what the role needs, runs it until SIGTERM.

Long because every role is put together here, each in a few lines, and all are read side by side.
"""

import asyncio
import gc
import os
import random
import signal
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime
from time import monotonic
from typing import Any

import structlog
import uvloop

from deploy import logs
from deploy.connect.publishing import Publishing
from deploy.errors import Failure
from deploy.settings import Deployment, data_folder
from schemas import topics
from schemas.errors import TryAgain
from schemas.reasons import Reason
from schemas.settings import Settings

Run = Callable[[Deployment, Mapping[str, str], str], None]

_log = structlog.get_logger()


def run(role: str, deployment: Deployment, environ: Mapping[str, str]) -> None:
    """Run one worker of *role*. Raises `Failure` where it cannot start."""
    logs.start(deployment.log_level)
    deployment.require("kafka.bootstrap_servers")
    structlog.contextvars.bind_contextvars(role=role, pid=os.getpid())
    _spare_the_collector()
    try:
        RUNS[role](deployment, environ, f"{role}-{os.getpid()}")
    except Exception as error:
        if (failure := _stopped(error)) is None:
            _log.exception("fault")  # the command itself shows no traceback
            raise
        raise failure from error


def _spare_the_collector() -> None:
    """Collect less often: what is decoded has no cycles, and looking for them cost half."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)


def _stopped(error: Exception) -> Failure | None:
    """Give what a person reads where a worker ends for a reason that is no fault of ours."""
    found = next((told for name, told in STOPS.items() if type(error).__name__ == name), None)
    if found is None:
        return None
    code, do = found
    return Failure(code, where=type(error).__module__, why=str(error), do=do)


STOPS = {
    "Left": ("LW-0702", "nothing: it is started again and goes on where the table says"),
    "Ask": ("LW-0704", "look at the topic: it was made again or lost its tail; then decide"),
    "Outage": ("LW-0802", "look at the first reason: when most is refused, the sender or we broke"),
    "Poison": ("LW-0802", "look at the last reason: when most is refused, the sender or we broke"),
    "Unsure": ("LW-0703", "nothing: it is started again and reads what it had not handled"),
    "Stands": ("LW-0703", "nothing: it is started again and reads what it had not handled"),
    "Mismatch": ("LW-0206", "listwire topics plan shows what differs"),
}
"""Errors by which a worker ends on purpose: their code, and what to do."""


def now() -> datetime:
    """Give the present: the clock of every edge."""
    return datetime.now(UTC)


# --- processors -----------------------------------------------------------------------------


def _processor(role: str) -> Run:
    def work(deployment: Deployment, environ: Mapping[str, str], worker: str) -> None:  # noqa: ARG001
        uvloop.run(_process(_role(role), deployment.kafka.bootstrap_servers, worker))

    return work


def _role(name: str) -> Any:
    from processors.listings import Listings  # noqa: PLC0415 - one role a process
    from processors.matching import Matching  # noqa: PLC0415
    from processors.products import Products  # noqa: PLC0415

    return {"products": Products, "matching": Matching, "listings": Listings}[name]()


async def _process(role: Any, bootstrap: str, worker: str) -> None:
    from aiokafka import AIOKafkaConsumer  # noqa: PLC0415

    from deploy.connect.kafka import open_aio_producer  # noqa: PLC0415
    from processors.parts import Parts  # noqa: PLC0415
    from processors.worker import Worker  # noqa: PLC0415

    producer = await open_aio_producer(bootstrap)
    reader = AIOKafkaConsumer(
        bootstrap_servers=bootstrap, isolation_level="read_committed", enable_auto_commit=False
    )
    await reader.start()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    try:
        parts = Parts(bootstrap=bootstrap, producer=producer, reader=reader, worker=worker)
        await Worker(role, parts).run(stop)
    finally:
        await reader.stop()
        await producer.stop()


# --- consumers and lookups ---------------------------------------------------------------------


def _stopping() -> threading.Event:
    stopped = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())
    return stopped


def _when(stopped: threading.Event, act: Callable[[], None]) -> None:
    def wait() -> None:
        stopped.wait()
        act()

    threading.Thread(target=wait, name="stop", daemon=True).start()


def _postgres(deployment: Deployment, environ: Mapping[str, str], worker: str) -> None:  # noqa: ARG001
    from consumers.feed import KafkaFeed  # noqa: PLC0415
    from consumers.postgres import sink  # noqa: PLC0415
    from consumers.setaside import setting_aside  # noqa: PLC0415
    from deploy.connect.kafka import joined, open_member, open_producer  # noqa: PLC0415

    group, bootstrap = "listwire-postgres", deployment.kafka.bootstrap_servers
    stopped = _stopping()
    with ExitStack() as stack:
        engine = _engine(deployment, stack, "listwire-postgres")
        producer = stack.enter_context(open_producer(bootstrap))
        consumer = stack.enter_context(
            open_member(bootstrap, group, topics.inputs(group), client_id=worker)
        )
        feed = KafkaFeed(
            consumer,
            topics.inputs(group),
            identify(bootstrap),
            lambda: joined(bootstrap, group, worker),
        )
        aside = setting_aside(Publishing(producer, bootstrap).one, group=group, now=now)
        one = sink.Sink(engine, feed, aside, group=group, clock=monotonic, jitter=random.random)
        sink.run(one, stopped.is_set)


def _amazon(deployment: Deployment, environ: Mapping[str, str], worker: str) -> None:
    from consumers.amazon.bells import Bells  # noqa: PLC0415
    from consumers.amazon.intake import GROUP, Intake  # noqa: PLC0415
    from consumers.amazon.service import Manners, Service  # noqa: PLC0415
    from consumers.feed import KafkaFeed  # noqa: PLC0415
    from consumers.setaside import setting_aside  # noqa: PLC0415
    from deploy.connect.amazon.build import amazon_client  # noqa: PLC0415
    from deploy.connect.kafka import joined, open_member, open_producer  # noqa: PLC0415
    from deploy.connect.whole import Snapshots  # noqa: PLC0415

    bootstrap = deployment.kafka.bootstrap_servers
    stopped = _stopping()
    with ExitStack() as stack:
        settings = stack.enter_context(Snapshots(bootstrap))
        engine = _engine(deployment, stack, "listwire-amazon", connections=60)
        publish = Publishing(stack.enter_context(open_producer(bootstrap)), bootstrap)
        consumer = stack.enter_context(
            open_member(bootstrap, GROUP, topics.inputs(GROUP), client_id=worker)
        )
        bells = Bells()
        intake = Intake(
            KafkaFeed(
                consumer,
                topics.inputs(GROUP),
                identify(bootstrap),
                lambda: joined(bootstrap, GROUP, worker),
            ),
            engine,
            bells,
            setting_aside(publish.one, group=GROUP, now=now),
            now=now,
            clock=monotonic,
            jitter=random.random,
            anew=deployment.environment != "production",
        )
        client = amazon_client(deployment.amazon, settings, environ, role="push")
        hold = (lambda *_: Reason("READ_ONLY")) if deployment.amazon.read_only else None
        service = Service(
            engine,
            client,
            settings,
            publish,
            Manners(owner=worker, hold=hold),
            bells=bells,
        )
        _when(stopped, service.stop)
        service.run(intake)


def _commerce(deployment: Deployment, environ: Mapping[str, str], worker: str) -> None:  # noqa: ARG001
    from consumers.commerce import service  # noqa: PLC0415
    from consumers.commerce.intake import GROUP, Intake  # noqa: PLC0415
    from consumers.commerce.write import Writer  # noqa: PLC0415
    from consumers.feed import KafkaFeed  # noqa: PLC0415
    from consumers.setaside import setting_aside  # noqa: PLC0415
    from deploy.connect.commerce.build import commerce_client  # noqa: PLC0415
    from deploy.connect.commerce.catalogue import Catalogue  # noqa: PLC0415
    from deploy.connect.kafka import joined, open_member, open_producer  # noqa: PLC0415
    from deploy.connect.whole import Snapshots  # noqa: PLC0415

    bootstrap = deployment.kafka.bootstrap_servers
    stopped = _stopping()
    with ExitStack() as stack:
        settings = stack.enter_context(Snapshots(bootstrap))
        engine = _engine(deployment, stack, GROUP)
        publish = Publishing(stack.enter_context(open_producer(bootstrap)), bootstrap)
        consumer = stack.enter_context(
            open_member(bootstrap, GROUP, topics.inputs(GROUP), client_id=worker)
        )
        feed = KafkaFeed(
            consumer,
            topics.inputs(GROUP),
            identify(bootstrap),
            lambda: joined(bootstrap, GROUP, worker),
        )
        intake = Intake(
            feed,
            engine,
            setting_aside(publish.one, group=GROUP, now=now),
            settings,
            now=now,
            clock=monotonic,
            jitter=random.random,
            anew=deployment.environment != "production",
        )
        writer = None
        if deployment.commerce.address:
            shop = Catalogue(commerce_client(deployment.commerce), monotonic)
            writer = Writer(engine, shop, now=now, clock=monotonic, chance=random.random)
        service.run(intake, writer, stopped.is_set)


def _lookups(deployment: Deployment, environ: Mapping[str, str], worker: str) -> None:
    from consumers.setaside import setting_aside  # noqa: PLC0415
    from deploy.connect.amazon.build import amazon_client  # noqa: PLC0415
    from deploy.connect.kafka import open_producer  # noqa: PLC0415
    from deploy.connect.requests import KafkaRequests  # noqa: PLC0415
    from deploy.connect.seller import Seller  # noqa: PLC0415
    from deploy.connect.whole import Snapshots  # noqa: PLC0415
    from producers.amazon.absences import Absences  # noqa: PLC0415
    from producers.amazon.accounts import Accounts  # noqa: PLC0415
    from producers.amazon.lookup import SOURCE, Lookups  # noqa: PLC0415
    from producers.amazon.serve import GROUP, TOPICS, Service  # noqa: PLC0415

    bootstrap = deployment.kafka.bootstrap_servers
    stopped = _stopping()
    with ExitStack() as stack:
        settings = stack.enter_context(Snapshots(bootstrap))
        publish = Publishing(stack.enter_context(open_producer(bootstrap)), bootstrap)
        client = amazon_client(deployment.amazon, settings, environ, role="intake")
        engine = _engine(deployment, stack, "listwire-lookups")
        absences = Absences(engine, Accounts(engine, publish, now), settings)
        lookups = Lookups(Seller(client), settings, now, absences.judge)
        requests = KafkaRequests(
            bootstrap, TOPICS, group=GROUP, member=worker, source=SOURCE, publish=publish, now=now
        )
        stack.callback(requests.close)
        aside = setting_aside(publish.one, group=GROUP, now=now)
        pool = ThreadPoolExecutor(CALLS, "amazon")
        stack.callback(pool.shutdown, wait=False, cancel_futures=True)
        service = Service(
            requests,
            lookups,
            publish,
            aside,
            submit=pool.submit,
            clock=monotonic,
            chance=random.random,
        )
        while not stopped.is_set():
            service.turn()


CALLS = 32
"""Calls of Amazon that the lookups have under way at most, over all accounts."""


def _webhook(deployment: Deployment, environ: Mapping[str, str], worker: str) -> None:  # noqa: ARG001
    from deploy.webhook.serve import run as take  # noqa: PLC0415

    uvloop.run(take(deployment, environ, now))


def _reports(deployment: Deployment, environ: Mapping[str, str], worker: str) -> None:  # noqa: ARG001
    from producers.amazon.owner import Owner  # noqa: PLC0415
    from producers.amazon.rounds import Rounds, work  # noqa: PLC0415
    from producers.amazon.sweep import Sweeping, sweep  # noqa: PLC0415

    stopped = _stopping()
    with ExitStack() as stack:
        runs, archive, ports = reporting(deployment, environ, stack)
        owner = Owner(_engine(deployment, stack, "listwire-reports-owner", connections=1))
        stack.callback(owner.close)
        rounds = Rounds(runs, owner, ports, chance=random.random)
        selling = _participations(deployment, environ, stack, owner, ports.settings)
        sweeping = Sweeping(lambda at: sweep(archive, runs, at), now)
        work((rounds.turn, selling.turn, sweeping.turn), stopped.is_set, stopped.wait)


def _participations(
    deployment: Deployment,
    environ: Mapping[str, str],
    stack: ExitStack,
    owner: Any,
    settings: Callable[[], Settings],
) -> Any:
    """Give what asks where each account sells: those whose reports this worker collects."""
    from deploy.connect.amazon.build import amazon_client  # noqa: PLC0415
    from deploy.connect.amazon.sellers import Selling  # noqa: PLC0415
    from deploy.connect.kafka import open_producer  # noqa: PLC0415
    from producers.amazon.accounts import Accounts  # noqa: PLC0415
    from producers.amazon.participations import Participations  # noqa: PLC0415

    bootstrap = deployment.kafka.bootstrap_servers
    publish = Publishing(stack.enter_context(open_producer(bootstrap)), bootstrap)
    client = amazon_client(deployment.amazon, settings, environ, role="accounts")
    engine = _engine(deployment, stack, "listwire-accounts", connections=1)
    return Participations(Selling(client), Accounts(engine, publish, now), owner, settings, now)


def reporting(deployment: Deployment, environ: Mapping[str, str], stack: ExitStack) -> Any:
    """Open what the role *reports* works with; give its runs, its archive and its ports."""
    from deploy.apart.reader import apart  # noqa: PLC0415
    from deploy.connect.amazon.build import amazon_client, downloads  # noqa: PLC0415
    from deploy.connect.amazon.reports import Reporting  # noqa: PLC0415
    from deploy.connect.archive import open_archive  # noqa: PLC0415
    from deploy.connect.kafka import ends, open_consumer, open_producer  # noqa: PLC0415
    from deploy.connect.whole import Snapshots  # noqa: PLC0415
    from producers.amazon.collect import LISTING  # noqa: PLC0415
    from producers.amazon.ports import Ports  # noqa: PLC0415
    from producers.amazon.runs import Runs  # noqa: PLC0415
    from producers.publish import Publisher  # noqa: PLC0415

    bootstrap = deployment.kafka.bootstrap_servers
    settings = stack.enter_context(Snapshots(bootstrap))
    producer = stack.enter_context(open_producer(bootstrap))
    consumer = stack.enter_context(open_consumer(bootstrap))
    client = amazon_client(deployment.amazon, settings, environ, role="reports")
    archive = open_archive(deployment.archive, data_folder(environ) / "archive")
    runs = Runs(_engine(deployment, stack, "listwire-reports"))
    return (
        runs,
        archive,
        Ports(
            amazon=Reporting(client, downloads(deployment.amazon)),
            archive=archive,
            ledger=runs,
            publisher=lambda: Publisher(producer),
            ends=lambda: ends(consumer, LISTING),
            settings=settings,
            now=now,
            reader=apart,
        ),
    )


def _notifications(deployment: Deployment, environ: Mapping[str, str], worker: str) -> None:  # noqa: ARG001
    from deploy.notifying import listening  # noqa: PLC0415
    from producers.amazon.listen import work  # noqa: PLC0415

    stopped = _stopping()
    with ExitStack() as stack:
        engine = _engine(deployment, stack, "listwire-notifications")
        work(listening(deployment, environ, stack, engine, stopped), stopped)


def _pull(deployment: Deployment, environ: Mapping[str, str], worker: str) -> None:  # noqa: ARG001
    from deploy.connect.pull import Rounds, opened  # noqa: PLC0415
    from deploy.connect.whole import Snapshots  # noqa: PLC0415

    place, bootstrap = deployment.commerce, deployment.kafka.bootstrap_servers
    stopped = _stopping()
    with ExitStack() as stack:
        settings = stack.enter_context(Snapshots(bootstrap))
        engine = _engine(deployment, stack, "listwire-pull")
        reading, ledger = stack.enter_context(
            opened(place, bootstrap, engine, settings, wait=stopped.wait, stopped=stopped.is_set)
        )
        Rounds(reading, ledger, place).run(stopped.is_set, stopped.wait)


def _engine(deployment: Deployment, stack: ExitStack, name: str, connections: int = 5) -> Any:
    from deploy.connect.postgres import open_engine  # noqa: PLC0415

    deployment.require("postgres.url")
    url = deployment.postgres.url.get_secret_value()
    engine = open_engine(url, name=name, connections=connections)
    stack.callback(engine.dispose)
    return engine


def identify(bootstrap: str) -> Callable[[str], Any]:
    """Give what tells which log a topic is: the cluster's id and the topic's own.

    The result raises `TryAgain` where the broker does not say.
    """
    from kafka.errors import KafkaError  # noqa: PLC0415

    from consumers.feed import Log  # noqa: PLC0415
    from deploy.connect.kafka import open_admin  # noqa: PLC0415

    def log(topic: str) -> Log:
        try:
            with open_admin(bootstrap) as admin:
                cluster = admin.describe_cluster()["cluster_id"]
                (found,) = admin.describe_topics([topic])
        except (Failure, KafkaError, OSError, KeyError, ValueError) as error:
            raise TryAgain(f"the broker does not say which log {topic} is: {error}") from error
        return Log(str(cluster), str(found["topic_id"]))

    return log


RUNS: dict[str, Run] = {
    "products": _processor("products"),
    "matching": _processor("matching"),
    "listings": _processor("listings"),
    "postgres": _postgres,
    "amazon": _amazon,
    "lookups": _lookups,
    "webhook": _webhook,
    "pull": _pull,
    "reports": _reports,
    "notifications": _notifications,
    "commerce": _commerce,
}
"""Role → what runs it."""
