"""The attributes of a read that import mappings name → plain text, one marketplace's.

An attribute is rows of parts, each row for a marketplace and a language; the rest of a name
is a way into the parts (`item_weight.value`). What is no text, and what is too long to be
one, counts as none.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any

from msgspec import UNSET
from msgspec.structs import replace

from deploy.connect.amazon.documents import Item, Summary
from schemas import imports
from schemas.amazon import Observation, ObservedStore
from schemas.marketplaces import marketplace
from schemas.settings import Settings

LONGEST = 10_000
"""Characters of one attribute's value, all its rows together."""

MOST = 100
"""Rows of one attribute."""

Value = str | list[str] | None


def stated(item: Item, summary: Summary, names: Iterable[str]) -> dict[str, Value]:
    """Give the value of those among *names* that the read has one for.

    What it has none for may stand in Amazon's catalogue: see `AmazonClient.complete`.
    """
    live: Mapping[str, Value] = {
        "item_name": summary.item_name,
        "product_type": summary.product_type,
        "condition_type": summary.condition_type,
        "main_image": summary.main_image.link if summary.main_image else None,
    }
    rows, place = item.attributes or {}, summary.marketplace_id
    found = {n: live.get(n) or value(rows, n, place) for n in names}
    return {n: told for n, told in found.items() if told}


Catalogued = Callable[[str, str, str], Mapping[str, Any]]
"""The attributes that Amazon's catalogue has: of an account's view, a store, an ASIN."""


def completed(seen: Observation, settings: Settings, catalogued: Catalogued) -> Observation:
    """Give *seen* with what import mappings name and the read did not tell.

    What stands in the catalogue neither is stated as none, so that nobody asks again.
    """
    stores = {
        name: _completed(said, name, settings, lambda s, a: catalogued(seen.account, s, a))
        for name, said in seen.stores.items()
    }
    return replace(seen, stores=stores)


def _completed(
    said: ObservedStore,
    name: str,
    settings: Settings,
    catalogued: Callable[[str, str], Mapping[str, Any]],
) -> ObservedStore:
    store = settings.store(name)
    if store is None or said.exists is not True:
        return said
    told = {} if said.attributes is UNSET else said.attributes
    lacking = imports.to_read(settings.imports(store.place)) - told.keys()
    if not lacking:
        return said
    rows = {} if said.asin is UNSET else catalogued(name, said.asin)
    found = {n: value(rows, n, store.place.id) for n in lacking}
    return replace(said, attributes=told | found)


def value(attributes: Mapping[str, Any], name: str, place: str) -> Value:
    """Give the value of *name* among *attributes* as the marketplace *place* has it."""
    head, *way = name.split(".")
    rows = attributes.get(head)
    found = [_text(_at(row, way)) for row in _here(rows if isinstance(rows, list) else [], place)]
    texts = [text for text in found if text]
    if not texts or len(texts) > MOST or sum(map(len, texts)) > LONGEST:
        return None
    return texts[0] if len(texts) == 1 else texts


DEPTH = 3
"""Parts below an attribute that are looked at for text."""

_ABOUT = frozenset({"marketplace_id", "language_tag"})


def names(attributes: Mapping[str, Any], place: str) -> dict[str, Value]:
    """Give every name that a mapping could use for *attributes*, with its value in *place*."""
    found: dict[str, Value] = {}
    for head, rows in sorted(attributes.items()):
        first = next(iter(_here(rows if isinstance(rows, list) else [], place)), None)
        for way in _ways(first, DEPTH):
            name = ".".join((head, *way))
            if told := value(attributes, name, place):
                found[name] = told
    return found


def _ways(part: Any, depth: int) -> Iterator[tuple[str, ...]]:
    """Give the ways to what is text in *part*: itself, or the parts below it."""
    part = part[0] if isinstance(part, list) and part else part
    if _text(part):
        yield ()
    elif isinstance(part, dict) and depth:
        for name, below in sorted(part.items()):
            if name not in _ABOUT:
                yield from ((name, *way) for way in _ways(below, depth - 1))


def _here(rows: list[Any], place: str) -> list[Any]:
    """Give the rows of *place*, in its language if it is among theirs."""
    mine = [r for r in rows if isinstance(r, dict) and r.get("marketplace_id", place) == place]
    language = marketplace(place).language
    return [r for r in mine if r.get("language_tag") == language] or mine


def _at(row: Any, way: list[str]) -> Any:
    for part in way:
        row = row[0] if isinstance(row, list) and row else row
        row = row.get(part) if isinstance(row, dict) else None
    return row


def _text(part: Any) -> str | None:
    if isinstance(part, list) and len(part) == 1:
        return _text(part[0])
    if isinstance(part, dict):
        amount, unit = _text(part.get("value")), part.get("unit")
        return f"{amount} {unit}" if amount and isinstance(unit, str) else amount
    if isinstance(part, bool):
        return "true" if part else "false"
    if isinstance(part, Decimal):
        return f"{part:f}"
    return str(part).strip() if isinstance(part, str | int) else None
