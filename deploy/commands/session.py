"""What every command is given: the deployment, how to print, and connections when needed."""

import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from deploy.commands.plain import safe
from deploy.settings import Deployment, Origin, load

UNCUT = 10_000
"""Characters of a line where stdout is a file or a pipe."""


ENCODER = msgspec.json.Encoder(enc_hook=str)


class Session:
    """One run of the command: flags and environment in, printing out."""

    def __init__(
        self, environ: Mapping[str, str], flags: Mapping[str, str], config: Path | None
    ) -> None:
        self.environ = dict(environ) | (
            {"LISTWIRE_CONFIG": str(config.absolute())} if config else {}
        )
        """The environment, and that of processes started from here: they read *config*, too."""
        self._flags = flags
        self._config = config
        self._loaded: tuple[Deployment, list[Origin]] | None = None
        self.talk = Console(stderr=True, highlight=False)
        self.out = Console(highlight=False, soft_wrap=True, width=_width())

    @property
    def deployment(self) -> Deployment:
        """The deployment in force. Raises `Failure` where it is not valid."""
        return self._load()[0]

    @property
    def origins(self) -> list[Origin]:
        """Each value in force, and where it came from."""
        return self._load()[1]

    def _load(self) -> tuple[Deployment, list[Origin]]:
        if self._loaded is None:
            self._loaded = load(self.environ, flags=self._flags, config=self._config)
        return self._loaded

    @property
    def bootstrap(self) -> str:
        """The broker's address. Raises `Failure` (LW-0101) where none is known."""
        self.deployment.require("kafka.bootstrap_servers")
        return self.deployment.kafka.bootstrap_servers

    @property
    def postgres(self) -> str:
        """The database's URL. Raises `Failure` (LW-0101) where none is known."""
        self.deployment.require("postgres.url")
        return self.deployment.postgres.url.get_secret_value()

    def now(self) -> datetime:
        """Give the time: the clock of the edge."""
        return datetime.now(UTC)

    def table(self, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
        """Print *rows* as a table on stdout; nothing in a cell is markup or a control."""
        table = Table(box=None, pad_edge=False, header_style="bold")
        for column in columns:
            table.add_column(column, overflow="fold")
        for row in rows:
            table.add_row(*(safe(shown(cell)) for cell in row))
        self.out.print(table)

    def json(self, document: Any) -> None:
        """Print *document* as one object on stdout."""
        sys.stdout.write(ENCODER.encode(document).decode() + "\n")


def _width() -> int | None:
    """Give the width of what is not read on a terminal: nothing in it is cut off or folded."""
    return None if sys.stdout.isatty() else UNCUT


def shown(cell: object) -> str:
    """Give *cell* as people read it: a dash for nothing, times in UTC to the second."""
    if cell is None:
        return "–"
    if isinstance(cell, datetime):
        return cell.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")
    return str(cell)


def session(context: typer.Context) -> Session:
    """Give the session of this run."""
    found: Session = context.find_root().obj
    return found
