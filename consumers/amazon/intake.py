"""Offers off Kafka into the ledger: rows and offset in one transaction (`reliability.md` C).

A record that is refused becomes a dead letter before the offset moves. Kafka's own offsets
are only for show.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, Engine

from consumers.amazon import ledger, outbox
from consumers.amazon.bells import Bells, notify
from consumers.amazon.desired import accept, withdraw
from consumers.amazon.ledger import Sku
from consumers.amazon.row import Change, Rows
from consumers.coverage import extended
from consumers.drain import SetAside
from consumers.feed import Feed, Place
from consumers.postgres import offsets
from consumers.postgres.offsets import Mark
from schemas import codec, keys
from schemas.amazon import Submission
from schemas.errors import Refused
from schemas.listings import Offer
from schemas.pipeline import Coverage, Handled
from schemas.reasons import Reason
from schemas.record import Record

GROUP = "listwire-amazon"
TOPIC = "listing.offer.v1"
MOST = 500
"""Offers of one transaction."""


class Intake:
    """Reads offers and writes what they want; one thread calls `turn`."""

    def __init__(
        self,
        feed: Feed,
        engine: Engine,
        bells: Bells,
        set_aside: SetAside,
        now: Callable[[], datetime],
        *,
        anew: bool = False,
    ) -> None:
        self._feed = feed
        self._engine = engine
        self._bells = bells
        self._set_aside = set_aside
        self._now = now
        self._anew = anew
        self._marks: dict[Place, Mark] = {}

    def turn(self, timeout: float) -> int:
        """Take one batch; give how many records are accounted for.

        Raises `Zombie` or `Left` when another process owns what we read: this one ends.
        """
        self._claim()
        polled = {p: list(r) for p, r in self._feed.poll(timeout, MOST).items() if r}
        polled = {p: r for p, r in polled.items() if p in self._marks}
        if not polled:
            return 0
        wanted, outcomes = self._decoded(polled)
        steps = {p: self._step(p, outcomes[p]) for p in polled}
        with self._engine.begin() as connection:
            accounts = store(connection, wanted, self._now())
            notify(connection, accounts)
            offsets.move(connection, GROUP, steps)
        self._bells.ring(accounts)
        self._moved(steps)
        return sum(map(len, polled.values()))

    def _claim(self) -> None:
        held = self._feed.held()
        self._marks = {p: m for p, m in self._marks.items() if p in held}
        gained = sorted(self._feed.gained())
        if not gained:
            return
        bounds = self._feed.bounds(gained)
        for place in gained:
            with self._engine.begin() as connection:
                mark = offsets.claim(
                    connection,
                    GROUP,
                    place,
                    self._feed.log(place.topic),
                    bounds[place],
                    anew=self._anew,
                )
            self._marks[place] = mark
            self._feed.start(place, mark.next)

    def _decoded(
        self, polled: Mapping[Place, Sequence[Record]]
    ) -> tuple[list[tuple[Sku, Offer | None]], dict[Place, list[tuple[int, Handled]]]]:
        wanted: list[tuple[Sku, Offer | None]] = []
        outcomes: dict[Place, list[tuple[int, Handled]]] = {}
        for place, records in polled.items():
            outcomes[place] = []
            for record in records:
                outcome: Handled = "emitted"
                try:
                    wanted.append(decoded(record))
                except Refused as refused:
                    self._set_aside(record, refused.reason)
                    outcome = "quarantined"
                outcomes[place].append((record.offset, outcome))
        return wanted, outcomes

    def _step(self, place: Place, outcomes: Sequence[tuple[int, Handled]]) -> tuple[Mark, Coverage]:
        mark = self._marks[place]
        return mark, extended(mark.coverage, outcomes)

    def _moved(self, steps: Mapping[Place, tuple[Mark, Coverage]]) -> None:
        for place, (mark, coverage) in steps.items():
            self._marks[place] = Mark(
                next=coverage.next,
                gen=mark.gen,
                epoch=mark.epoch,
                coverage=coverage,
                parked=mark.parked,
            )
        self._feed.commit({p: coverage.next for p, (_, coverage) in steps.items()})


def decoded(record: Record) -> tuple[Sku, Offer | None]:
    """Give the SKU of *record* and its offer, None for a delete. Raises `Refused`."""
    try:
        account, seller_sku = keys.split(record.key or b"")
    except ValueError as error:
        facts = {"key": repr(record.key)[:200], "expected": "account|seller SKU"}
        raise Refused(Reason("KEY_MISMATCH", facts)) from error
    offer = codec.decode(record, Offer)
    if offer is not None and (offer.account, offer.seller_sku) != (account, seller_sku):
        facts = {
            "key": f"{account}|{seller_sku}",
            "expected": f"{offer.account}|{offer.seller_sku}",
        }
        raise Refused(Reason("KEY_MISMATCH", facts))
    return (account, seller_sku), offer


def store(
    connection: Connection, wanted: Sequence[tuple[Sku, Offer | None]], now: datetime
) -> set[str]:
    """Write what *wanted* asks for, in order; give the accounts it touches."""
    skus = sorted({sku for sku, _ in wanted})
    before = ledger.load(connection, skus) if skus else {}
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
