"""The import arrows of `code.md` 1, held over the syntax tree, each shown a planted breach."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

MAY_IMPORT = {
    "schemas": set(),
    "producers": {"schemas"},
    "processors": {"schemas"},
    "consumers": {"schemas"},
    "deploy": {"schemas", "producers", "processors", "consumers"},
}
VALUES = set(
    "abc bisect collections contextlib dataclasses datetime decimal enum fractions functools"
    " hashlib heapq itertools json math operator re string typing unicodedata uuid zoneinfo"
    " __future__ struct".split()
)
"""Modules of the standard library that hold values only."""

CLOCKS = {"now", "today", "utcnow", "time", "monotonic", "perf_counter", "uuid1", "uuid4"}


def imported(source: str) -> set[str]:
    """Give the dotted names that *source* imports, wherever in it they stand."""
    nodes = list(ast.walk(ast.parse(source)))
    plain = {a.name for n in nodes if isinstance(n, ast.Import) for a in n.names}
    return plain | {n.module or "." for n in nodes if isinstance(n, ast.ImportFrom)}


def rooms(source: str) -> set[str]:
    """Give the rooms of ours that *source* imports."""
    return {name.split(".")[0] for name in imported(source)} & MAY_IMPORT.keys()


def clock_calls(source: str) -> set[str]:
    """Give the calls in *source* that ask a clock or chance."""
    calls = [n.func for n in ast.walk(ast.parse(source)) if isinstance(n, ast.Call)]
    named = {getattr(c, "attr", getattr(c, "id", "")) for c in calls}
    return named & CLOCKS


def strangers(source: str, ours: set[str]) -> set[str]:
    """Give what *source* imports that is neither a value module, msgspec, nor in *ours*."""
    names = imported(source)
    return {
        n
        for n in names
        if n.split(".")[0] not in VALUES | {"msgspec"}
        and not any(n == o or n.startswith(o + ".") for o in ours)
    }


def modules(folder: str) -> list[Path]:
    """Give the modules below *folder*, which there must be."""
    found = sorted((ROOT / folder).rglob("*.py"))
    if not found:
        raise AssertionError(f"nothing below {folder}")
    return found


@pytest.mark.parametrize("room", MAY_IMPORT)
def test_a_room_imports_only_the_rooms_below_it(room: str) -> None:
    breaches = {
        str(m): wrong
        for m in modules(room)
        if (wrong := rooms(m.read_text()) - MAY_IMPORT[room] - {room})
    }

    assert breaches == {}


def test_a_sibling_import_deep_inside_a_function_is_caught() -> None:
    planted = "def f():\n    from consumers.drain import drain\n    return drain\n"

    assert rooms(planted) - MAY_IMPORT["producers"] - {"producers"} == {"consumers"}


def test_the_stand_in_shares_no_code_with_what_it_judges() -> None:
    breaches = {str(m): wrong for m in modules("deploy/sandbox") if (wrong := _not_own(m))}

    assert breaches == {}


def _not_own(module: Path) -> set[str]:
    names = imported(module.read_text())
    ours = {n for n in names if n.split(".")[0] in MAY_IMPORT}
    return {n for n in ours if not n.startswith("deploy.sandbox")}


@pytest.mark.parametrize(
    ("folder", "ours"),
    [
        pytest.param("schemas", {"schemas"}, id="schemas"),
        pytest.param("processors/rules", {"schemas", "processors.rules"}, id="rules"),
    ],
)
def test_the_pure_parts_import_values_only(folder: str, ours: set[str]) -> None:
    breaches = {str(m): w for m in modules(folder) if (w := strangers(m.read_text(), ours))}

    assert breaches == {}


@pytest.mark.parametrize("planted", ["import socket", "import importlib", "import faust"])
def test_an_import_that_is_no_value_is_caught(planted: str) -> None:
    assert strangers(planted, {"schemas"}) != set()


def test_the_rules_ask_no_clock_and_no_chance() -> None:
    breaches = {str(m): w for m in modules("processors/rules") if (w := clock_calls(m.read_text()))}

    assert breaches == {}


@pytest.mark.parametrize("planted", ["datetime.now(UTC)", "date.today()", "uuid4()"])
def test_a_hidden_clock_is_caught(planted: str) -> None:
    assert clock_calls(planted) != set()


def test_importing_the_rules_loads_neither_faust_nor_kafka() -> None:
    names = [
        str(m.relative_to(ROOT).with_suffix("")).replace("/", ".")
        for m in modules("processors/rules")
    ]
    code = f"import sys\nfor n in {names!r}: __import__(n)\nprint(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )

    assert {"faust", "kafka", "aiokafka", "sqlalchemy"} & set(done.stdout.split()) == set()
