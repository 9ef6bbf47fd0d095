"""The command leaves with the exit code of its failure, and says it in the one form."""

from typing import Any

import pytest
import typer

from deploy import cli
from deploy.codes import CODES
from deploy.commands import operate, start
from deploy.errors import Failure
from tests.deploy.conftest import Run

NOBODY = "127.0.0.1:1"


@pytest.mark.parametrize(
    ("words", "code", "exit_"),
    [
        pytest.param(["lag"], "LW-0101", 3, id="no broker is named"),
        pytest.param(["--kafka", NOBODY, "lag"], "LW-0201", 8, id="broker away"),
        pytest.param(["--kafka", NOBODY, "topics", "plan"], "LW-0201", 8, id="plan, broker away"),
        pytest.param(["--kafka", NOBODY, "dlq", "list"], "LW-0201", 8, id="dlq, broker away"),
        pytest.param(
            ["--kafka", NOBODY, "--postgres", f"postgresql://u:hush@{NOBODY}/d", "audit"],
            "LW-0301",
            8,
            id="database away",
        ),
        pytest.param(["--postgres", "mysql://x/y", "listings"], "LW-0103", 3, id="no such URL"),
        pytest.param(["schema", "show", "no.such.v1"], "LW-0515", 4, id="no such topic"),
        pytest.param(["help", "LW-9999"], "LW-0108", 4, id="no such code"),
    ],
)
def test_a_failure_has_its_code_and_its_exit(
    run: Run, words: list[str], code: str, exit_: int
) -> None:
    said = run(*words, *(["--json"] if words[0] != "schema" else []))

    assert said.code == exit_ == CODES[code].exit
    assert said.out == ""
    if words[0] == "schema":
        assert said.err.startswith(f"error {code}: ")
    else:
        assert set(said.error) == {"code", "what", "where", "why", "do", "docs"}
        assert said.error["code"] == code
    assert "hush" not in said.err
    assert "Traceback" not in said.err


def test_people_get_lines_instead_of_an_object(run: Run) -> None:
    said = run("--kafka", NOBODY, "lag")

    first, *rest = said.err.splitlines()
    assert first == "error LW-0201: broker unreachable"
    assert [line.split()[0] for line in rest if line[2] != " "] == ["where", "why", "do", "more"]


@pytest.mark.parametrize(
    "words",
    [
        pytest.param(["lagg"], id="no such command"),
        pytest.param(["lag", "--fail-abov", "300s"], id="no such option"),
        pytest.param(["lag", "--fail-above", "soon"], id="no duration"),
        pytest.param(["audit", "--grace", "-1s"], id="a negative duration"),
        pytest.param(["listings", "--tab", "none"], id="no such tab"),
        pytest.param(["dlq", "list", "--limit", "0"], id="a limit of nothing"),
        pytest.param(["--config"], id="an option without its value"),
    ],
)
def test_what_is_not_understood_leaves_with_2(run: Run, words: list[str]) -> None:
    said = run(*words)

    assert (said.code, said.out) == (2, "")
    assert said.err


def test_a_typo_gets_a_suggestion(run: Run) -> None:
    assert "lag" in run("lagg").err
    assert "--fail-above" in run("lag", "--fail-abov", "300s").err


@pytest.mark.parametrize("stop", [KeyboardInterrupt, typer.Abort])
def test_interrupted_leaves_with_130(
    run: Run, monkeypatch: pytest.MonkeyPatch, stop: type[BaseException]
) -> None:
    def interrupted(*_: object) -> None:
        raise stop

    monkeypatch.setattr(operate, "watching", interrupted)

    assert run("--kafka", NOBODY, "lag").code == 130


def test_debug_shows_the_traceback(run: Run) -> None:
    with pytest.raises(Failure, match="LW-0201"):
        run("--debug", "--kafka", NOBODY, "lag")


@pytest.mark.parametrize("code", list(CODES))
def test_any_code_leaves_with_the_exit_of_the_table(
    run: Run, monkeypatch: pytest.MonkeyPatch, code: str
) -> None:
    def fails() -> None:
        raise Failure(code, where="here", why="because", do="this")

    def only(app: Any) -> None:
        app.command("version")(fails)
        app.command("other")(fails)

    monkeypatch.setattr(start, "register", only)

    said = run("version")

    assert said.code == CODES[code].exit
    assert said.err.startswith(f"error {code}: {CODES[code].what}\n")


def test_a_fault_of_ours_is_told_without_a_traceback(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(operate, "watching", None)

    said = run("--kafka", NOBODY, "lag", "--json")

    assert (said.code, said.error["code"]) == (1, "LW-0001")
    assert "operate.py:" in said.error["where"]
    assert said.error["why"].startswith("TypeError: ")
    with pytest.raises(TypeError):
        run("--debug", "--kafka", NOBODY, "lag")


def test_what_is_not_understood_is_an_object_too(run: Run) -> None:
    said = run("lag", "--fail-abov", "300s", "--json")

    assert (said.code, said.error["code"], said.error["where"]) == (2, "LW-0109", "listwire lag")


@pytest.mark.parametrize(
    "words",
    [[], *([w] for w in ("topics", "schema", "dlq", "lag", "audit", "help", "doctor", "work"))],
    ids=" ".join,
)
def test_help_is_there_on_every_level(run: Run, words: list[str]) -> None:
    for option in ("--help", "-h"):
        said = run(*words, option)
        assert (said.code, said.err) == (0, "")
        assert "Usage" in said.out


def test_a_code_is_explained(run: Run) -> None:
    (told,) = run("help", "lw-0206", "--json").json["codes"]

    assert told == {
        "code": "LW-0206",
        "what": "topics differ in what is fixed for life",
        "area": "broker",
        "exit": 5,
        "means": "refused by the contract or by validation",
    }
    assert len(run("help", "--json").json["codes"]) == len(CODES)


def test_main_leaves_with_the_exit_code(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["listwire", "help", "LW-9999"])

    with pytest.raises(SystemExit) as left:
        cli.main()

    assert left.value.code == 4
