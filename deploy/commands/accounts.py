"""`accounts show|believe-absences`: what is known of each account, and a person's word on it."""

from typing import Annotated, Any

import typer

from deploy.commands.known import known_settings
from deploy.commands.session import Session, session
from deploy.errors import Failure
from schemas.amazon import AccountState
from schemas.settings import Settings

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


def register(app: typer.Typer) -> None:
    """Add these commands to *app*."""
    group = typer.Typer(no_args_is_help=True, help="What is known of the seller accounts.")
    group.command("show")(show)
    group.command("believe-absences")(believe)
    app.add_typer(group, name="accounts")


def show(context: typer.Context, json: Json = False) -> None:
    """Show where each account sells, what its credentials are worth, and a wave of 404s."""
    here = session(context)
    rows = _rows(known_settings(here))
    if json:
        here.json({"accounts": rows})
        return
    columns = ("account", "store", "sells", "credentials", "absences", "as_of")
    here.table(columns, [tuple(row[c] for c in columns) for row in rows])


def _rows(settings: Settings) -> list[dict[str, Any]]:
    return [
        {"account": account, "store": store} | _told(settings.states.get(account), store)
        for account in sorted(settings.of("account"))
        for store in settings.stores_of(account) or [None]
    ]


def _told(state: AccountState | None, store: str | None) -> dict[str, Any]:
    if state is None:
        return dict.fromkeys(("sells", "credentials", "absences", "as_of"))
    place = state.stores.get(store or "")
    sells = "suspended" if place and place.suspended else "yes" if place else None
    wave = state.absences
    return {
        "sells": "no" if place and not place.participates else sells,
        "credentials": state.credentials,
        "absences": f"{wave.read} of {wave.known} since {wave.since}" if wave else None,
        "as_of": state.as_of,
    }


def believe(
    context: typer.Context,
    account: str,
    why: Annotated[str, typer.Option(help="Why they are true.")],
) -> None:
    """Let what Amazon denied during a wave of 404s count as gone."""
    here = session(context)
    state = known_settings(here).states.get(account)
    if state is None or state.absences is None:
        raise Failure(
            "LW-0402",
            where=f"account {account}",
            why="no wave of 404s stands for it",
            do="listwire accounts show",
        )
    _believe(here, account)
    here.talk.print(f"{account}: what Amazon denied counts as gone ({why})", markup=False)


def _believe(here: Session, account: str) -> None:
    from deploy.connect.kafka import open_producer  # noqa: PLC0415 - opens it
    from deploy.connect.postgres import open_engine, reach  # noqa: PLC0415
    from deploy.connect.publishing import Publishing  # noqa: PLC0415
    from producers.amazon.absences import Absences  # noqa: PLC0415
    from producers.amazon.accounts import Accounts  # noqa: PLC0415

    engine = open_engine(here.postgres, name="listwire-accounts")
    try:
        reach(engine)
        with open_producer(here.bootstrap) as producer:
            accounts = Accounts(engine, Publishing(producer, here.bootstrap), here.now)
            Absences(engine, accounts, Settings).believe(account)
    finally:
        engine.dispose()
