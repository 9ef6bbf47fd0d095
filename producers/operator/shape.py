"""Nodes → settings records, by the structs of `schemas.settings`; every mistake with its line."""

import re
from collections.abc import Iterator
from difflib import get_close_matches
from typing import Any

import msgspec
from msgspec import inspect

from producers.operator.text import Node, Numeral, Problem
from schemas.event import as_number
from schemas.money import Number, number
from schemas.settings import KINDS, Bare, Setting

LATER = {
    "intelligent": "intelligent pricing rules",
    "b2b": "business prices",
    "tiers": "business price tiers",
    "strike_through": "strike-through prices",
    "tax_code": "product tax codes",
    "allocation": "allocation of stock",
    "floor": "floors of intelligent pricing rules",
    "ceiling": "ceilings of intelligent pricing rules",
}
"""What is known and not supported yet."""

_OURS = frozenset(["version", "by"])
_STATED_BY = frozenset(["pause", "fulfilment"])
"""Kinds in which `by` is the file's to say."""

_PLACE = re.compile(r"^(.*) - at `(?:key in )?`?\$?([^`]*)`$", re.DOTALL)


class Shaped(msgspec.Struct, frozen=True):
    """One record of a file, and the node it was written as. *value* None deletes."""

    kind: str
    id: str
    line: int
    node: Node
    value: Setting | None


