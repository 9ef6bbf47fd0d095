"""The whole pipeline as processes below one folder: broker, database, stand-in, workers.

What `up` and `demo` run, and what the tests kill. Everything started here ends with it,
also when this process is killed.
"""

import contextlib
import json
import signal
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from deploy.embedded.process import Guarded, Order, tail
from deploy.embedded.stack import Stack
from deploy.errors import Failure
from deploy.settings import Deployment
from deploy.supervisor import Crew, Place, listwire

ROLES = (
    "products", "matching", "listings", "postgres", "amazon", "lookups", "reports", "commerce",
)  # fmt: skip
"""Every role of the pipeline."""

BY_FILE = tuple(role for role in ROLES if role != "reports")
"""Every role where reports are brought in as files, and none is to come beside them."""

DOORS = ("webhook", "notifications", "pull")
"""Roles that run only where the deployment says from whom they take what."""


def doors(deployment: Deployment) -> tuple[str, ...]:
    """Give those of `DOORS` that *deployment* opens."""
    told = deployment.notifications
    open_ = {
        "webhook": bool(deployment.webhook.sources),
        "notifications": bool(told.queue or told.stand_in),
        "pull": bool(deployment.commerce.address),
    }
    return tuple(name for name in DOORS if open_[name])


READY_SECONDS = 20.0
"""A stand-in is ready within this."""

Say = Callable[[str], None]


class Sandbox:
    """A stand-in of Amazon as a child process; `api` and `control` are its addresses."""

    def __init__(self, folder: Path, *, seed: Path | None = None, journal: bool = False) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._log = folder / "sandbox.log"
        self._log.unlink(missing_ok=True)
        words = [*listwire(), "sandbox"]
        words += ["--seed", str(seed)] if seed else []
        words += ["--journal", str(folder)] if journal else []
        self._child = Guarded(
            Order(
                command=words,
                cwd=folder,
                log=self._log,
                stop=((signal.SIGTERM, 5.0),),
                orphaned=signal.SIGKILL,
            )
        )
        told = self._told()
        self.api, self.control = told["api"], told["control"]

    @property
    def pid(self) -> int:
        """The stand-in's process id."""
        return self._child.pid

    def stop(self) -> None:
        """End it."""
        self._child.stop()

    def _told(self) -> dict[str, str]:
        deadline = time.monotonic() + READY_SECONDS
        while self._child.running and time.monotonic() < deadline:
            with contextlib.suppress(OSError, ValueError, IndexError):
                told: dict[str, str] = json.loads(self._log.read_text().splitlines()[-1])
                return told
            time.sleep(0.05)
        self._child.stop()
        raise Failure("LW-0910", where=str(self._log), why=tail(self._log), do="read that file")

    def environ(self) -> dict[str, str]:
        """Give the variables that send our client to this stand-in."""
        return {
            "LISTWIRE_AMAZON__NA": f"{self.api}/na",
            "LISTWIRE_AMAZON__EU": f"{self.api}/eu",
            "LISTWIRE_AMAZON__FE": f"{self.api}/fe",
            "LISTWIRE_AMAZON__LOGIN": f"{self.api}/auth/o2/token",
            "LISTWIRE_AMAZON__CLIENT_ID": "sandbox",
            "LISTWIRE_AMAZON__CLIENT_SECRET": "sandbox",
        }


def _fetching(say: Say) -> Callable[[str, int, int], None]:
    def told(name: str, done: int, total: int) -> None:
        if done in (1, total) or done % 10 == 0:
            say(f"fetching Apache Kafka: {done} of {total} jars ({name})")

    return told


class Pipeline:
    """Broker and database (ours, or those named), topics, tables, and a crew of workers."""

    def __init__(
        self,
        folder: Path | None,
        *,
        environ: Mapping[str, str],
        roles: Mapping[str, int] | None = None,
        kafka: str | None = None,
        postgres: str | None = None,
        replication: int = 1,
        say: Say = lambda _: None,
    ) -> None:
        self._say = say
        self._replication = replication
        self._given = kafka, postgres
        ours = not (kafka and postgres)
        self.stack = (
            Stack(folder, kafka_at=kafka, postgres_at=postgres, progress=_fetching(say))
            if ours
            else None
        )
        self.folder = self.stack.data if self.stack else (folder or Path()).absolute()
        self._environ = dict(environ)
        self._roles = dict.fromkeys(ROLES, 1) if roles is None else dict(roles)
        self.crew: Crew | None = None

    @property
    def environ(self) -> dict[str, str]:
        """The environment of every process of this pipeline."""
        usual = {"LISTWIRE_ARCHIVE__FOLDER": str(self.folder / "archive")}
        ours = {
            "LISTWIRE_KAFKA__BOOTSTRAP_SERVERS": self.bootstrap,
            "LISTWIRE_POSTGRES__URL": self.url,
        }
        return usual | self._environ | ours

    def add(self, environ: Mapping[str, str]) -> None:
        """Let every process know of *environ*, too."""
        self._environ |= environ

    @property
    def bootstrap(self) -> str:
        """Where the broker is."""
        return self._given[0] or (self.stack.bootstrap_servers if self.stack else "")

    @property
    def url(self) -> str:
        """Where the database is."""
        return self._given[1] or (self.stack.url if self.stack else "")

    def start(self) -> Self:
        """Start what is ours, make topics and tables, then start the workers."""
        from deploy.preparing import prepare  # noqa: PLC0415 - opens what has just started

        if self.stack:
            self._say("starting Apache Kafka and Postgres")
            self.stack.start()
        try:
            prepare(self.bootstrap, self.url, replication=self._replication)
            self.crew = Crew(self._roles, self.folder / "workers", self.environ)
            self.crew.start()
        except BaseException:
            self.stop()
            raise
        return self

    def tend(self) -> list[Place]:
        """Look after the parts: start workers that ended again. Raises if the stack ended."""
        if self.stack:
            self.stack.check()
        return self.crew.tend() if self.crew else []

    def stop(self) -> None:
        """End the workers, then the stack."""
        if self.crew:
            self.crew.stop()
        if self.stack:
            self.stack.stop()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
