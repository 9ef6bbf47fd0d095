"""Which charset a document is in (REP1): what it declares, its mark, what its bytes allow.

Only charsets that reports come in are read: a codec of another kind is never looked up by a
name from outside.
"""

import codecs
import re
from collections.abc import Iterable

from producers.amazon.columns import header

KNOWN = {
    "utf8": "utf-8",
    "unicode11utf8": "utf-8",
    "usascii": "utf-8",
    "ascii": "utf-8",
    "cp1252": "cp1252",
    "windows1252": "cp1252",
    "iso88591": "cp1252",
    "latin1": "cp1252",
    "cp932": "cp932",
    "ms932": "cp932",
    "windows31j": "cp932",
    "shiftjis": "cp932",
    "sjis": "cp932",
    "xsjis": "cp932",
    "utf16": "utf-16",
    "utf16le": "utf-16-le",
    "utf16be": "utf-16-be",
    "gb18030": "gb18030",
    "gbk": "gb18030",
    "gb2312": "gb18030",
}
"""Names of charsets, without case, hyphens and underscores → the codec. Who declares
Latin-1 means cp1252, who declares Shift_JIS means Windows-31J, as browsers take it."""

_NAMED = re.compile(r"charset\s*=\s*[\"']?([\w.:-]+)", re.IGNORECASE)
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def declared_charset(text: str | None) -> str | None:
    """Give the codec that a `Content-Type`, or a bare name, declares; None if it says none.

    Raises ValueError for a charset that no report has.
    """
    named = _NAMED.search(text or "")
    name = named[1] if named else (text or "").strip()
    if not name or "/" in name:
        return None
    codec = KNOWN.get(re.sub("[-_ ]", "", name.lower()))
    if codec is None:
        raise ValueError(
            f"charset {name[:40]!r}; known are {', '.join(sorted(set(KNOWN.values())))}"
        )
    return codec


def marked(start: bytes) -> str | None:
    """Give the charset that a byte order mark names: no other has those bytes there."""
    return next((charset for mark, charset in _MARKS if start.startswith(mark)), None)


LEGACY = ("cp1252", "cp932", "gb18030")
"""Charsets that nothing declares, in the order in which a header may prove them."""


def likelier(lines: Iterable[bytes]) -> str:
    """Judge a document that is no strict UTF-8: a damaged one, or one of `LEGACY`.

    One broken row must not turn every letter of the others into two. A charset counts as
    proved when the header speaks in it.
    """
    whole = broken = 0
    first = None
    for line in lines:
        first = line if first is None else first
        if line.isascii():
            continue
        try:
            line.decode()
            whole += 1
        except UnicodeDecodeError:
            broken += 1
    return "utf-8" if whole > broken else _proved(first or b"")


def _proved(first: bytes) -> str:
    for charset in LEGACY:
        try:
            if "seller-sku" in header(first.decode(charset)).at:
                return charset
        except UnicodeDecodeError:
            continue
    return LEGACY[0]