class Shaper:
    """Turns one document into records; what does not fit becomes a `Problem`."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def records(self, root: Node) -> list[Shaped]:
        """Give the records of a document."""
        if not isinstance(root.value, dict):
            self._say(root.line, "", "kinds are the top-level keys: account, store, …")
            return []
        return [record for kind in root.value for record in self._kind(root, kind)]

    def _kind(self, root: Node, kind: str) -> Iterator[Shaped]:
        below: Node = root.value[kind]
        if kind not in KINDS:
            self._say(root.lines[kind], kind, f"no kind {kind!r}{near(kind, KINDS)}", "LW-0602")
        elif not isinstance(below.value, dict):
            self._say(below.line, kind, "below a kind stand ids, each with its record", "LW-0603")
        else:
            for id_, node in below.value.items():
                yield from self._record(kind, id_, below.lines[id_], node)

    def _record(self, kind: str, id_: str, line: int, node: Node) -> Iterator[Shaped]:
        if node.value is None:
            yield Shaped(kind, id_, line, node, None)
            return
        before = len(self.problems)
        plain = self._record_plain(kind, f"{kind}.{id_}", node)
        if len(self.problems) > before:
            return
        try:
            value = msgspec.convert(plain, KINDS[kind], dec_hook=as_number)
        except ValueError as error:
            self._misfit(str(error), kind, id_, node)
        else:
            yield Shaped(kind, id_, line, node, value)

    def _record_plain(self, kind: str, path: str, node: Node) -> object:
        form = inspect.type_info(KINDS[kind])
        if kind not in Bare or not isinstance(form, inspect.StructType):
            return self._plain(_told(kind, node), form, path, kind)
        inner = next(f.type for f in form.fields if f.encode_name == Bare[kind])
        return {Bare[kind]: self._plain(node, inner, path, kind)}

    def _misfit(self, error: str, kind: str, id_: str, node: Node) -> None:
        found = _PLACE.match(error)
        rule, place = (found[1], found[2]) if found else (error, "")
        place = place.removeprefix("." + Bare.get(kind, "\0"))
        at = locate(node, place)
        self._say(at.line, f"{kind}.{id_}{place}", rule, "LW-0603")

    def _plain(self, node: Node, form: Any, path: str, kind: str) -> object:
        value = node.value
        forms = form.types if isinstance(form, inspect.UnionType) else (form,)
        if isinstance(value, dict):
            return self._mapping(node, forms, path, kind)
        if isinstance(value, list):
            inner = next((f.item_type for f in forms if isinstance(f, inspect.ListType)), None)
            below = enumerate(value)
            return [
                self._plain(n, inner or inspect.AnyType(), f"{path}[{i}]", kind) for i, n in below
            ]
        plain = _scalar(value, forms)
        if isinstance(plain, str) and _exact(forms):
            self._number(plain, node, path)
        return plain

    def _number(self, text: str, node: Node, path: str) -> None:
        try:
            number(text)
        except ValueError as error:
            self._say(node.line, path, str(error), "LW-0603")

    def _mapping(self, node: Node, forms: tuple[Any, ...], path: str, kind: str) -> object:
        struct = next((f for f in forms if isinstance(f, inspect.StructType)), None)
        if struct is None:
            inner = next((f.value_type for f in forms if isinstance(f, inspect.DictType)), None)
            return {
                str(key): self._plain(n, inner or inspect.AnyType(), f"{path}.{key}", kind)
                for key, n in node.value.items()
            }
        fields = {f.encode_name: f.type for f in struct.fields}
        if issubclass(struct.cls, Setting):
            fields = {k: t for k, t in fields.items() if k not in _OURS or _is_stated(k, kind)}
        found = {}
        for key, below in node.value.items():
            if key in fields:
                found[key] = self._plain(below, fields[key], f"{path}.{key}", kind)
            else:
                self._unknown(node, key, path, fields)
        return found

    def _unknown(self, node: Node, key: str, path: str, fields: dict[str, Any]) -> None:
        line, where = node.lines.get(key, node.line), f"{path}.{key}"
        if key in LATER:
            self._say(line, where, f"not yet supported: {LATER[key]}", "LW-0605")
        else:
            known = f"known: {', '.join(fields)}" if len(fields) < 12 else ""
            hint = near(key, fields) or (f"; {known}" if known else "")
            self._say(line, where, f"no setting {key!r}{hint}", "LW-0602")

    def _say(self, line: int, path: str, rule: str, code: str = "LW-0601") -> None:
        self.problems.append(Problem(line=line, path=path, rule=rule, code=code))


def _is_stated(member: str, kind: str) -> bool:
    return member == "by" and kind in _STATED_BY


def _told(kind: str, node: Node) -> Node:
    """Spell out `by: {attribute: …, value: …}` of a fulfilment, alone or below `by`."""
    if kind != "fulfilment" or not isinstance(node.value, dict):
        return node
    inner = node.value.get("by")
    told = inner if inner is not None and isinstance(inner.value, dict) else node
    if "attribute" not in told.value or (told is node and inner is not None):
        return node
    by = Node(told.line, "attribute")
    return Node(told.line, {"by": by, **told.value}, {"by": told.line, **told.lines})


def _scalar(value: object, forms: tuple[Any, ...]) -> object:
    if isinstance(value, Numeral):
        whole = any(isinstance(f, inspect.IntType) for f in forms)
        if whole and "." not in value:
            return int(value)
        return value.removeprefix("+") if _exact(forms) else str(value)
    return str(value) if isinstance(value, str) else value


def _exact(forms: tuple[Any, ...]) -> bool:
    return any(isinstance(f, inspect.CustomType) and f.cls is Number for f in forms)


def near(name: str, known: Any) -> str:
    """Give "; do you mean `store`?" where a known name is near, else nothing."""
    found = get_close_matches(name[:80], [str(k) for k in known], n=1, cutoff=0.6)
    return f"; do you mean {found[0]!r}?" if found else ""


def locate(node: Node, place: str) -> Node:
    """Give the node at *place* (`.of[0].is`), or the nearest above it."""
    for part in re.findall(r"\.([^.\[]+)|\[([0-9]+)\]|(\[\.\.\.\])", place):
        name, index, anywhere = part
        below = None
        if name and isinstance(node.value, dict):
            below = node.value.get(name)
        elif index and isinstance(node.value, list) and int(index) < len(node.value):
            below = node.value[int(index)]
        if below is None or anywhere:
            return node
        node = below
    return node
