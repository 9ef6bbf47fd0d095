"""What was saved in one scope, laid over the whole product as it was last told. Pure.

`catalog.product.v1` always is the whole product, and an event of the shop is not. Where the
shop can be asked, the product is read again (`completing`), and nothing is laid over it: what
is read is at least as new. Here is the other way, for a shop that cannot be asked: only what
was saved changes, only in the scope it was saved in; all other scopes stay as they were.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from producers.catalog import cells, change, scopes
from producers.catalog.dialect import DAYS, Dialect, day_of, dialect, price_attribute, value
from producers.catalog.refusal import Unfit
from producers.catalog.scopes import Place
from producers.catalog.shop import Whole
from schemas.catalog import Category, Price, Product, Saved, Stock, Value
from schemas.errors import Refused
from schemas.money import Number, number
from schemas.reasons import Reason
from schemas.settings import Settings

COLUMNS = {"min_qty": "out_of_stock_qty", "min_sale_qty": "min_cart_qty"}
"""The shop's stock record → the columns of its export, where they differ."""

_replace = msgspec.structs.replace


def laid_over(known: Whole | None, saved: Saved, settings: Settings) -> Whole:
    """Give the whole product after *saved*. Raises `Refused`.

    NOT_WHOLE where nothing is known of it and *saved* does not make a product by itself;
    SCOPE_MISSING, UNKNOWN_VIEW, UNKNOWN_WEBSITE, VALUE_UNFIT for what cannot be placed.
    """
    before = _known(known, saved)
    place = _place(saved, settings)
    spoken = _replace(dialect(settings), labels={})  # events hold ids already
    try:
        return Whole(
            product=_product(before.product, saved, place, settings, spoken),
            stock=_stock(before, saved, spoken),
            price=_price(before, saved, place, settings, spoken),
        )
    except Unfit as unfit:
        facts = {"field": unfit.field or "$", "rule": unfit.rule}
        raise Refused(Reason("VALUE_UNFIT", facts)) from None


def _known(known: Whole | None, saved: Saved) -> Whole:
    if known is not None:
        return _named(known, saved)
    if saved.what == "product" and saved.sku and saved.type and saved.store == 0:
        return Whole(product=Product(sku=saved.sku, shop_id=saved.shop_id, type=saved.type))
    missing = [name for name in ("sku", "type") if getattr(saved, name) is None]
    told = ", ".join(missing) or "a save in all scopes"
    raise Refused(
        Reason("NOT_WHOLE", {"product": saved.sku or f"id {saved.shop_id}", "missing": told})
    )


def _named(known: Whole, saved: Saved) -> Whole:
    """Give *known* under the SKU that the shop has for it now."""
    sku = saved.sku or known.product.sku
    parts = {
        name: None if part is None else _replace(part, sku=sku)
        for name, part in (("stock", known.stock), ("price", known.price))
    }
    shop_id = saved.shop_id or known.product.shop_id
    return Whole(product=_replace(known.product, sku=sku, shop_id=shop_id), **parts)  # type: ignore[arg-type]


def _place(saved: Saved, settings: Settings) -> Place:
    scoped = saved.values or saved.inherited or saved.enabled is not None
    if saved.store is not None:
        return scopes.place_of(saved.store, settings)
    if scoped:
        raise Refused(Reason("SCOPE_MISSING", {"missing": "store_id"}))
    return Place()


# --- the product --------------------------------------------------------------------------


def _product(
    before: Product, saved: Saved, place: Place, settings: Settings, spoken: Dialect
) -> Product:
    stated: dict[str, Any] = {"type": saved.type, "required_options": saved.required_options}
    stated["sold_by"] = change.sold_by(_row(saved)) if saved.stock else None
    if saved.websites is not None:
        stated["websites"] = [_website(id_, settings) for id_ in saved.websites]
    if saved.categories is not None:
        paths = {c.id: c for c in before.categories if c.id}
        stated["categories"] = [paths.get(id_, Category(id=id_)) for id_ in saved.categories]
    if saved.enabled is not None:
        scope = place.scopes["website"]
        stated["enabled"] = scopes.put(before.enabled, scope, saved.enabled, place)
    attributes = _attributes(before.attributes, saved, place, settings, spoken)
    name = attributes.get("name", {}).get("global")
    if isinstance(name, str):
        stated["name"] = name
    plain = {member: v for member, v in stated.items() if v is not None}
    return _replace(before, attributes=attributes, **plain)


