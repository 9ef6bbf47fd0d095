"""Text from outside on a terminal: nothing in it moves the cursor, colours, or hides (S13)."""

from rich.markup import escape


def printable(text: str, *, lines: bool = False) -> str:
    """Give *text* with every character that a terminal does not simply show spelled out.

    Control characters, and those that turn the direction of writing, become `\\\\x1b`,
    `\\\\u202e`. With *lines*, ends of lines and tabs stay.
    """
    kept = "\n\t" if lines else ""
    return "".join(c if c.isprintable() or c in kept else _spelled(c) for c in text)


def safe(value: object, *, lines: bool = False) -> str:
    """Give *value* as text in which nothing is a control or markup; a dash for nothing."""
    return escape(printable(str(value), lines=lines)) if value not in (None, "") else "–"


def _spelled(character: str) -> str:
    return character.encode("unicode_escape").decode()
