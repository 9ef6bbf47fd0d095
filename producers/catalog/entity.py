"""One product as the shop's REST interface shows it → the rows of its export → events. Pure.

There is no second mapping: documents become the cells of an export (`records.md` 2), and
`rows` and `change` read those.

REST shows what is in force in a view and does not tell whether that is the view's own value
or the global one. So a view states what differs there from the global value; what is equal
counts as inherited, and what is missing there as *none there*. Each reading compares both
anew, so a value that is inherited never goes on as a view's own. Of base and special prices
the shop tells what is stored per view: they are told apart even where they are equal.
"""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

import msgspec

from producers.catalog import cells as cell
from producers.catalog import change, rows
from producers.catalog.change import Known
from producers.catalog.dialect import Dialect
from producers.catalog.layout import Layout
from producers.catalog.refusal import Unfit
from producers.catalog.rest import Document
from producers.catalog.shop import Whole
from producers.catalog.views import View, with_views
from schemas.catalog import Category, Stock, WebsiteStock, sku_of
from schemas.settings import Settings

PRICED = ("simple", "virtual", "downloadable")
"""Types of which the shop tells stored prices; none of the others can be listed."""

IN_STOCK = 1
"""Status of a source's units that may be sold."""

NOT_TOLD = frozenset(
    "price special_price special_from_date special_to_date category_ids sku status".split()
)
"""Attributes of a document that are told elsewhere."""


class Units(msgspec.Struct, frozen=True, order=True):
    """What one source holds of a product."""

    source: str
    quantity: Decimal
    status: int


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that the shop told of one product."""

    document: Document
    views: dict[str, Document] = {}
    base: Sequence[Document] = ()
    special: Sequence[Document] = ()
    stock: Document | None = None
    units: Sequence[Units] = ()
    parent: str | None = None


def dialect_of(layout: Layout, known: Dialect, settings: Settings) -> Dialect:
    """Give the dialect of REST: option ids, ISO dates; settings stand over the shop's word."""
    stated: dict[str, Any] = settings.of("attribute")
    return msgspec.structs.replace(
        known,
        attributes=layout.attributes | stated,
        labels={},
        views={view.code: view.website for view in layout.views.values()},
        order="month-first",
        keep=False,
    )


def whole(item: Item, layout: Layout, dialect: Dialect) -> Whole:
    """Give the events of *item*. Raises `Unfit`, naming field and rule."""
    sku = _sku(item.document)
    cells = _cells(item.document, layout, dialect) | _selling(item.stock)
    cells |= prices(item, layout, None)
    events = rows.full(sku, cells, dialect, item.parent, Known())
    events = with_views(sku, events, _views(item, layout, dialect), dialect)
    goods, _, costs = events
    if goods is None:
        raise Unfit("sku", "a product that tells nothing")
    return Whole(
        product=msgspec.structs.replace(goods, categories=_categories(item.document, layout)),
        stock=stock(sku, item, layout, dialect),
        price=costs,
    )


def _sku(document: Document) -> str:
    try:
        return sku_of(str(document.get("sku") or ""))
    except ValueError as error:
        raise Unfit("sku", str(error)) from None


def _cells(document: Document, layout: Layout, dialect: Dialect) -> dict[str, str]:
    set_id = document.get("attribute_set_id")
    stated = {
        "sku": str(document["sku"]),
        "entity_id": str(document["id"]),
        "product_type": str(document.get("type_id", "")),
        "attribute_set_code": layout.sets.get(set_id, str(set_id or "")) if set_id else "",
        "product_websites": ",".join(websites(document, layout)),
        "product_online": str(document.get("status") or ""),
    }
    if any(option.get("is_require") for option in document.get("options") or ()):
        stated["custom_options"] = "required=1"
    if document.get("price") is not None:
        stated["price"] = _text(document["price"])
    return attributes(document, dialect) | stated


def websites(document: Document, layout: Layout) -> list[str]:
    """Give the codes of the product's websites, in the order of their ids."""
    ids = (document.get("extension_attributes") or {}).get("website_ids") or ()
    return [layout.websites[id_] for id_ in sorted(ids) if id_ in layout.websites]


def attributes(document: Document, dialect: Dialect) -> dict[str, str]:
    """Give the values of *document* by attribute, as an export writes them."""
    told = {
        name: _text(document[name])
        for name in ("name", "weight", "visibility")
        if document.get(name) is not None
    }
    for pair in document.get("custom_attributes") or ():
        code, value = str(pair["attribute_code"]), pair.get("value")
        if code not in NOT_TOLD and value is not None:
            told[code] = _value(code, value, dialect)
    return told


def _value(code: str, value: object, dialect: Dialect) -> str:
    if isinstance(value, list):
        return "|".join(_text(one) for one in value)
    kind = dialect.attributes.get(code)
    if kind is not None and kind.type == "multiselect":
        return _text(value).replace(",", "|")
    return _text(value)


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "1" if value else "0"
    return format(value, "f") if isinstance(value, Decimal) else str(value)


