"""Amazon's attribute values → the catalogue's attributes (`listings.md` 6.1).

Told by reads alone, kept only while a mapping names them. What is damaged is never passed
on. Every listing's value is given, the one that stands first where several want one place.
"""

from collections.abc import Iterable, Mapping

import msgspec
from msgspec import UNSET
from msgspec.structs import replace

from processors.rules.draft import Draft
from processors.rules.known import REPORT, Mark, StoreFacts, Told
from schemas import imports
from schemas.amazon import ObservedStore
from schemas.listings import ImportedValue, Step
from schemas.reasons import Reason
from schemas.settings import ImportMapping, Settings, Store
from schemas.text import damaged

Value = str | list[str] | None
SHOWN = 120
"""Characters of a value that a reason shows."""


def wanted(store: Store, settings: Settings) -> frozenset[str]:
    """Give Amazon's names of the attributes that must be read for *store*."""
    return imports.to_read(settings.imports(store.place))


# --- merging ------------------------------------------------------------------------------


def merge(facts: StoreFacts, mark: Mark, said: ObservedStore, names: frozenset[str]) -> StoreFacts:
    """Take in the attributes among *names*; those that no mapping names are let go."""
    kept = {n: t for n, t in facts.attributes.items() if n in names}
    stated = {} if said.attributes is UNSET else said.attributes
    for name in names & stated.keys():
        told = Told(mark, _plain(stated[name]))
        if name not in kept or _age(told) > _age(kept[name]):
            kept[name] = told
    return facts if kept == facts.attributes else replace(facts, attributes=kept)


def _plain(stated: object) -> Value:
    if isinstance(stated, list):
        return [str(each) for each in stated]
    return None if stated is None else str(stated)


def _age(told: Told) -> tuple[bool, bool, Mark]:
    """Order by age; but neither a report's text nor a damaged one replaces a read, whole one."""
    return told.mark.rank > REPORT, not spoilt(told.value), told.mark


def spoilt(value: Value) -> bool:
    """Tell whether *value* lost letters on its way."""
    return any(damaged(text) for text in texts(value))


def texts(value: Value) -> list[str]:
    """Give the texts of *value* that say something."""
    found = [value] if isinstance(value, str) else value or []
    return [text for text in found if text.strip()]


# --- what is to be written ----------------------------------------------------------------


class Row(msgspec.Struct, frozen=True):
    """One mapping of one listing, and the value that Amazon shows for it."""

    name: str
    mapping: ImportMapping
    value: Value


def rows(own: Draft, seller_sku: str, settings: Settings) -> list[Row]:
    """Give what Amazon shows for each active mapping of the listing's country."""
    if not own.published:
        return []
    found = settings.imports(own.record.place)
    return [Row(n, m, _value(own, seller_sku, imports.amazons(n))) for n, m in found.items()]


def _value(own: Draft, seller_sku: str, name: str) -> Value:
    price = own.shows.price
    known: Mapping[str, Value] = {
        imports.SELLER_SKU: seller_sku,
        imports.ASIN: own.shows.asin,
        imports.LISTING_PRICE: f"{price.amount:f}" if price else None,
    }
    if name in known:
        return known[name]
    told = own.facts.attributes.get(name)
    return told.value if told is not None and told.mark.rank > REPORT else None


def values(own: Draft, seller_sku: str, settings: Settings) -> list[ImportedValue]:
    """Give the values of one listing for the catalogue, one for each scope."""
    return [
        ImportedValue(
            attribute=row.mapping.target,
            scope=scope,
            value=row.value,
            source=_source(own, row.name),
            overwrite=row.mapping.overwrite,
        )
        for row in rows(own, seller_sku, settings)
        if texts(row.value) and not spoilt(row.value)
        for scope in scopes(row.mapping, settings)
    ]


def _source(own: Draft, name: str) -> dict[str, str]:
    asin = own.shows.asin
    return {"store": own.store, "amazon_attribute": name} | ({"asin": asin} if asin else {})


def scopes(mapping: ImportMapping, settings: Settings) -> list[str]:
    """Give the scopes that receive the value; a view that is gone receives none."""
    if mapping.scope == "global":
        return ["global"]
    views = [f"view:{view}" for view in _views(settings)]
    stated = [mapping.scope] if isinstance(mapping.scope, str) else mapping.scope
    return views if "all" in stated else [view for view in views if view in stated]


def _views(settings: Settings) -> Iterable[str]:
    sites = sorted(settings.of("website").items(), key=lambda pair: (pair[1].sort_order, pair[0]))
    return (view for _, site in sites for view in sorted(site.views))


# --- what is missing, and why -------------------------------------------------------------


def unread(own: Draft, settings: Settings) -> bool:
    """Tell whether a mapped attribute of a linked listing was never told by a read."""
    if own.candidate is None:
        return False
    told = {n for n, t in own.facts.attributes.items() if t.mark.rank > REPORT}
    return not wanted(own.record, settings) <= told


def step(own: Draft, seller_sku: str, settings: Settings) -> tuple[Step, ...]:
    """Give how many values go to the catalogue and what Amazon shows; nothing unmapped."""
    found = rows(own, seller_sku, settings)
    if not found:
        return ()
    reasons = [_reason(own, row) for row in found if texts(row.value)]
    given = sum(r.code == "IMPORTED" for r in reasons)
    return (Step(name="import", answer=given, reasons=reasons),)


def _reason(own: Draft, row: Row) -> Reason:
    shown = ", ".join(texts(row.value))[:SHOWN]
    facts = {"attribute": row.mapping.target, "from": row.name, "value": shown}
    if spoilt(row.value):
        return Reason("IMPORT_DAMAGED", facts)
    return Reason("IMPORTED" if own.candidate else "IMPORT_UNLINKED", facts)
