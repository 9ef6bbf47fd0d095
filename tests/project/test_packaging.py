"""What is shipped, and that nobody else ships it too (`code.md` 10)."""

import ast
import importlib.metadata
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
ROOMS = set(PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"])
NOT_SHIPPED = {"tests"}
PIP = (sys.executable, "-m", "pip")


def code_folders(root: Path) -> set[str]:
    """Give the top-level folders of *root* that hold Python, hidden ones left out."""
    return {
        p.name
        for p in root.iterdir()
        if p.is_dir() and not p.name.startswith(".") and any(p.rglob("*.py"))
    }


def foreign_owners(rooms: set[str], owners: dict[str, list[str]]) -> dict[str, list[str]]:
    """Give the rooms that a distribution other than ours ships."""
    return {r: owners[r] for r in rooms if set(owners.get(r, ["listwire"])) != {"listwire"}}


def test_every_top_level_folder_of_code_is_shipped_or_is_the_tests() -> None:
    assert code_folders(ROOT) == ROOMS | NOT_SHIPPED


def test_a_new_folder_of_code_is_noticed(tmp_path: Path) -> None:
    (tmp_path / "stray").mkdir()
    (tmp_path / "stray" / "x.py").write_text("")

    assert code_folders(tmp_path) - ROOMS == {"stray"}


def test_nobody_else_ships_a_package_of_our_names() -> None:
    assert foreign_owners(ROOMS, dict(importlib.metadata.packages_distributions())) == {}


def test_a_second_owner_is_noticed() -> None:
    assert foreign_owners({"schemas"}, {"schemas": ["listwire", "other"]}) != {}


def test_the_rooms_hold_a_docstring_and_nothing_else() -> None:
    inits = [ROOT / room / "__init__.py" for room in ROOMS]
    bodies = {str(i): [type(n) for n in ast.parse(i.read_text()).body] for i in inits}

    assert {k: v for k, v in bodies.items() if v != [ast.Expr]} == {}


def test_no_package_marker_hides_a_room_below_the_tests() -> None:
    assert list((ROOT / "tests").rglob("__init__.py")) == []


@pytest.mark.timeout(300)
def test_the_wheel_holds_every_module_and_data_file_and_no_test(tmp_path: Path) -> None:
    subprocess.run(
        [*PIP, "wheel", "-q", "--no-deps", "--no-build-isolation", "-w", str(tmp_path), str(ROOT)],
        check=True,
        capture_output=True,
    )
    names = set(zipfile.ZipFile(next(tmp_path.glob("*.whl"))).namelist())
    tracked = subprocess.run(
        ["git", "ls-files", *sorted(ROOMS)], capture_output=True, text=True, check=True, cwd=ROOT
    ).stdout.split("\n")
    present = {t for t in tracked if t and (ROOT / t).exists()}

    assert (present - names, {n for n in names if n.startswith("tests/")}) == (set(), set())


def test_the_lock_carries_hashes_and_no_address() -> None:
    lock = (ROOT / "requirements.lock").read_text()

    assert ("--hash=sha256:" in lock, "://" in lock, "--index" in lock) == (True, False, False)