def _website(id_: int, settings: Settings) -> str:
    for code, site in settings.of("website").items():
        if site.id == id_:
            return code
    raise Refused(Reason("UNKNOWN_WEBSITE", {"website": str(id_)}))


def _attributes(
    before: Mapping[str, dict[str, Value]],
    saved: Saved,
    place: Place,
    settings: Settings,
    spoken: Dialect,
) -> dict[str, dict[str, Value]]:
    after = dict(before)
    for code, stated in saved.values.items():
        if not _is_price(code, spoken):
            scope = scopes.scope_of(code, place, settings)
            after[code] = scopes.put(
                after.get(code, {}), scope, _value(code, stated, spoken), place
            )
    for code in saved.inherited:
        scope = scopes.scope_of(code, place, settings)
        after[code] = scopes.take(after.get(code, {}), scope)
    return {code: values for code, values in after.items() if values}


def _value(code: str, stated: Value, spoken: Dialect) -> Value:
    known = spoken.attributes.get(code)
    if isinstance(stated, str) and known is not None and known.type == "multiselect":
        stated = stated.split(",")
    if stated is None:
        return None
    return value(code, stated if isinstance(stated, list) else [stated], spoken)


def _is_price(code: str, spoken: Dialect) -> bool:
    return code in DAYS or price_attribute(code, spoken) is not None


# --- stock and prices ----------------------------------------------------------------------


def _row(saved: Saved) -> dict[str, str]:
    return {COLUMNS.get(name, name): text for name, text in saved.stock.items()}


def _stock(before: Whole, saved: Saved, spoken: Dialect) -> Stock | None:
    if not saved.stock:
        return before.stock
    found = change.stock(before.product.sku, _row(saved), spoken, before.stock)
    return found or before.stock


def _price(
    before: Whole, saved: Saved, place: Place, settings: Settings, spoken: Dialect
) -> Price | None:
    prices, days = _told(saved, spoken)
    gone = {price_attribute(c, spoken) for c in saved.inherited} - {None}
    if not prices and not days and not gone:
        return before.price
    old = before.price or Price(sku=before.product.sku, prices={})
    scope = scopes.scope_of_prices(place, settings)
    after = dict(old.prices)
    for code, amount in prices.items():
        after[code] = scopes.put(after.get(code, {}), scope, amount, place)
    for emptied in after.keys() & gone:
        after[emptied] = scopes.take(after[emptied], scope)
    return _replace(
        old,
        prices={code: amounts for code, amounts in after.items() if amounts},
        special_from=_window(old.special_from, "from", days, scope, place),
        special_to=_window(old.special_to, "to", days, scope, place),
    )


def _told(saved: Saved, spoken: Dialect) -> tuple[dict[str, Number | None], dict[str, str | None]]:
    prices: dict[str, Number | None] = {}
    days: dict[str, str | None] = {}
    for code, stated in saved.values.items():
        text = stated if isinstance(stated, str) else ""
        if code in DAYS:
            days[DAYS[code]] = day_of(code, text, spoken.order)
        elif attribute := price_attribute(code, spoken):
            prices[attribute] = _amount(code, text)
    return prices, days


def _amount(code: str, text: str) -> Number | None:
    """Read a price without the zeros that the shop's database adds: 44.900000 is 44.9."""
    return None if cells.is_empty(text) else number(f"{cells.price(code, text).normalize():f}")


def _window(
    before: Mapping[str, str | None],
    end: str,
    days: Mapping[str, str | None],
    scope: str,
    place: Place,
) -> dict[str, str | None]:
    return scopes.put(before, scope, days[end], place) if end in days else dict(before)
