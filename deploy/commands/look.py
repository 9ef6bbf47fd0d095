"""What merchants look at: `listings`, `why`."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Annotated, Any

import typer

from deploy.commands.plain import safe
from deploy.commands.session import Session, session, shown
from deploy.errors import Failure
from schemas.reasons import Reason

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


def register(app: typer.Typer) -> None:
    """Add these commands to *app*."""
    app.command()(listings)
    app.command()(why)


@contextmanager
def reading(here: Session) -> Iterator[Any]:
    """Open a connection to Postgres for reading."""
    with engine_of(here) as engine, engine.connect() as connection:
        yield connection


@contextmanager
def engine_of(here: Session) -> Iterator[Any]:
    """Open Postgres."""
    from deploy.connect.postgres import open_engine, reach  # noqa: PLC0415 - opens it

    engine = open_engine(here.postgres, name="listwire-read")
    try:
        reach(engine)
        yield engine
    finally:
        engine.dispose()


def listings(
    context: typer.Context,
    store: Annotated[str | None, typer.Option(help="Only this store.")] = None,
    tab: Annotated[str | None, typer.Option(help="List what is in this tab.")] = None,
    status: Annotated[str | None, typer.Option(help="List what has this status.")] = None,
    product: Annotated[str | None, typer.Option(help="List what is linked to this SKU.")] = None,
    limit: Annotated[int, typer.Option(help="Rows at the most.", min=1)] = 200,
    json: Json = False,
) -> None:
    """Count the listings per store and tab, or list those of a tab, status or product."""
    from consumers.postgres import read  # noqa: PLC0415 - on demand

    here = session(context)
    if tab is None and status is None and product is None:
        with reading(here) as connection:
            print_counts(here, read.counts(connection, store), json=json)
        return
    wanted = read.Filter(store=store, tab=_tab(tab), status=status, sku=product)
    with reading(here) as connection:
        found = read.listings(connection, wanted, limit=limit)
    if json:
        here.json({"listings": found, "limit": limit})
        return
    columns = ("store", "seller SKU", "ASIN", "product", "tab", "status", "wants", "shows", "why")
    here.table(columns, [_row(one) for one in found])
    if len(found) == limit:
        here.talk.print(f"the first {limit}; more with --limit")


def print_counts(here: Session, counts: dict[str, dict[str, int]], *, json: bool) -> None:
    """Print how many listings each store has per tab."""
    if json:
        here.json({"stores": counts})
        return
    labels = list(next(iter(counts.values()), {}))
    here.table(
        ("store", *labels, "total"),
        [(name, *tabs.values(), sum(tabs.values())) for name, tabs in counts.items()],
    )


def _tab(tab: str | None) -> str | None:
    from consumers.postgres.read import LABELS  # noqa: PLC0415 - on demand

    known = {label.lower(): code for code, label in LABELS.items()} | {c: c for c in LABELS}
    known["not_listed"] = known["not listed"] = "not_listed"
    if tab is not None and tab.lower() not in known:
        raise typer.BadParameter(f"one of {', '.join(sorted(known))}", param_hint="--tab")
    return known[tab.lower()] if tab else None


def _row(one: Any) -> tuple[object, ...]:
    return (
        one.store,
        one.seller_sku,
        one.asin,
        one.sku,
        one.tab,
        one.status,
        _offer(one.desired_quantity, one.desired_price, one.desired_currency),
        _offer(one.observed_quantity, one.observed_price, one.observed_currency),
        sentence(one.reasons[0]) if one.reasons else None,
    )


def _offer(quantity: int | None, price: object, currency: str | None) -> str:
    money = f"{price} {currency}" if price is not None else "–"
    return f"{shown(quantity)} × {money}"


def sentence(reason: dict[str, Any]) -> str:
    """Give the sentence of a stored reason, unchanged."""
    return str(Reason(reason["code"], reason.get("facts") or {}))


def why(
    context: typer.Context,
    store: Annotated[str, typer.Argument(help="Store id.")],
    seller_sku: Annotated[str, typer.Argument(help="The listing.")],
    json: Json = False,
) -> None:
    """Tell why a listing is where it is: facts with their age, then each step's answer."""
    from consumers.postgres import read  # noqa: PLC0415 - on demand

    here = session(context)
    with reading(here) as connection:
        one = read.one(connection, store, seller_sku)
        history = read.history(connection, store, seller_sku, limit=10)
    if one is None:
        raise Failure(
            "LW-0604",
            where=f"{store} {seller_sku}",
            why="no such listing is stored",
            do=f"listwire listings --store {store} --tab active shows what there is",
        )
    if json:
        here.json({"listing": one, "history": history})
    else:
        _explain(here, one, history)


def _explain(here: Session, one: Any, history: list[Any]) -> None:
    now = here.now()
    say = here.out.print
    say(f"[bold]{safe(one.seller_sku)}[/] in {one.store}: [bold]{one.tab} / {one.status}[/]"
        f"  since {shown(one.since)} ({age(one.since, now)})")  # fmt: skip
    for reason in one.reasons:
        say(f"  because {safe(sentence(reason))}  [dim]{reason['code']}[/]")
    for flag in one.flags:
        say(f"  note    {safe(sentence(flag))}  [dim]{flag['code']}[/]")
    say("\n[bold]facts[/]")
    here.table(("", "value", "source", "age"), _facts(one, now))
    say("\n[bold]steps[/]")
    for step in one.steps:
        say(f"  {step['name']:<12} {safe(shown(step.get('answer')))}")
        for reason in step.get("reasons", ()):
            say(f"  {'':<12} [dim]· {safe(sentence(reason))}[/]")
    say("\n[bold]history[/]")
    here.table(
        ("when", "from", "to", "because", "event"),
        [(c.at, c.before, c.after, _refusal(c), _event(c.cause)) for c in history],
    )


def _facts(one: Any, now: datetime) -> list[tuple[object, ...]]:
    seen, told = age(one.observed_as_of, now), age(one.event_time, now)
    standing = ", ".join(f"{k} {v}" for k, v in one.standing.items() if v) or None
    return [
        ("product", one.sku, "catalogue", told),
        ("name", one.name, "catalogue", told),
        ("ASIN", one.asin, "link or search", told),
        ("wants", _offer(one.desired_quantity, one.desired_price, one.desired_currency),
         "decided", told),
        ("shows", _offer(one.observed_quantity, one.observed_price, one.observed_currency),
         "Amazon", seen),
        ("on Amazon", one.observed_exists, "Amazon", seen),
        ("people", standing, "commands", None),
        ("settings", ", ".join(f"{k} v{v}" for k, v in one.settings.items()) or None,
         "settings", None),
        ("decided by", _event(one.cause), "event", told),
    ]  # fmt: skip


def _event(cause: dict[str, Any] | None) -> str | None:
    if not cause:
        return None
    place = f"{cause.get('topic')}/{cause.get('partition')}@{cause.get('offset')}"
    return place if cause.get("topic") else cause.get("type") or None


def _refusal(change: Any) -> str | None:
    if change.refused:
        return sentence({"code": change.refused["code"], "facts": change.refused.get("facts")})
    return sentence(change.reasons[0]) if change.reasons else None


def age(moment: datetime | None, now: datetime) -> str | None:
    """Give how long ago *moment* was, in the largest unit that fits."""
    if moment is None:
        return None
    seconds = max(0, int((now - moment).total_seconds()))
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"
