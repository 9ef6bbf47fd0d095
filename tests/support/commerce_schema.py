"""What Adobe publishes of the shop's REST interface, as far as we use it, and a judge over it.

Written down from `src/openapi/admin-schema.json` (Adobe Commerce on premises, Swagger 2.0) of
the repository AdobeDocs/commerce-webapi at commit 0acd47f66a5c86c51335da93c257817adf206de9:
names, types and what is required; no text of it. `*` = required, `[]` = a list, `@` = one of
the other documents.
"""

import re
from decimal import Decimal
from typing import Any

_FOUND = "search_criteria:@criteria* total_count:integer*"

DEFINITIONS: dict[str, str] = {
    "error": "message:string* errors:[]@error-detail code:integer parameters:any trace:string",
    "error-detail": "message:string parameters:any",
    "website": "id:integer* code:string* name:string* default_group_id:integer* "
    "extension_attributes:any",
    "group": "id:integer* website_id:integer* root_category_id:integer* default_store_id:integer* "
    "name:string* code:string* extension_attributes:any",
    "store": "id:integer* code:string* name:string* website_id:integer* store_group_id:integer* "
    "is_active:integer* extension_attributes:any",
    "criteria": "filter_groups:any* sort_orders:any page_size:integer current_page:integer",
    "products": f"items:[]@product* {_FOUND}",
    "product": "id:integer sku:string* name:string attribute_set_id:integer price:number "
    "status:integer visibility:integer type_id:string created_at:string updated_at:string "
    "weight:number extension_attributes:@product-extension product_links:any options:[]@option "
    "media_gallery_entries:any tier_prices:any custom_attributes:[]@value",
    "product-extension": "website_ids:[]integer category_links:[]@category-link discounts:any "
    "bundle_product_options:any stock_item:@stock-item downloadable_product_links:any "
    "downloadable_product_samples:any giftcard_amounts:any configurable_product_options:any "
    "configurable_product_links:[]integer",
    "category-link": "position:integer category_id:string* extension_attributes:any",
    "option": "product_sku:string* option_id:integer title:string* type:string* "
    "sort_order:integer* is_require:boolean* price:number price_type:string sku:string "
    "file_extension:string max_characters:integer image_size_x:integer image_size_y:integer "
    "values:any extension_attributes:any",
    # a string by the schema; a real shop also sends lists (category_ids)
    "value": "attribute_code:string* value:any*",
    "stock-item": "item_id:integer product_id:integer stock_id:integer qty:number* "
    "is_in_stock:boolean* is_qty_decimal:boolean* show_default_notification_message:boolean* "
    "use_config_min_qty:boolean* min_qty:number* use_config_min_sale_qty:integer* "
    "min_sale_qty:number* use_config_max_sale_qty:boolean* max_sale_qty:number* "
    "use_config_backorders:boolean* backorders:integer* use_config_notify_stock_qty:boolean* "
    "notify_stock_qty:number* use_config_qty_increments:boolean* qty_increments:number* "
    "use_config_enable_qty_inc:boolean* enable_qty_increments:boolean* "
    "use_config_manage_stock:boolean* manage_stock:boolean* low_stock_date:string* "
    "is_decimal_divided:boolean* stock_status_changed_auto:integer* extension_attributes:any",
    "base-price": "price:number* store_id:integer* sku:string* extension_attributes:any",
    "special-price": "price:number* store_id:integer* sku:string* price_from:string* "
    "price_to:string* extension_attributes:any",
    "attributes": f"items:[]@attribute* {_FOUND}",
    "attribute": "extension_attributes:any is_wysiwyg_enabled:boolean "
    "is_html_allowed_on_front:boolean used_for_sort_by:boolean is_filterable:boolean "
    "is_filterable_in_search:boolean is_used_in_grid:boolean is_visible_in_grid:boolean "
    "is_filterable_in_grid:boolean position:integer apply_to:[]string is_searchable:string "
    "is_visible_in_advanced_search:string is_comparable:string is_used_for_promo_rules:string "
    "is_visible_on_front:string used_in_product_listing:string is_visible:boolean scope:string "
    "attribute_id:integer attribute_code:string* frontend_input:string* entity_type_id:string* "
    "is_required:boolean* options:[]@attribute-option is_user_defined:boolean "
    "default_frontend_label:string frontend_labels:any* note:string backend_type:string "
    "backend_model:string source_model:string default_value:string is_unique:string "
    "frontend_class:string validation_rules:any custom_attributes:[]@value",
    "attribute-option": "label:string* value:string* sort_order:integer is_default:boolean "
    "store_labels:any",
    "create": "attribute:@attribute*",
    "assign": "attributeSetId:integer* attributeGroupId:integer* attributeCode:string* "
    "sortOrder:integer*",
    "groups": f"items:[]@group-of-set* {_FOUND}",
    "group-of-set": "attribute_group_id:string attribute_group_name:string "
    "attribute_set_id:integer extension_attributes:any",
    "attribute-sets": f"items:[]@attribute-set* {_FOUND}",
    "attribute-set": "attribute_set_id:integer attribute_set_name:string* sort_order:integer* "
    "entity_type_id:integer extension_attributes:any",
    "categories": f"items:[]@category* {_FOUND}",
    "category": "id:integer parent_id:integer name:string is_active:boolean position:integer "
    "level:integer children:string created_at:string updated_at:string path:string "
    "available_sort_by:[]string include_in_menu:boolean extension_attributes:any "
    "custom_attributes:[]@value",
    "sources": f"items:[]@source* {_FOUND}",
    "source": "source_code:string name:string email:string contact_name:string enabled:boolean "
    "description:string latitude:number longitude:number country_id:string region_id:integer "
    "region:string city:string street:string postcode:string phone:string fax:string "
    "use_default_carrier_config:boolean carrier_links:any extension_attributes:any",
    "stocks": f"items:[]@stock* {_FOUND}",
    "stock": "stock_id:integer name:string extension_attributes:@stock-extension",
    "stock-extension": "sales_channels:[]@sales-channel",
    "sales-channel": "type:string code:string extension_attributes:any",
    "links": f"items:[]@link* {_FOUND}",
    "link": "stock_id:integer source_code:string priority:integer extension_attributes:any",
    "source-items": f"items:[]@source-item* {_FOUND}",
    "source-item": "sku:string source_code:string quantity:number status:integer "
    "extension_attributes:any",
    "save": "product:@product* saveOptions:boolean",
    "skus": "skus:[]string*",
}

