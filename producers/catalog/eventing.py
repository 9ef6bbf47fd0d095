"""Adobe Commerce's events → what was saved (`catalog.saved.v1`). Pure.

Shapes, as Adobe publishes them: the envelope and `data.value` of
`observer.catalog_product_save_after` in Adobe's guide *Commerce module development*
(AdobeDocs/commerce-extensibility, events/module-development), the sample deliveries of
`…catalog_product_save_commit_after` in its debugging guide and of the delete and stock item
events in adobe/commerce-integration-starter-kit, `_origData` and `_isNew` from *Events
original data*. A plugin's event holds the arguments of the method it stands behind; those of
prices and sources are the bodies of the REST operations over the same methods (`base-prices`,
`special-prices`, `inventory/source-items`), not recorded deliveries.

An event has only the fields that its subscription names, so nothing but the product's id or
SKU is asked for here.

Long because each of Adobe's events is a few lines, and they share their parts.
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from producers.catalog import cells, contract
from producers.catalog.envelope import Envelope
from producers.catalog.judge import Told, attributes, text
from producers.catalog.refusal import Unfit
from schemas import keys
from schemas.catalog import Saved, Value, sku_of

TOPIC = "catalog.saved.v1"

PRICES = ("price", "special_price", "cost", "msrp")
"""Values that must be prices, whatever the settings say."""

NO_VALUES = frozenset(
    "store_id entity_id id row_id attribute_set_id type_id sku has_options required_options "
    "created_at updated_at created_in updated_in page_layout options_container media_gallery "
    "tier_price tier_price_changed quantity_and_stock_status category_ids is_salable stock_data "
    "product_has_weight is_new website_ids url_key_create_redirect ignore_links_flag "
    "save_rewrites_history parent_id force_reindex_eav_required options extension_attributes "
    "status custom_design custom_design_from custom_design_to custom_layout_update "
    "msrp_display_actual_price_type gift_message_available gift_wrapping_available "
    "is_returnable store_ids".split()
)
"""Members of a saved product that are no attribute: its structure, and notes of the form."""

_NOTE = re.compile(r"_.*|use_config_.*|current_.*|affect_.*|can_save_.*|is_.*_changed|"
                   r"is_changed_.*|.*_is_formated")  # fmt: skip
_TYPE = re.compile(r"com\.adobe\.commerce\.(?:[\w-]+\.)??((?:observer|plugin)\..+)")
_TYPES = ("simple", "virtual", "configurable", "bundle", "grouped", "downloadable", "giftcard")

Value_ = Mapping[str, Any]


def adobe(envelope: Envelope) -> tuple[Told, ...]:
    """Read one event of Adobe Commerce; several, if it speaks of several. Raises `Unfit`."""
    stated = attributes(envelope)
    read = _reader(text(stated, "type"))
    id_, source = text(stated, "id", longest=256), text(stated, "source")
    moment = contract.moment_of(stated.get("time"))
    found = tuple(read(_value(envelope.data)))
    return tuple(
        Told(
            topic=TOPIC,
            subject=saved.sku or saved.shop_id or "",
            event=saved,
            id=id_ if len(found) == 1 else f"{id_}/{number}",
            source=source,
            key=keys.join(f"id:{saved.shop_id}" if saved.shop_id else f"sku:{saved.sku}"),
            time=moment,
        )
        for number, saved in enumerate(found)
    )


def _reader(stated: str) -> Any:
    found = _TYPE.fullmatch(stated)
    read = READERS.get(found[1]) if found else None
    if read is None:
        known = ", ".join(READERS)
        raise Unfit("$.type", f"{stated[:120]!r}; known behind com.adobe.commerce.: {known}")
    return read


def _value(data: bytes | None) -> Value_:
    """Give `data.value`, numbers as the text they were written in."""
    try:
        found = json.loads(data or b"null", parse_float=str, parse_int=str)
    except (ValueError, RecursionError) as error:
        raise contract.unfit(error, "$.data") from None
    value = found.get("value") if isinstance(found, dict) else None
    if not isinstance(value, dict):
        raise Unfit("$.data.value", "missing: what was saved")
    return value


# --- the product --------------------------------------------------------------------------


def _product(value: Value_) -> Iterator[Saved]:
    stock = value.get("stock_data") or value.get("quantity_and_stock_status")
    status = _scalar(value, "status")
    kind = _scalar(value, "type_id")
    values, inherited = _values(value)
    yield _saved(
        what="product",
        **_named(value),
        store=_store(value),
        type=kind if kind in _TYPES else None,
        enabled=None if status is None else cells.enabled("$.data.value.status", status),
        required_options=_required(value.get("options")),
        websites=_numbers(value, "website_ids"),
        categories=_texts(value, "category_ids"),
        values=values,
        inherited=inherited,
        stock=_stock_record(stock, "stock_data") if isinstance(stock, dict) else {},
    )


def _values(value: Value_) -> tuple[dict[str, Value], list[str]]:
    values: dict[str, Value] = {}
    inherited = []
    for code, stated in value.items():
        if code in NO_VALUES or _NOTE.fullmatch(code):
            continue
        if stated is False:
            inherited.append(code)  # the form's "use default value"
        elif _is_value(stated):
            values[code] = _one(stated)
    for code in PRICES:
        if isinstance(amount := values.get(code), str):
            cells.price(f"$.data.value.{code}", amount)
    return values, inherited


def _is_value(stated: Any) -> bool:
    if isinstance(stated, list):
        return not any(isinstance(v, (dict, list)) for v in stated)
    return not isinstance(stated, dict)


def _one(stated: Any) -> Value:
    if isinstance(stated, list):
        return [_text(v) for v in stated]
    return None if stated in (None, "") else _text(stated)


def _text(stated: Any) -> str:
    return {True: "1", False: "0"}[stated] if isinstance(stated, bool) else str(stated)


def _required(options: Any) -> bool | None:
    if not isinstance(options, list):
        return None
    stated = [o.get("is_require") for o in options if isinstance(o, dict)]
    return any(_text(s) in ("1", "true") for s in stated if s is not None)


def _deleted(value: Value_) -> Iterator[Saved]:
    named = _named(value)
    if not named["sku"]:
        raise Unfit("$.data.value.sku", "missing: what was deleted can no longer be looked up")
    yield _saved(what="deleted", **named)


# --- stock, prices, sources ------------------------------------------------------------------


def _stock_item(value: Value_) -> Iterator[Saved]:
    shop_id = _scalar(value, "product_id")
    yield _saved(
        what="stock",
        shop_id=shop_id,
        sku=_sku(value) if "sku" in value else None,
        stock=_stock_record(value, "$.data.value"),
    )


STOCK = (
    "qty",
    "is_in_stock",
    "manage_stock",
    "use_config_manage_stock",
    "min_qty",
    "use_config_min_qty",
    "qty_increments",
    "use_config_qty_increments",
    "enable_qty_increments",
    "min_sale_qty",
    "use_config_min_sale_qty",
)
"""What counts of a stock record; all of it is text, or a flag."""


def _stock_record(stated: Value_, field: str) -> dict[str, str]:
    kept = {n: _text(stated[n]) for n in STOCK if stated.get(n) not in (None, "")}
    for name in ("qty", "min_qty"):
        if name in kept:
            cells.amount(f"{field}.{name}", kept[name])
    return kept


def _each(value: Value_, member: str) -> Iterator[tuple[str, Value_]]:
    found = value.get(member)
    if not isinstance(found, list) or not found:
        raise Unfit(f"$.data.value.{member}", "missing: a list of what was saved")
    for number, one in enumerate(found):
        if not isinstance(one, dict):
            raise Unfit(f"$.data.value.{member}[{number}]", "an object")
        yield f"$.data.value.{member}[{number}]", one


def _prices(columns: Mapping[str, str]) -> Any:
    def read(value: Value_) -> Iterator[Saved]:
        for field, one in _each(value, "prices"):
            stated = {columns[n]: one.get(n) for n in columns if n in one}
            values = {code: _one(v) for code, v in stated.items() if _is_value(v)}
            for code in PRICES:
                if isinstance(amount := values.get(code), str):
                    cells.price(f"{field}.price", amount)
            yield _saved(what="prices", sku=_sku(one), store=_store(one), values=values)

    return read


def _special_gone(value: Value_) -> Iterator[Saved]:
    for _, one in _each(value, "prices"):
        none: dict[str, Value] = dict.fromkeys(_SPECIAL.values())
        yield _saved(what="prices", sku=_sku(one), store=_store(one), values=none)


def _sources(value: Value_) -> Iterator[Saved]:
    for _, one in _each(value, "source_items"):
        yield _saved(what="sources", sku=_sku(one))


# --- parts ----------------------------------------------------------------------------------


def _named(value: Value_) -> dict[str, Any]:
    shop_id = _scalar(value, "entity_id") or _scalar(value, "id")
    return {"shop_id": shop_id, "sku": _sku(value) if value.get("sku") is not None else None}


def _sku(value: Value_) -> str:
    try:
        return sku_of(_scalar(value, "sku") or "")
    except ValueError as error:
        raise Unfit("$.data.value.sku", str(error)) from None


def _scalar(value: Value_, name: str) -> str | None:
    stated = value.get(name)
    if isinstance(stated, (dict, list)):
        raise Unfit(f"$.data.value.{name}", "text or a number")
    return None if stated in (None, "") else _text(stated)


def _store(value: Value_) -> int | None:
    stated = _scalar(value, "store_id")
    if stated is None:
        return None
    if not re.fullmatch("[0-9]{1,9}", stated):
        raise Unfit("$.data.value.store_id", f"{stated[:40]!r} is no id of a store view")
    return int(stated)


def _texts(value: Value_, name: str) -> list[str] | None:
    """Give a list that the shop also writes as an object of the same values."""
    stated = value.get(name)
    if stated is None:
        return None
    found = list(stated.values()) if isinstance(stated, dict) else stated
    if not isinstance(found, list) or any(isinstance(v, (dict, list)) for v in found):
        raise Unfit(f"$.data.value.{name}", "a list of ids")
    return [_text(v) for v in found]


def _numbers(value: Value_, name: str) -> list[int] | None:
    found = _texts(value, name)
    if found is None:
        return None
    if not all(re.fullmatch("[0-9]{1,9}", one) for one in found):
        raise Unfit(f"$.data.value.{name}", "a list of ids")
    return sorted({int(one) for one in found})


def _saved(**members: Any) -> Saved:
    try:
        made = Saved(**members)
        return msgspec.convert(msgspec.to_builtins(made), Saved)
    except ValueError as error:
        raise contract.unfit(error, "$.data.value") from None


_BASE = {"price": "price"}
_SPECIAL = {
    "price": "special_price",
    "price_from": "special_from_date",
    "price_to": "special_to_date",
}

READERS: dict[str, Any] = {
    "observer.catalog_product_save_commit_after": _product,
    "observer.catalog_product_save_after": _product,
    "observer.catalog_product_delete_commit_after": _deleted,
    "observer.catalog_product_delete_after": _deleted,
    "observer.cataloginventory_stock_item_save_commit_after": _stock_item,
    "observer.cataloginventory_stock_item_save_after": _stock_item,
    "plugin.magento.catalog.api.base_price_storage.update": _prices(_BASE),
    "plugin.magento.catalog.api.special_price_storage.update": _prices(_SPECIAL),
    "plugin.magento.catalog.api.special_price_storage.delete": _special_gone,
    "plugin.magento.inventory_api.api.source_items_save.execute": _sources,
}
"""Adobe's event → what reads it."""
