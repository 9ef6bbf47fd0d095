"""`matches`: listings that wait for a person to say which product, or which ASIN, they are."""

from typing import Annotated, Any

import typer

from deploy.commands.known import known_settings, unknown_store
from deploy.commands.look import reading, sentence
from deploy.commands.session import Session, session
from deploy.commands.steer import By, Json, Stores, Why, send_intents
from deploy.errors import Failure
from schemas.settings import Settings

WAITING = {
    "unable_to_assign": ("incomplete",),
    "multiple_matches": ("incomplete", "new_third_party"),
    "has_variants": ("incomplete",),
    "awaiting_assignment": ("new_third_party",),
}
"""Statuses that a match ends, with the tabs in which they stand (`listings.md` 4.9)."""

SHOWN = 3
"""Choices that one line of the list names."""

Wanted = Annotated[str | None, typer.Option("--status", help="Only this status.")]


def register(app: typer.Typer) -> None:
    """Add these commands to *app*."""
    matches = typer.Typer(no_args_is_help=True, help="Which product, which ASIN: what waits.")
    matches.command("list")(matches_list)
    matches.command("show")(matches_show)
    matches.command("assign")(matches_assign)
    matches.command("retry")(matches_retry)
    app.add_typer(matches, name="matches")


# --- looking --------------------------------------------------------------------------------


def matches_list(
    context: typer.Context,
    store: Annotated[str | None, typer.Option(help="Only this store.")] = None,
    status: Wanted = None,
    limit: Annotated[int, typer.Option(help="Rows at the most.", min=1)] = 200,
    json: Json = False,
) -> None:
    """List what waits for a match, with what may be picked and why it waits."""
    here = session(context)
    found = waiting(here, store, status, limit=limit)
    if json:
        here.json({"matches": [_document(one) for one in found], "limit": limit})
        return
    columns = ("store", "seller SKU", "ASIN", "name", "status", "may be", "why")
    here.table(columns, [_row(one) for one in found])
    if len(found) == limit:
        here.talk.print(f"the first {limit}; more with --limit")


def waiting(
    here: Session, store: str | None, status: str | None, *, limit: int | None = None
) -> list[Any]:
    """Give the listings that wait for a match, by store and seller SKU."""
    from consumers.postgres import read  # noqa: PLC0415 - on demand

    if status is not None and status not in WAITING:
        raise typer.BadParameter(f"one of {', '.join(WAITING)}", param_hint="--status")
    wanted = [
        read.Filter(store=store, tab=tab, status=name)
        for name, tabs in WAITING.items()
        for tab in tabs
        if status in (None, name)
    ]
    with reading(here) as connection:
        found = [o for w in wanted for o in read.listings(connection, w, limit=limit)]
    return sorted(found, key=lambda one: (one.store, one.seller_sku))[:limit]


def _row(one: Any) -> tuple[object, ...]:
    why = sentence(one.reasons[0]) if one.reasons else None
    return (one.store, one.seller_sku, one.asin, one.name, one.status, _named(one.choices), why)


def _named(choices: list[dict[str, Any]]) -> str | None:
    names = [str(c.get("asin") or c.get("product")) for c in choices]
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more if names else None


def _document(one: Any) -> dict[str, Any]:
    return {
        "store": one.store,
        "seller_sku": one.seller_sku,
        "asin": one.asin,
        "name": one.name,
        "tab": one.tab,
        "status": one.status,
        "reasons": one.reasons,
        "choices": one.choices,
        "standing": one.standing,
    }


def matches_show(
    context: typer.Context,
    store: Stores,
    seller_sku: Annotated[str, typer.Argument(metavar="SELLER_SKU", help="The listing.")],
    json: Json = False,
) -> None:
    """Show what one listing may be, and why each is offered."""
    here = session(context)
    one = _one(here, store, seller_sku)
    if json:
        here.json(_document(one))
        return
    here.table(
        ("store", "seller SKU", "status", "why"),
        [(one.store, one.seller_sku, one.status, sentence(r)) for r in one.reasons],
    )
    if one.choices:
        columns = ("may be", "title", "brand", "part number", "pack", "as", "score", "because")
        here.table(columns, [_choice(choice) for choice in one.choices])


