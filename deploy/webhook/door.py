"""One request of a sender: proven, read, judged, written; 202 only after the broker's word.

The order is part of the security: nothing is read before the sender is known, and nothing is
taken apart before the whole body is proven.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from concurrent.futures import Future
from datetime import datetime
from typing import Protocol

import msgspec
import structlog

from deploy.webhook import body
from deploy.webhook.meters import STRANGER, Meters
from deploy.webhook.names import Kept, Names
from deploy.webhook.poster import PATIENCE
from deploy.webhook.problem import Problem, busy
from deploy.webhook.proof import NotProven
from deploy.webhook.room import Full, Lease, Room
from deploy.webhook.senders import Sender
from producers.catalog import forms
from producers.catalog.forms import Form, Headers
from producers.catalog.judge import Breach, NotTaken, Reader, Told, judge, record
from producers.catalog.refusal import Unfit
from producers.catalog.stamps import Stamps
from schemas.errors import TryAgain
from schemas.record import Record

REQUESTS = 2_000
"""Requests that may be under way; a body that has not begun to come holds no room yet."""

READ_SECONDS = 10.0
"""Within this a body must have come."""

RETRY_SECONDS = 2
"""What a sender is asked to wait when the broker is away."""

_log = structlog.get_logger()


class Posts(Protocol):
    """What takes records and says once the broker has them."""

    ready: bool

    def post(self, records: Sequence[Record]) -> "Future[None]":
        """Hand records over; the result comes, or is `TryAgain`, once it is known."""


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """One request as it comes: its headers (names in lower case), its body in chunks."""

    source: str
    headers: Headers
    chunks: AsyncIterator[bytes]

    def header(self) -> Mapping[str, str]:
        """Give the headers by name; of one that stands twice, the last."""
        return dict(self.headers)


class Door:
    """Takes the requests of one process. Not shared between event loops."""

    def __init__(
        self,
        senders: Mapping[str, Sender],
        readers: Mapping[str, Reader[tuple[Told, ...]]],
        posts: Posts,
        *,
        now: Callable[[], datetime],
        room: Room,
        meters: Meters,
    ) -> None:
        self._senders = senders
        self._readers = readers
        self._posts = posts
        self._now = now
        self._room = room
        self._meters = meters
        self._under_way = 0
        self._names = Names()
        self._stamps = Stamps(now)

    async def take(self, request: Request) -> int:
        """Give how many events of *request* the broker has. Raises `Problem`."""
        name = request.source if request.source in self._senders else STRANGER
        self._under_way += 1
        try:
            return await self._taken(name, request)
        except Problem as problem:
            self._refused(name, problem)
            raise
        finally:
            self._under_way -= 1

    async def _taken(self, name: str, request: Request) -> int:
        if self._under_way > REQUESTS:
            raise busy("too many requests are under way", RETRY_SECONDS)
        with self._room.lease() as lease:
            told = await self._judged(request, lease)
            await self._written(name, told, lease)
        return len(told)

    def _refused(self, name: str, problem: Problem) -> None:
        self._meters.refusals.labels(name, problem.code).inc()
        self._meters.events.labels(name, "refused").inc(len(problem.breaches))
        if problem.status == 503:
            return  # no refusal, and there may be hundreds a second of it
        first = problem.breaches[0] if problem.breaches else None
        field = first.field if first else None
        _log.warning("refused", source=name, code=problem.code, why=str(problem)[:300], field=field)

    async def _judged(self, request: Request, lease: Lease) -> tuple[Told, ...]:
        sender = self._senders.get(request.source)
        if sender is None:
            raise _stranger("no such source, or not proven")
        headers = request.header()
        try:
            check = sender.proof.begin(headers, self._now().timestamp())
        except NotProven as error:
            raise _stranger(str(error)) from None
        if not self._posts.ready:
            raise busy("the broker is away", RETRY_SECONDS)
        form = _form(request.headers, sender)
        packed = body.encoding_of(headers.get("content-encoding"))
        most = forms.MOST_BYTES[form]
        if not packed and _length(headers) > most:
            raise body.too_large(most)
        reading = body.read(request.chunks, most=most, packed=packed, check=check, lease=lease)
        try:
            content = await asyncio.wait_for(reading, READ_SECONDS)
            check.finish()
        except NotProven as error:
            raise _stranger(str(error)) from None
        except TimeoutError:
            raise Problem(408, "LW-0537", f"not within {READ_SECONDS:.0f} s") from None
        return self._read(form, request.headers, content, sender)

    def _read(
        self, form: Form, headers: Headers, content: bytes, sender: Sender
    ) -> tuple[Told, ...]:
        try:
            parts = forms.parts_of(form, headers, content)
            found = judge(parts, self._readers[sender.kind])
            self._stamps.agree(sender.name, found)
        except Unfit as unfit:
            raise refused([Breach(index=0, field=unfit.field, rule=unfit.rule)]) from None
        except NotTaken as error:
            raise refused(error.breaches) from None
        return tuple(told for one in found for told in one)

    async def _written(self, name: str, told: Sequence[Told], lease: Lease) -> None:
        kept = self._known(name, told)
        fresh = [(t, k) for t, k in zip(told, kept, strict=True) if not k.acknowledged]
        records = [record(t, sequence=k.stamp, now=self._now()) for t, k in fresh]
        try:
            lease.hold(records=len(records), size=sum(map(_size, records)))
        except Full:
            raise busy("too many records are on their way already", RETRY_SECONDS) from None
        for one, mine in fresh:
            self._names.keep(_name(name, one), mine)
        if records:
            await self._acknowledged(records)
        for _, mine in fresh:
            mine.acknowledged = True
        self._meters.events.labels(name, "accepted").inc(len(records))
        self._meters.events.labels(name, "repeated").inc(len(told) - len(records))

    def _known(self, sender: str, told: Sequence[Told]) -> list[Kept]:
        """Give what is kept of each, a new one where it is new. Raises `Problem` (409)."""
        here: dict[bytes, Kept] = {}
        conflicts = []
        for index, one in enumerate(told):
            name, content = _name(sender, one), one.content
            known = here.get(name) or self._names.get(name)
            if known is not None and known.content != content:
                conflicts.append(Breach(index=index, field="$.id", rule=USED))
                continue
            here[name] = known or Kept(content, self._stamps.stamp(one))
        if conflicts:
            raise Problem(409, "LW-0534", USED, breaches=conflicts)
        return [here[_name(sender, one)] for one in told]

    async def _acknowledged(self, records: Sequence[Record]) -> None:
        with self._meters.seconds.time():
            try:
                await asyncio.wait_for(asyncio.wrap_future(self._posts.post(records)), PATIENCE + 1)
            except (TryAgain, TimeoutError):
                why = "the broker did not say that it has it: send the same again"
                raise busy(why, RETRY_SECONDS) from None


USED = "this id came before with another body: a changed event has an id of its own"


def _name(sender: str, told: Told) -> bytes:
    """Give what tells an event apart: nobody uses up another sender's ids."""
    return sender.encode() + b"|" + told.name


