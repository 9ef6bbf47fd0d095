"""`listwire doctor`: every check is run, whatever became of the others; no secret is shown."""

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta

from deploy.settings import Deployment, data_folder
from deploy.watch.amazon_checks import amazon_checks
from deploy.watch.broker_checks import broker_checks
from deploy.watch.check import Check, masked
from deploy.watch.machine_checks import machine_checks
from deploy.watch.postgres_checks import postgres_checks
from deploy.watch.queue_checks import queue_checks

SECRET = ("TOKEN", "SECRET", "PASSWORD")
"""What the name of a variable that holds a secret has in it."""

SHORT = 8
"""Characters below which a value is no secret, and blotting it out would hide words."""


def checks(deployment: Deployment, environ: Mapping[str, str], *, now: datetime) -> list[Check]:
    """Look at everything that a process of ours relies on; *now* is this machine's clock."""
    return masked(_all(deployment, environ, _running(now)), _secrets(deployment, environ))


def _all(
    deployment: Deployment, environ: Mapping[str, str], clock: Callable[[], datetime]
) -> Iterator[Check]:
    bootstrap = deployment.kafka.bootstrap_servers
    broker = list(broker_checks(bootstrap, replication=deployment.kafka.replication, clock=clock))
    yield from broker
    reached = bootstrap if broker[0].state == "ok" else ""
    yield from postgres_checks(deployment.postgres.url.get_secret_value(), reached, clock=clock)
    yield from amazon_checks(deployment.amazon, reached, environ)
    yield from queue_checks(deployment.notifications)
    yield from machine_checks(data_folder(environ))


def _running(now: datetime) -> Callable[[], datetime]:
    """Give a clock that starts at *now*."""
    began = time.monotonic()
    return lambda: now + timedelta(seconds=time.monotonic() - began)


def _secrets(deployment: Deployment, environ: Mapping[str, str]) -> Iterator[str]:
    """Give whatever must not be shown: of the deployment, and what variables say they hold."""
    from sqlalchemy import make_url  # noqa: PLC0415 - beside its only use
    from sqlalchemy.exc import ArgumentError  # noqa: PLC0415

    yield deployment.amazon.client_secret.get_secret_value()
    url = deployment.postgres.url.get_secret_value()
    yield url
    with contextlib.suppress(ArgumentError):
        yield (make_url(url).password or "") if url else ""
    yield from (value for name, value in environ.items() if _tells(name) and len(value) >= SHORT)


def _tells(name: str) -> bool:
    return any(word in name.upper() for word in SECRET)
