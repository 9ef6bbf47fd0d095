"""Bytes → numbered rows, multi-line cells whole (`records.md` 2).

A row is read as RFC 4180 says. Where a quoted cell holds `\\"`, the shop's own spelling of a
quote, both readings are tried; only one may fit. A row that fits none is refused with
its lines, and reading goes on at the next line that begins a row.
"""

import codecs
import csv
import io
import re
from collections import deque
from collections.abc import Iterator
from typing import BinaryIO

import msgspec

from producers.catalog.refusal import Refusal, UnknownFile

DELIMITERS = (",", ";", "\t")
FAR = 2_000
"""Lines that one row may have: beyond, an open quote has swallowed the rest."""

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1a\x1c-\x1f\x7f]")
_UNDECODED = re.compile("[\udc80-\udcff]")
_SUSPECT = re.compile(r'\\"|[\x00-\x08\x0b\x0c\x0e-\x1a\x1c-\x1f\x7f\udc80-\udcff]')
_QUOTE = "\ufdd0"
"""Stands for a quote spelt `\\"` while the rest is read: a code point no text may hold."""


class Row(msgspec.Struct, frozen=True):
    """The cells of one row, and the line it begins on."""

    line: int
    cells: list[str]


class Table(msgspec.Struct, frozen=True):
    """A header, and the rows below it as they are read."""

    header: tuple[str, ...]
    rows: Iterator[Row | Refusal]


def table(stream: BinaryIO, encoding: str = "utf-8") -> Table:
    """Read the header of *stream* and give its rows one by one.

    Raises `UnknownFile` for a file without a header that can be read.
    """
    lines = _Lines(_text(stream, encoding))
    try:
        first, delimiter = _header(lines, encoding)
    except UnicodeDecodeError as error:
        raise UnknownFile(f"not {encoding}: {error.reason}") from None
    return Table(first, _rows(lines, delimiter, len(first)))


def _text(stream: BinaryIO, encoding: str) -> io.TextIOWrapper:
    try:
        name = codecs.lookup(encoding).name
        name = "utf-8-sig" if name == "utf-8" else name
        errors = "strict" if name.startswith(("utf-16", "utf-32")) else "surrogateescape"
        return io.TextIOWrapper(stream, encoding=name, errors=errors, newline="")
    except LookupError:
        raise UnknownFile(f"no encoding {encoding[:40]!r}") from None


class _Lines:
    """Physical lines with their numbers, which can be looked at before they are taken."""

    def __init__(self, text: Iterator[str]) -> None:
        self._text = text
        self._ahead: deque[str] = deque()
        self.number = 1

    def peek(self, at: int) -> str | None:
        """Give the line *at* lines further on, None past the end."""
        while len(self._ahead) <= at:
            line = next(self._text, None)
            if line is None:
                return None
            self._ahead.append(line)
        return self._ahead[at]

    def take(self, count: int) -> None:
        """Go on by *count* lines."""
        for _ in range(count):
            self._ahead.popleft()
        self.number += count


def _header(lines: _Lines, encoding: str) -> tuple[tuple[str, ...], str]:
    first = lines.peek(0)
    if first is None or not first.strip():
        raise UnknownFile("the file is empty: its first line is a header")
    if "\0" in first or first.startswith(("\udcff\udcfe", "\udcfe\udcff")):
        raise UnknownFile("this looks like UTF-16: say --encoding utf-16")
    if _UNDECODED.search(first):
        raise UnknownFile(f"line 1 is not {encoding}: say --encoding")
    read = [(_read(lines, d, None), d) for d in DELIMITERS]
    found = [(r, d) for r, d in read if isinstance(r, tuple)]
    if not found:
        raise UnknownFile("line 1 cannot be read as a header")
    (cells, used), delimiter = max(found, key=lambda pair: len(pair[0][0]))
    lines.take(used)
    return tuple(cell.strip() for cell in cells), delimiter


