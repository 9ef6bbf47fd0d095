"""Amazon's reports by request: `report fetch`, `report show`. (`report import` is in `intake`.)"""

import time
from datetime import timedelta
from typing import Annotated, Any

import msgspec
import typer

from deploy.commands.known import known_settings, unknown_store
from deploy.commands.look import age, engine_of
from deploy.commands.session import Session, session
from deploy.errors import Failure
from producers.amazon.report import REPORT_TYPES
from producers.amazon.run import Run

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]

PICKED_UP = 10.0
"""Seconds after which a run that nobody took on means that no worker runs."""


def register(report: typer.Typer) -> None:
    """Add these commands to the group *report*."""
    report.command("fetch")(report_fetch)
    report.command("show")(report_show)


def report_fetch(
    context: typer.Context,
    store: Annotated[str, typer.Argument(help="Whose report.")],
    type: Annotated[str, typer.Option(help="Amazon's report type.")] = REPORT_TYPES[0],  # noqa: A002
    wait: Annotated[bool, typer.Option("--wait", help="Come back once it has ended.")] = False,
    fewer: Annotated[
        bool, typer.Option("--fewer", help="Take it though it has far fewer rows than the last.")
    ] = False,
    by: Annotated[str, typer.Option(help="Who asks.")] = "operator",
    json: Json = False,
) -> None:
    """Ask Amazon for a report of one store now; a worker of the role *reports* does the rest."""
    from producers.amazon.runs import Runs  # noqa: PLC0415 - on demand
    from producers.amazon.schedule import run  # noqa: PLC0415 - on demand

    here = session(context)
    known = known_settings(here)
    if (found := known.store(store)) is None:
        raise unknown_store(store, known)
    if type not in REPORT_TYPES:
        raise unread_type(type)
    now = here.now()
    with engine_of(here) as engine:
        runs = Runs(engine)
        new = run(store, type, found.account, now=now, slot=now, by=by, fewer=fewer)
        if not runs.add(new):
            new = _under_way(runs, store, type)
            here.talk.print("one is under way already; there is one at a time")
        new = _until_ended(here, runs, new) if wait else new
    _show_one(here, new, json=json)
    if new.state == "refused":
        raise Failure(
            "LW-0520",
            where=f"{store} {new.name}",
            why=new.why or "",
            do="what was known of the store is unchanged; see listwire report show",
        )


def unread_type(type_: str) -> Failure:
    """Say that rows of this type are not read, and which are."""
    return Failure("LW-0521", where=f"--type {type_}", why="its rows are not read here",
                   do=f"one of {', '.join(REPORT_TYPES)}")  # fmt: skip


def _under_way(runs: Any, store: str, type_: str) -> Run:
    found: Run = runs.newest()[store, type_]
    return found


def _until_ended(here: Session, runs: Any, run: Run) -> Run:
    began, told = time.monotonic(), ""
    while run.open:
        told = _tell(here, run, told)
        if run.state == "wanted" and not run.why and time.monotonic() - began > PICKED_UP:
            here.talk.print("no worker takes it on: is `listwire work reports` running?")
            began = float("inf")
        time.sleep(0.3)
        run = next(r for r in runs.find(run.store) if r.key == run.key)
    return run


def _tell(here: Session, run: Run, told: str) -> str:
    now = f"{run.state} {run.report or ''} {run.why or ''}".strip()
    if now != told:
        here.talk.print(now, markup=False)
    return now


def report_show(
    context: typer.Context,
    word: Annotated[str | None, typer.Argument(help="A store, or a report's id.")] = None,
    limit: Annotated[int, typer.Option(help="Runs at the most.", min=1)] = 20,
    json: Json = False,
) -> None:
    """Show the latest reports: how far each is, its rows and ages, and why it was refused."""
    from producers.amazon.runs import Runs  # noqa: PLC0415 - on demand

    here = session(context)
    with engine_of(here) as engine:
        found = Runs(engine).find(word, limit=limit)
    if word is not None and not found:
        raise Failure("LW-0522", where=word, why="no run of such a store or report is kept",
                      do="listwire report fetch STORE asks for one")  # fmt: skip
    if json:
        here.json({"reports": [shown(run) for run in found]})
    elif word is not None and len(found) == 1:
        _show_one(here, found[0], json=False)
    else:
        _show_all(here, found)


def _show_all(here: Session, runs: list[Run]) -> None:
    now = here.now()
    columns = ("store", "type", "report", "state", "rows", "refused", "as of", "asked", "why")
    rows = [
        (r.store, r.type, r.report, r.state, r.rows, r.rows_refused, age(r.as_of, now),
         age(r.asked_at or r.wanted_at, now), r.why)
        for r in runs
    ]  # fmt: skip
    here.table(columns, rows)


def _show_one(here: Session, run: Run, *, json: bool) -> None:
    if json:
        here.json({"report": shown(run)})
        return
    here.table(("", ""), [(name, value) for name, value in shown(run).items() if value])
    for row in run.refused_rows:
        here.talk.print(f"refused line {row['line']}: {row['why']}", style="yellow", markup=False)


def shown(run: Run) -> dict[str, Any]:
    """Give what people and programs are shown of *run*."""
    hidden = {"version", "charset", "slot", "aborted"}
    stated = msgspec.structs.asdict(run)
    open_ = {} if run.open else {"due_at": None}
    seconds = _seconds(run.data_end, run.asked_at)
    return {k: v for k, v in (stated | open_).items() if k not in hidden} | seconds


def _seconds(data_end: Any, asked_at: Any) -> dict[str, float]:
    """Give by how much the data are older than the request: Amazon's cache shows in it."""
    if data_end is None or asked_at is None or data_end >= asked_at:
        return {}
    older: timedelta = asked_at - data_end
    return {"data_older_by_seconds": round(older.total_seconds(), 1)}
