"""`help CODE`: what a code means, and what the command leaves with."""

from typing import Annotated

import typer

from deploy.codes import CODES
from deploy.commands.session import session
from deploy.errors import Failure

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]

AREAS = {
    "00": "ours",
    "01": "configuration",
    "02": "broker",
    "03": "Postgres",
    "04": "Amazon",
    "05": "contract and events",
    "06": "settings and rules",
    "07": "groups",
    "08": "dead letters",
    "09": "embedded stack",
}
EXITS = {
    1: "a failure that has no exit code of its own",
    2: "the command was not understood",
    3: "the configuration is not right",
    4: "what was asked for is not there",
    5: "refused by the contract or by validation",
    6: "done in part: what failed is listed",
    7: "something else must be done first",
    8: "broker, database or Amazon cannot be reached",
    9: "a threshold was crossed",
    130: "interrupted",
}


def register(app: typer.Typer) -> None:
    """Add these commands to *app*."""
    app.command("help")(explain)


def explain(
    context: typer.Context,
    code: Annotated[str | None, typer.Argument(help="A code, as LW-0201; none lists all.")] = None,
    json: Json = False,
) -> None:
    """Explain an error code: what happened, its area, and the exit code."""
    here = session(context)
    wanted = list(CODES) if code is None else [code.upper()]
    if wanted[0] not in CODES:
        raise Failure(
            "LW-0108", where=str(code), why="no failure has this code", do="listwire help"
        )
    told = [_told(name) for name in wanted]
    if json:
        here.json({"codes": told})
    else:
        here.table(("code", "what", "area", "exit", "means"), [tuple(c.values()) for c in told])


def _told(code: str) -> dict[str, object]:
    known = CODES[code]
    return {
        "code": code,
        "what": known.what,
        "area": AREAS[code[3:5]],
        "exit": known.exit,
        "means": EXITS[known.exit],
    }
