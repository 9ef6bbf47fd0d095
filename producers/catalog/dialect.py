"""How this shop and this file spell values; what the columns of its files are.

From settings: attributes and their options, the shop's own defaults, which view belongs
to which website. From the file: the order of its dates.
"""

from collections.abc import Mapping

import msgspec

from producers.catalog import cells as cell
from producers.catalog import dates
from producers.catalog.refusal import Unfit
from schemas.catalog import Value
from schemas.settings import Attribute, Settings, Shop

PRICES = {
    "price": "price",
    "special_price": "special_price",
    "msrp_price": "msrp",
    "msrp": "msrp",
    "map_price": "map_price",
    "cost": "cost",
}
"""Column → price attribute, beside those that settings call a price."""

DAYS = {
    "special_price_from_date": "from",
    "special_from_date": "from",
    "special_price_to_date": "to",
    "special_to_date": "to",
}
"""Column → which end of the special price's window it holds."""

STRUCTURE = frozenset(
    "sku store_view_code attribute_set_code attribute_set product_type categories category "
    "product_websites product_online additional_attributes configurable_variations "
    "configurable_variation_prices configurable_variation_labels custom_options entity_id "
    "bundle_options associated_sku associated_skus bundle_values bundle_price_type "
    "bundle_sku_type bundle_price_view bundle_weight_type bundle_shipment_type "
    "qty out_of_stock_qty use_config_min_qty is_qty_decimal allow_backorders "
    "use_config_backorders min_cart_qty use_config_min_sale_qty max_cart_qty "
    "use_config_max_sale_qty is_in_stock notify_on_stock_below use_config_notify_stock_qty "
    "manage_stock use_config_manage_stock use_config_qty_increments qty_increments "
    "use_config_enable_qty_inc enable_qty_increments is_decimal_divided website_id "
    "related_skus related_position crosssell_skus crosssell_position upsell_skus "
    "upsell_position hide_from_product_page additional_image_labels base_image_label "
    "small_image_label thumbnail_image_label swatch_image_label small_image thumbnail_image "
    "swatch_image custom_design custom_design_from custom_design_to custom_layout_update "
    "page_layout product_options_container display_product_options_in "
    "msrp_display_actual_price_type gift_message_available created_at updated_at".split()
)
"""Columns that are no attribute of the product."""


class Dialect(msgspec.Struct, frozen=True, kw_only=True):
    """How this shop and this file spell values: from settings, and from the file itself.

    *labels* turns an option's label into its id; *views* a store view into its website.
    """

    shop: Shop = Shop()
    attributes: dict[str, Attribute] = {}
    labels: dict[str, dict[str, str]] = {}
    views: dict[str, str] = {}
    order: dates.Order = "month-first"
    keep: bool = False


def dialect(settings: Settings, order: dates.Order | None = None, *, keep: bool = False) -> Dialect:
    """Give the dialect that *settings* describe; *order* is the file's order of dates."""
    shop = settings.of("shop").get("default", Shop())
    known: dict[str, Attribute] = settings.of("attribute")
    websites = settings.of("website")
    return Dialect(
        shop=shop,
        attributes=known,
        labels={code: _labels(a.options) for code, a in known.items() if a.options},
        views={view: id_ for id_, site in websites.items() for view in site.views},
        order=order or shop.dates,
        keep=keep,
    )


def _labels(options: Mapping[str, str]) -> dict[str, str]:
    labels = list(options.values())
    return {label: id_ for id_, label in options.items() if labels.count(label) == 1}


def price_attribute(column: str, dialect: Dialect) -> str | None:
    """Give the price attribute that *column* holds, None if it is no price."""
    if column in PRICES:
        return PRICES[column]
    known = dialect.attributes.get(column)
    return column if known and known.type == "price" else None


def day_of(column: str, text: str, order: dates.Order) -> str | None:
    if cell.is_empty(text):
        return None
    try:
        return dates.day(text, order)
    except ValueError as error:
        raise Unfit(column, str(error)) from None


def value(code: str, texts: list[str], dialect: Dialect) -> Value:
    """Give an attribute's value: labels become option ids, several values a list."""
    kind = dialect.attributes.get(code)
    if kind and kind.type != "multiselect":
        texts = ["|".join(texts)]
    elif kind and len(texts) == 1:
        texts = texts[0].split("|")
    read = [_one(code, text, kind, dialect) for text in texts if not cell.is_empty(text)]
    if not read:
        return None
    return read if len(read) > 1 or (kind and kind.type == "multiselect") else read[0]


def _one(code: str, text: str, kind: Attribute | None, dialect: Dialect) -> str:
    if kind is None:
        return text
    if kind.type == "yes_no":
        return {"Yes": "1", "No": "0"}.get(text, text)
    if kind.type == "date":
        return day_of(code, text, dialect.order) or ""
    return dialect.labels.get(code, {}).get(text, text)
