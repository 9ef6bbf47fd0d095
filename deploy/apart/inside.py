"""Behind the wall: reads the document at one descriptor, says on stdout what it holds.

Everything is loaded before the wall goes up: afterwards no file can be opened, not even ours.
"""

import codecs
import io
import json
import sys
from collections.abc import Iterable, Iterator

import msgspec

from deploy.apart import wall
from deploy.apart.talk import (
    Answer,
    Asked,
    End,
    Gone,
    Known,
    Line,
    Look,
    No,
    Part,
    Read,
    Seen,
)
from producers.amazon.band import Band
from producers.amazon.charsets import KNOWN
from producers.amazon.document import Document, document
from producers.amazon.lines import RefusedRow
from producers.amazon.report import Origin, Rows, Stated
from producers.amazon.survey import Survey, survey
from schemas.errors import Refused

PART = 256 * 1024
"""Bytes of rows that are said at a time."""


class Unclosing(io.FileIO):
    """The document from its start; closing it leaves its one descriptor open."""

    def __init__(self, descriptor: int) -> None:
        super().__init__(descriptor, "rb", closefd=False)
        self.seek(0)


class Inside:
    """Answers one question after another about one document."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._document: Document | None = None
        self._found: Survey | None = None

    def answers(self, asked: Asked) -> Iterator[Answer]:
        """Answer *asked*; a refusal is an answer."""
        try:
            yield from self._told(asked)
        except Refused as refused:
            yield No(refused.reason.facts.get("why", str(refused)))

    def _told(self, asked: Asked) -> Iterator[Answer]:
        if isinstance(asked, Read):
            self._document = document(self._opened, declared=asked.declared)
            yield Known(self._document.hash)
        elif self._document is None:
            raise ValueError("asked before the document was read")
        elif isinstance(asked, Look):
            self._found = survey(
                self._document,
                type_=asked.type,
                last_rows=asked.last_rows,
                within=Band(asked.min_rows, asked.max_undecodable),
            )
            yield Seen(self._found.rows, self._found.notes)
        elif self._found is None:
            raise ValueError("asked before the document was looked at")
        else:
            rows = Rows(self._document, self._found, Origin(**msgspec.structs.asdict(asked)))
            yield from parts(rows)
            yield End(rows.notes)

    def _opened(self) -> io.BufferedReader:
        return io.BufferedReader(Unclosing(self._descriptor))


def parts(rows: Iterable[Stated | RefusedRow]) -> Iterator[Part]:
    """Give *rows* some at a time."""
    part, size = Part(), 0
    for row in rows:
        if isinstance(row, RefusedRow):
            part.aside.append((row.line, row.why, row.foreign))
            size += len(row.why)
        else:
            part.stated.append(row)
            size += len(row[1])
        if size >= PART:
            yield part
            part, size = Part(), 0
    yield part


def main() -> None:
    """Answer until nobody asks any more."""
    descriptor = int(json.loads(sys.argv[1])["descriptor"])
    for charset in KNOWN.values():
        codecs.getincrementaldecoder(charset)().decode(b"", final=True)
    read = msgspec.msgpack.Decoder(Asked).decode
    line = Line(sys.stdin.buffer, sys.stdout.buffer)
    wall.shut()
    inside = Inside(descriptor)
    while True:
        try:
            asked = read(line.heard())
        except Gone:
            return
        try:
            for answer in inside.answers(asked):
                line.send(answer)
        except Gone:
            return
        except MemoryError:
            line.send(No("reading it took more memory than it may"))
        except Exception as fault:  # noqa: BLE001 - said to who asked, who raises it
            line.send(No(repr(fault)[:500], fault=True))