def _selling(stated: Document | None) -> dict[str, str]:
    """Give the cells that tell in which multiples a product is sold."""
    if stated is None:
        return {}
    return {
        "qty_increments": _text(stated.get("qty_increments") or ""),
        "use_config_qty_increments": _flag(stated, "use_config_qty_increments"),
        "enable_qty_increments": _flag(stated, "enable_qty_increments"),
        "min_cart_qty": _text(stated.get("min_sale_qty") or ""),
        "use_config_min_sale_qty": _flag(stated, "use_config_min_sale_qty"),
    }


def _flag(stated: Document, name: str) -> str:
    return "1" if stated.get(name) in (True, 1, "1") else "0"


def prices(item: Item, layout: Layout, website: str | None) -> dict[str, str]:
    """Give the cells of the prices that are stored for *website*, or globally (None)."""
    cells: dict[str, str] = {}
    if base := _stored(item.base, layout, website):
        cells["price"] = _text(base["price"])
    if special := _stored(item.special, layout, website):
        cells["special_price"] = _text(special["price"])
        days = {"special_price_from_date": "price_from", "special_price_to_date": "price_to"}
        cells |= {column: str(special[name]) for column, name in days.items() if special.get(name)}
    return cells


def _stored(stored: Iterable[Document], layout: Layout, website: str | None) -> Document | None:
    """Give the row of *website*: its default view's, else that of its lowest view."""
    found = sorted(
        (r for r in stored if _website(r, layout) == website), key=lambda r: int(r["store_id"])
    )
    view = layout.default_views.get(website) if website else None
    named = (r for r in found if r["store_id"] in layout.views)
    best = next((r for r in named if layout.views[r["store_id"]].code == view), None)
    return best or next(iter(found), None)


def _website(row: Document, layout: Layout) -> str | None:
    """Give the website of a stored price; a view that is gone belongs to none of ours."""
    if row["store_id"] == 0:
        return None
    view = layout.views.get(row["store_id"])
    return view.website if view else "\0"


def _views(item: Item, layout: Layout, dialect: Dialect) -> list[View]:
    here = websites(item.document, layout)
    told = []
    for id_, view in sorted(layout.views.items()):
        if view.website not in here:
            continue
        cells: dict[str, str] = {}
        if (shown := item.views.get(view.code)) is not None:
            cells |= differing(item.document, shown, layout, dialect)
        if layout.default_views.get(view.website) == view.code:
            cells |= prices(item, layout, view.website)
        else:
            cells.pop("product_online", None)  # one word per website: its default view's
        said = change.statement(cells, dialect, sparse=True)
        told.append(View(line=id_, code=view.code, says=said))
    return told


def differing(
    everywhere: Document, shown: Document, layout: Layout, dialect: Dialect
) -> dict[str, str]:
    """Give the cells that are otherwise in a view than globally: others, and none there."""
    before, after = attributes(everywhere, dialect), attributes(shown, dialect)
    own = {c for c in before.keys() | after.keys() if c in layout.own_scope}
    cells = {c: after.get(c, cell.EMPTY) for c in own if after.get(c) != before.get(c)}
    if shown.get("status") not in (None, everywhere.get("status")):
        cells["product_online"] = str(shown["status"])
    return cells


def _categories(document: Document, layout: Layout) -> list[Category]:
    links = (document.get("extension_attributes") or {}).get("category_links") or ()
    ids = sorted({str(link["category_id"]) for link in links}, key=lambda i: (len(i), i))
    return [Category(id=i, path=layout.categories.get(i) or None) for i in ids]


def stock(sku: str, item: Item, layout: Layout, dialect: Dialect) -> Stock | None:
    """Give the stock of each website of the shop; None where its settings are not known."""
    if item.stock is None:
        return None
    return Stock(
        sku=sku,
        websites={
            website: _salable(sku, item.stock, item.units, layout.sources.get(website), dialect)
            for website in sorted(layout.websites.values())
        },
    )


def _salable(
    sku: str,
    stated: Document,
    units: Sequence[Units],
    sources: frozenset[str] | None,
    dialect: Dialect,
) -> WebsiteStock:
    here = [u for u in units if u.source in (sources or ()) and u.status == IN_STOCK]
    cells = {
        "qty": _text(sum((u.quantity for u in here), Decimal(0))),
        "is_in_stock": "1" if here else "0",
        "manage_stock": _flag(stated, "manage_stock"),
        "use_config_manage_stock": _flag(stated, "use_config_manage_stock"),
        "out_of_stock_qty": _text(stated.get("min_qty") or 0),
        "use_config_min_qty": _flag(stated, "use_config_min_qty"),
    }
    told = change.stock(sku, cells, dialect)
    if told is None:
        raise Unfit("qty", "no stock is stated")
    return told.websites["*"]


def children(document: Document) -> list[str]:
    """Give the shop's ids of the products that *document* is the configurable parent of."""
    links = (document.get("extension_attributes") or {}).get("configurable_product_links") or ()
    return [str(id_) for id_ in links]


def exact(value: object) -> Decimal:
    """Give a number of the shop's as it is written; nothing is 0."""
    return Decimal(_text(value)) if value is not None else Decimal(0)
