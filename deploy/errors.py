"""A failure as people see it: what, where, why, what to do, and a stable code."""

from deploy.codes import CODES


class Failure(Exception):
    """Something that a person must see; *what* and *exit* are the code's, unless given.

    The command prints it and leaves with *exit*; nobody branches on the texts.
    """

    def __init__(
        self,
        code: str,
        *,
        where: str,
        why: str,
        do: str,
        what: str = "",
        exit: int | None = None,  # noqa: A002 - the word the table of codes uses
    ) -> None:
        self.code = code
        self.what = what or CODES[code].what
        self.where = where
        self.why = why
        self.do = do
        self.exit = CODES[code].exit if exit is None else exit
        super().__init__(f"{code}: {self.what}: {where}: {why}")

    def as_text(self) -> str:
        """Give the lines that a terminal shows (`operations.md` 8.2)."""
        rows = (("where", self.where), ("why", self.why), ("do", self.do))
        body = [f"  {name:<6} {_indented(text)}" for name, text in rows if text]
        more = f"  {'more':<6} listwire help {self.code}"
        return "\n".join([f"error {self.code}: {self.what}", *body, more])

    def as_object(self) -> dict[str, dict[str, str]]:
        """Give the object that `--json` prints on stderr."""
        told = {"what": self.what, "where": self.where, "why": self.why, "do": self.do}
        return {"error": {"code": self.code, **told, "docs": f"listwire help {self.code}"}}


def _indented(text: str) -> str:
    return text.rstrip().replace("\n", "\n" + " " * 9)