def _rows(lines: _Lines, delimiter: str, width: int) -> Iterator[Row | Refusal]:
    try:
        while (first := lines.peek(0)) is not None:
            if not first.strip():
                lines.take(1)
                continue
            yield _row(lines, delimiter, width)
    except UnicodeDecodeError as error:
        why = f"not {error.encoding}: {error.reason}; nothing behind it can be read"
        yield Refusal(line=lines.number, rule=why)


def _row(lines: _Lines, delimiter: str, width: int) -> Row | Refusal:
    start = lines.number
    read = _reading(lines, delimiter, width)
    if isinstance(read, tuple):
        cells, used = read
        lines.take(used)
        return Row(start, cells)
    rule, used = read.why, read.used
    lines.take(used)
    if read.lost:
        _skip(lines, delimiter, width)
    last = lines.number - 1
    return Refusal(line=start, last_line=last if last > start else None, rule=rule)


class _Failure(msgspec.Struct, frozen=True):
    """Why a row cannot be read, how many lines that concerns, whether its end is lost."""

    why: str
    used: int = 1
    lost: bool = False


_Reading = tuple[list[str], int] | _Failure


def _reading(lines: _Lines, delimiter: str, width: int) -> _Reading:
    plain = _read(lines, delimiter, width)
    used = plain[1] if isinstance(plain, tuple) else max(plain.used, 1)
    text = "".join(lines.peek(i) or "" for i in range(used))
    if not _SUSPECT.search(text):
        return plain
    if '\\"' in text:
        plain = _judged(plain, _read(lines, delimiter, width, shop=True))
        if isinstance(plain, _Failure):
            return plain
        text = "".join(lines.peek(i) or "" for i in range(plain[1]))
    return _clean(plain, text)


def _clean(read: _Reading, text: str) -> _Reading:
    used = read[1] if isinstance(read, tuple) else read.used
    if found := _UNDECODED.search(text):
        byte = ord(found.group()) - 0xDC00
        return _Failure(f"byte 0x{byte:02x} cannot be decoded: say --encoding", used)
    if found := _CONTROL.search(text):
        return _Failure(f"a control character (U+{ord(found.group()):04X}) in text", used)
    return read


def _judged(plain: _Reading, shop: _Reading) -> _Reading:
    if isinstance(plain, _Failure):
        return shop if isinstance(shop, tuple) else plain
    if isinstance(shop, _Failure) or shop == plain:
        return plain
    why = 'it can be read in two ways because of a \\": write quotes as ""'
    return _Failure(why, max(plain[1], shop[1]))


def _read(lines: _Lines, delimiter: str, width: int | None, *, shop: bool = False) -> _Reading:
    used = 0

    def taken() -> Iterator[str]:
        nonlocal used
        while used < FAR and (line := lines.peek(used)) is not None:
            used += 1
            yield line.replace('\\"', _QUOTE) if shop else line

    try:
        cells = next(csv.reader(taken(), delimiter=delimiter, strict=True))
    except csv.Error as error:
        return _Failure(_why(error, used), 1, lost=True)
    if width is not None and len(cells) != width:
        why = f"{len(cells)} cells where the header has {width}"
        return _Failure(why, 1, lost=used > 1)
    return ([cell.replace(_QUOTE, '"') for cell in cells] if shop else cells), used


def _why(error: csv.Error, used: int) -> str:
    text = str(error)
    if "unexpected end" in text or used >= FAR:
        return "a quote is opened and never closed"
    if "field larger" in text:
        return f"a cell of more than {csv.field_size_limit():,} characters"
    if "expected after" in text and used > 1:
        return "a quote is opened and never closed, or one inside the cell is not written twice"
    if "expected after" in text:
        return "text behind a closing quote: a quote inside a cell is written twice"
    return text


def _skip(lines: _Lines, delimiter: str, width: int) -> None:
    while lines.peek(0) is not None and not isinstance(_reading(lines, delimiter, width), tuple):
        lines.take(1)