OPERATIONS: dict[str, tuple[str, str, str | None, str]] = {
    "GetV1Products": ("GET", "/V1/products", None, "@products"),
    "GetV1ProductsSku": ("GET", "/V1/products/{sku}", None, "@product"),
    "PutV1ProductsSku": ("PUT", "/V1/products/{sku}", "save", "@product"),
    "GetV1StockItemsProductSku": ("GET", "/V1/stockItems/{sku}", None, "@stock-item"),
    "GetV1InventorySourceitems": ("GET", "/V1/inventory/source-items", None, "@source-items"),
    "GetV1InventorySources": ("GET", "/V1/inventory/sources", None, "@sources"),
    "GetV1InventoryStocks": ("GET", "/V1/inventory/stocks", None, "@stocks"),
    "GetV1InventoryStocksourcelinks": ("GET", "/V1/inventory/stock-source-links", None, "@links"),
    "PostV1ProductsBasepricesinformation": (
        "POST",
        "/V1/products/base-prices-information",
        "skus",
        "[]@base-price",
    ),
    "PostV1ProductsSpecialpriceinformation": (
        "POST",
        "/V1/products/special-price-information",
        "skus",
        "[]@special-price",
    ),
    "GetV1ProductsAttributes": ("GET", "/V1/products/attributes", None, "@attributes"),
    "PostV1ProductsAttributes": ("POST", "/V1/products/attributes", "create", "@attribute"),
    "GetV1ProductsAttributesetsGroupsList": (
        "GET",
        "/V1/products/attribute-sets/groups/list",
        None,
        "@groups",
    ),
    "PostV1ProductsAttributesetsAttributes": (
        "POST",
        "/V1/products/attribute-sets/attributes",
        "assign",
        "any",
    ),
    "GetV1ProductsAttributesetsSetsList": (
        "GET",
        "/V1/products/attribute-sets/sets/list",
        None,
        "@attribute-sets",
    ),
    "GetV1CategoriesList": ("GET", "/V1/categories/list", None, "@categories"),
    "GetV1StoreWebsites": ("GET", "/V1/store/websites", None, "[]@website"),
    "GetV1StoreStoreGroups": ("GET", "/V1/store/storeGroups", None, "[]@group"),
    "GetV1StoreStoreViews": ("GET", "/V1/store/storeViews", None, "[]@store"),
}
"""By published id: method, path, body, answer."""

_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float, Decimal),
    "boolean": (bool,),
}

QUERY = re.compile(
    r"searchCriteria\[(?:filterGroups\]\[\d+\]\[filters\]\[\d+\]\[(?:field|value|conditionType)"
    r"|sortOrders\]\[\d+\]\[(?:field|direction)|pageSize|currentPage)\]|fields"
)
"""Parameters of a search; `fields` is that of every operation (REST, filtered responses)."""


def problems(value: Any, kind: str, path: str = "$") -> list[str]:
    """Tell where *value* is not of *kind*. Null counts as absent, as the shop sends it."""
    if kind == "any" or value is None:
        return []
    if kind.startswith("[]"):
        if not isinstance(value, list):
            return [f"{path}: no list"]
        return [p for n, one in enumerate(value) for p in problems(one, kind[2:], f"{path}[{n}]")]
    if kind.startswith("@"):
        return _document(value, kind[1:], path)
    fits = isinstance(value, _TYPES[kind]) and isinstance(value, bool) == (kind == "boolean")
    return [] if fits else [f"{path}: {value!r} is no {kind}"]


def _document(value: Any, name: str, path: str) -> list[str]:
    if not isinstance(value, dict):
        return [f"{path}: no object"]
    known: dict[str, str] = {}
    required = set()
    for member in DEFINITIONS[name].split():
        code, kind = member.rstrip("*").split(":")
        known[code] = kind
        if member.endswith("*"):
            required.add(code)
    found = [f"{path}.{code}: missing" for code in sorted(required - value.keys())]
    found += [f"{path}.{code}: unknown" for code in sorted(value.keys() - known.keys())]
    for code, kind in known.items():
        if code in value:
            found += problems(value[code], kind, f"{path}.{code}")
    return found
