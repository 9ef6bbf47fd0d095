"""Why a line of a file was refused: where, which field, which rule (`operations.md` 8.2)."""

import msgspec


class Refusal(msgspec.Struct, frozen=True, kw_only=True):
    """One line (or several that belong together) that gave no event, and why.

    *field* is a column of a CSV file or a path in an event (`$.prices.price.global`).
    """

    line: int
    rule: str
    field: str | None = None
    file: str = ""
    sku: str | None = None
    last_line: int | None = None
    type: str | None = None
    code: str = "LW-0512"

    @property
    def where(self) -> str:
        """The place as people look for it: `prices.jsonl:118  $.sku  (catalog.price.v1, …)`."""
        lines = f"{self.line}-{self.last_line}" if self.last_line else f"{self.line}"
        about = ", ".join(t for t in (self.type, self.sku and f"key {self.sku}") if t)
        parts = [f"{self.file}:{lines}", self.field or "", f"({about})" if about else ""]
        return "  ".join(part for part in parts if part)


class Unfit(ValueError):
    """A cell that cannot be read: its column, and the rule it breaks."""

    def __init__(self, field: str | None, rule: str) -> None:
        super().__init__(rule)
        self.field = field
        self.rule = rule


class UnknownFile(ValueError):
    """A file that is refused whole, with its reason, before anything is sent."""
