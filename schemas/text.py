"""Whether a text came through whole, or lost letters on its way (`reliability.md` 4, 68).

Amazon's reports hold `?` where a letter did not fit the charset, and text that was decoded
with a wrong one. Neither can be repaired, and neither may replace a good text. Where a real
question mark and a lost letter look alike it counts as lost: a person sees that a value was
kept back, nobody sees that a name was spoilt.
"""

import re

REPLACEMENT = "\ufffd"
"""What a decoder leaves where bytes were no text."""

_HIGH = range(0x80, 0xC0)
_BEHIND = re.escape(
    "".join({bytes([b]).decode("cp1252", "ignore") or chr(b) for b in _HIGH} | set(map(chr, _HIGH)))
)
_MOJIBAKE = re.compile(
    f"[\u00c2-\u00c5\u00ce-\u00d1][{_BEHIND}]"  # Latin, Greek, Cyrillic: two bytes
    f"|[\u00e0-\u00ef](?!\u00a0)[{_BEHIND}]{{2}}|\u00f0[{_BEHIND}]{{3}}"  # punctuation, CJK; emoji
    "|[\u7e3a\u7e67\u7e5d].?[\u7e3a\u7e67\u7e5d]"  # kana read as cp932
    "|[\u0080-\u009f]"  # no text has these controls
)
"""UTF-8 that was read as cp1252, Latin-1 or cp932."""

_LINK = re.compile(r"\S*(?:://|www\.)\S*")
_ASKING = frozenset(
    "who whose what when where which why how is are do does did can will would should "
    "wer wessen was wann wo wohin welche welcher welches warum wieso wie "
    "qui que quoi quand quel quelle pourquoi comment combien "
    "chi che cosa quando dove quale perch\u00e9 come quanto "
    "qui\u00e9n qu\u00e9 cu\u00e1ndo d\u00f3nde cu\u00e1l c\u00f3mo cu\u00e1nto "
    "wie wat wanneer waar welke waarom hoe".split()
)
"""First words of a question, in the languages of the marketplaces with Latin letters."""


def damaged(text: str) -> bool:
    """Tell whether *text* lost letters: U+FFFD, a `?` that asks nothing, a wrong charset."""
    return REPLACEMENT in text or _MOJIBAKE.search(text) is not None or _letter_lost(text)


def all_whole(utf8: bytes) -> bool:
    """Tell at once that nothing in *utf8* is damaged; False only means: look closer.

    What a wrong charset leaves are two letters beyond ASCII side by side, or letters with
    these first bytes.
    """
    if b"?" in utf8 or b"\xc2" in utf8 or b"\xef" in utf8:
        return False
    return utf8.isascii() or b"\1\2" not in utf8.translate(_CLASSES)


_CLASSES = bytes([0] * 0x80 + [1] * 0x40 + [2] * 0x40)
"""Bytes by what they are in UTF-8: ASCII 0, later bytes of a letter 1, first bytes 2."""


def damaged_sku(sku: str) -> bool:
    """Tell whether a seller SKU may be another one's remains (`TEE-M?L`): `listings.md` REP1."""
    return "?" in sku or REPLACEMENT in sku


def _letter_lost(text: str) -> bool:
    if "?" not in text:
        return False
    plain = _LINK.sub("", text).strip()
    return "?" in (plain.rstrip("?! ") if _asks(plain) else plain)


def _asks(text: str) -> bool:
    first, _, _ = text.partition(" ")
    return text.startswith("\u00bf") or first.lower() in _ASKING
