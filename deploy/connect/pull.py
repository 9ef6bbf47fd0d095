"""Putting the reading of the shop together, for the role and for the command."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import msgspec
import structlog
from sqlalchemy import Engine, func, select

from deploy.connect.commerce.build import commerce_client
from deploy.connect.commerce.failures import ShopNotAllowed
from deploy.connect.kafka import open_producer
from deploy.connect.told import CatalogueTopics
from deploy.errors import Failure
from deploy.settings import Commerce
from producers.catalog.pull import Pull
from producers.catalog.rest import PATIENCE, Patient
from producers.catalog.sessions import Ledger, Sessions
from producers.catalog.telling import Edge, Manners, Stopped, Tally
from producers.publish import Publisher, Unpublished
from schemas.errors import Refused, TryAgain
from schemas.settings import Settings

SALT = 0x70756C6C
"""Keeps this lock apart from other advisory locks."""

FULL_AGAIN = 3_600.0
"""Seconds after which a whole reading that ended nothing is tried again."""

_log = structlog.get_logger(__name__)


@contextmanager
def opened(
    place: Commerce,
    bootstrap: str,
    engine: Engine,
    settings: Callable[[], Settings],
    *,
    wait: Callable[[float], object] = time.sleep,
    stopped: Callable[[], bool] = lambda: False,
) -> Iterator[tuple[Pull, Ledger]]:
    """Open one shop for reading. Raises `Failure`: LW-0101, LW-0545 where it is read elsewhere."""
    client = commerce_client(place)
    with ExitStack() as stack:
        stack.enter_context(_alone(engine, place.shop))
        producer = stack.enter_context(open_producer(bootstrap))
        topics = stack.enter_context(CatalogueTopics(bootstrap))
        ledger = Ledger(engine, place.shop)
        yield (
            Pull(
                Patient(client, wait, patience=PATIENCE),
                topics,
                Publisher(producer),
                ledger,
                Sessions(engine),
                Edge(now=_now, new_id=uuid4, settings=settings, stopped=stopped),
                Manners(
                    shop=place.shop,
                    overlap=timedelta(seconds=place.overlap),
                    size=place.page_size,
                ),
            ),
            ledger,
        )


@contextmanager
def _alone(engine: Engine, shop: str) -> Iterator[None]:
    """Hold the shop's lock: its mark has one writer."""
    lock = func.pg_try_advisory_lock(func.hashtextextended(shop, SALT))
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as session:
        if not session.execute(select(lock)).scalar():
            raise Failure(
                "LW-0545",
                where=f"shop {shop}",
                why="somebody holds its lock in Postgres",
                do="wait until the other one has ended, or stop it",
            )
        try:
            yield
        finally:
            session.invalidate()


def _now() -> datetime:
    return datetime.now(UTC)


@contextmanager
def told() -> Iterator[None]:
    """Turn what a shop does not let us do into what a person reads."""
    try:
        yield
    except ShopNotAllowed as error:
        raise Failure(
            "LW-0544",
            where="the shop's REST interface",
            why=str(error),
            do="look at the integration: its token, and the resources it was given",
        ) from error
    except Refused as error:
        raise Failure(
            "LW-0544",
            where="the shop's REST interface",
            why=str(error),
            do="look at LISTWIRE_COMMERCE__ADDRESS, and at the shop's own log",
        ) from error
    except Unpublished as error:
        raise Failure(
            "LW-0207",
            where="the broker",
            why=str(error),
            do="look at the broker; the next reading tells what this one could not",
        ) from error
    except TryAgain as error:
        raise Failure(
            "LW-0543",
            where="the shop's REST interface, or the broker",
            why=str(error),
            do="run it again: nothing is lost, and the mark has not moved",
        ) from error


class Rounds:
    """The readings of one shop, one after another, until somebody wants it to end."""

    def __init__(
        self,
        pull: Pull,
        ledger: Ledger,
        place: Commerce,
        *,
        now: Callable[[], datetime] = _now,
    ) -> None:
        self._pull, self._ledger, self._place, self._now = pull, ledger, place, now
        self._tried: datetime | None = None

    def run(self, stopped: Callable[[], bool], wait: Callable[[float], object]) -> None:
        """Read, and wait, until *stopped*. Raises `Failure` where the shop shuts us out."""
        while not stopped():
            try:
                with told():
                    self.turn()
            except Stopped:
                return
            except Failure as failure:
                if failure.code != "LW-0543":
                    raise
                _log.warning("the shop does not answer", why=failure.why)
            wait(self._place.every)

    def turn(self) -> Tally:
        """Read once: everything where that is due, else what changed."""
        if not self._due():
            return said("changes", self._pull.changes())
        self._tried = self._now()
        return said("whole", self._pull.full())

    def _due(self) -> bool:
        whole = timedelta(seconds=self._place.full_every)
        last = self._ledger.progress().full_at
        if last is not None and self._now() - last < whole:
            return False
        again = timedelta(seconds=min(FULL_AGAIN, self._place.full_every))
        return self._tried is None or self._now() - self._tried >= again


def said(what: str, tally: Tally) -> Tally:
    """Log what a reading found; a session that ended nothing is a warning."""
    facts: dict[str, Any] = {"read": tally.read, "told": sum(tally.told.values())}
    facts |= {"unchanged": tally.unchanged, "refused": tally.refused, "ended": tally.ended}
    verdict = tally.verdict
    if verdict is not None and verdict.state in ("held", "refused"):
        _log.warning("nothing ended", snapshot=tally.snapshot, **msgspec.structs.asdict(verdict))
    _log.info("read the shop", what=what, **facts)
    return tally
