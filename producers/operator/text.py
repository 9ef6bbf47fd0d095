"""YAML text → a tree of nodes that know their line (YAML 1.2 core schema, `records.md` 1).

Only plain `true`, `false`, `null` and numbers are more than text: `NO`, `on` and `010` stay
what was typed, and numbers keep their digits. Tags of other schemas, doubled keys and
documents that unfold into very many nodes are refused, by line.
"""

import re
from typing import Any

import msgspec
import yaml

MAX_TEXT = 4_000_000
"""Characters of a settings file."""

MAX_NODES = 100_000
"""Nodes of a document with its aliases unfolded (`reliability.md` 4, number 109)."""

MAX_DEPTH = 64
"""How deep a document may nest."""

_TAGS = frozenset(f"tag:yaml.org,2002:{name}" for name in ("str", "seq", "map"))
_TRUE = frozenset(["true", "True", "TRUE"])
_FALSE = frozenset(["false", "False", "FALSE"])
_NULL = frozenset(["null", "Null", "NULL", "~", ""])
_INT = re.compile(r"[-+]?(0|[1-9][0-9]*)")
_DECIMAL = re.compile(r"[-+]?(0|[1-9][0-9]*)\.[0-9]+")


class Problem(msgspec.Struct, frozen=True, kw_only=True, order=True):
    """What is wrong in a settings file, and on which line. Line 0: nowhere in it."""

    line: int
    path: str
    rule: str
    code: str = "LW-0601"
    file: str = ""

    @property
    def where(self) -> str:
        """The place as people look for it: `settings.yaml:12  store.acme-de.marketplace`."""
        return f"{self.file}:{self.line}  {self.path}" if self.line else self.path


class Invalid(ValueError):
    """Settings of which nothing is applied, with everything that is wrong."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("; ".join(f"{p.where}: {p.rule}" for p in problems[:3]))
        self.problems = problems


class Text(str):
    """A quoted scalar, or a plain one that is nothing else."""

    __slots__ = ()


class Numeral(str):
    """A plain number, digit by digit as it was typed."""

    __slots__ = ()


class Node(msgspec.Struct, frozen=True):
    """A value with its line: text, a number's digits, true, false, None, a list or a mapping.

    *lines* are those of a mapping's keys.
    """

    line: int
    value: Any
    lines: dict[str, int] = {}


class _Loader(yaml.CSafeLoader):
    yaml_implicit_resolvers: Any = {}


def read(text: str, file: str = "") -> Node:
    """Read one document. Raises `Invalid`."""
    if len(text) > MAX_TEXT:
        raise Invalid(
            [Problem(line=0, path="", file=file, rule=f"more than {MAX_TEXT} characters")]
        )
    try:
        root = yaml.compose(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 0
        why = f"no YAML: {error.problem or error.context}"
        raise Invalid([Problem(line=line, path="", file=file, rule=why)]) from None
    except (yaml.YAMLError, RecursionError) as error:
        why = f"no YAML: {str(error)[:200] or type(error).__name__}"
        raise Invalid([Problem(line=0, path="", file=file, rule=why)]) from None
    if root is None:
        return Node(1, {})
    return _Unfolding(file).node(root, "", 0)


class _Unfolding:
    """One walk over a composed document, counting."""

    def __init__(self, file: str) -> None:
        self._file = file
        self._count = 0

    def node(self, node: Any, path: str, depth: int) -> Node:
        line = node.start_mark.line + 1
        self._count += 1
        if self._count > MAX_NODES:
            self._refuse(line, path, f"it unfolds into more than {MAX_NODES} nodes")
        if depth > MAX_DEPTH:
            self._refuse(line, path, f"nested deeper than {MAX_DEPTH}, or inside itself")
        if node.tag not in _TAGS:
            self._refuse(line, path, f"tag {node.tag[:80]!r}: only plain values are read")
        if isinstance(node, yaml.ScalarNode):
            return Node(line, _scalar(node))
        if isinstance(node, yaml.SequenceNode):
            below = enumerate(node.value)
            return Node(line, [self.node(n, f"{path}[{i}]", depth + 1) for i, n in below])
        return self._mapping(node, path, depth, line)

    def _mapping(self, node: Any, path: str, depth: int, line: int) -> Node:
        found: dict[str, Node] = {}
        lines: dict[str, int] = {}
        for key, value in node.value:
            at = key.start_mark.line + 1
            if not isinstance(key, yaml.ScalarNode) or key.tag not in _TAGS:
                self._refuse(at, path, "a key is plain text")
            below = f"{path}.{key.value}" if path else key.value
            if key.value in found:
                self._refuse(at, below, f"stands twice, first on line {lines[key.value]}")
            found[key.value] = self.node(value, below, depth + 1)
            lines[key.value] = at
        return Node(line, found, lines)

    def _refuse(self, line: int, path: str, rule: str) -> None:
        raise Invalid([Problem(line=line, path=path[:200], rule=rule, file=self._file)])


def _scalar(node: Any) -> object:
    text: str = node.value
    if node.style in ("'", '"', "|", ">"):
        return Text(text)
    if text in _TRUE or text in _FALSE:
        return text in _TRUE
    if text in _NULL:
        return None
    plain = _INT.fullmatch(text) or _DECIMAL.fullmatch(text)
    return Numeral(text) if plain else Text(text)
