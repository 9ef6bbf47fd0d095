"""A report document as batches of lines: unpacked, decoded, with limits, in flat memory.

Magic bytes decide about gzip, whatever the flag said. A byte order mark decides about the
charset, then what is declared, then the bytes (`reliability.md` 60-68, 77-79, S51).
"""

import codecs
import gzip
import hashlib
import itertools
import zlib
from collections.abc import Callable, Iterable, Iterator
from typing import BinaryIO

import msgspec

from producers.amazon.charsets import declared_charset, likelier, marked
from schemas.errors import Refused
from schemas.reasons import Reason

GZIP = b"\x1f\x8b"
MAX_UNPACKED = 512 * 1024 * 1024
"""Bytes that an unpacked document may have (security S51)."""
MAX_RATIO = 200
"""Unpacked to packed, after the first 10 MiB (security S51)."""
FREE = 10 * 1024 * 1024
MAX_LINE = 1024 * 1024
MAX_FIELD = 131_072
"""Characters of one field (`reliability.md` 73)."""
_CHUNK = 64 * 1024
"""Bytes that are read at a time: what is made of them should stay in the processor's cache."""
_TEXT = bytes(b for b in range(256) if b >= 32 and b != 127)
"""Every byte of UTF-8 that is no control character."""

Open = Callable[[], BinaryIO]


class Document(msgspec.Struct, frozen=True):
    """A document that can be read as often as wanted, and how its text is spelt.

    *sound*: all of it was seen to be UTF-8.
    """

    open: Open
    charset: str
    packed: bool
    hash: str
    sound: bool = False


