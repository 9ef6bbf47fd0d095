"""A report document as numbered lines of text: unpacked, decoded, with limits.

Magic bytes decide about gzip, whatever the flag said; the charset is the declared one, else
a BOM's, else strict UTF-8, else cp1252 with its losses counted (`reliability.md` 60-68, S51).
"""

import codecs
import gzip
import hashlib
import zlib
from collections.abc import Callable, Iterator
from typing import BinaryIO

import msgspec

from schemas.errors import Refused
from schemas.reasons import Reason

GZIP = b"\x1f\x8b"
MAX_UNPACKED = 512 * 1024 * 1024
"""Bytes that an unpacked document may have (security S51)."""
MAX_RATIO = 200
"""Unpacked to packed, after the first 10 MiB (security S51)."""
FREE = 10 * 1024 * 1024
MAX_LINE = 1024 * 1024
_CHUNK = 256 * 1024

Open = Callable[[], BinaryIO]


class Document(msgspec.Struct, frozen=True):
    """A document that can be read as often as wanted, and how its text is spelt."""

    open: Open
    charset: str
    packed: bool
    hash: str


def document(open_: Open, *, declared: str | None = None) -> Document:
    """Look at the bytes that *open_* gives, and tell how to read them.

    Raises `Refused` for an empty, truncated, doubly packed or overlarge document, and for
    one that is HTML or XML.
    """
    with open_() as raw:
        head = raw.read(2)
    packed = head == GZIP
    digest = hashlib.sha256()
    sample = b""
    utf8: codecs.IncrementalDecoder | None = codecs.getincrementaldecoder("utf-8")()
    for chunk in _chunks(open_, packed=packed):
        digest.update(chunk)
        sample = sample or chunk[:4096]
        utf8 = _still(utf8, chunk)
    _no_page(sample)
    return Document(open_, declared or _charset(sample, utf8), packed, digest.hexdigest())


def lines(document: Document) -> Iterator[tuple[int, str | None]]:
    """Give each line with its number from 1, without its end; None where it cannot be decoded."""
    number, rest = 0, b""
    bom = codecs.BOM_UTF8
    two_byte = document.charset.lower().replace("-", "").startswith("utf16")
    if two_byte:
        yield from _wide_lines(document)
        return
    for chunk in _chunks(document.open, packed=document.packed):
        *whole, rest = (rest + chunk).split(b"\n")
        if len(rest) > MAX_LINE:
            raise _refused(f"a line of more than {MAX_LINE} bytes")
        for line in whole:
            number += 1
            yield number, _text(line.removeprefix(bom) if number == 1 else line, document.charset)
    if rest:
        number += 1
        yield number, _text(rest.removeprefix(bom) if number == 1 else rest, document.charset)


def _wide_lines(document: Document) -> Iterator[tuple[int, str | None]]:
    decoder = codecs.getincrementaldecoder(document.charset)()
    number, rest = 0, ""
    for chunk in _chunks(document.open, packed=document.packed):
        *whole, rest = (rest + decoder.decode(chunk)).split("\n")
        for line in whole:
            number += 1
            yield number, line.removesuffix("\r").removeprefix("\ufeff")
    if rest:
        yield number + 1, rest


def _chunks(open_: Open, *, packed: bool) -> Iterator[bytes]:
    total = read = 0
    with open_() as raw:
        for chunk in _unpacked(raw) if packed else iter(lambda: raw.read(_CHUNK), b""):
            total += len(chunk)
            read = raw.tell()
            if total > MAX_UNPACKED or (total > FREE and total > MAX_RATIO * max(read, 1)):
                raise _refused(f"unpacks to more than {total} bytes from {read}")
            yield chunk
    if total == 0:
        raise _refused("0 bytes")


def _unpacked(raw: BinaryIO) -> Iterator[bytes]:
    try:
        with gzip.GzipFile(fileobj=raw) as inner:
            first = inner.read(_CHUNK)
            if first[:2] == GZIP:
                raise _refused("gzip inside gzip")
            while first:
                yield first
                first = inner.read(_CHUNK)
    except (OSError, EOFError, zlib.error) as error:
        raise _refused(f"damaged gzip: {error}") from error


def _still(
    decoder: codecs.IncrementalDecoder | None, chunk: bytes
) -> codecs.IncrementalDecoder | None:
    try:
        if decoder is not None:
            decoder.decode(chunk)
    except UnicodeDecodeError:
        return None
    return decoder


def _charset(sample: bytes, utf8: codecs.IncrementalDecoder | None) -> str:
    if sample.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    return "cp1252" if utf8 is None else "utf-8"


def _no_page(sample: bytes) -> None:
    start = sample.removeprefix(codecs.BOM_UTF8).lstrip()[:15].lower()
    if start.startswith((b"<!doctype", b"<html", b"<?xml", b"<error")):
        raise _refused("a page or an error document, no report")


def _text(line: bytes, charset: str) -> str | None:
    try:
        return line.removesuffix(b"\r").decode(charset)
    except UnicodeDecodeError:
        return None


def _refused(why: str) -> Refused:
    return Refused(Reason("MALFORMED", {"event": "Report", "why": why}))
