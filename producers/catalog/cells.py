"""What single cells of a shop's export say: text → values, no file, no event."""

import re

from producers.catalog.refusal import Unfit
from schemas.catalog import price_of
from schemas.money import Number, number

EMPTY = "__EMPTY__VALUE__"
"""The shop's marker for a value that is empty on purpose (`records.md` 2)."""

_GUARDED = re.compile(r" [=+\-@]")
_PAIR = re.compile(r",(?=[A-Za-z][A-Za-z0-9_]*=)")
_CODE = re.compile(r"([A-Za-z][A-Za-z0-9_]*)=")
_QUOTED = re.compile(r'"((?:[^"]|"")*)"')


def unguarded(text: str) -> str:
    """Take off the blank that guards spreadsheets against a formula."""
    return text[1:] if text[:1] == " " and _GUARDED.match(text) else text


def is_empty(text: str) -> bool:
    """Tell whether a cell says *nothing*: blank, or the shop's marker for it."""
    return not text.strip() or text.strip() == EMPTY


def amount(field: str, text: str) -> Number:
    """Read a number; outer blanks are the shop's own writing. Raises `Unfit`."""
    try:
        return number(text.strip())
    except ValueError as error:
        raise Unfit(field, str(error)) from None


def price(field: str, text: str) -> Number:
    """Read a price. Raises `Unfit` for one that is negative or beyond any price."""
    read = amount(field, text)
    try:
        return price_of(read)
    except ValueError as error:
        raise Unfit(field, str(error)) from None


def flag(field: str, text: str) -> bool:
    """Read 1 or 0 (Yes, No). Raises `Unfit`."""
    answer = {"1": True, "0": False, "yes": True, "no": False}.get(text.strip().lower())
    if answer is None:
        raise Unfit(field, f"{text[:40]!r} is neither 1 nor 0")
    return answer


def enabled(field: str, text: str) -> bool:
    """Read a status: 1 is enabled, 2 (or 0) is disabled. Raises `Unfit`."""
    answer = {"1": True, "2": False, "0": False}.get(text.strip())
    if answer is None:
        raise Unfit(field, f"{text[:40]!r} is no status: 1 enabled, 2 disabled")
    return answer


def attributes(field: str, text: str) -> dict[str, list[str]]:
    """Read `code=value,code=value`, plain or quoted; `|` parts several values.

    A comma belongs to a value where no `code=` follows. Raises `Unfit`.
    """
    if not text.strip():
        return {}
    found: dict[str, list[str]] = {}
    at = 0
    while at < len(text):
        code = _CODE.match(text, at)
        if not code:
            raise Unfit(field, f"no code=value at {text[at : at + 40]!r}")
        values, at = _values(text, code.end())
        if code[1] in found:
            raise Unfit(field, f"{code[1]} stands twice")
        found[code[1]] = values
    return found


def _values(text: str, at: int) -> tuple[list[str], int]:
    quoted = _quoted(text, at)
    if quoted:
        return quoted
    pair = _PAIR.search(text, at)
    end = pair.start() if pair else len(text)
    return text[at:end].split("|"), end + 1


def _quoted(text: str, at: int) -> tuple[list[str], int] | None:
    values: list[str] = []
    while found := _QUOTED.match(text, at):
        values.append(found[1].replace('""', '"'))
        at = found.end()
        if at == len(text) or _PAIR.match(text, at):
            return values, at + 1
        if text[at] != "|":
            return None
        at += 1
    return None


def categories(text: str) -> list[str]:
    """Give the category paths of a cell, parted by comma or `|`; `\\/` stays in a name.

    A comma followed by a blank belongs to a name, unless a known root follows it.
    """
    paths: list[str] = []
    roots: set[str] = set()
    for group in text.split("|"):
        for nth, piece in enumerate(group.split(",")):
            if nth and piece[:1] == " " and _root(piece) not in roots and paths:
                paths[-1] += "," + piece
            elif piece.strip():
                paths.append(piece.strip())
                roots.add(_root(piece))
    return list(dict.fromkeys(paths))


def _root(path: str) -> str:
    return re.split(r"(?<!\\)/", path.strip(), maxsplit=1)[0]


def names(text: str) -> list[str]:
    """Give the words of a cell parted by commas: websites, SKUs."""
    return [piece.strip() for piece in text.split(",") if piece.strip()]


def has_required_option(field: str, text: str) -> bool:
    """Tell whether a custom option must be chosen: `name=…,type=…,required=1,…|name=…`."""
    return any(flag(field, found[1]) for found in re.finditer(r"(?:^|[,|])required=([^,|]*)", text))


def variations(field: str, text: str) -> list[str]:
    """Give the SKUs of `sku=…,size=…|sku=…`. Raises `Unfit`."""
    children: list[str] = []
    for part in text.split("|") if text.strip() else []:
        found = attributes(field, part).get("sku")
        if not found:
            raise Unfit(field, f"no sku= in {part[:60]!r}")
        children.append(unguarded(found[0]))
    return children
