"""Reading the shop again and again: what changed, what is in stock, now and then all of it.

A change below the shop's own application (an import by SQL, a save over REST) is as good as
one that was announced: `changes` finds it by the time of change, `full` whatever the time
says, because contents are compared with what the topics hold. What is equal is not told.

* Pages go by id, not by page number: what is changed, added or deleted while they are read
  moves nothing else across the edge of a page, and equal times of change do not matter.
* The next reading begins where this one began, on the shop's clock, less an overlap: the
  shop's times have whole seconds, and a transaction may be seen long after its time.
* Stock has no time of change: all units of all sources are read each time.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Protocol

import structlog

from producers.catalog import sealing
from producers.catalog.ending import Publisher
from producers.catalog.family import Family
from producers.catalog.reader import Kept, Reader, chunks
from producers.catalog.rest import Document, Rest
from producers.catalog.sealing import Sealing
from producers.catalog.sessions import Progress
from producers.catalog.snapshot import Snapshot, Verdict, as_stated, fingerprint
from producers.catalog.stocktaking import Stocktaking
from producers.catalog.telling import Edge, Manners, Moment, Tally, Telling
from producers.catalog.told import Topics

BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)

LISTED = 1_000
"""Ids that one page of the shop's whole list holds."""

YOUNG = timedelta(hours=12)
"""A session that is older is not gone on with: too much of it may have changed since."""

_log = structlog.get_logger(__name__)


class Ledger(Kept, Protocol):
    """How far the shop was read, and what is kept of it."""

    def progress(self) -> Progress:
        """Give how far it was read."""

    def move(self, **to: datetime) -> None:
        """Note how far it was read."""


class Pull:
    """Reads one shop; one of it at a time."""

    def __init__(
        self,
        rest: Rest,
        topics: Topics,
        publisher: Publisher,
        ledger: Ledger,
        sessions: sealing.Sessions,
        edge: Edge,
        manners: Manners,
    ) -> None:
        self._rest, self._topics, self._publisher = rest, topics, publisher
        self._ledger, self._sessions, self._edge = ledger, sessions, edge
        self._manners = manners
        self._family = Family(topics)
        self.reader = Reader(rest, edge.settings, ledger, self._family.parent)
        self._telling = Telling(topics, publisher, edge, manners.source)
        self._stocktaking = Stocktaking(rest, topics, manners)

    def changes(self) -> Tally:
        """Read what changed since the last time, and all stock; tell what differs."""
        began = self._begin()
        since = (self._ledger.progress().read_to or BEGINNING) - self._manners.overlap
        for moment, page in self._changed(max(since, BEGINNING)):
            self._family.note(page)
            self._telling.products(self.reader.wholes(page), moment)
        self._read_moved()
        self._read_stock()
        self._settle()
        self._move(read_to=began)
        return self._telling.tally

    def full(self) -> Tally:
        """Read everything, tell what differs, and end what is no longer there, if it may.

        One that was killed goes on with its session, if the shop still lists the same.
        """
        began = self._begin()
        at = self._edge.now()
        session, listed = self._open()
        done = self._sessions.seen(session.id)
        rest = [id_ for id_, sku in listed.items() if sku not in done]
        for ids in chunks(rest, self._manners.size):
            self._sessions.add(session.id, self._read_listed(ids, listed))
        self._read_stock()
        self._settle()
        verdict = self._seal(session)
        # what a killed reading had read is as old as its beginning
        read_to = began - max(at - session.opened_at, timedelta(0)) if began else None
        marks = {"read_to": read_to} | ({} if verdict.state == "refused" else {"full_at": began})
        self._move(**marks)
        return self._telling.tally

    def _read_listed(self, ids: Sequence[str], listed: Mapping[str, str]) -> dict[str, bool]:
        moment = self._telling.moment()
        page = list(self.reader.by_ids(ids))
        self._telling.products(self.reader.wholes(page), moment)
        there = {str(d["id"]) for d in page}
        gone = [listed[id_] for id_ in ids if id_ not in there]
        return {str(d["sku"]): True for d in page} | {sku: self._is_there(sku) for sku in gone}

    def _begin(self) -> datetime | None:
        self._telling.tally = Tally()
        self._family.forget()
        self._topics.catch_up()
        self.reader.refresh()
        return self._rest.date

    def _move(self, **to: datetime | None) -> None:
        known = {name: moment for name, moment in to.items() if moment is not None}
        if len(known) < len(to):
            _log.warning("the shop tells no time: the next reading begins where this one did")
            return
        self._ledger.move(**known)

    # --- pages ---

    def _changed(self, since: datetime) -> Iterator[tuple[Moment, list[Document]]]:
        where = ("updated_at", "gteq", since.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S"))
        last = "0"
        while True:
            moment = self._telling.moment()
            page, _ = self._rest.search(
                "products",
                where=[where, ("entity_id", "gt", last)],
                sort="entity_id",
                size=self._manners.size,
            )
            if page:
                yield moment, page
            if len(page) < self._manners.size:
                return
            last = str(page[-1]["id"])

    def _listed(self) -> Iterator[Document]:
        last = "0"
        while True:
            page, _ = self._rest.search(
                "products",
                where=[("entity_id", "gt", last)],
                sort="entity_id",
                size=LISTED,
                members="id,sku,type_id,extension_attributes[configurable_product_links]",
            )
            yield from page
            if len(page) < LISTED:
                return
            last = str(page[-1]["id"])

    # --- reading and telling ---

    def _read_moved(self) -> None:
        """Read the products again that came to a parent or left one: they did not change."""
        for ids in chunks(self._family.moved(), self._manners.size):
            moment = self._telling.moment()
            page = list(self.reader.by_ids(ids))
            self._telling.products(self.reader.wholes(page), moment)

    def _settle(self) -> None:
        self._publisher.flush()
        self._topics.catch_up()

    def _read_stock(self) -> None:
        self._stocktaking.take(self._telling, self.reader)

    # --- the whole ---

    def _open(self) -> tuple[Snapshot, dict[str, str]]:
        marks = self._topics.catch_up()
        listed: dict[str, str] = {}
        for document in self._listed():
            listed[str(document["id"])] = str(document["sku"])
            self._family.note([document])
        _, total = self._rest.search("products", size=1, members="id")
        session = Snapshot(
            id=str(self._edge.new_id()),
            shop=self._manners.shop,
            by="pull",
            opened_at=self._edge.now(),
            count=total,
            hash=fingerprint(listed.values()),
            marks=as_stated(marks),
        )
        session = self._begun(session) or session
        if self._sessions.get(session.id) is None:
            self._sessions.open(session)
        self._telling.tally.snapshot = session.id
        return session, listed

    def _begun(self, like: Snapshot) -> Snapshot | None:
        """Give the session of a reading that was killed, if it is *like* this one and young."""
        mine = (s for s in self._sessions.list() if (s.shop, s.by) == (like.shop, like.by))
        newest = next(mine, None)
        if newest is None or newest.state != "open" or like.opened_at - newest.opened_at > YOUNG:
            return None
        return newest if (newest.count, newest.hash) == (like.count, like.hash) else None

    def _is_there(self, sku: str) -> bool:
        return self._rest.product(sku) is not None

    def _seal(self, session: Snapshot) -> Verdict:
        sealed = Sealing(
            self._sessions,
            self._topics,
            self._publisher,
            now=self._edge.now,
            settings=self._edge.settings,
        ).seal(session.id, source=self._manners.source)
        self._telling.tally.verdict, self._telling.tally.ended = sealed.verdict, sealed.ended
        return sealed.verdict
