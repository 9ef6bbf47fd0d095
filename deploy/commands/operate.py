"""What operations ask: `lag`, `audit`; and with them `dlq`, `topics`, `schema`, `help`."""

import re
from typing import Annotated

import typer

from deploy.codes import PARTIAL, THRESHOLD
from deploy.commands import contract, deadletters, explain
from deploy.commands.plain import safe
from deploy.commands.session import Session, session
from deploy.errors import Failure
from deploy.watch.audit import Hole, settled
from deploy.watch.lag import GroupLag, Lag, above, by_group, lag
from deploy.watch.reading import GROUPS, Seen, watching

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
UNITS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}


def register(app: typer.Typer) -> None:
    """Add these commands to *app*."""
    app.command("lag")(show_lag)
    app.command()(audit)
    for module in (deadletters, contract, explain):
        module.register(app)


# --- lag ----------------------------------------------------------------------------------


def show_lag(
    context: typer.Context,
    group: Annotated[list[str] | None, typer.Option(help="Only this group; may repeat.")] = None,
    fail_above: Annotated[
        str | None, typer.Option(metavar="AGE", help="Exit 9 above it: 300s, 5m, 1h.")
    ] = None,
    partitions: Annotated[bool, typer.Option(help="One line per partition.")] = False,
    json: Json = False,
) -> None:
    """Show how far each group is behind: seconds first, then offsets."""
    here = session(context)
    threshold = None if fail_above is None else seconds(fail_above, "--fail-above")
    with watching(here.bootstrap, here.now) as watcher:
        seen = watcher.read(group or GROUPS)
    _require_known(group or (), seen)
    lags = [lag(reading) for reading in seen.readings]
    crossed = [] if threshold is None else above(lags, threshold)
    if json:
        here.json({"groups": by_group(lags, seen.members), "partitions": lags, "above": crossed})
    elif partitions:
        here.table(PARTITION_COLUMNS, [_partition_row(one) for one in lags])
    else:
        here.table(GROUP_COLUMNS, [_group_row(one) for one in by_group(lags, seen.members)])
    if crossed:
        here.talk.print(f"not within {fail_above}: {_named(crossed)}")
        raise typer.Exit(THRESHOLD)


GROUP_COLUMNS = ("group", "state", "seconds", "offsets", "partitions", "members", "why")
PARTITION_COLUMNS = (
    "group", "topic", "partition", "state", "seconds", "committed", "end", "offsets", "why",
)  # fmt: skip


def _group_row(one: GroupLag) -> tuple[object, ...]:
    lost = f"{one.lost:,} offsets lost" if one.lost else ""
    return (
        one.group,
        one.state,
        _seconds(one.seconds),
        one.offsets,
        one.partitions,
        one.members,
        one.cause or lost,
    )


def _partition_row(one: Lag) -> tuple[object, ...]:
    lost = f"{one.lost:,} offsets lost" if one.lost else ""
    bound = {"no-commit": "≤ ", "ok": "≈ " if one.approximate else ""}.get(one.state, "")
    return (
        one.group,
        one.topic,
        one.partition,
        one.state,
        _seconds(one.seconds),
        one.committed,
        one.end,
        None if one.offsets is None else f"{bound}{one.offsets}",
        one.cause or lost,
    )


def _seconds(value: float | None) -> str | None:
    return None if value is None else f"{value:.1f}"


def _named(crossed: list[Lag]) -> str:
    groups = sorted({one.group for one in crossed})
    return ", ".join(safe(name) for name in groups)


def _require_known(asked: list[str] | tuple[()], seen: Seen) -> None:
    read = {reading.group for reading in seen.readings}
    unknown = [name for name in asked if name not in read and seen.members[name] == 0]
    if unknown:
        raise Failure(
            "LW-0701",
            where=", ".join(unknown),
            why="it has no member and no commit, and no topic of the contract names it",
            do=f"one of {', '.join(GROUPS)}, or another group that has read before",
        )


def seconds(text: str, option: str) -> float:
    """Read `300s`, `5m`, `1h`, `2d` as seconds."""
    found = re.fullmatch(r"([0-9]{1,9})(s|m|h|d)", text)
    if found is None:
        raise typer.BadParameter("a number and s, m, h or d, as in 300s", param_hint=option)
    return float(int(found[1]) * UNITS[found[2]])


# --- audit --------------------------------------------------------------------------------


def audit(
    context: typer.Context,
    grace: Annotated[
        str, typer.Option(metavar="AGE", help="What was written later is on its way.")
    ] = "60s",
    json: Json = False,
) -> None:
    """Check that every input of every group is accounted for; exit 6 if some are not."""
    here = session(context)
    allowed = seconds(grace, "--grace")
    found = settled(_unaccounted(here), here.now(), grace=allowed)
    if json:
        here.json({"holes": found, "records": sum(hole.records for hole in found)})
    elif found:
        here.table(("group", "from", "up to", "records", "written"), [_hole_row(h) for h in found])
    else:
        here.talk.print("every input is accounted for")
    if found:
        raise typer.Exit(PARTIAL)


def _unaccounted(here: Session) -> list[Hole]:
    from deploy.connect.postgres import open_engine, reach  # noqa: PLC0415 - opens it
    from deploy.watch.audited import unaccounted  # noqa: PLC0415 - loads the consumers

    engine = open_engine(here.postgres, name="listwire-audit")
    try:
        reach(engine)
        return unaccounted(here.bootstrap, engine)
    finally:
        engine.dispose()


def _hole_row(hole: Hole) -> tuple[object, ...]:
    place = f"{hole.topic}-{hole.partition}"
    return hole.group, f"{place}@{hole.first}", hole.next, hole.records, hole.since