def _choice(choice: dict[str, Any]) -> tuple[object, ...]:
    varies = ", ".join(f"{k} {v}" for k, v in sorted(choice.get("varies", {}).items()))
    kin = f"parent of {len(choice['children'])}" if choice.get("children") else varies
    return (
        choice.get("asin") or choice.get("product"),
        *(choice.get(name) for name in ("title", "brand", "mpn", "pack")),
        kin or None,
        choice.get("score"),
        choice.get("why"),
    )


def _one(here: Session, store: str, seller_sku: str) -> Any:
    from consumers.postgres import read  # noqa: PLC0415 - on demand

    with reading(here) as connection:
        one = read.one(connection, store, seller_sku)
    if one is None:
        raise Failure(
            "LW-0604",
            where=f"{seller_sku} in {store}",
            why="no such listing is known",
            do=f"listwire matches list --store {store} shows what waits",
        )
    return one


# --- deciding -------------------------------------------------------------------------------


def matches_assign(
    context: typer.Context,
    store: Stores,
    seller_sku: Annotated[str, typer.Argument(metavar="SELLER_SKU", help="The listing.")],
    product: Annotated[str | None, typer.Option(help="It is this product (its SKU).")] = None,
    asin: Annotated[str | None, typer.Option(help="It is this ASIN.")] = None,
    by: By = "operator",
    why: Why = None,
) -> None:
    """Say which product a listing is, or on which ASIN a product is to be listed.

    Nothing automatic takes it back, not even after the product was away.
    """
    here = session(context)
    if (product is None) == (asin is None):
        raise typer.BadParameter("either --product or --asin")
    known = _known_store(here, store)
    _one(here, store, seller_sku)
    if product is not None:
        _must_exist(here, product)
    kind = "assign" if product is not None else "asin"
    arguments = {"product": product} if product is not None else {"asin": asin}
    send_intents(here, kind, store, [seller_sku], known, by=by, why=why, arguments=arguments)
    here.talk.print(
        f"asked: {seller_sku} in {store} is {product or asin};"
        f" see listwire why {store} {seller_sku}"
    )


def _must_exist(here: Session, product: str) -> None:
    """Refuse a product that nobody has heard of. Raises `Failure`."""
    from consumers.postgres import read  # noqa: PLC0415 - on demand

    with reading(here) as connection:
        if read.seller_skus(connection, product):
            return
    raise Failure(
        "LW-0605",
        where=f"product {product}",
        why=f"PRODUCT_UNKNOWN: no product {product} is known in any store",
        do="import it first: listwire catalog import FILE",
    )


def _known_store(here: Session, store: str) -> Settings:
    known = known_settings(here)
    if known.store(store) is None:
        raise unknown_store(store, known)
    return known


def matches_retry(
    context: typer.Context,
    store: Stores,
    seller_skus: Annotated[
        list[str] | None, typer.Argument(metavar="[SELLER_SKU]...", help="These listings.")
    ] = None,
    status: Wanted = None,
    all_: Annotated[bool, typer.Option("--all", help="All that wait in the store.")] = False,
    by: By = "operator",
    why: Why = None,
    json: Json = False,
) -> None:
    """Start matching again with what is known now: for one, many, or all of a status.

    The same data and mappings give the same answer again.
    """
    here = session(context)
    skus = list(dict.fromkeys(seller_skus or ()))
    if sum((bool(skus), status is not None, all_)) != 1:
        raise typer.BadParameter("name SELLER_SKUs, or a --status, or --all")
    known = _known_store(here, store)
    if not skus:
        skus = [one.seller_sku for one in waiting(here, store, status)]
    if skus:
        send_intents(here, "retry_match", store, skus, known, by=by, why=why)
    if json:
        here.json({"store": store, "retried": skus})
        return
    here.talk.print(f"asked to match {len(skus)} again in {store}; see listwire matches list")
