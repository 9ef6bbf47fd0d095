"""Nothing in a stranger's text moves a cursor, colours a line, or hides."""

import pytest
from rich.console import Console

from deploy.commands.plain import printable, safe


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param("plain Größe 靴 👟", "plain Größe 靴 👟", id="text of any script"),
        pytest.param("\x1b[2J", "\\x1b[2J", id="a terminal's escape"),
        pytest.param("\x9b2J", "\\x9b2J", id="the same in one byte"),
        pytest.param("a\r\nb\tc", "a\\r\\nb\\tc", id="ends of lines"),
        pytest.param("\u202egnp.exe", "\\u202egnp.exe", id="right to left"),
        pytest.param("a\u200bb", "a\\u200bb", id="no width"),
        pytest.param("\udc80", "\\udc80", id="half a character"),
        pytest.param("\u2028", "\\u2028", id="a line separator"),
        pytest.param("\x07", "\\x07", id="a bell"),
    ],
)
def test_what_a_terminal_does_not_simply_show_is_spelled_out(text: str, shown: str) -> None:
    assert printable(text) == shown


def test_lines_stay_lines_where_they_are_wanted() -> None:
    assert printable("a\n\tb\r\x1b", lines=True) == "a\n\tb\\r\\x1b"


@pytest.mark.parametrize("text", ["[red]x[/red]", "[link=http://evil]x[/]", "[/]", "a\\[b]"])
def test_markup_is_text(text: str) -> None:
    console = Console(highlight=False)
    with console.capture() as captured:
        console.print(safe(text))

    assert captured.get() == text + "\n"


@pytest.mark.parametrize("nothing", [None, ""])
def test_nothing_is_a_dash(nothing: object) -> None:
    assert safe(nothing) == "–"


def test_a_number_is_shown_as_it_is() -> None:
    assert safe(0) == "0"
