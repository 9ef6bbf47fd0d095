"""Sealing a session: judged, then what is missing ends, or waits for a person.

The verdict is written down before the first product is ended, so that a process that dies
in between goes on with it: `seal` again does no harm.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Protocol

import msgspec

from producers.catalog.ending import Publisher, end
from producers.catalog.snapshot import Snapshot, Verdict, judge, limits, marks_of
from producers.catalog.told import PRODUCT, Topics, overtaken
from schemas.settings import Settings


class Sessions(Protocol):
    """All sessions: Postgres, or a dict in a test."""

    def open(self, session: Snapshot) -> None:
        """Begin *session*; what the same opener left open for this shop is dropped."""

    def get(self, id_: str) -> Snapshot | None:
        """Give the session of this id."""

    def list(self) -> Sequence[Snapshot]:
        """Give the newest sessions, the newest first."""

    def add(self, id_: str, seen: Mapping[str, bool]) -> None:
        """Take in SKUs that were read, and whether they were still there."""

    def seen(self, id_: str) -> dict[str, bool]:
        """Give all that was taken in."""

    def save(self, session: Snapshot) -> None:
        """Write what became of *session*."""

    def last(self, shop: str) -> int | None:
        """Give how many products the last accepted whole of *shop* had."""


class Sealed(msgspec.Struct, frozen=True):
    """What became of a session, and how many products ended with it."""

    verdict: Verdict
    ended: int = 0


class NotWaiting(ValueError):
    """There is no such session, or it is in no state in which this can be asked of it."""


class Sealing:
    """Seals, releases and drops sessions."""

    def __init__(
        self,
        sessions: Sessions,
        topics: Topics,
        publisher: Publisher,
        *,
        now: Callable[[], datetime],
        settings: Callable[[], Settings],
    ) -> None:
        self._sessions, self._topics, self._publisher = sessions, topics, publisher
        self._now, self._settings = now, settings

    def seal(self, id_: str, *, source: str) -> Sealed:
        """Judge the session, and end what it may end. Raises `NotWaiting`."""
        session = self._in(id_, "open", "sealed")
        self._topics.catch_up()
        verdict = judge(
            session,
            seen := self._sessions.seen(id_),
            self._known(session, source),
            self._sessions.last(session.shop),
            limits(self._settings()),
        )
        session = msgspec.structs.replace(
            session,
            state=verdict.state,
            why=verdict.why,
            guard=verdict.guard,
            missing=list(verdict.missing),
            present=sum(seen.values()),
            closed_at=self._now(),
        )
        self._sessions.save(session)
        if verdict.state != "sealed":
            return Sealed(verdict)
        ended = self._end(session, source)
        return Sealed(msgspec.structs.replace(verdict, state="ended"), ended)

    def release(self, id_: str, *, by: str, why: str, source: str) -> Sealed:
        """End what a held session would end, because a person says so. Raises `NotWaiting`.

        Products that somebody told of meanwhile live.
        """
        session = self._in(id_, "held")
        told = msgspec.structs.replace(session, released_by=f"{by}: {why}")
        ended = self._end(told, source)
        return Sealed(Verdict("ended", session.why, session.guard, tuple(session.missing)), ended)

    def drop(self, id_: str, *, by: str, why: str) -> None:
        """Let a session end nothing. Raises `NotWaiting`."""
        session = self._in(id_, "open", "held")
        self._close(msgspec.structs.replace(session, released_by=f"{by}: {why}"), "dropped")

    def _end(self, session: Snapshot, source: str) -> int:
        self._topics.catch_up()
        ended = end(
            session.missing,
            self._topics,
            self._publisher,
            source=source,
            marks=marks_of(session),
            now=self._now,
        )
        self._close(session, "ended")
        return ended

    def _close(self, session: Snapshot, state: str) -> None:
        closed = msgspec.structs.replace(session, state=state, closed_at=self._now())
        self._sessions.save(closed)

    def _known(self, session: Snapshot, source: str) -> list[str]:
        """Give the shop's products of which nobody else told since the reading began."""
        marks, told = marks_of(session), self._topics.told
        return [
            sku
            for sku in told.live(session.shop)
            if not overtaken(told.of(PRODUCT, sku), marks, PRODUCT, source)
        ]

    def _in(self, id_: str, *states: str) -> Snapshot:
        session = self._sessions.get(id_)
        if session is None:
            raise NotWaiting(f"there is no session {id_}")
        if session.state not in states:
            raise NotWaiting(f"session {id_} is {session.state}, not {' or '.join(states)}")
        return session
