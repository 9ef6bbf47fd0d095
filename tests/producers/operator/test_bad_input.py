"""The corpus as settings files (`reliability.md` 4, numbers 40, 41, 107-111)."""

import tomllib
from pathlib import Path
from typing import Any

import pytest

from producers.operator.settings import plan
from producers.operator.text import Invalid
from schemas.settings import Settings
from tests.support.bad_input import FOLDER

NUMBERS = (40, 41, 107, 108, 109, 110, 111)
GOOD = 1_000


def cases() -> list[Any]:
    told = {n: tomllib.loads((FOLDER / f"{n:03d}.toml").read_text()) for n in NUMBERS}
    return [
        pytest.param(case, case.get("verdict", t["verdict"]), id=f"{n:03d} {case['name']}")
        for n, t in told.items()
        for case in t["case"]
    ]


def problems(text: str) -> list[Any]:
    try:
        plan(text, Settings(), by="ops", file="bad.yaml")
    except Invalid as invalid:
        return invalid.problems
    return []


@pytest.mark.parametrize(("case", "verdict"), cases())
def test_a_bad_settings_file_alone(case: dict[str, Any], verdict: str) -> None:
    found = problems(case["settings"])

    assert (found != []) == (verdict == "R"), found
    if verdict == "R":
        lines = {p.line for p in found if case["says"] in p.rule or case["says"] in p.path}
        assert lines, [(p.line, p.path, p.rule) for p in found]
        assert case.get("at_line") in (None, *lines)


@pytest.mark.parametrize(("case", "verdict"), cases())
def test_among_a_thousand_good_records_nothing_is_applied(
    case: dict[str, Any], verdict: str
) -> None:
    text: str = case["settings"]
    kind = "import_mapping:\n" + "".join(
        f"  DE/Good{n}: {{target: good_{n}}}\n" for n in range(GOOD)
    )

    found = problems(kind + text)

    assert (found != []) == (verdict == "R")
    assert not [p for p in found if "Good" in p.path]


def test_nothing_in_the_corpus_was_executed() -> None:
    assert not Path("/tmp/listwire-was-here").exists()


def test_a_thousand_good_records_without_the_bad_one_are_applied() -> None:
    text = "import_mapping:\n" + "".join(
        f"  DE/Good{n}: {{target: good_{n}}}\n" for n in range(GOOD)
    )

    assert len(plan(text, Settings(), by="ops")) == GOOD
