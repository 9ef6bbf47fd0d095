"""The bad-input corpus: one file per number of `reliability.md` 4, its verdict beside it.

*value* is the data of an event, given as text, as hex, or as a part that is repeated;
*line* is how a file of JSON lines holds it, where that is more than the event around it.
"""

import json
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from schemas import keys
from schemas.record import Record

FOLDER = Path(__file__).parent / "corpus"
PRICE = "catalog.price.v1"


class Case(msgspec.Struct, frozen=True):
    """One bad input with what must become of it, at the file door and on a topic."""

    number: int
    name: str
    what: str
    verdict: str
    topic_verdict: str
    stated: dict[str, Any]
    before: list[dict[str, Any]] = []
    topic_only: bool = False

    @property
    def topic(self) -> str:
        return str(self.stated.get("topic", PRICE))

    @property
    def sku(self) -> str:
        return str(self.stated.get("sku", "LAMP-12"))

    @property
    def gives(self) -> dict[str, str]:
        found: dict[str, str] = self.stated.get("gives", {})
        return found

    def line(self) -> bytes:
        """Give the line of a file that holds it."""
        if "line_hex" in self.stated:
            return bytes.fromhex(self.stated["line_hex"])
        if "line" in self.stated:
            return str(self.stated["line"]).encode()
        data = _bytes(self.stated)
        return line(self.topic, self.sku, b"null" if data is None else data, 5)

    def records(self, partition: Callable[[bytes], int]) -> list[Record]:
        """Give the record a topic holds, behind those that came before it."""
        stated = [*self.before, self.stated]
        return [self._record(s, n, partition) for n, s in enumerate(stated)]

    def _record(
        self, stated: dict[str, Any], offset: int, partition: Callable[[bytes], int]
    ) -> Record:
        spelt = str(stated.get("key", self.sku))
        key = None if stated.get("key_null") else keys.join(spelt) if spelt else b""
        return Record(
            topic=self.topic,
            key=key,
            value=_bytes(stated),
            headers=tuple(_headers(stated)),
            partition=partition(key or b""),
            offset=offset,
        )


def line(topic: str, sku: str, data: bytes, sequence: int) -> bytes:
    """Give one line of a file of our own events."""
    told = {"type": topic, "subject": sku, "time": "2026-11-25T10:00:00Z", "sequence": sequence}
    return json.dumps(told, ensure_ascii=False)[:-1].encode() + b', "data": ' + data + b"}"


def _bytes(stated: dict[str, Any]) -> bytes | None:
    if stated.get("null"):
        return None
    if "value_hex" in stated:
        return bytes.fromhex(str(stated["value_hex"]))
    if "value_repeat" in stated:
        head, part, times, tail = stated["value_repeat"]
        return bytes((head + part * times + tail).encode())
    if "value_around" in stated:
        opening, times, closing = stated["value_around"]
        return bytes((opening * times + closing * times).encode())
    if "value_count" in stated:
        head, part, times, tail = stated["value_count"]
        return bytes((head + ",".join(part % n for n in range(times)) + tail).encode())
    return str(stated["value"]).encode()


def _headers(stated: dict[str, Any]) -> Iterator[tuple[str, bytes]]:
    yield from ((name, value.encode()) for name, value in stated.get("headers", {}).items())
    yield from ((f"x-{n}", b"1") for n in range(stated.get("header_count", 0)))
    if size := stated.get("header_bytes"):
        yield "x-long", b"x" * size


def cases(*numbers: int) -> list[Case]:
    """Give the cases of *numbers*, in their order."""
    return [case for number in numbers for case in _read(number)]


def _read(number: int) -> Iterator[Case]:
    told = tomllib.loads((FOLDER / f"{number:03d}.toml").read_text())
    for stated in told["case"]:
        verdict = stated.get("verdict", told["verdict"])
        otherwise = told.get("topic_verdict", {"R": "Q"}.get(verdict, verdict))
        if "verdict" in stated:
            otherwise = {"R": "Q"}.get(verdict, verdict)
        yield Case(
            number=number,
            name=stated["name"],
            what=told["what"],
            verdict=verdict,
            topic_verdict=stated.get("topic_verdict", otherwise),
            stated=stated,
            before=told.get("before", []),
            topic_only=told.get("topic_only", False) and "line" not in stated,
        )


def parameters(found: list[Case]) -> list[Any]:
    """Give *found* for `pytest.mark.parametrize`, each under its number and name."""
    return [pytest.param(case, id=f"{case.number:03d} {case.name}") for case in found]
