"""Where exactly a value does not fit: the decoder says `$.prices[...][...]`, people need keys.

Of each object that the path goes through, half of the members are left out until one is left
under which the same error stays.
"""

import re
from collections.abc import Callable
from typing import Any

import msgspec

from schemas import codec
from schemas.event import Event

_TOKEN = re.compile(r"\.([^.\[]+)|\[(\d+)\]|\[(\.\.\.)\]")
Fails = Callable[[], bool]


def exact(data: bytes, event: type[Event], path: str) -> str:
    """Give *path* of the error in *data* with every member named; itself where that fails."""
    if "[...]" not in path:
        return path
    document = msgspec.json.decode(data)

    def fails() -> bool:
        return failure(document, event) == path

    return _named(document, path, fails) if fails() else path


def failure(document: Any, event: type[Event]) -> str | None:
    """Give the path at which *document* is no *event*, None if it is one."""
    try:
        codec.decoder(event).decode(msgspec.json.encode(document))
    except (ValueError, RecursionError) as error:
        found = re.search(r" - at `([^`]*)`$", str(error))
        return found[1] if found else "$"
    return None


def _named(document: Any, path: str, fails: Fails) -> str:
    at, told = document, "$"
    for stated, index, several in _TOKEN.findall(path):
        member = _culprit(at, fails) if several else stated
        told += f".{member}" if member else f"[{index}]"
        at = at[member] if member else at[int(index)]
    return told


def _culprit(members: dict[str, Any], fails: Fails) -> str:
    left = dict(members)
    while len(left) > 1:
        names = list(left)
        half = {name: left[name] for name in names[: len(names) // 2]}
        members.clear()
        members.update(half)
        if not fails():
            half = {name: left[name] for name in names[len(names) // 2 :]}
        left = half
    members.clear()
    members.update(left)
    (found,) = left
    return found
