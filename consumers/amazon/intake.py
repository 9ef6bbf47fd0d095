"""Offers off Kafka into the ledger; the loop is `consumers.postgres.turning`."""

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import Connection, Engine

from consumers.amazon import ledger, outbox
from consumers.amazon.bells import Bells, notify
from consumers.amazon.desired import accept, withdraw
from consumers.amazon.ledger import Sku
from consumers.amazon.row import Change, Rows
from consumers.drain import SetAside
from consumers.feed import Feed
from consumers.postgres.intake import Taking
from schemas import codec, keys
from schemas.amazon import Submission
from schemas.errors import Refused
from schemas.offers import Offer
from schemas.reasons import Reason
from schemas.record import Record

GROUP = "listwire-amazon"

Wanted = list[tuple[Sku, Offer | None]]


class Intake(Taking[tuple[Sku, Offer | None]]):
    """Reads offers and writes what they want; *bells* wakes those who push."""

    def __init__(
        self,
        feed: Feed,
        engine: Engine,
        bells: Bells,
        set_aside: SetAside,
        *,
        now: Callable[[], datetime],
        clock: Callable[[], float],
        jitter: Callable[[], float],
        anew: bool = False,
    ) -> None:
        super().__init__(
            engine, feed, set_aside, group=GROUP, clock=clock, jitter=jitter, anew=anew
        )
        self._bells = bells
        self._now = now

    def read(self, record: Record) -> tuple[Sku, Offer | None]:
        """Give the SKU of *record* and its offer. Raises `Refused`."""
        return decoded(record)

    def keep(self, connection: Connection, said: Wanted) -> set[str]:
        """Write what a batch wants; give the accounts it touches."""
        accounts = store(connection, said, self._now())
        notify(connection, accounts, self._bells.mark)
        return accounts

    def kept(self, what: set[str]) -> None:
        """Wake those who push for these accounts."""
        self._bells.ring(what)


def decoded(record: Record) -> tuple[Sku, Offer | None]:
    """Give the SKU of *record* and its offer, None for a delete. Raises `Refused`."""
    try:
        account, seller_sku = keys.split(record.key or b"")
    except ValueError as error:
        raise _mismatch(repr(record.key), "account|seller SKU") from error
    offer = codec.decode(record, Offer)
    if offer is not None and (offer.account, offer.seller_sku) != (account, seller_sku):
        raise _mismatch(f"{account}|{seller_sku}", f"{offer.account}|{offer.seller_sku}")
    if (why := _unstorable(record, seller_sku, offer)) is not None:
        raise Refused(Reason("ROW_INVALID", {"why": why}))
    return (account, seller_sku), offer


def _unstorable(record: Record, seller_sku: str, offer: Offer | None) -> str | None:
    """Say what Postgres would refuse to store, None if nothing."""
    if "\0" in seller_sku or b"\\u0000" in (record.value or b""):
        return "a NUL character"
    if offer is not None and offer.sequence >= 1 << 63:
        return f"sequence {offer.sequence} has more than 63 bits"
    return None


def _mismatch(key: str, expected: str) -> Refused:
    return Refused(Reason("KEY_MISMATCH", {"key": key[:200], "expected": expected[:200]}))


def store(connection: Connection, wanted: Wanted, now: datetime) -> set[str]:
    """Write what *wanted* asks for, in order; give the accounts it touches."""
    skus = sorted({sku for sku, _ in wanted})
    if not skus:
        return set()
    before = ledger.load(connection, skus)
    after: dict[Sku, Rows] = dict(before)
    said: list[Submission] = []
    for sku, offer in wanted:
        change = withdraw(after[sku], now) if offer is None else accept(offer, after[sku], now)
        after[sku] = after[sku] | change.rows
        said += change.said
    ledger.save(
        connection, [(before[s], ledger.finished(before[s], Change(after[s]))) for s in skus]
    )
    outbox.put(connection, said)
    return {account for account, _ in skus}
