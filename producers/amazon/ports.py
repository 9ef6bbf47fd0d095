"""What a report's life needs of the outside: Amazon, an archive, its ledger, topics, a clock."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from typing import Protocol

import msgspec

from producers.amazon import collect
from producers.amazon.document import Open
from producers.amazon.reading import Reader, here
from producers.amazon.run import Run
from schemas.settings import Settings


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """What Amazon says of a report. *mine*: it is of the store that was asked for."""

    report: str
    type: str
    created: datetime
    status: str
    mine: bool = True
    document: str | None = None
    data_end: datetime | None = None
    processing_end: datetime | None = None


class Fetched(msgspec.Struct, frozen=True, kw_only=True):
    """A document that was downloaded: its declared character set, its size as it came."""

    charset: str | None
    size: int


class Reports(Protocol):
    """Amazon's Reports API. Raises the four classes of `schemas.errors`."""

    def now(self) -> datetime:
        """Give the present on Amazon's clock."""

    def request(self, account: str, store: str, type: str) -> str:  # noqa: A002 - Amazon's word
        """Ask for a report; give its id."""

    def listed(self, account: str, store: str, type: str, since: datetime) -> list[Told]:  # noqa: A002
        """Give the reports of a store and type that were asked for since then."""

    def told(self, account: str, store: str, report: str) -> Told:
        """Give how far a report is."""

    def fetch(self, account: str, document: str, into: Path) -> Fetched:
        """Download a document to *into*."""


class Archive(Protocol):
    """Where documents are kept by the hash of their bytes."""

    def put(self, file: Path) -> str:
        """Keep a copy of *file*, and give its name; putting it twice changes nothing."""

    def local(self, name: str) -> AbstractContextManager[Open]:
        """Give what opens the document here. Raises LookupError if it is not kept whole."""


class Ledger(Protocol):
    """The runs as they are written down."""

    def save(self, run: Run) -> Run:
        """Write *run* down, and give it as it now stands."""

    def previous(self, run: Run) -> Run | None:
        """Give the latest run before this one whose document was read."""

    def accepted(self, run: Run) -> Run | None:
        """Give the complete run of this store and type that is as of the latest."""

    def known(self, account: str) -> set[str]:
        """Give the ids of all reports that belong to a run."""


class Ports(msgspec.Struct, frozen=True, kw_only=True):
    """What a step needs of the outside."""

    amazon: Reports
    archive: Archive
    ledger: Ledger
    publisher: Callable[[], collect.Publisher]
    ends: collect.Ends
    settings: Callable[[], Settings]
    now: Callable[[], datetime]
    reader: Reader = here
    """What reads documents: in production behind a wall (security S55)."""