def _stranger(why: str) -> Problem:
    return Problem(401, "LW-0531", why, headers={"www-authenticate": "Bearer"})


def _form(headers: Headers, sender: Sender) -> Form:
    try:
        form = forms.form_of(headers, loose=sender.kind == "adobe")
    except forms.NoForm as error:
        raise Problem(415, "LW-0533", str(error)) from None
    if form == "binary" and not sender.proof.covers_headers:
        why = (
            "binary mode keeps attributes in headers, which no signature covers: send one document"
        )
        raise Problem(415, "LW-0533", why)
    return form


def _length(headers: Mapping[str, str]) -> int:
    stated = headers.get("content-length", "0")
    return int(stated) if stated.isascii() and stated.isdigit() and len(stated) < 16 else 0


def refused(breaches: Sequence[Breach]) -> Problem:
    """Give the answer to events that do not fit; nothing of the request is sent."""
    first = breaches[0]
    where = f"{first.field}: " if first.field else ""
    more = f" ({len(breaches)} events refused, nothing sent)" if len(breaches) > 1 else ""
    return Problem(400, "LW-0530", f"{where}{first.rule}{more}", breaches=breaches)


def _size(made: Record) -> int:
    headers = sum(len(name) + len(value or b"") for name, value in made.headers)
    return len(made.key or b"") + len(made.value or b"") + headers
