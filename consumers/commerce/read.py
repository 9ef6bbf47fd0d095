"""What became of Amazon's values, one line per listing, attribute and scope."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

import msgspec
from sqlalchemy import Connection, select

from consumers.commerce import ledger
from consumers.commerce.choose import Offered, Place, chosen, offered
from consumers.commerce.row import OPEN, Row
from consumers.commerce.tables import attribute_write
from consumers.postgres.tables import listing
from schemas.listings import AttributesImported
from schemas.reasons import Reason
from schemas.settings import Settings

IMPORTED, NOT_IMPORTED, REFUSED = "Imported", "Not Imported", "Refused"
STATUS = {"imported": IMPORTED, "refused": REFUSED}


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One value of one listing. *sku* None: no product is linked, so nothing receives it."""

    attribute: str
    scope: str | None
    region: str | None
    store: str
    sku: str | None
    seller_sku: str
    asin: str | None
    amazon_attribute: str
    value: str
    status: str
    why: Reason | None = None
    at: datetime | None = None


def lines(
    connection: Connection,
    settings: Settings,
    *,
    attributes: Sequence[str] = (),
    sku: str | None = None,
) -> list[Line]:
    """Give every value, those of *attributes* and of product *sku* only where these are named."""
    said = ledger.said(connection, None if sku is None else [sku])
    rows = _rows(connection, sku)
    found = [
        line for each, events in _by_product(said) for line in _of(each, events, rows, settings)
    ]
    found += _kept_back(connection, settings, sku)
    kept = [line for line in found if not attributes or line.attribute in attributes]
    return sorted(kept, key=lambda o: (o.attribute, o.scope or "", o.sku or "", o.store))


def _rows(connection: Connection, sku: str | None) -> dict[tuple[str, Place], Row]:
    query = select(attribute_write)
    query = query if sku is None else query.where(attribute_write.c.sku == sku)
    found = [ledger.row_of(each) for each in connection.execute(query).mappings()]
    return {(row.sku, (row.scope, row.attribute)): row for row in found}


def _by_product(
    said: Iterable[AttributesImported],
) -> Iterable[tuple[str, list[AttributesImported]]]:
    found: dict[str, list[AttributesImported]] = {}
    for event in said:
        found.setdefault(event.sku, []).append(event)
    return found.items()


def _of(
    sku: str,
    events: Sequence[AttributesImported],
    rows: Mapping[tuple[str, Place], Row],
    settings: Settings,
) -> Iterable[Line]:
    values = offered(events, settings)
    first = chosen(values)
    for value in values:
        stands = first.get(value.place)
        if stands is value:
            yield _standing(sku, value, rows.get((sku, value.place)), settings)
        elif stands is not None:
            facts = {
                "attribute": value.said.attribute,
                "seller_sku": stands.seller_sku,
                "store": stands.store,
            }
            yield _line(sku, value, settings, NOT_IMPORTED, Reason("OTHER_VALUE", facts), None)


_QUEUED = Reason("QUEUED")


def _standing(sku: str, value: Offered, row: Row | None, settings: Settings) -> Line:
    if row is None:
        return _line(sku, value, settings, NOT_IMPORTED, None, None)
    why = row.why[0] if row.why else _QUEUED if row.state in OPEN else None
    return _line(sku, value, settings, STATUS.get(row.state, NOT_IMPORTED), why, row.written_at)


def _line(
    sku: str,
    value: Offered,
    settings: Settings,
    status: str,
    why: Reason | None,
    at: datetime | None,
) -> Line:
    said = value.said.value or ""
    return Line(
        attribute=value.said.attribute,
        scope=value.said.scope,
        region=_region(value.store, settings),
        store=value.store,
        sku=sku,
        seller_sku=value.seller_sku,
        asin=value.said.source.get("asin"),
        amazon_attribute=value.amazon_attribute,
        value=said if isinstance(said, str) else ", ".join(said),
        status=status,
        why=why,
        at=at,
    )


def _region(store: str, settings: Settings) -> str | None:
    found = settings.store(store)
    return found.place.country if found else None


KEPT_BACK = ("IMPORT_UNLINKED", "IMPORT_DAMAGED")
"""Reasons of the step *import* for values that go nowhere."""


def _kept_back(connection: Connection, settings: Settings, sku: str | None) -> Iterable[Line]:
    """Give the values that are on no topic: of listings without a product, and damaged ones."""
    c = listing.c
    query = select(c.store, c.sku, c.seller_sku, c.asin, c.steps).where(
        ~c.deleted, c.steps.contains([{"name": "import"}])
    )
    query = query if sku is None else query.where(c.sku == sku)
    for row in connection.execute(query):
        for reason in _reasons(row.steps):
            if reason.code in KEPT_BACK:
                yield Line(
                    attribute=reason.facts.get("attribute", ""),
                    scope=None,
                    region=_region(row.store, settings),
                    store=row.store,
                    sku=row.sku,
                    seller_sku=row.seller_sku,
                    asin=row.asin,
                    amazon_attribute=reason.facts.get("from", ""),
                    value=reason.facts.get("value", ""),
                    status=NOT_IMPORTED,
                    why=reason,
                )


def _reasons(steps: Iterable[Mapping[str, object]]) -> list[Reason]:
    found = [step.get("reasons", []) for step in steps if step.get("name") == "import"]
    return [reason for each in found for reason in msgspec.convert(each, list[Reason])]
