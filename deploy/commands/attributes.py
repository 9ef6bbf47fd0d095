"""`attributes`: Amazon's values on their way into the catalogue, and asking for them again."""

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import typer

from deploy.commands.known import known_settings, unknown_store
from deploy.commands.look import reading
from deploy.commands.session import Session, session
from deploy.commands.steer import send_intents
from deploy.errors import Failure

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
Product = Annotated[str | None, typer.Option("--product", help="Only this catalogue SKU.")]
COLUMNS = (
    "attribute", "scope", "region", "product", "ASIN", "seller SKU", "Amazon's", "value",
    "status", "why", "since",
)  # fmt: skip


def register(app: typer.Typer) -> None:
    """Add these commands to *app*."""
    group = typer.Typer(no_args_is_help=True, help="Amazon's attribute values in the catalogue.")
    group.command("list")(attributes_list)
    group.command("show")(attributes_show)
    group.command("import")(attributes_import)
    group.command("names")(attributes_names)
    group.command("create")(attributes_create)
    app.add_typer(group, name="attributes")


def attributes_list(context: typer.Context, json: Json = False) -> None:
    """Count the values of each catalogue attribute by what became of them."""
    here = session(context)
    counts: dict[str, dict[str, int]] = {}
    for line in _lines(here):
        mine = counts.setdefault(line.attribute, dict.fromkeys(STATUSES, 0))
        mine[line.status] += 1
    if json:
        here.json({"attributes": counts})
        return
    rows = [(name, *mine.values(), sum(mine.values())) for name, mine in sorted(counts.items())]
    here.table(("attribute", *STATUSES, "total"), rows)


STATUSES = ("Imported", "Not Imported", "Refused")


def attributes_show(
    context: typer.Context,
    attribute: Annotated[str, typer.Argument(help="Code of the catalogue attribute.")],
    product: Product = None,
    status: Annotated[str | None, typer.Option(help=f"One of {', '.join(STATUSES)}.")] = None,
    limit: Annotated[int, typer.Option(help="Rows at the most.", min=1)] = 200,
    json: Json = False,
) -> None:
    """List every value of an attribute: where from, for which product, what became of it."""
    here = session(context)
    wanted = _status(status)
    found = [o for o in _lines(here, [attribute], product) if wanted in (None, o.status)]
    if json:
        here.json({"values": [_object(line) for line in found[:limit]], "total": len(found)})
        return
    here.table(COLUMNS, [_row(line) for line in found[:limit]])
    if len(found) > limit:
        here.talk.print(f"the first {limit} of {len(found)}; more with --limit")


def _status(stated: str | None) -> str | None:
    known = {each.lower(): each for each in STATUSES}
    if stated is not None and stated.lower() not in known:
        raise typer.BadParameter(f"one of {', '.join(STATUSES)}", param_hint="--status")
    return known[stated.lower()] if stated else None


def _lines(here: Session, attributes: list[str] | None = None, sku: str | None = None) -> Any:
    from consumers.commerce import read  # noqa: PLC0415 - on demand

    known = known_settings(here)
    with reading(here) as connection:
        return read.lines(connection, known, attributes=attributes or (), sku=sku)


def _row(line: Any) -> tuple[object, ...]:
    return (
        line.attribute,
        line.scope,
        line.region,
        line.sku,
        line.asin,
        line.seller_sku,
        line.amazon_attribute,
        line.value,
        line.status,
        None if line.why is None else str(line.why),
        line.at,
    )


def _object(line: Any) -> dict[str, object]:
    import msgspec  # noqa: PLC0415 - on demand

    sentence = None if line.why is None else str(line.why)
    return msgspec.structs.asdict(line) | {"sentence": sentence}


# --- what could be mapped ---------------------------------------------------------------------


def attributes_names(
    context: typer.Context,
    store: Annotated[str, typer.Argument(help="Store id.")],
    seller_sku: Annotated[str, typer.Argument(help="A listing like those to be mapped.")],
    json: Json = False,
) -> None:
    """Ask Amazon which attributes the item of a listing has: what an import mapping can name."""
    here = session(context)
    found = _named(here, store, seller_sku)
    if json:
        here.json({"attributes": found})
        return
    shown = {n: v if isinstance(v, str) else ", ".join(v) for n, v in found.items()}
    here.table(("Amazon's attribute", "value"), [(n, v[:200]) for n, v in shown.items()])


def _named(here: Session, store: str, seller_sku: str) -> dict[str, Any]:
    from deploy.connect.amazon import attributes  # noqa: PLC0415 - on demand
    from deploy.connect.amazon.build import amazon_client  # noqa: PLC0415 - opens connections
    from schemas.errors import NotAllowed, Refused, TryAgain  # noqa: PLC0415 - on demand

    known = known_settings(here)
    record = known.store(store)
    if record is None:
        raise unknown_store(store, known)
    asin = _asin(here, store, seller_sku)
    client = amazon_client(here.deployment.amazon, lambda: known, here.environ, role="intake")
    try:
        page = client.search_catalog(
            record.account, store, kind="ASIN", identifiers=[asin], parts=("attributes",)
        )
    except (NotAllowed, Refused, TryAgain) as error:
        do = "listwire doctor says whether the account is reached; else try again"
        raise Failure("LW-0410", where=f"{store} {asin}", why=str(error), do=do) from error
    rows = next((one.get("attributes") for one in page.items if one.get("asin") == asin), None)
    return attributes.names(rows or {}, record.place.id)


