"""What listings say for the catalogue, off Kafka into the tables."""

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import Connection, Engine

from consumers.commerce import ledger
from consumers.commerce.ledger import Said
from consumers.drain import SetAside
from consumers.feed import Feed
from consumers.postgres.intake import Taking
from schemas import codec, keys
from schemas.errors import Refused
from schemas.listings import AttributesImported
from schemas.reasons import Reason
from schemas.record import Record
from schemas.settings import Settings

GROUP = "listwire-commerce"


class Intake(Taking[Said]):
    """Reads `catalog.attributes-imported.v1`; *settings* says which store is the older."""

    def __init__(
        self,
        feed: Feed,
        engine: Engine,
        set_aside: SetAside,
        settings: Callable[[], Settings],
        *,
        now: Callable[[], datetime],
        clock: Callable[[], float],
        jitter: Callable[[], float],
        anew: bool = False,
    ) -> None:
        super().__init__(
            engine, feed, set_aside, group=GROUP, clock=clock, jitter=jitter, anew=anew
        )
        self._settings = settings
        self._now = now

    def read(self, record: Record) -> Said:
        """Give what *record* says. Raises `Refused`."""
        return decoded(record)

    def keep(self, connection: Connection, said: list[Said]) -> None:
        """Keep what listings say, and what follows for the catalogue."""
        ledger.take(connection, said, self._settings(), self._now())


def decoded(record: Record) -> Said:
    """Give product, account and seller SKU of *record*, its sequence and its values.

    Raises `Refused`.
    """
    try:
        sku, account, seller_sku = keys.split(record.key or b"")
    except ValueError as error:
        raise _mismatch(repr(record.key), "SKU|account|seller SKU") from error
    event = codec.decode(record, AttributesImported)
    stated = (sku, account, seller_sku)
    if event is not None and (event.sku, event.account, event.seller_sku) != stated:
        raise _mismatch("|".join(stated), f"{event.sku}|{event.account}|{event.seller_sku}")
    if any("\0" in part for part in stated) or b"\\u0000" in (record.value or b""):
        raise Refused(Reason("ROW_INVALID", {"why": "a NUL character"}))
    return stated, codec.version(record), event


def _mismatch(key: str, expected: str) -> Refused:
    return Refused(Reason("KEY_MISMATCH", {"key": key[:200], "expected": expected[:200]}))
