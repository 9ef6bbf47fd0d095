"""`notifications setup|check`: what Amazon needs so that notifications come, and do they."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

import typer

from deploy.codes import PARTIAL
from deploy.commands.known import known_settings
from deploy.commands.session import Session, session

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


def register(app: typer.Typer) -> None:
    """Add these commands to *app*."""
    group = typer.Typer(no_args_is_help=True, help="Amazon's notifications: set up, and coming?")
    group.command("setup")(setup)
    group.command("check")(check)
    app.add_typer(group, name="notifications")


def setup(context: typer.Context, json: Json = False) -> None:
    """Make the destinations and subscriptions that are missing; exit 6 if some still are."""
    _show(session(context), _looked(session(context), add=True), as_json=json)


def check(context: typer.Context, json: Json = False) -> None:
    """Tell what is missing, and what has fallen silent; exit 6 if anything is amiss."""
    here = session(context)
    _show(here, _looked(here, add=False) | _heard(here), as_json=json)


def _looked(here: Session, *, add: bool) -> dict[str, Any]:
    """Look at Amazon and at the queue."""
    from deploy.connect.queue_policy import policy, reading_rights, rule  # noqa: PLC0415
    from deploy.notifying import place, surveying  # noqa: PLC0415 - opens connections
    from producers.amazon.subscriptions import bridged  # noqa: PLC0415

    settings = known_settings(here)
    where = place(here.deployment.notifications)
    look = surveying(here.deployment, lambda: settings, here.environ)
    return {
        "queue": where.arn,
        "findings": list(look(add)),
        "flaws": _flaws(here),
        "needed": {
            "queue policy": policy(where),
            "rights of our own": reading_rights(where),
            "EventBridge rule, with the queue as its target": rule(bridged()),
        },
    }


def _flaws(here: Session) -> list[str]:
    """Say what is wrong with the queue; the stand-in's has nothing to be wrong with."""
    from deploy.connect.queue_policy import flaws  # noqa: PLC0415
    from deploy.connect.queues import SqsQueue, open_sqs  # noqa: PLC0415
    from deploy.notifying import place  # noqa: PLC0415
    from schemas.errors import TryAgain  # noqa: PLC0415

    told = here.deployment.notifications
    if told.stand_in:
        return []
    where = place(told)
    try:
        found = SqsQueue(open_sqs(where, endpoint=told.endpoint), where.url).attributes()
    except TryAgain as away:
        return [f"it cannot be looked at: {away}"]
    return flaws(found, where)


def _heard(here: Session) -> dict[str, Any]:
    """Look at what came: the last of each kind, what is silent, what nobody could use."""
    from deploy.connect.postgres import open_engine, reach  # noqa: PLC0415 - opens it
    from producers.amazon.inbox import Inbox  # noqa: PLC0415
    from producers.amazon.silence import HEARD, silences  # noqa: PLC0415
    from producers.amazon.subscriptions import WANTED  # noqa: PLC0415

    engine = open_engine(here.postgres, name="listwire-notifications-check")
    try:
        reach(engine)
        inbox = Inbox(engine)
        heard, dead = inbox.heard(HEARD), inbox.dead()
    finally:
        engine.dispose()
    return {
        "heard": [_last(of, times) for of, times in sorted(heard.items())],
        "silent": silences(heard, WANTED, here.now()),
        "dead": [
            {"code": code, "count": count, "last": at, "why": why} for code, count, at, why in dead
        ],
    }


def _last(of: tuple[str, str], times: list[datetime]) -> dict[str, Any]:
    return {"account": of[0], "type": of[1], "last": max(times), "count": len(times)}


def _show(here: Session, found: Mapping[str, Any], *, as_json: bool) -> None:
    """Print what was found, and leave with 6 where something is amiss."""
    if as_json:
        here.json(found)
    else:
        _tables(here, found)
    amiss = [f for f in found["findings"] if not f.good] or found["flaws"] or found.get("silent")
    if amiss:
        raise typer.Exit(PARTIAL)


def _tables(here: Session, found: Mapping[str, Any]) -> None:
    here.table(
        ("of", "what", "state", "why"),
        [(f.of, f.what, f.state, f.why) for f in found["findings"]],
    )
    for flaw in found["flaws"]:
        here.talk.print(f"the queue {found['queue']}: {flaw}", markup=False)
    if found["flaws"] or any(f.state == "made" for f in found["findings"]):
        for name, document in found["needed"].items():
            here.talk.print(f"{name}:", markup=False)
            here.json(document)
    if found.get("heard"):
        columns = ("account", "type", "last", "count")
        here.table(columns, [tuple(row[c] for c in columns) for row in found["heard"]])
    for one in found.get("silent", ()):
        here.talk.print(
            f"{one.account} {one.type}: silent since {one.last}, usually {one.usual}", markup=False
        )
    if found.get("dead"):
        columns = ("code", "count", "last", "why")
        here.table(columns, [tuple(row[c] for c in columns) for row in found["dead"]])
