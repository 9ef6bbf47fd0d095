"""Loading a catalogue file: every line becomes its events, or is refused and named.

A killed import goes on behind the last line that the broker has in full, with the ids and
sequences it would have had; what was sent twice is the same record twice.
"""

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, Literal, Protocol
from uuid import UUID, uuid5

import msgspec

from producers.catalog import lines, rows
from producers.catalog.dates import Order
from producers.catalog.dialect import Dialect, dialect
from producers.catalog.refusal import Refusal
from producers.catalog.rows import Before, Told
from producers.catalog.runs import Run, Runs, fingerprint
from schemas import codec, keys
from schemas.catalog import Price, Product, Stock
from schemas.errors import Refused
from schemas.record import Record
from schemas.settings import Settings

TOPIC: dict[type, str] = {
    Product: "catalog.product.v1",
    Stock: "catalog.stock.v1",
    Price: "catalog.price.v1",
}
EVERY_ROWS = 5_000
"""Rows after which what is done is written down, however fast they go."""

EVERY_SECONDS = 0.5
"""Seconds after which what is done is written down, however slow they go."""

KEPT_REFUSALS = 1_000
"""Refusals that a `Tally` holds; all of them are counted and handed to *refused*."""


class Publisher(Protocol):
    """What takes records and, at flush, comes back once the broker has them all."""

    acknowledged: int | None

    def send(self, record: Record, mark: int | None = None) -> None:
        """Hand one record over; waits where too many are on their way."""

    def flush(self) -> None:
        """Come back once every record is acknowledged; raises if one failed."""


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """How a file is read, and what becomes of a line that is refused."""

    shop: str = "shop"
    encoding: str = "utf-8"
    dates: Order | None = None
    blank: Literal["empty", "keep"] = "empty"
    on_bad: Literal["stop", "skip"] = "stop"
    start: int | None = None


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """How far an import is: bytes of the file, rows, events, refused rows."""

    done: int
    total: int
    rows: int
    events: int
    refused: int


def _nothing(_: object) -> None:
    """Nobody wants to know."""


def _never(topic: str, sku: str) -> bool:  # noqa: ARG001 - the form of *overtaken*
    """Nobody else tells of anything."""
    return False


class Edge(msgspec.Struct, frozen=True, kw_only=True):
    """What an import is handed from outside: clocks, ids, and who wants to know.

    *seen* is told the SKU of each product that the file has, refused ones included;
    *overtaken* says whether a topic holds something newer of a SKU than what is read here.
    """

    now: Callable[[], datetime]
    monotonic: Callable[[], float]
    new_id: Callable[[], UUID]
    pace: Callable[[int], None] = _nothing
    progress: Callable[[Progress], None] = _nothing
    refused: Callable[[Refusal], None] = _nothing
    before: Before | None = None
    seen: Callable[[str], None] = _nothing
    overtaken: Callable[[str, str], bool] = _never


class Tally(msgspec.Struct, kw_only=True):
    """What became of a file. *stopped* is the refusal at which it stopped, as asked."""

    run: Run
    rows: int = 0
    events: int = 0
    refused: int = 0
    by_topic: dict[str, int] = {}
    refusals: list[Refusal] = []
    stopped: Refusal | None = None
    last: int = 0
    first: int = 1

    @property
    def complete(self) -> bool:
        """Whether the whole file was read."""
        return self.stopped is None


def load(
    path: Path,
    publisher: Publisher,
    runs: Runs,
    edge: Edge,
    *,
    settings: Settings,
    options: Options,
) -> Tally:
    """Send the events of every line of *path*; give what became of them.

    Raises `UnknownFile` for a file that is no catalogue, before anything is sent;
    `producers.publish.Unpublished` where the broker fails, after writing down how far it got.
    """
    with path.open("rb") as stream:
        hash_, count = fingerprint(stream)
        stream.seek(0)
        jsonl = _is_jsonl(path, stream)
    spoken = dialect(settings, options.dates, keep=options.blank == "keep")
    told = _lines(path) if jsonl else _rows(path, spoken, options, edge.before)
    how = _how(None if jsonl else spoken, options)
    run = runs.begin(path.name, hash_, how, lines=count, now=edge.now(), new_id=edge.new_id)
    start = options.start if options.start is not None else run.done + 1
    return _Import(path, publisher, runs, edge, options, run, start).carry_out(told(start))


def _is_jsonl(path: Path, stream: BinaryIO) -> bool:
    head = stream.read(64).removeprefix(lines.BOM).lstrip()
    return path.suffix in (".jsonl", ".ndjson", ".json") or head[:1] in (b"{", b"[")


def _how(spoken: Dialect | None, options: Options) -> str:
    said = (spoken, options.encoding if spoken else "", options.shop)
    return msgspec.json.encode(said, enc_hook=str).decode()


_Line = Told | lines.Stated | Refusal


def _is_product(line: Told | lines.Stated) -> bool:
    """Tell whether *line* says that there is a product."""
    if isinstance(line, Told):
        return any(isinstance(event, Product) for event in line.events)
    return line.event is not None and line.topic == TOPIC[Product]


