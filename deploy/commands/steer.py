"""What people decide: `settings apply`, `settings show`, `publish`, `end`."""

from pathlib import Path
from typing import Annotated, Any
from uuid import uuid4

import typer

from deploy.commands.known import known_settings, unknown_store
from deploy.commands.session import Session, session
from deploy.errors import Failure
from schemas.settings import Settings

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
Stores = Annotated[str, typer.Argument(metavar="STORE", help="Store id.")]


def register(app: typer.Typer) -> None:
    """Add these commands to *app*."""
    settings = typer.Typer(no_args_is_help=True, help="Stores, mappings, rules.")
    settings.command("apply")(settings_apply)
    settings.command("show")(settings_show)
    app.add_typer(settings, name="settings")
    app.command()(publish)
    app.command()(end)


# --- settings -----------------------------------------------------------------------------


def settings_apply(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False)],
    prune: Annotated[bool, typer.Option(help="Delete what the file's kinds do not name.")] = False,
    by: Annotated[str, typer.Option(help="Who applies it.", envvar="USER")] = "operator",
    json: Json = False,
) -> None:
    """Apply a settings file: all of it, or nothing."""
    here = session(context)
    changes = apply_settings(here, file, by=by, prune=prune)
    if json:
        here.json([{"kind": c.kind, "id": c.id, "version": c.version, "deleted": c.value is None}
                   for c in changes])  # fmt: skip
        return
    for change in changes:
        did = "deleted" if change.value is None else "new" if change.new else "changed"
        here.talk.print(f"{change.kind}/{change.id}  {did}, version {change.version}")
    here.talk.print(f"{len(changes)} records applied" if changes else "nothing to change")


def apply_settings(here: Session, file: Path, *, by: str, prune: bool = False) -> list[Any]:
    """Apply *file* and give its changes. Raises `Failure` with every line that is wrong."""
    from deploy.connect.kafka import open_producer  # noqa: PLC0415 - opens the broker
    from producers.operator import settings, text  # noqa: PLC0415 - on demand
    from producers.publish import Publisher  # noqa: PLC0415 - on demand

    known = known_settings(here)
    try:
        changes = settings.plan(file.read_text(), known, by=by, file=str(file), prune=prune)
    except text.Invalid as invalid:
        raise Failure(
            "LW-0601",
            where=str(file),
            why="\n".join(str(problem) for problem in invalid.problems),
            do="mend these lines; nothing was applied",
        ) from None
    except UnicodeDecodeError as error:
        raise Failure("LW-0601", where=str(file), why=str(error), do="save it as UTF-8") from None
    with open_producer(here.bootstrap) as producer:
        publisher = Publisher(producer)
        for record in settings.records(changes, now=here.now()):
            publisher.send(record)
        publisher.flush()
    return changes


def settings_show(
    context: typer.Context,
    json: Json = False,
) -> None:
    """Show the settings in force, as the file that would make them."""
    from producers.operator import settings  # noqa: PLC0415 - on demand

    here = session(context)
    known = known_settings(here)
    if json:
        here.json(known.records)
    else:
        typer.echo(settings.show(known), nl=False)


# --- people's commands ----------------------------------------------------------------------

Skus = Annotated[str | None, typer.Argument(metavar="[SELLER_SKU]", help="The listing.")]
Product = Annotated[str | None, typer.Option("--product", help="All listings of this product.")]
By = Annotated[str, typer.Option(help="Who asks for it.", envvar="USER")]
Why = Annotated[str | None, typer.Option(help="Why, for the record.")]


def publish(
    context: typer.Context,
    store: Stores,
    seller_sku: Skus = None,
    product: Product = None,
    by: By = "operator",
    why: Why = None,
) -> None:
    """Ask for a listing to be put on Amazon."""
    _intend(session(context), "publish", store, seller_sku, product, by=by, why=why)


def end(
    context: typer.Context,
    store: Stores,
    seller_sku: Skus = None,
    product: Product = None,
    by: By = "operator",
    why: Why = None,
) -> None:
    """Ask for a listing to be taken off Amazon; only `publish` brings it back."""
    _intend(session(context), "end", store, seller_sku, product, by=by, why=why)


def _intend(
    here: Session,
    kind: str,
    store: str,
    seller_sku: str | None,
    product: str | None,
    **more: Any,
) -> None:
    known = known_settings(here)
    if known.store(store) is None:
        raise unknown_store(store, known)
    skus = [seller_sku] if seller_sku else _skus_of(here, store, product)
    send_intents(here, kind, store, skus, known, **more)
    for sku in skus:
        here.talk.print(f"asked to {kind} {sku} in {store}; see listwire why {store} {sku}")


def send_intents(
    here: Session, kind: str, store: str, skus: list[str], known: Settings, **more: Any
) -> None:
    """Send one command for each of *skus*. Raises `Failure` for one that is wrong in itself."""
    from deploy.connect.kafka import open_producer  # noqa: PLC0415 - opens the broker
    from producers.operator import intents  # noqa: PLC0415 - on demand
    from producers.publish import Publisher  # noqa: PLC0415 - on demand

    try:
        wanted = [intents.in_store(kind, store, s, known, at=here.now(), **more) for s in skus]
    except ValueError as error:
        raise Failure("LW-0602", where=f"{kind} {store}", why=str(error), do="correct it") from None
    with open_producer(here.bootstrap) as producer:
        publisher = Publisher(producer)
        for one in wanted:
            publisher.send(intents.record(one, uuid4()))
        publisher.flush()


def _skus_of(here: Session, store: str, product: str | None) -> list[str]:
    from consumers.postgres.read import seller_skus  # noqa: PLC0415 - on demand
    from deploy.commands.look import reading  # noqa: PLC0415 - on demand

    if product is None:
        raise typer.BadParameter("name a SELLER_SKU, or a product with --product")
    with reading(here) as connection:
        found = seller_skus(connection, product, store)
    if not found:
        raise Failure(
            "LW-0604",
            where=f"product {product}, store {store}",
            why="no listing of that product is known there",
            do=f"listwire listings --store {store} shows what there is",
        )
    return found
