"""A failure says what, where, why and what to do, and its code has one exit code."""

import re
from pathlib import Path

import pytest

from deploy.codes import CODES
from deploy.errors import Failure

ROOT = Path(__file__).parents[2]
AREAS = range(10)

FULL = Failure("LW-0906", where="/data", why="process 7\nruns on it", do="stop it")


def test_a_terminal_shows_what_where_why_and_what_to_do() -> None:
    assert FULL.as_text().splitlines() == [
        "error LW-0906: data folder in use",
        "  where  /data",
        "  why    process 7",
        "         runs on it",
        "  do     stop it",
        "  more   listwire help LW-0906",
    ]


def test_json_names_the_same_six_things() -> None:
    assert FULL.as_object() == {
        "error": {
            "code": "LW-0906",
            "what": "data folder in use",
            "where": "/data",
            "why": "process 7\nruns on it",
            "do": "stop it",
            "docs": "listwire help LW-0906",
        }
    }


def test_the_exit_code_comes_from_the_table() -> None:
    assert FULL.exit == 7


def test_a_code_outside_the_table_is_refused() -> None:
    with pytest.raises(KeyError):
        Failure("LW-9999", where="", why="", do="")


@pytest.mark.parametrize("code", list(CODES))
def test_a_code_is_of_a_known_area_and_leads_to_a_known_exit(code: str) -> None:
    assert re.fullmatch(r"LW-\d{4}", code)
    assert int(code[3:5]) in AREAS
    assert CODES[code].exit in {1, 2, 3, 4, 5, 6, 7, 8, 9}


def test_every_code_that_is_raised_stands_in_the_table() -> None:
    sources = [path.read_text() for path in (ROOT / "deploy").rglob("*.py")]
    raised = {code for text in sources for code in re.findall(r'Failure\(\s*"(LW-\d{4})"', text)}

    assert raised
    assert raised <= CODES.keys()