def _asin(here: Session, store: str, seller_sku: str) -> str:
    from consumers.postgres import read  # noqa: PLC0415 - on demand

    with reading(here) as connection:
        one = read.one(connection, store, seller_sku)
    if one is None or one.asin is None:
        raise Failure(
            "LW-0604",
            where=f"{store} {seller_sku}",
            why="no listing with an ASIN is stored under this name",
            do=f"listwire listings --store {store} --tab active shows what there is",
        )
    return str(one.asin)


# --- a new target ----------------------------------------------------------------------------


def attributes_create(
    context: typer.Context,
    code: Annotated[str, typer.Argument(help="Lower-case letters, digits, _.")],
    label: Annotated[str, typer.Option(help="What people see.")],
    type: Annotated[str, typer.Option(help="As in settings: text, dropdown, …")] = "text",  # noqa: A002 - the word of the settings
    scope: Annotated[str, typer.Option(help="global, website or store_view.")] = "store_view",
    sets: Annotated[list[str] | None, typer.Option("--set", help="Attribute set.")] = None,
    promo_rules: Annotated[bool, typer.Option("--promo-rules", help="For rules.")] = False,
    searchable: Annotated[bool, typer.Option("--searchable", help="In quick search.")] = False,
    comparable: Annotated[bool, typer.Option("--comparable", help="In comparisons.")] = False,
) -> None:
    """Create an attribute in the shop, for an import mapping to write to."""
    from deploy.connect.commerce import attributes  # noqa: PLC0415 - on demand
    from deploy.connect.commerce.build import commerce_client  # noqa: PLC0415 - opens connections

    here = session(context)
    _one_of("--type", type, attributes.KINDS)
    _one_of("--scope", scope, attributes.SCOPES)
    if not CODE.fullmatch(code):
        raise typer.BadParameter("lower-case letters, digits, _; at most 60", param_hint="CODE")
    new = attributes.NewAttribute(
        code=code,
        label=label,
        type=type,
        scope=scope,
        sets=sets or ["Default"],
        promo_rules=promo_rules,
        searchable=searchable,
        comparable=comparable,
    )
    with _asking_the_shop(code):
        created = attributes.create(commerce_client(here.deployment.commerce), new)
    done = "created" if created else "there already"
    here.talk.print(f"{code}: {done}, in {', '.join(new.sets)}")


CODE = re.compile(r"[a-z][a-z0-9_]{0,59}")


def _one_of(option: str, stated: str, known: Iterable[str]) -> None:
    if stated not in known:
        raise typer.BadParameter(f"one of {', '.join(known)}", param_hint=option)


@contextmanager
def _asking_the_shop(what: str) -> Iterator[None]:
    from schemas.errors import NotAllowed, Refused, TryAgain, Unanswered  # noqa: PLC0415 - on demand

    try:
        yield
    except Refused as error:
        do = "correct it, and run it again: what is there already stays"
        raise Failure("LW-0602", where=what, why=str(error), do=do) from error
    except NotAllowed as error:
        raise Failure("LW-0544", where=what, why=str(error), do="listwire doctor") from error
    except (TryAgain, Unanswered) as error:
        do = "run it again: what is there already stays"
        raise Failure("LW-0543", where=what, why=str(error), do=do) from error


# --- again --------------------------------------------------------------------------------


def attributes_import(
    context: typer.Context,
    attributes: Annotated[list[str], typer.Argument(help="Codes of catalogue attributes.")],
    product: Product = None,
    by: Annotated[str, typer.Option(help="Who asks for it.", envvar="USER")] = "operator",
    why: Annotated[str | None, typer.Option(help="Why, for the record.")] = None,
) -> None:
    """Ask Amazon again for the values of attributes, and write them again."""
    from consumers.commerce import ledger  # noqa: PLC0415 - on demand

    here = session(context)
    known = known_settings(here)
    listings = _listings(here, attributes, product)
    if not listings:
        raise Failure(
            "LW-0604",
            where=", ".join(attributes),
            why="no listing shows a value for it",
            do="listwire attributes list shows the attributes there are",
        )
    with reading(here) as connection:
        count = ledger.write_again(connection, attributes, here.now(), product)
        connection.commit()
    for store, skus in listings.items():
        send_intents(here, "import", store, skus, known, by=by, why=why)
    asked = sum(map(len, listings.values()))
    here.talk.print(f"{asked} listings are read again, {count} values are written again")


def _listings(here: Session, attributes: list[str], product: str | None) -> dict[str, list[str]]:
    found: dict[str, set[str]] = {}
    for line in _lines(here, attributes, product):
        found.setdefault(line.store, set()).add(line.seller_sku)
    return {store: sorted(skus) for store, skus in sorted(found.items())}