class Batch(msgspec.Struct, frozen=True):
    """Lines that follow one another, from number *first*, each with its end, in UTF-8.

    *shape* is what stands between the texts: tabs, ends of lines, and control characters if
    there are any. *broken* are the places of lines that could not be decoded.
    """

    first: int
    block: bytes
    shape: bytes
    broken: frozenset[int] = frozenset()

    def fits(self, width: int) -> bytes | None:
        """Give the end of its lines if each has *width* fields and nothing odd, else None."""
        for end in (b"\n", b"\r\n") if self.shape else ():
            row = b"\t" * (width - 1) + end
            if self.shape == row * (len(self.shape) // len(row)):
                return None if self.broken or self._endless() else end
        return None

    def lines(self) -> list[bytes | None]:
        """Give the lines without their ends, None for what could not be decoded."""
        found = [line.removesuffix(b"\r") for line in self.block.split(b"\n")[:-1]]
        return [None if n in self.broken else line for n, line in enumerate(found)]

    def _endless(self) -> bool:
        """Tell whether a field may be longer than any may be."""
        at = 0
        while at + MAX_FIELD < len(self.block):
            window = at, at + MAX_FIELD + 1
            after = max(self.block.rfind(b"\t", *window), self.block.rfind(b"\n", *window)) + 1
            if after == 0:
                return True
            at = after
        return False


def document(open_: Open, *, declared: str | None = None) -> Document:
    """Look at the bytes that *open_* gives, and tell how to read them.

    *declared* is a `Content-Type` or the name of a charset. Raises `Refused` for an empty,
    truncated, doubly packed or overlarge document, and for one that is no table of text.
    """
    try:
        stated = declared_charset(declared)
    except ValueError as error:
        raise refused(str(error)) from None
    with open_() as raw:
        packed = raw.read(2) == GZIP
    digest = hashlib.sha256()
    start = b""
    utf8: codecs.IncrementalDecoder | None = codecs.getincrementaldecoder("utf-8")()
    for chunk in _chunks(open_, packed=packed):
        digest.update(chunk)
        start = start or chunk[:4096]
        utf8 = _still(utf8, chunk)
    utf8 = _still(utf8, b"", final=True)
    charset = marked(start) or stated or ("utf-8" if utf8 else None)
    charset = charset or likelier(_raw_lines(_chunks(open_, packed=packed)))
    _no_table(start.decode(charset, "replace"))
    sound = charset == "utf-8" and utf8 is not None
    return Document(open_, charset, packed, digest.hexdigest(), sound)


def opened(document: Document) -> tuple[str, Iterator[Batch]]:
    """Give the first line of *document* as text, and all others in batches."""
    blocks = _utf8_blocks(document)
    first, broken = next(blocks)
    line, _, rest = first.removeprefix(codecs.BOM_UTF8).partition(b"\n")
    if 0 in broken:
        raise refused("a header that cannot be decoded")
    others = frozenset(n - 1 for n in broken)
    return line.removesuffix(b"\r").decode(), _batches(itertools.chain([(rest, others)], blocks))


def _batches(blocks: Iterable[tuple[bytes, frozenset[int]]]) -> Iterator[Batch]:
    number = 2
    for block, broken in blocks:
        shape = block.translate(None, _TEXT)
        yield Batch(number, block, shape, broken)
        number += shape.count(b"\n")


def _utf8_blocks(document: Document) -> Iterator[tuple[bytes, frozenset[int]]]:
    """Give whole lines in UTF-8, many at a time, with the places of those that were none."""
    chunks, charset = _chunks(document.open, packed=document.packed), document.charset
    if charset.startswith("utf-16"):
        chunks, charset = _narrow(chunks, charset), "utf-8"
    for block in _blocks(chunks):
        yield (block, frozenset()) if document.sound else _recoded(block, charset)


def _recoded(block: bytes, charset: str) -> tuple[bytes, frozenset[int]]:
    try:
        return block.decode(charset).encode(), frozenset()
    except UnicodeDecodeError:
        lines = [_recoded_line(line, charset) for line in block.split(b"\n")]
    broken = frozenset(n for n, line in enumerate(lines) if line is None)
    return b"\n".join(line or b"" for line in lines), broken


def _recoded_line(line: bytes, charset: str) -> bytes | None:
    try:
        return line.decode(charset).encode()
    except UnicodeDecodeError:
        return None


# --- bytes --------------------------------------------------------------------------------


def _blocks(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Give whole lines, many at a time."""
    rest = b""
    for chunk in chunks:
        cut = chunk.rfind(b"\n") + 1
        if cut:
            yield rest + chunk[:cut]
            rest = b""
        rest += chunk[cut:]
        if len(rest) > MAX_LINE:
            raise refused(f"a line of more than {MAX_LINE} bytes")
    if rest:
        yield rest + b"\n"


def _raw_lines(chunks: Iterable[bytes]) -> Iterator[bytes]:
    for block in _blocks(chunks):
        yield from block.split(b"\n")


def _narrow(chunks: Iterable[bytes], charset: str) -> Iterator[bytes]:
    decoder = codecs.getincrementaldecoder(charset)()
    try:
        for chunk in chunks:
            yield decoder.decode(chunk).encode()
        decoder.decode(b"", final=True)
    except UnicodeError as error:
        raise refused(f"no {charset}: {error}") from None


def _chunks(open_: Open, *, packed: bool) -> Iterator[bytes]:
    total = 0
    with open_() as raw:
        for chunk in _unpacked(raw) if packed else iter(lambda: raw.read(_CHUNK), b""):
            total += len(chunk)
            read = max(raw.tell(), 1)
            if total > MAX_UNPACKED or (total > FREE and total > MAX_RATIO * read):
                raise refused(f"unpacks to more than {total} bytes from {read}")
            yield chunk
    if total == 0:
        raise refused("0 bytes")


def _unpacked(raw: BinaryIO) -> Iterator[bytes]:
    try:
        with gzip.GzipFile(fileobj=raw) as inner:
            first = inner.read(_CHUNK)
            if first[:2] == GZIP:
                raise refused("gzip inside gzip")
            while first:
                yield first
                first = inner.read(_CHUNK)
    except (OSError, EOFError, zlib.error) as error:
        raise refused(f"damaged gzip: {error}") from error


def _still(
    decoder: codecs.IncrementalDecoder | None, chunk: bytes, *, final: bool = False
) -> codecs.IncrementalDecoder | None:
    try:
        if decoder is not None:
            decoder.decode(chunk, final)
    except UnicodeDecodeError:
        return None
    return decoder


def _no_table(start: str) -> None:
    first = start.removeprefix("\ufeff").lstrip()
    if first.startswith("<"):
        raise refused("a page or an error document, no report")
    if first.startswith(("{", "[")):
        raise refused("JSON, no report")
    if first.startswith("PK\x03\x04"):
        raise refused("a ZIP archive, no report")


def refused(why: str) -> Refused:
    """Give the refusal of a whole report."""
    return Refused(Reason("MALFORMED", {"event": "Report", "why": why}))
