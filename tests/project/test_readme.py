"""The README names what there is: each command, role, variable and file, and no other."""

import re
from pathlib import Path

import pytest
from typer.main import get_command

from deploy import cli
from deploy.commands.start import KNOWN
from deploy.settings import CONTROL, Deployment, Sender

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
COMMAND = re.compile(r"listwire ((?:--[a-z]+ \S+ )*)([a-z]+(?: [a-z-]+)*)")
LINK = re.compile(r"\]\(([^)#:]+)\)")


def section(name: str) -> str:
    return README.split(f"## {name}\n")[1].split("\n## ")[0]


def first_cells(name: str) -> list[list[str]]:
    """Give the words in code of each row's first cell."""
    rows = [line for line in section(name).splitlines() if line.startswith("| `")]
    return [re.findall(r"`([^`]+)`", row.split(" | ")[0]) for row in rows]


def code() -> str:
    fences = re.findall(r"```sh\n(.*?)```", README, re.DOTALL)
    return "\n".join(
        [*fences, *re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", README, flags=re.DOTALL))]
    )


def unknown(text: str) -> list[str]:
    """Give the commands in *text* that there are not."""
    found = []
    for _, words in COMMAND.findall(text):
        at: object = get_command(cli.build())
        for word in words.split():
            if not hasattr(at, "commands"):
                break
            at = at.commands.get(word)
        if at is None or hasattr(at, "commands"):
            found.append(words)
    return found


def variables(rows: list[list[str]]) -> set[str]:
    """Give the names in *rows*, those that begin with `…` completed."""
    found, group = set(), ""
    for word in (word for row in rows for word in row):
        whole = word.replace("…", group)
        group = whole.rpartition("__")[0]
        found.add(whole)
    return found


def names(group: type = Deployment, before: str = "") -> set[str]:
    found = set()
    for name, field in group.model_fields.items():  # type: ignore[attr-defined]
        path, kind = f"{before}{name.upper()}", field.annotation
        if path == "WEBHOOK__SOURCES":
            found |= names(Sender, f"{path}__NAME__")
        elif isinstance(kind, type) and hasattr(kind, "model_fields"):
            found |= names(kind, f"{path}__")
        else:
            found.add(path)
    return found


def test_every_command_is_one() -> None:
    assert unknown(code()) == []


@pytest.mark.parametrize("wrong", ["listwire listing", "listwire catalog", "listwire dlq lists"])
def test_a_command_that_is_none_is_noticed(wrong: str) -> None:
    assert unknown(wrong) != []


def test_every_role_has_its_row() -> None:
    assert [name for row in first_cells("Processes") for name in row] == list(KNOWN)


def test_every_variable_has_its_row_and_no_other() -> None:
    assert variables(first_cells("Variables")[1:]) == names() | CONTROL


def test_every_file_that_is_linked_is_there() -> None:
    assert [name for name in LINK.findall(README) if not (ROOT / name).exists()] == []