_From = Callable[[int], Iterator[tuple[_Line, int]]]
"""From a line on: what each line tells, and how many bytes are read by then."""


def _lines(path: Path) -> _From:
    def told(start: int) -> Iterator[tuple[_Line, int]]:
        with path.open("rb") as stream:
            for line in lines.told(stream, start):
                yield line, stream.tell()

    return told


def _rows(path: Path, spoken: Dialect, options: Options, before: Before | None) -> _From:
    with path.open("rb") as stream:
        known = rows.survey(stream, spoken, options.encoding)
    order = rows.order_of(known, spoken, options.dates)
    exact = msgspec.structs.replace(spoken, order=order)

    def told(start: int) -> Iterator[tuple[_Line, int]]:
        with path.open("rb") as stream:
            told = rows.told(
                stream, known, exact, encoding=options.encoding, start=start, before=before
            )
            for line in told:
                yield line, stream.tell()

    return told


class _Import:
    """One import under way."""

    def __init__(
        self,
        path: Path,
        publisher: Publisher,
        runs: Runs,
        edge: Edge,
        options: Options,
        run: Run,
        start: int,
    ) -> None:
        self.path, self.publisher, self.runs, self.edge = path, publisher, runs, edge
        self.options, self.run = options, run
        self.total = path.stat().st_size
        self.tally = Tally(run=run, first=start, last=start - 1)
        self.noted = edge.monotonic()
        self.since = 0

    def carry_out(self, told: Iterator[tuple[_Line, int]]) -> Tally:
        """Send everything that is *told*."""
        try:
            for line, done in told:
                self._take(line)
                if self.tally.stopped:
                    break
                self._note_now_and_then(done)
            self.publisher.flush()
        finally:
            self._note(self.publisher.acknowledged)
        self._note(self.tally.last)
        if self.tally.complete:
            self.runs.finish(self.run)
        self._progress(self.total if self.tally.complete else 0)
        return self.tally

    def _take(self, line: _Line) -> None:
        self.tally.rows += 1
        if isinstance(line, Refusal):
            self._see(line.sku)
            self._refuse(line)
            return
        if _is_product(line):
            self._see(line.sku)
        try:
            records = [r for r in self._records(line) if not self.edge.overtaken(r.topic, line.sku)]
        except Refused as refused:
            self._refuse(Refusal(line=line.line, rule=str(refused), sku=line.sku))
            return
        self.edge.pace(len(records))
        for record in records:
            last = record is records[-1]
            self.publisher.send(record, line.line if last else None)
            self.tally.by_topic[record.topic] = self.tally.by_topic.get(record.topic, 0) + 1
        self.tally.events += len(records)
        self.tally.last = line.line

    def _see(self, sku: str | None) -> None:
        if sku:
            self.edge.seen(sku)

    def _refuse(self, refusal: Refusal) -> None:
        named = msgspec.structs.replace(refusal, file=self.path.name)
        self.tally.refused += 1
        if len(self.tally.refusals) < KEPT_REFUSALS:
            self.tally.refusals.append(named)
        self.edge.refused(named)
        if self.options.on_bad == "stop":
            self.tally.stopped = named
        else:
            self.tally.last = refusal.last_line or refusal.line

    def _records(self, line: Told | lines.Stated) -> list[Record]:
        if isinstance(line, lines.Stated):
            return [self._stated(line)]
        return [
            codec.encode(
                event,
                topic=(topic := TOPIC[type(event)]),
                key=keys.join(line.sku),
                id=str(uuid5(self.run.id, f"{line.line}:{topic}")),
                source=self._source,
                subject=line.sku,
                time=self.run.started,
                sequence=self.run.base + line.line,
                op="S",
            )
            for event in line.events
        ]

    def _stated(self, line: lines.Stated) -> Record:
        return codec.encode(
            line.event,
            topic=line.topic,
            key=keys.join(line.sku),
            id=str(uuid5(self.run.id, str(line.line))),
            source=self._source,
            subject=line.sku,
            time=line.time or self.run.started,
            sequence=self.run.base + line.line if line.sequence is None else line.sequence,
        )

    @property
    def _source(self) -> str:
        return f"//{self.options.shop}/catalog"

    def _note_now_and_then(self, done: int) -> None:
        self.since += 1
        late = self.edge.monotonic() - self.noted >= EVERY_SECONDS
        if late or self.since >= EVERY_ROWS:
            self.publisher.flush()
            self._note(self.tally.last)
            self._progress(done)

    def _note(self, done: int | None) -> None:
        if done is not None and done > self.run.done:
            self.run = self.tally.run = self.runs.note(self.run, done)
        self.noted, self.since = self.edge.monotonic(), 0

    def _progress(self, done: int) -> None:
        self.edge.progress(
            Progress(
                done=done,
                total=self.total,
                rows=self.tally.rows,
                events=self.tally.events,
                refused=self.tally.refused,
            )
        )
