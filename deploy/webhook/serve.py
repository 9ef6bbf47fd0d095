"""Running the webhook: two listeners, one thread to the broker, until SIGTERM."""

import asyncio
import contextlib
import signal
import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime

import structlog
import uvicorn
from fastapi import FastAPI

from deploy.connect.kafka import abandon, open_producer
from deploy.errors import Failure
from deploy.settings import Deployment
from deploy.webhook.app import senders_face, watchers_face
from deploy.webhook.completer import Completer
from deploy.webhook.door import Door
from deploy.webhook.meters import Meters
from deploy.webhook.poster import OPTIONS, PATIENCE, Poster
from deploy.webhook.reading import READERS
from deploy.webhook.room import Room
from deploy.webhook.senders import Sender, senders

LONGEST_HEAD = 65_536
"""Bytes of a request's line and headers (`reliability.md` 4, number 56)."""

IDLE_SECONDS = 30
FINISH_SECONDS = PATIENCE + 1
"""What a request under way is given at a stop, which takes 10 s at most."""

_log = structlog.get_logger()


def listener(host: str, port: int) -> socket.socket:
    """Give a socket that listens there. Raises `Failure` (LW-0909)."""
    try:
        return socket.create_server((host, port), backlog=1024)
    except OSError as error:
        raise Failure(
            "LW-0909",
            where=f"{host}:{port}",
            why=str(error),
            do="set LISTWIRE_WEBHOOK__PORT and LISTWIRE_WEBHOOK__WATCH_PORT; 0 is any free one",
        ) from error


class Listener(uvicorn.Server):
    """A server that leaves signals to whoever runs it."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Let SIGTERM and SIGINT alone."""
        yield


def server(app: FastAPI) -> Listener:
    """Give a server for *app*: quiet, bounded, without names in its answers."""
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        lifespan="off",
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=IDLE_SECONDS,
        timeout_graceful_shutdown=int(FINISH_SECONDS),
        h11_max_incomplete_event_size=LONGEST_HEAD,
    )
    return Listener(config)


async def run(
    deployment: Deployment, environ: Mapping[str, str], now: Callable[[], datetime]
) -> None:
    """Take events until SIGTERM or SIGINT. Raises `Failure` where it cannot begin."""
    known = senders(deployment.webhook, environ)
    place = deployment.webhook
    doors = (listener(place.host, place.port), listener(place.watch_host, place.watch_port))
    bootstrap = deployment.kafka.bootstrap_servers
    poster = Poster(lambda: open_producer(bootstrap, **OPTIONS), abandon)
    room = Room()
    meters = Meters(room)
    door = Door(known, READERS, poster, now=now, room=room, meters=meters)
    faces = (senders_face(door), watchers_face(meters, lambda: poster.ready))
    threads: list[Poster | Completer] = [poster]
    if _completes(known):
        threads.append(Completer(deployment, now))
    try:
        await _listen([server(face) for face in faces], doors, threads)
    finally:
        for thread in reversed(threads):
            await asyncio.to_thread(thread.stop)
    for thread in threads:
        if thread.fault is not None:
            raise thread.fault


def _completes(known: Mapping[str, Sender]) -> bool:
    """Tell whether any source tells of what was saved, and not of whole products."""
    return any(sender.kind == "adobe" for sender in known.values())


async def _listen(
    servers: list[Listener],
    doors: tuple[socket.socket, ...],
    threads: Sequence[Poster | Completer],
) -> None:
    """Serve until a signal, or until a thread ended by a fault of ours."""
    loop = asyncio.get_running_loop()

    def stop() -> None:
        for one in servers:
            one.should_exit = True
        for thread in threads:
            thread.leave()

    for thread in threads:
        thread.ended = lambda: loop.call_soon_threadsafe(stop)
        thread.start()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    told = [f"http://{d.getsockname()[0]}:{d.getsockname()[1]}" for d in doors]
    _log.info("listening", events=told[0], watch=told[1])
    await asyncio.gather(
        *(one.serve(sockets=[door]) for one, door in zip(servers, doors, strict=True))
    )
